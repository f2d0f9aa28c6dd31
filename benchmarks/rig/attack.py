"""Invents names: as many topics as are asked for, each once, at a steady rate.

`python -m benchmarks.rig.attack --port 1883 --names 1000000 --seconds 60`
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator

from benchmarks.rig.load import queue
from core.clock import iso, system_clock

_TOGETHER = 500


def invented(names: int, seconds: float) -> Iterator[tuple[str, bytes]]:
    """Make messages in the default form, all as valid as those of known machines."""
    begun = time.monotonic()
    ts = iso(system_clock())
    for number in range(names):
        if number % _TOGETHER == 0:
            ahead = begun + seconds * number / names - time.monotonic()
            if ahead > 0:
                time.sleep(ahead)
            ts = iso(system_clock())
        topic = f"plant/bench/hall/x-{number * 2_654_435_761 % 2**32:08x}-{number}/telemetry"
        yield topic, f'{{"ts": "{ts}", "values": {{"c0": {number % 97}.5}}}}'.encode()


def main() -> None:
    """Publish at QoS 1 and wait until the broker has acknowledged every message."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--names", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    args = parser.parse_args()
    begun = time.monotonic()
    queue(args.port, invented(args.names, args.seconds), "attack")
    print(f"{time.monotonic() - begun:.1f}", flush=True)


if __name__ == "__main__":
    main()
