"""Run every benchmark one after another: `python -m benchmarks`, or `make bench`."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

BENCHMARKS = tuple(sorted(p.stem for p in Path(__file__).parent.glob("[!_]*.py")))
"""Every module beside this one is a benchmark; what they are built from is in `rig/`."""
RECORDED = ("azure", "battery", "cmapss", "first_alert", "life_gaps", "nab", "skab")
"""Those that need recorded data."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run all, or those named; the exit code is 1 where any fell short of its goals."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder with recorded data")
    parser.add_argument("only", nargs="*", help=f"of {', '.join(BENCHMARKS)}")
    args = parser.parse_args(arguments)
    for name in args.only:
        if name not in BENCHMARKS:
            parser.error(f"no benchmark is called {name}; known: {', '.join(BENCHMARKS)}")
    worst = 0
    for name in args.only or BENCHMARKS:
        extra = ["--data", str(args.data)] if name in RECORDED and args.data else []
        print(f"== {name}", flush=True)
        ran = subprocess.run(
            [sys.executable, "-m", f"benchmarks.{name}", "--check", *extra], check=False
        )
        worst = max(worst, ran.returncode)
    return worst


if __name__ == "__main__":
    sys.exit(main())
