"""Memory of the running service, in proportional set size: `python -m benchmarks.memory`.

A hundred machines with eight channels: their models learn from a backlog, then readings come
live, with a page open on the event stream. Counted is every process of ours. The baseline is a bare
Python that has only imported NumPy and FastAPI.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from benchmarks.latency import listen
from benchmarks.rig.fleet import Fleet
from benchmarks.rig.report import Figure, arguments, finish
from benchmarks.rig.seen import started
from benchmarks.rig.stand import Stand
from core.clock import SECOND, system_clock

GOALS = {"proportional set size": "< 250"}


def pss(pid: int) -> float:
    """Read the proportional set size of a process and its children, in MB."""
    total = 0
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            total += int(line.split()[1])
    # a child belongs to the thread that started it
    threads = Path(f"/proc/{pid}/task").glob("*/children")
    children = [child for thread in threads for child in thread.read_text().split()]
    return total / 1024 + sum(pss(int(child)) for child in children)


def bare() -> float:
    """Measure a Python that has imported NumPy and FastAPI and nothing else."""
    code = "import numpy, fastapi, uvicorn, sys; print(flush=True); sys.stdin.read()"
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    if process.stdout is not None:
        process.stdout.readline()
    size = pss(process.pid)
    process.communicate(b"")
    return size


def measure(folder: Path, assets: int, rows: int, steady: float) -> tuple[float, float]:
    """Return the steady size and the largest seen while the backlog was scored."""
    fleet = Fleet(assets, 8, rows, system_clock(), step=SECOND, faulty_every=10)
    stop = threading.Event()
    largest = 0.0
    with Stand(folder, fleet) as stand:
        stand.service.start()
        stand.wait_for("the connection to the broker", lambda: started(folder / "data"), 30)
        listener = threading.Thread(target=listen, args=(stand.feed_port, {}, stop))
        listener.start()
        load = subprocess.Popen(
            [
                *(sys.executable, "-m", "benchmarks.rig.publisher", "--rate", "3000"),
                *("--port", str(stand.broker.port), "--assets", str(assets), "--channels", "8"),
                *("--rows", str(rows), "--end", str(fleet.end)),
                *("--log", str(folder / "load.npz")),
            ],
            stdout=subprocess.DEVNULL,
        )
        while load.poll() is None:
            largest = max(largest, pss(stand.service.pid))
            time.sleep(1)
        time.sleep(steady)
        size = pss(stand.service.pid)
        stop.set()
        listener.join(5)
    return size, largest


def main() -> int:
    """Run the benchmark from the command line."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--assets", type=int, default=100)
    parser.add_argument("--rows", type=int, default=1500, help="readings of each machine")
    parser.add_argument("--steady", type=float, default=20, help="seconds to settle")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        size, largest = measure(Path(made), args.assets, args.rows, args.steady)
    goal = GOALS["proportional set size"]
    found = [
        Figure("bare Python with NumPy and FastAPI", bare(), "MB", None, "the baseline"),
        Figure("largest while a backlog is scored", largest, "MB", None),
        Figure("proportional set size", size, "MB", goal, f"{args.assets} assets × 8 channels"),
    ]
    return finish("memory", found, f"memory: {size:.0f} MB steady", args)


if __name__ == "__main__":
    sys.exit(main())
