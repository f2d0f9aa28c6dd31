"""How sure chances are, on simulated wear: `python -m benchmarks.brackets`.

Fades of six kinds (`benchmarks/rig/fades.py`) are asked at 40 to 70 % of their lives how much is
left, as the live service asks. Those of one kind at one part of life are a group; of each, the
share that had failed by when a chance of 2 to 95 % was told is held against the bracket of that
chance. Odd seeds are told; settings were chosen on even ones (`--even`). The baseline is a bracket
of no width: the chance itself, give or take half a point.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import numpy as np

from benchmarks.rig.fades import KINDS, SHARES, fade
from benchmarks.rig.report import Figure, arguments, finish, table
from core.life import chance
from core.readings import Floats
from models.chance_bracket import bracket
from models.degradation import SURE, WIDEST
from models.passage import paths, remaining, rising

HORIZON = 20
TOLD = (0.02, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
FEWEST = 12
"""A group of fewer tells too little of shares."""

KNOWN = 20

NEAR = 0.005
"""Half a point, as shares are said."""


def given(kind: str, share: float, seeds: Sequence[int]) -> Floats:
    """Ask fades of one kind at one part of life: which chance each had given its own end."""
    found = []
    for seed in seeds:
        one = fade(kind, seed)
        way = one.until(share)
        fits = paths(np.arange(1.0, len(way) + 1), way)
        left = remaining(fits, 1.0, HORIZON * len(way)) if rising(fits) >= SURE else None
        if left is not None and left.p95 <= WIDEST * left.p05:
            found.append(chance(left, one.end - len(way)))
    return np.array(found)


def taught(asked: Sequence[Floats]) -> float:
    """Tell the share within, where half of what was given of each group, at most 20, is known."""
    found = []
    for one in asked:
        known, rest = one[: min(KNOWN, len(one) // 2)], one[min(KNOWN, len(one) // 2) :]
        for told in TOLD:
            low, high = bracket(told, len(known), float(np.sum(known <= told)))
            found.append(low - NEAR <= float(np.mean(rest <= told)) <= high + NEAR)
    return 100 * float(np.mean(found))


def main(args: Sequence[str] | None = None) -> int:
    """Run from the command line."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--seeds", type=int, default=100, help="fades of each kind")
    parser.add_argument("--even", action="store_true", help="ask those that settings are chosen on")
    wanted = parser.parse_args(args)
    seeds = [2 * n + (0 if wanted.even else 1) for n in range(wanted.seeds)]
    asked = [given(kind, share, seeds) for kind in KINDS for share in SHARES]
    groups = [one for one in asked if len(one) >= min(FEWEST, max(map(len, asked)))]
    came = np.array([[float(np.mean(one <= told)) for told in TOLD] for one in groups])
    ends = np.array([bracket(told) for told in TOLD])
    inside = (came >= ends[:, 0] - NEAR) & (came <= ends[:, 1] + NEAR)
    exact = np.abs(came - np.array(TOLD)) <= NEAR
    rows = [
        [f"{100 * told:.0f} %", f"{100 * low:.1f} to {100 * high:.1f} %", f"{100 * mean:.1f} %"]
        for told, (low, high), mean in zip(TOLD, ends, came.mean(axis=0), strict=True)
    ]
    print(table(("told", "bracket", "came, mean of groups"), rows))
    figures = [
        Figure("shares within", 100 * float(inside.mean()), "%", ">= 85", f"{inside.size} shares"),
        Figure("shares within, lives known", taught(groups), "%", ">= 85", f"at most {KNOWN}"),
        Figure("shares as told", 100 * float(exact.mean()), "%", None, "the baseline"),
        Figure("fades that were told", sum(map(len, asked)), "", None, "the others declined"),
    ]
    headline = f"brackets: {100 * inside.mean():.1f} % of shares lie within, nominal 90"
    return finish("brackets", figures, headline, wanted)


if __name__ == "__main__":
    sys.exit(main())
