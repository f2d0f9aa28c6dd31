"""What a verdict costs: `python -m benchmarks.scoring`.

Readings of eight channels from many assets, judged on one core with blame and expected bands, and
beside that what one would otherwise pick: river's HalfSpaceTrees, which scores and learns reading
by reading, and PyOD's ECOD and isolation forest in one batch. The peers say neither which channel
nor what was expected. They come with `pip install -e '.[bench]'`.

What an asset has learned is copied from a few that learned, since learning is paid once; its price
is told apart.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import time
from collections.abc import Callable, Sequence

import numpy as np

from benchmarks.rig.report import Figure, arguments, finish
from core.clock import MINUTE
from core.plant import Asset, AssetClass, Channel, Mode, NamedDetector
from core.readings import Floats
from core.settings import Settings
from models.course import judge
from models.detector import Detector, Round
from models.ensemble import EnsembleSettings
from models.lessons import Lessons
from models.mewma import MewmaSettings
from models.registry import build

GOALS = {"ensemble": ">= 3", "mewma": ">= 20"}
CHANNELS = 8
LEARNED = 400
TEACHERS = 20
BLOCK = 10_000
"""How many readings are judged at once: what a second of a large plant brings."""

PEERS = ("river", "pyod")


def fleet(settings: Settings, count: int) -> tuple[Detector, float]:
    """Make a detector whose assets have learned; returns it and what one asset's lesson took."""
    names = [f"c{k}" for k in range(CHANNELS)]
    kind = AssetClass("machine", tuple(Channel(name) for name in names))

    def made(number: int) -> Detector:
        assets = tuple(Asset("site", "hall", f"m{n}", "machine") for n in range(number))
        return build(NamedDetector("scored", settings), kind, assets)

    few, whole = made(min(TEACHERS, count)), made(count)
    teachers = min(TEACHERS, count)
    began = time.perf_counter()
    for values in _noise(LEARNED, teachers):
        few.learn(_round(np.arange(teachers), values), np.ones(teachers, np.bool_))
    took = (time.perf_counter() - began) / teachers
    copies = np.arange(count) % teachers
    empty = Lessons(count, CHANNELS).state()
    learned = {name: array[copies] for name, array in few.state().items() if name not in empty}
    whole.restore(learned | empty)
    if (whole.readiness() < 1).any():
        msg = "the assets have not learned"
        raise RuntimeError(msg)
    return whole, took


def _noise(rows: int, count: int, seed: int = 1) -> Floats:
    return np.random.default_rng(seed).normal(10, 1, (rows, count, CHANNELS))


def _round(asset: np.ndarray, values: Floats) -> Round:
    at = np.full(len(asset), MINUTE, np.int64)
    return Round(asset.astype(np.intp), at, values, np.full(len(asset), Mode.RUNNING, np.int8))


def pace(detectors: dict[int, Detector], readings: int, rounds: int) -> dict[int, float]:
    """Tell how many readings a second each is judged, by how many assets it has.

    They take turns, and the quickest of some rounds counts: others on this machine disturb it
    least.
    """
    values = _noise(readings, 1, 2)[:, 0]
    quickest = dict.fromkeys(detectors, float("inf"))
    for turn in range(rounds + 1):
        for count, detector in detectors.items():
            asset = np.arange(readings) % count
            blocks = [
                _round(asset[first : first + BLOCK], values[first : first + BLOCK])
                for first in range(0, readings, BLOCK)
            ]
            took = _took(1, lambda d=detector, b=blocks: [judge(d, rows) for rows in b])  # type: ignore[misc]
            if turn:  # the first is for compiling
                quickest[count] = min(quickest[count], took)
    return {count: readings / took for count, took in quickest.items()}


def _took(rounds: int, act: Callable[[], object]) -> float:
    """Tell how long the quickest of some rounds takes, in seconds."""
    quickest = float("inf")
    for _ in range(rounds):
        began = time.perf_counter()
        act()
        quickest = min(quickest, time.perf_counter() - began)
    return quickest


def half_space_trees(readings: int, rounds: int) -> float:
    """Tell how many readings a second river's HalfSpaceTrees scores and learns, as it comes."""
    limits = {f"c{k}": (5.0, 15.0) for k in range(CHANNELS)}
    trees = importlib.import_module("river.anomaly").HalfSpaceTrees(limits=limits, seed=1)
    rows = [
        {f"c{k}": float(value) for k, value in enumerate(row)}
        for row in _noise(readings, 1, 3)[:, 0]
    ]

    def act() -> None:
        for row in rows:
            trees.score_one(row)
            trees.learn_one(row)

    return readings / _took(rounds, act)


def batch(name: str, readings: int, rounds: int) -> float:
    """Tell how many readings a second a detector of PyOD scores in one batch."""
    module = importlib.import_module(f"pyod.models.{name.lower()}")
    given = {} if name == "ECOD" else {"random_state": 1, "n_jobs": 1}
    model = getattr(module, name)(**given)
    model.fit(_noise(10 * LEARNED, 1)[:, 0])
    rows = _noise(readings, 1, 4)[:, 0]
    return readings / _took(rounds, lambda: model.decision_function(rows))


def main(given: Sequence[str] | None = None) -> int:
    """Run from the command line."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--readings", type=int, default=200_000)
    parser.add_argument("--assets", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args(given)
    missing = [name for name in PEERS if importlib.util.find_spec(name) is None]
    if missing:
        parser.error(f"{' and '.join(missing)} not installed: pip install -e '.[bench]'")
    trees = half_space_trees(max(args.readings // 20, 500), args.rounds)
    figures = [Figure("river HalfSpaceTrees", trees, "readings/s", None, "the baseline")]
    for name in ("ECOD", "IForest"):
        found = batch(name, args.readings, args.rounds)
        figures.append(Figure(f"PyOD {name}, batch", found, "readings/s", None, "scores only"))
    few = max(args.assets // 100, 1)
    ratio = {}
    for name, settings in (("ensemble", EnsembleSettings()), ("mewma", MewmaSettings())):
        fleet(settings, 1)  # compiles
        small, took = fleet(settings, few)
        large, _ = fleet(settings, args.assets)
        paces = pace({few: small, args.assets: large}, args.readings, args.rounds)
        slow, many = paces[few], paces[args.assets]
        ratio[name] = slow / trees
        bytes_each = sum(array.nbytes for array in large.state().values()) / args.assets
        note = f"{few:,} assets, blame and bands included"
        figures += [
            Figure(name, slow, "readings/s", None, note),
            Figure(f"{name} over HalfSpaceTrees", ratio[name], "times", GOALS[name], note),
            Figure(
                f"{name}, cost at {args.assets:,} assets",
                slow / many,
                "times",
                "<= 1.1",
                f"of that at {few:,}, per reading",
            ),
            Figure(f"{name}, state", bytes_each / 1024, "KiB", "< 64", "per asset, learned"),
            Figure(f"{name}, to learn", 1000 * took, "ms", None, f"per asset, {LEARNED} rows"),
        ]
    headline = (
        f"scoring: the ensemble judges {ratio['ensemble']:.0f} times what HalfSpaceTrees does"
    )
    return finish("scoring", figures, headline, args)


if __name__ == "__main__":
    sys.exit(main())
