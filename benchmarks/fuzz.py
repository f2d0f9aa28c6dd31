"""Any bytes for every decoder: `python -m benchmarks.fuzz`.

Every payload decoder of the registry, the default form, all sources through the whole of decoding,
and Sparkplug are fed with bent messages. Nothing but a refusal may come of them, and a good message
in between must be read as ever. Where atheris is installed it chooses the messages by the code that
they reach; otherwise, and for the baseline, our own mutator does.
"""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.rig.fuzzing import Tally, bend
from benchmarks.rig.report import Figure, arguments, finish, shown, table
from benchmarks.rig.targets import Target, targets

GOALS = {"inputs": ">= 1000000", "escapes": "== 0", "unread": "== 0"}


def _baseline(target: Target, inputs: int, number: int) -> Tally:
    """Let the standard library read the same messages."""

    def read(payload: bytes) -> None:
        try:
            json.loads(payload)
        except (ValueError, RecursionError):
            return

    plain = Target("json.loads", target.seeds, read, lambda: True)
    return bend(plain, min(inputs, 100_000), 60, number)


def _explored(name: str, inputs: int, seconds: float, number: int) -> Tally | None:
    """Run atheris in its own process; None where it did not end by itself."""
    with tempfile.TemporaryDirectory() as made:
        result = Path(made) / "tally.json"
        words = [name, str(inputs), str(seconds), str(number), str(result)]
        command = [sys.executable, "-m", "benchmarks.rig.fuzzing", *words]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        if not result.exists():
            print(f"atheris ended with {ran.returncode}: {ran.stderr[-800:]}", file=sys.stderr)
            return None
        return Tally(**json.loads(result.read_text()))


def measure(
    every: dict[str, Target], engine: str, inputs: int, seconds: float, number: int
) -> list[Tally]:
    """Fuzz targets one after the other."""
    found = []
    for name, target in every.items():
        tally = None
        if engine == "atheris":
            tally = _explored(name, inputs, seconds, number)
        found.append(tally or bend(target, inputs, seconds, number))
        print(f"{name}: {found[-1].inputs:,} inputs, {found[-1].escapes} escapes", flush=True)
        for each in found[-1].kept:
            print(each, file=sys.stderr)
    return found


def main(given: Sequence[str] | None = None) -> int:
    """Run from the command line."""
    every = targets()
    parser = arguments(__doc__ or "")
    parser.add_argument("--inputs", type=int, default=1_000_000, help="so many for each target")
    parser.add_argument("--seconds", type=float, default=3600, help="at most, for each target")
    parser.add_argument("--seed", type=int, default=20261123)
    parser.add_argument("--target", action="append", choices=sorted(every), help="only this")
    parser.add_argument("--engine", choices=["auto", "atheris", "mutator"], default="auto")
    args = parser.parse_args(given)
    chosen = {name: every[name] for name in args.target or every}
    engine = args.engine
    if engine == "auto":
        engine = "atheris" if importlib.util.find_spec("atheris") else "mutator"
    found = measure(chosen, engine, args.inputs, args.seconds, args.seed)
    plain = _baseline(next(iter(chosen.values())), args.inputs, args.seed)
    print(table(_HEAD, [_row(each) for each in [plain, *found]]))
    escapes, unread = sum(t.escapes for t in found), sum(t.deaf for t in found)
    fewest = min(tally.inputs for tally in found)
    figures = [
        Figure("json.loads", plain.inputs / plain.seconds, "inputs/s", None, "the baseline"),
        *(Figure(t.target, t.inputs / t.seconds, "inputs/s", None, _told(t)) for t in found),
        Figure("fewest inputs of a target", fewest, "", GOALS["inputs"]),
        Figure("escapes", escapes, "", GOALS["escapes"], "anything raised but a refusal"),
        Figure("good messages unread", unread, "", GOALS["unread"]),
    ]
    total = sum(tally.inputs for tally in found)
    headline = f"fuzz: {escapes} escapes in {total:,} inputs for {len(found)} targets"
    return finish("fuzz", figures, headline, args)


_HEAD = ("target", "inputs", "escapes", "unread", "inputs/s", "slowest ms", "engine")


def _row(tally: Tally) -> tuple[str, ...]:
    return (
        tally.target,
        f"{tally.inputs:,}",
        str(tally.escapes),
        str(tally.deaf),
        shown(tally.inputs / tally.seconds),
        shown(tally.slowest * 1000),
        tally.engine,
    )


def _told(tally: Tally) -> str:
    return f"{tally.inputs:,} by {tally.engine}, {tally.escapes} escapes"


if __name__ == "__main__":
    sys.exit(main())
