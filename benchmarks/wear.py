"""What is left of simulated fades: `python -m benchmarks.wear`.

Fades of six kinds (`benchmarks/rig/fades.py`) are asked at 40 to 70 % of their lives how much is
left, until the first reading at the end. Odd seeds are told; settings were chosen on even ones
(`--even`), and docs/decisions/0036-wear.md says which. *alone* knows nothing but the fade itself;
*with five* also five whole fades of the same kind. *passage* is what the live service uses.
Errors are in % of the life; what a method declined counts as neither held nor off. *two modes*
takes the sooner of two fades that end independently.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.rig.extrapolated import again, straight
from benchmarks.rig.fades import KINDS, SHARES, Fade, fade
from benchmarks.rig.report import Figure, arguments, finish, table
from core.life import Remaining
from core.readings import Floats
from models import wear
from models.passage import paths, remaining
from models.path_prior import PathPrior, weak
from models.soonest import soonest
from models.wear import Trace, others

HORIZON = 20
FELLOWS = 5

Method = Callable[[Floats, PathPrior], Remaining | None]


@dataclass(frozen=True, slots=True)
class Asked:
    """One question and its answer: the kind of fade, rows left, rows of its life."""

    kind: str
    share: float
    left: Remaining | None
    true: int
    life: int


def alone(way: Floats, _: PathPrior) -> Remaining | None:
    """Say what is left from the fade's own past."""
    return with_five(way, weak())


def with_five(way: Floats, prior: PathPrior) -> Remaining | None:
    """Say what is left with what other fades taught."""
    return wear.remaining(_trace(way), prior, HORIZON * len(way))


def passage(way: Floats, _: PathPrior) -> Remaining | None:
    """Say what is left by a Wiener process on bent clocks."""
    return remaining(paths(_time(way), way), 1.0, HORIZON * len(way))


def line(way: Floats, _: PathPrior) -> Remaining | None:
    """Draw a straight line through the last 20 readings."""
    left = straight(way, HORIZON * len(way))
    return Remaining(left, left, left)


def aged(way: Floats, _: PathPrior) -> Remaining | None:
    """Say that as much is left as has been."""
    return Remaining(again(way), again(way), again(way))


METHODS: Mapping[str, Method] = {
    "alone": alone,
    "with five": with_five,
    "passage": passage,
    "straight line, last 20": line,
    "as long again": aged,
}


NOTES = {"passage": "of life", "straight line, last 20": "of life", "as long again": "the baseline"}


def _time(way: Floats) -> Floats:
    time: Floats = np.arange(1, len(way) + 1, dtype=np.float64)
    return time


def _trace(way: Floats) -> Trace:
    return Trace(_time(way), way)


def ask(kind: str, seeds: Sequence[int], method: Method, prior: PathPrior) -> list[Asked]:
    """Ask a method of fades of one kind at all shares."""
    found = []
    for seed in seeds:
        one = fade(kind, seed)
        for share in SHARES:
            way = one.until(share)
            found.append(Asked(kind, share, method(way, prior), one.end - len(way), one.end))
    return found


def fellows(kind: str, even: bool) -> PathPrior:
    """Learn from five whole fades of a kind that are asked of nowhere."""
    known = [fade(kind, 100_001 + 2 * n - even) for n in range(FELLOWS)]
    return others([_trace(one.way[: one.end]) for one in known], weak())


def modes(seeds: Sequence[int]) -> list[Asked]:
    """Ask of machines that fail of the sooner of two fades."""
    found = []
    for seed in seeds:
        pair: list[Fade] = [fade("linear", seed), fade("hastening", seed + 1_000_000)]
        end = min(one.end for one in pair)
        for share in SHARES:
            ways = [one.way[: int(share * end)] for one in pair]
            said = [alone(way, weak()) for way in ways]
            lives = [life for life in said if life is not None]
            left = soonest(lives) if lives else None
            found.append(Asked("two modes", share, left, end - len(ways[0]), end))
    return found


