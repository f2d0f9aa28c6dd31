"""Feeds a target with bent messages and counts what escapes; also a process of its own for atheris.

`python -m benchmarks.rig.fuzzing TARGET INPUTS SECONDS NUMBER FILE` lets atheris choose the
messages, by the lines of ours that they reach, and writes what it came to into a file.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
import traceback
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks.rig.corpus import HOSTILE
from benchmarks.rig.mutator import Mutator
from benchmarks.rig.targets import Target, targets

GOOD_EVERY = 100
_KEPT = 5


@dataclass(slots=True)
class Tally:
    """What fuzzing one target came to: `escapes` raised, and `deaf` left a good message unread."""

    target: str
    engine: str
    inputs: int = 0
    escapes: int = 0
    deaf: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    kept: list[str] = field(default_factory=list)

    def feed(self, target: Target, payload: bytes) -> None:
        """Give a target one message, and now and then a good one."""
        self.inputs += 1
        before = time.perf_counter()
        try:
            target.read(payload)
        except Exception:
            self.escapes += 1
            self._keep(payload)
        took = time.perf_counter() - before
        self.slowest = max(self.slowest, took)
        if self.inputs % GOOD_EVERY == 0:
            self._check(target, payload)

    def _check(self, target: Target, payload: bytes) -> None:
        try:
            heard = target.good()
        except Exception:
            heard = False
        if not heard:
            self.deaf += 1
            self._keep(payload)

    def _keep(self, payload: bytes) -> None:
        if len(self.kept) < _KEPT:
            self.kept.append(f"{payload[:300]!r}: {traceback.format_exc()[-600:]}")


def bend(target: Target, inputs: int, seconds: float, number: int) -> Tally:
    """Feed a target with messages of our own mutator."""
    tally, mutator = Tally(target.name, "mutator"), Mutator(target.seeds, number)
    started = time.monotonic()
    while tally.inputs < inputs and time.monotonic() - started < seconds:
        for _ in range(min(200, inputs - tally.inputs)):
            tally.feed(target, mutator.make())
    tally.seconds = time.monotonic() - started
    return tally


def explore(name: str, inputs: int, seconds: float, number: int, result: Path) -> None:
    """Feed a target with what atheris makes of its seeds; ends the process."""
    import atheris

    with atheris.instrument_imports(include=["ingest", "benchmarks.rig.targets"]):
        target = targets()[name]
    tally, started = Tally(name, "atheris"), time.monotonic()

    def one(payload: bytes) -> None:
        tally.feed(target, payload)
        if tally.inputs >= inputs or time.monotonic() - started > seconds:
            tally.seconds = time.monotonic() - started
            result.write_text(json.dumps(asdict(tally)))
            os._exit(0)

    with tempfile.TemporaryDirectory() as corpus:
        for k, seed in enumerate([*target.seeds, *HOSTILE]):
            (Path(corpus) / str(k)).write_bytes(seed)
        limits = ["-max_len=8192", f"-seed={number}", "-print_final_stats=0", "-verbosity=0"]
        atheris.Setup([sys.argv[0], corpus, *limits], one)
        atheris.Fuzz()


if __name__ == "__main__":
    name, inputs, seconds, number, result = sys.argv[1:]
    explore(name, int(inputs), float(seconds), int(number), Path(result))
