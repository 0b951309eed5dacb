"""A process of a HyperQueue cluster, as the `hq` program would be one:

    hyperqueue_node.py server DIR      a server that leaves in DIR how it is reached
    hyperqueue_node.py worker DIR OWN  a worker of one processor for the server of DIR

The library from pip starts server and workers in one process, where none can be killed alone. So a
worker here is a process of its own: it starts the library's cluster in its folder OWN, points that
folder at the server of DIR, and only then adds its worker, which reads there whom to call.
"""

import signal
import sys
from pathlib import Path

from hyperqueue import LocalCluster
from hyperqueue.cluster import WorkerConfig

# The link in a server's folder to what describes the server that runs.
CURRENT = "hq-current"


def main() -> None:
    role, server, *own = sys.argv[1:]
    if role == "server":
        cluster = LocalCluster(server)
    else:
        cluster = LocalCluster(own[0])
        current = Path(own[0]) / CURRENT
        if not current.is_symlink():
            sys.exit(f"expected a link {current}: this version of the library keeps it elsewhere")
        current.unlink()
        current.symlink_to((Path(server) / CURRENT).resolve())
        cluster.start_worker(WorkerConfig(cores=1))
    print(role, flush=True)
    while True:
        signal.pause()


main()
