"""One unknown series after another, judged as it comes: `python -m benchmarks.nab --data FOLDER`.

The Numenta anomaly benchmark: 58 series with labelled windows, one causal pass each, no training
file. FOLDER is the one that holds `nab/`, from https://github.com/numenta/NAB: its `data` folders
and `labels`. Each profile has the one threshold for all series that suits it best, as in all
published figures; beside it stands the figure at our line, which no label has touched.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import numpy as np

from benchmarks.rig.report import Figure, arguments, finish, table
from benchmarks.rig.series import WINDOWS, Series, series
from benchmarks.rig.windows import PROFILES, Result, Rows, at, best, pooled
from core.plant import Asset, AssetClass, Channel, Mode
from core.readings import Bools, Floats
from models.detector import Round
from models.single import Single, SingleSettings

GOALS = (">= 60", None, None)
PUBLISHED = {
    "ARTime": (74.9, 65.1, 80.4),
    "Numenta HTM": (70.5, 62.6, 75.2),
    "Skyline": (58.2, 46.2, 63.9),
    "KNN-CAD": (58.0, 43.4, 64.8),
    "random cut forest": (51.7, 38.4, 59.7),
    "windowed Gaussian": (39.6, 20.9, 47.4),
    "random": (11.0, 1.2, 19.5),
}
"""Standard, low FP, low FN, as their makers and NAB's scoreboard have them."""

LINE = 1.0
SEEDS = 20
GAUSSIAN_ROWS, GAUSSIAN_STEP = 6400, 100
HALF = ("artificialNoAnomaly", "realAWSCloudwatch", "realTraffic")
"""The folders of one half; the others are the other half."""

GRID = {"short": (12, 24, 48), "quiet": (100, 200, 400)}
"""What is chosen on one half for the other, to see what choosing does."""

WITHIN = ">= 0.95"

Scores = list[Floats]


def scored(given: Sequence[Series], settings: SingleSettings) -> Scores:
    """Judge each series by itself; rows that cannot be judged score 0."""
    one = AssetClass(name="series", channels=(Channel("value"),))
    found = []
    for each in given:
        count = len(each.at)
        running = np.full(count, Mode.RUNNING, np.int8)
        rows = Round(np.zeros(count, np.intp), each.at, each.values[:, None], running)
        detector = Single(settings, one, (Asset("nab", each.folder, each.name, "series"),))
        found.append(np.nan_to_num(detector.judge(rows).value))
    return found


def gaussian(values: Floats) -> Floats:
    """Tell how far each value is from a window's mean before it, in standard deviations."""
    found, first, last, pending = np.zeros(len(values)), 0, 0, 0
    mean, spread = 0.0, 1.0
    for i, value in enumerate(values):
        found[i] = abs(value - mean) / spread if i else 0.0
        pending += 1
        if last - first < GAUSSIAN_ROWS:
            last = i + 1
        elif pending < GAUSSIAN_STEP:
            continue
        else:
            first, last = i + 1 - GAUSSIAN_ROWS, i + 1
        pending = 0
        mean, spread = float(values[first:last].mean()), float(values[first:last].std()) or 1e-6
    return found


def _pool(given: Sequence[Series], scores: Scores) -> Rows:
    return pooled(scores, [each.windows for each in given])


def _bests(given: Sequence[Series], scores: Scores) -> list[Result]:
    rows = _pool(given, scores)
    return [best(rows, profile) for profile in PROFILES]


def _random(given: Sequence[Series]) -> list[float]:
    """Give the mean figures of scores drawn at random."""
    rng = np.random.default_rng(42)
    drawn = [_bests(given, [rng.random(len(s.at)) for s in given]) for _ in range(SEEDS)]
    return [float(np.mean([each[k].figure for each in drawn])) for k in range(len(PROFILES))]


def _perfect(given: Sequence[Series]) -> Scores:
    found = []
    for each in given:
        scores = np.zeros(len(each.at))
        scores[[first for first, _ in each.windows]] = 1.0
        found.append(scores)
    return found


