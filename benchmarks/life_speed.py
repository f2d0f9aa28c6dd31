"""What remaining life costs: `python -m benchmarks.life_speed`.

A thousand assets, in seconds of one core. Each round every asset says its signal once, and is asked
for its remaining life and for the chance that it ends within a week. All say something at the same
moment, so that in some rounds the past of every one has a new point, and every estimate is made
anew: the slowest round is the figure that counts. The same by `method: paths`, before and after
lives of the class have ended, is told beside, without a goal: a class asks for it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import Literal

import numpy as np

from benchmarks.rig.report import Figure, arguments, finish
from core.clock import MINUTE
from core.life import CannotSay, chance
from core.plant import Asset, AssetClass, Channel, Mode
from core.readings import Floats
from models.degradation import Degradation
from models.detector import Round
from models.registry import build_health
from models.threshold import ThresholdSettings

GOAL = "<= 1"
WEEK = 7 * 24.0
STEP = 10 * MINUTE
Method = Literal["drift", "paths"]
ENDED = 5
PAST = 1000
"""How many readings each asset has given before it is timed."""


def fleet(count: int, past: int, method: Method = "drift") -> Degradation:
    """Make a model whose assets have a past: each wears at a pace of its own."""
    kind = AssetClass(
        "machine",
        (Channel("vibration"),),
        health=ThresholdSettings(channel="vibration", end=8.0, healthy=2.0, method=method),
    )
    assets = tuple(Asset("site", "hall", f"m{n}", "machine") for n in range(count))
    model = build_health(kind, assets)
    if model is None:
        msg = "the class has no health"
        raise RuntimeError(msg)
    for number in range(past):
        model.observe(_round(number, count, past), {})
    model.remaining(0)  # loads what is compiled, once in a service's life
    return model


def _round(number: int, count: int, past: int) -> Round:
    """Make one moment; an asset wears by 1 to 5 mm/s over the past, faster and faster."""
    rng = np.random.default_rng(number)
    share = number / past
    grown = np.linspace(1, 5, count) * np.expm1(1.5 * share) / np.expm1(1.5)
    values: Floats = 2 + grown + rng.normal(0, 0.1, count)
    at = np.full(count, (number + 1) * STEP, np.int64)
    mode = np.full(count, Mode.RUNNING, np.int8)
    return Round(np.arange(count), at, values[:, None], mode)


def pace(model: Degradation, count: int, past: int, rounds: int) -> tuple[list[float], int]:
    """Take the seconds of each round, summed over threads; tells of how many there was a life."""
    took, said = [], 0
    for number in range(past, past + rounds):
        rows = _round(number, count, past)
        began = time.process_time()
        model.observe(rows, {})
        said = 0
        for asset in range(count):
            left = model.remaining(asset)
            if isinstance(left, CannotSay):
                continue
            said += 0 <= chance(left, WEEK) <= 1
        took.append(time.process_time() - began)
    return took, said


def _by_paths(count: int, past: int, rounds: int) -> list[Figure]:
    """Time the same by many paths: alone, and after some lives have ended."""
    model = fleet(count, past, "paths")
    alone, _ = pace(model, count, past, rounds)
    for asset in range(min(ENDED, count)):
        model.forget(asset)
    taught, _ = pace(model, count, past + rounds, rounds)
    return [
        Figure("slowest round, by paths", max(alone), "s", None, "`method: paths`"),
        Figure("mean of rounds, by paths", sum(alone) / len(alone), "s", None, "the same"),
        Figure("slowest round, by taught paths", max(taught), "s", None, f"{ENDED} lives ended"),
        Figure("mean of rounds, by taught paths", sum(taught) / len(taught), "s", None, "the same"),
    ]


def lines(count: int) -> float:
    """Take the seconds of a straight line through twenty readings of every asset, the baseline."""
    hours, values = np.arange(20.0), np.random.default_rng(1).normal(2, 0.1, (count, 20))
    began = time.process_time()
    for row in values:
        np.polyfit(hours, row, 1)
    return time.process_time() - began


def main(given: Sequence[str] | None = None) -> int:
    """Run from the command line."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--assets", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--past", type=int, default=PAST, help="readings before it is timed")
    args = parser.parse_args(given)
    model = fleet(args.assets, args.past)
    took, said = pace(model, args.assets, args.past, args.rounds)
    figures = [
        Figure("slowest round", max(took), "s", GOAL, f"{args.assets:,} assets, of one core"),
        Figure("mean of rounds", sum(took) / len(took), "s", None, f"{args.rounds} rounds"),
        Figure("straight lines", lines(args.assets), "s", None, "the baseline"),
        Figure("assets with a remaining life", said, "", None, "the others are declined"),
        *_by_paths(args.assets, args.past, args.rounds),
    ]
    headline = f"life_speed: {max(took):.2f} s for a round of {args.assets:,} assets"
    return finish("life_speed", figures, headline, args)


if __name__ == "__main__":
    sys.exit(main())
