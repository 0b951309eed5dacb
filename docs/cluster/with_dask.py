#!/usr/bin/env python3
"""Shares a folder of captures between the workers of a Dask cluster.

    pip install 'dask[distributed]'
    with_dask.py CAPTURES OUT SHARDS [options of etalon batch]

SHARDS is 2 at least. DASK_SCHEDULER_ADDRESS names a running scheduler (tcp://host:8786); without it
a cluster is started on this machine, with a worker a processor, and ended with the script. etalon
is on the PATH of every worker; CAPTURES and OUT are on a file system that all of them see, and are
given as absolute paths where workers have other working folders. The same command again goes on
where it stopped.
"""

import os
import subprocess
import sys

from dask.distributed import Client, LocalCluster


def etalon(*words: str) -> str:
    """Runs one command and returns what it printed.

    Exit code 1 says that a capture was rejected or failed: a finding that stands in the table.
    ETA-5006 says that another process is at this part: the one of a worker that was killed lives
    on, and nothing is lost by waiting for it.
    """
    while True:
        done = subprocess.run(["etalon", *words], capture_output=True, text=True)
        if done.returncode in (0, 1):
            return done.stdout
        if "ETA-5006" not in done.stderr:
            raise RuntimeError(f"etalon {words[0]} ended with {done.returncode}:\n{done.stderr}")


def run(client: Client, captures: str, out: str, shards: int, options: list[str]) -> str:
    """Runs every part, and then what puts them together; returns what that printed."""
    batch = ["batch", captures, "--out", out, "--threads", "1", *options]
    parts = [
        # A part has effects, so that no part may be taken for another's result (pure=False). One
        # that is tried again finds what was done in its journal.
        client.submit(etalon, *batch, "--shard", f"{part}/{shards}", pure=False, retries=3)
        for part in range(1, shards + 1)
    ]
    client.gather(parts)
    return etalon("merge", out)


def main() -> int:
    if len(sys.argv) < 4 or int(sys.argv[3]) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    captures, out, shards, *options = sys.argv[1:]
    address = os.environ.get("DASK_SCHEDULER_ADDRESS")
    if address:
        with Client(address) as client:
            print(run(client, captures, out, int(shards), options), end="")
    else:
        with LocalCluster(threads_per_worker=1, dashboard_address=None) as cluster:
            with Client(cluster) as client:
                print(run(client, captures, out, int(shards), options), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