def _baselines(given: Sequence[Series]) -> list[Figure]:
    """Figures that are known beforehand, or of methods anyone would try first."""
    made: dict[str, Sequence[float]] = {
        "nothing told": [r.figure for r in _bests(given, [np.zeros(len(s.at)) for s in given])],
        "each window at its first row": [r.figure for r in _bests(given, _perfect(given))],
        "random, here": _random(given),
        "windowed Gaussian, here": [
            r.figure for r in _bests(given, [gaussian(s.values) for s in given])
        ],
    }
    notes = {"random, here": f"the baseline, mean of {SEEDS}", "nothing told": "0 by definition"}
    return [
        Figure(f"{name}, {profile.name}", figure, "", None, notes.get(name, ""))
        for name, figures in made.items()
        for profile, figure in zip(PROFILES, figures, strict=True)
    ]


def _ours(given: Sequence[Series]) -> list[Figure]:
    scored(given[:1], SingleSettings())  # compiled before the clock runs
    began = time.perf_counter()
    rows = _pool(given, scored(given, SingleSettings()))
    took = time.perf_counter() - began
    figures = []
    for profile, goal in zip(PROFILES, GOALS, strict=True):
        top = best(rows, profile)
        figures.append(Figure(f"ours, {profile.name}", top.figure, "", goal, _note(top, rows)))
    for profile in PROFILES:
        line = at(rows, profile, LINE)
        name = f"ours at our line, {profile.name}"
        figures.append(Figure(name, line.figure, "", None, _note(line, rows)))
    count = sum(len(each.at) for each in given)
    figures.append(Figure("ours, rows judged", count / took, "rows/s", None, f"{count:,} rows"))
    return figures


def _note(result: Result, rows: Rows) -> str:
    return (
        f"threshold {result.threshold:.2f}: {result.found} of {rows.windows} windows, "
        f"{result.false_rows} false rows"
    )


def _halves(given: Sequence[Series]) -> list[Figure]:
    """Choose settings on each half of the folders, and hold them against the defaults on the other.

    They are chosen by the figure at our line, where no threshold can make up for them.
    """
    grid = [dict(zip(GRID, values, strict=True)) for values in product(*GRID.values())]
    tried = [scored(given, SingleSettings.model_validate(one)) for one in grid]
    shipped, standard = scored(given, SingleSettings()), PROFILES[0]
    first = np.array([each.folder in HALF for each in given])
    lines, figures = [], []
    for name, mine in (("first half", first), ("second half", ~first)):
        here = [at(_part(given, scores, mine), standard, LINE).figure for scores in tried]
        chosen = int(np.argmax(here))
        written = ", ".join(f"{key} {value}" for key, value in grid[chosen].items())
        there, default = (_part(given, scores, ~mine) for scores in (tried[chosen], shipped))
        for how, found, usual in (
            ("at the best threshold", best(there, standard), best(default, standard)),
            ("at our line", at(there, standard, LINE), at(default, standard, LINE)),
        ):
            lines.append((name, written, f"{found.figure:.1f}", f"{usual.figure:.1f}", how))
            ratio, title = found.figure / usual.figure, f"chosen on the {name}, to the defaults"
            figures.append(Figure(f"{title}, {how}", ratio, "", WITHIN, written))
    head = ("settings chosen on", "chosen", "on the other", "defaults there", "")
    print(table(head, lines), end="\n\n")
    return figures


def _part(given: Sequence[Series], scores: Scores, mine: Bools) -> Rows:
    where = np.flatnonzero(mine).tolist()
    return _pool([given[i] for i in where], [scores[i] for i in where])


def _show_published(figures: Sequence[Figure]) -> None:
    ours = tuple(figure.value for figure in figures[: len(PROFILES)])
    rows = [("ours, defaults", ours), *PUBLISHED.items()]
    head = ("method", *(profile.name for profile in PROFILES), "")
    print(
        table(head, [(name, *(f"{v:.1f}" for v in those), "") for name, those in rows]), end="\n\n"
    )


def main(given: Sequence[str] | None = None) -> int:
    """Run from the command line."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--data", type=Path, required=True, help="folder with recorded data")
    args = parser.parse_args(given)
    folder: Path = args.data / "nab"
    if not (folder / WINDOWS).is_file():
        parser.error(f"{folder / WINDOWS} is missing; get NAB from https://github.com/numenta/NAB")
    known = list(series(folder))
    figures = _ours(known)
    _show_published(figures)
    figures += [*_baselines(known), *_halves(known)]
    line = figures[len(PROFILES)].value
    headline = f"nab: {figures[0].value:.1f} of 100 at the best threshold, {line:.1f} at our line"
    return finish("nab", figures, headline, args)


if __name__ == "__main__":
    sys.exit(main())