def main(given: Sequence[str] | None = None) -> int:
    """Run from the command line."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--seeds", type=int, default=30, help="fades of each kind")
    parser.add_argument("--even", action="store_true", help="ask those that settings are chosen on")
    args = parser.parse_args(given)
    seeds = [2 * n + (0 if args.even else 1) for n in range(args.seeds)]
    priors = {kind: fellows(kind, args.even) for kind in KINDS}
    said = {
        name: [one for kind in KINDS for one in ask(kind, seeds, method, priors[kind])]
        for name, method in METHODS.items()
    }
    said["two modes, alone"] = modes(seeds)
    for title, of in (("error, % of life", error), ("held by the 90 %, %", held)):
        print(title)
        print(_table(said, of))
        print()
    ours, taught = said["alone"], said["with five"]
    beside, with_others = answered(ours, taught)
    here, before = answered(ours, said["passage"])
    results = [
        Figure("error, alone", error(ours), "%", None, "of life"),
        Figure(
            "error, where passage answers too",
            error(here),
            "%",
            f"< {error(before):.2f}",
            "alone, of life",
        ),
        Figure(
            "error, with five", error(with_others), "%", f"< {error(beside):.2f}", "both answer"
        ),
        Figure("held, alone", held(ours), "%", ">= 85", "nominal 90"),
        Figure("held, with five", held(taught), "%", ">= 85", "nominal 90"),
        Figure("held, two modes", held(said["two modes, alone"]), "%", ">= 85", "nominal 90"),
        *(Figure(f"error, {n}", error(said[n]), "%", None, note) for n, note in NOTES.items()),
        *(Figure(f"width, {n}", width(one), "%", None, "of life") for n, one in said.items()),
        *(
            Figure(f"score, {n}", score(one), "%", None, "interval score")
            for n, one in said.items()
        ),
        *(Figure(f"declined, {n}", declined(one), "%", None) for n, one in said.items()),
    ]
    headline = f"wear: error {error(ours):.1f} % of life alone, {error(taught):.1f} % with five"
    return finish("wear", results, headline, args)


def answered(one: Sequence[Asked], other: Sequence[Asked]) -> tuple[list[Asked], list[Asked]]:
    """Keep of two methods' answers those to questions that both answered."""
    pairs = [(a, b) for a, b in zip(one, other, strict=True) if a.left and b.left]
    return [a for a, _ in pairs], [b for _, b in pairs]


def error(said: Sequence[Asked]) -> float:
    """Tell the mean absolute error of the middle, in % of life."""
    off = [abs(one.left.p50 - one.true) / one.life for one in said if one.left is not None]
    return 100 * float(np.mean(off)) if off else float("nan")


def held(said: Sequence[Asked]) -> float:
    """Tell how many intervals hold the truth, in % of those given."""
    inside = [one.left.p05 <= one.true <= one.left.p95 for one in said if one.left is not None]
    return 100 * float(np.mean(inside)) if inside else float("nan")


def width(said: Sequence[Asked]) -> float:
    """Tell the median width of the intervals, in % of life."""
    wide = [(one.left.p95 - one.left.p05) / one.life for one in said if one.left is not None]
    return 100 * float(np.median(wide)) if wide else float("nan")


def score(said: Sequence[Asked]) -> float:
    """Tell the mean interval score at 90 % (Gneiting and Raftery 2007), in % of life."""
    found = []
    for one in said:
        if one.left is not None:
            early, late = one.left.p05 - one.true, one.true - one.left.p95
            paid = one.left.p95 - one.left.p05 + 20 * max(early, late, 0.0)
            found.append(paid / one.life)
    return 100 * float(np.mean(found)) if found else float("nan")


def declined(said: Sequence[Asked]) -> float:
    """Tell of how many nothing was said, in %."""
    return 100 * float(np.mean([one.left is None for one in said]))


def _table(said: Mapping[str, list[Asked]], of: Callable[[Sequence[Asked]], float]) -> str:
    rows = []
    for name, asked in said.items():
        each = [of([one for one in asked if one.kind == kind]) for kind in KINDS]
        rows.append((name, *(f"{value:.1f}" for value in each), f"{of(asked):.1f}", ""))
    return table(("method", *KINDS, "all", ""), rows)


if __name__ == "__main__":
    sys.exit(main())
