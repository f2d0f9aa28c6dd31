"""Run every benchmark one after another: `python -m benchmarks`, or `make bench`."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

SERVICE = ("ingest", "latency", "memory", "chaos")
RECORDED = ("first_alert",)


def main() -> int:
    """Run all; the exit code is 1 where any fell short of its goals."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder with recorded data")
    parser.add_argument("only", nargs="*", help=f"of {', '.join(SERVICE + RECORDED)}")
    args = parser.parse_args()
    worst = 0
    for name in args.only or SERVICE + RECORDED:
        extra = ["--data", str(args.data)] if name in RECORDED and args.data else []
        print(f"== {name}", flush=True)
        ran = subprocess.run(
            [sys.executable, "-m", f"benchmarks.{name}", "--check", *extra], check=False
        )
        worst = max(worst, ran.returncode)
    return worst


if __name__ == "__main__":
    sys.exit(main())
