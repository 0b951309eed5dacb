#!/usr/bin/env python3
"""Shares a folder of captures between the workers of a HyperQueue cluster, from Python.

    pip install hyperqueue
    with_hyperqueue.py CAPTURES OUT SHARDS [options of etalon batch]

SHARDS is 2 at least. HQ_SERVER_DIR names the folder of a running server; without it a cluster is
started on this machine, with a worker a processor, and ended with the script. etalon is on the PATH
of every worker; CAPTURES and OUT are on a file system that all of them see. The same command again
goes on where it stopped.
"""

import os
import sys
from pathlib import Path

from hyperqueue import Client, Job, LocalCluster
from hyperqueue.cluster import WorkerConfig

# Exit code 1 says that a capture was rejected or failed. That is a finding and stands in the
# table; to HyperQueue it would be a task that failed. When a worker is lost, its tasks get a TERM;
# it has to reach etalon, whose lock would keep out the task that takes over.
TASK = """
"$@" &
trap "kill $!" TERM
wait $! || (($? == 1))
"""


def job(captures: str, out: str, shards: int, options: list[str]) -> Job:
    """Describes the run: a task makes the folder, one a part follows, and the last one merges."""
    run = Job(name="etalon", default_workdir=Path.cwd())
    logs = Path(out).resolve() / "log"
    logs.mkdir(parents=True, exist_ok=True)

    def task(name: str, words: list[str], after: list) -> object:
        return run.program(
            ["bash", "-c", TASK, "task", *words],
            name=name,
            deps=after,
            stdout=str(logs / f"{name}.out"),
            stderr=str(logs / f"{name}.err"),
            # A task whose worker is lost runs again and finds what was done in its journal.
            crash_limit=20,
        )

    # The library numbers tasks from 0, parts are numbered from 1: with this one as number 0 the
    # number of a task (HQ_TASK_ID) is that of its part.
    first = task("version", ["etalon", "--version"], [])
    batch = ["etalon", "batch", captures, "--out", out, "--threads", "1"]
    parts = [
        task(f"shard-{part}", [*batch, "--shard", f"auto/{shards}", *options], [first])
        for part in range(1, shards + 1)
    ]
    task("merge", ["etalon", "merge", out], parts)
    return run


def main() -> int:
    if len(sys.argv) < 4 or int(sys.argv[3]) < 2:
        print(__doc__, file=sys.stderr)
        return 2
    captures, out, shards, *options = sys.argv[1:]
    run = job(captures, out, int(shards), options)
    server = os.environ.get("HQ_SERVER_DIR")
    if server:
        client = Client(server)
        client.wait_for_jobs([client.submit(run)])
    else:
        with LocalCluster() as cluster:
            for _ in range(os.cpu_count() or 1):
                cluster.start_worker(WorkerConfig(cores=1))
            client = cluster.client()
            client.wait_for_jobs([client.submit(run)])
    print((Path(out) / "log" / "merge.out").read_text(), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
