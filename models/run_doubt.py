"""Doubt about a unit: when nothing should be said of its life, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from core.readings import Bools, Floats
from core.suggestion import listed
from models.run_bounds import QUIET, SHORTEST, Bounds, silent
from models.run_features import smoothed
from models.run_table import Numbers, RunTable

SPAN = 5
"""Channels are looked at as means over so many rows, so that one wild value is no doubt."""

FARTHER = 1.5
"""How many times as far from what is usual as any row that was learned from is still believed."""

RIDGE = 0.05
"""Of the variance of channels; keeps the distance finite where two say the same."""

HEALTHY = 0.7
"""At this health and above a unit shows no wear to speak of."""

OLDER = 1.1
"""A unit without wear at so many times the age of the oldest ever seen so is none that we know."""

MISSING = 0.1
"""A unit of which so much of what wear is told by is silent is not judged: intervals were held to
units that have all."""

RECENT = 5
"""A regime is new where it was unknown in most of so many rows."""

WIDE = "what its model says of it is no narrower than of any unit at any age"
FROZEN = "sensors that it is followed by are not believed, as they stand still"
LEAPING = "sensors that it is followed by are not believed, as they leap from row to row"
SILENT = "channels that it is followed by say nothing"
LATE = "but must at {:.4g} or before: all rows since it was new are needed"
EARLY = "but must at {:.4g} or after: age is to count from when it was new"


Texts: TypeAlias = NDArray[np.object_]


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """Rows that are asked about, and what a model makes of them.

    `channels[row, k]` are those called `names`, in deviations from what is usual, `known` is
    whether a row's regime is; `health` and the `width` of the interval are NaN where nobody asked.
    `weight[k]` is the share of channels in the index of wear, `late` as in `run_gaps`.
    """

    runs: RunTable
    names: tuple[str, ...]
    channels: Floats
    known: Bools
    health: Floats
    width: Floats
    weight: Floats
    late: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Doubt:
    """What was seen while learning: the middle of smoothed channels, and what lies within `far`.

    `inverse` is that of their covariance; `oldest` the age of the oldest unit still healthy.
    `bounds` are missing in models of before there were any.
    """

    middle: Floats
    inverse: Floats
    far: float
    oldest: float
    bounds: Bounds | None = None

    def reasons(self, asked: Asked) -> tuple[Texts, Texts]:
        """Say of each row why nothing is said of it, empty where something is, and closer words.

        The last that holds is told: that of which most else hangs.
        """
        runs, channels = asked.runs, asked.channels
        code = np.full(len(runs.time), "", dtype=object)
        words = code.copy()

        def put(rows: Bools, reason: str, closer: str | Texts = "") -> None:
            code[rows] = reason
            words[rows] = closer if isinstance(closer, str) else closer[rows]

        place = np.arange(len(runs.time)) - runs.edges[runs.unit]
        enough = place + 1 >= SHORTEST
        limits = self.bounds
        if limits:
            wide = asked.width > limits.widest
            put(wide, "too_wide", WIDE)
            put(wide & (asked.late > 0), "too_wide", f"rows of it are missing: {WIDE}")
            put(limits.too_old(runs), "too_old")
        aged: Bools = runs.time > OLDER * self.oldest
        put(aged & (asked.health >= HEALTHY), "not_falling")
        parts = _distances(runs, channels, self.middle, self.inverse)
        odd: Bools = np.sqrt(np.maximum(parts.sum(axis=1), 0.0)) > self.far
        put(odd, "sensors_distrusted", _odd_words(odd, parts, asked.names))
        values = runs.columns(asked.names)
        quiet = QUIET if limits is None or limits.quiet is None else limits.quiet
        mute, gone = (silent(runs, each) > quiet for each in (channels, values))
        words_of = _named(LEAPING, _lacking(mute, asked), asked.names)
        put(words_of != "", "sensors_distrusted", words_of)
        if limits:
            frozen = limits.frozen(runs, values)
            words_of = _named(FROZEN, frozen, asked.names)
            put(words_of != "", "sensors_distrusted", words_of)
        words_of = _named(SILENT, _lacking(gone, asked), asked.names)
        put(words_of != "", "channel_missing", words_of)
        put(_strange(asked.known, place), "new_regime")
        put(~enough, "too_short")
        if limits:
            begun = _begun(runs)
            put(limits.early(runs), "too_short", begun + EARLY.format(limits.earliest))
            put(limits.late(runs), "too_short", begun + LATE.format(limits.latest))
            far, near = limits.scattered(runs) & enough, limits.crowded(runs) & enough
            put(far, "other_spacing", _apart(limits, "farther apart than"))
            put(near, "other_spacing", _apart(limits, "closer than"))
        return code, words


def learn(runs: RunTable, channels: Floats, health: Floats, bounds: Bounds) -> Doubt:
    """Learn from training runs; `health` of each row, by trees that were not fitted to its unit."""
    smooth = np.nan_to_num(smoothed(runs, channels, SPAN))
    middle = smooth.mean(axis=0)
    away = smooth - middle
    around = away.T @ away / len(away)
    inverse: Floats = np.linalg.inv(
        around + RIDGE * np.diag(np.diag(around)) + 1e-9 * np.eye(len(middle))
    )
    seen = np.arange(len(runs.time)) - runs.edges[runs.unit] + 1 >= SHORTEST
    squared = _distances(runs, channels, middle, inverse).sum(axis=1)
    farthest = float(np.sqrt(squared[seen].max(initial=0.0)))
    well = health >= HEALTHY
    oldest = float(runs.time[well].max(initial=0.0))
    return Doubt(middle, inverse, FARTHER * farthest, oldest, bounds)


def _lacking(mute: Bools, asked: Asked) -> Bools:
    """Keep those that are mute where too much of what wear is told by is."""
    found: Bools = mute & (mute @ asked.weight > MISSING)[:, None]
    return found


def _begun(runs: RunTable) -> Texts:
    """Say of each row where its unit's rows begin."""
    first = runs.time[runs.edges[:-1]].tolist()
    return np.array([f"its rows begin at an age of {age:.4g}, " for age in first], dtype=object)[
        runs.unit
    ]


def _apart(limits: Bounds, how: str) -> str:
    return (
        f"its rows are {how} those that were learned from: {limits.nearest:.3g} to "
        f"{limits.farthest:.3g} between two would do"
    )


def _named(what: str, odd: Bools, names: Sequence[str]) -> Texts:
    """Say of each row of which channels something is odd; empty where of none."""
    found = np.full(len(odd), "", dtype=object)
    for row in np.flatnonzero(odd.any(axis=1)).tolist():
        found[row] = f"{what}: {listed(names[k] for k in np.flatnonzero(odd[row]).tolist())}"
    return found


def _odd_words(odd: Bools, parts: Floats, names: Sequence[str]) -> Texts:
    """Name the channel of which most of the distance comes."""
    found = np.full(len(odd), "", dtype=object)
    for row in np.flatnonzero(odd).tolist():
        most = names[int(np.argmax(parts[row]))]
        found[row] = (
            "sensors that it is followed by are not believed, as together they lie farther from "
            f"what is usual than in any run learned from: {most} most of all"
        )
    return found


def _distances(runs: RunTable, channels: Floats, middle: Floats, inverse: Floats) -> Floats:
    """Return what each smoothed channel adds to the square of the distance from the middle.

    That is Mahalanobis's; silent channels lie in the middle.
    """
    smooth = smoothed(runs, channels, SPAN)
    away = np.where(np.isfinite(smooth), smooth - middle, 0.0)
    found: Floats = np.einsum("ni,ij,nj->nj", away, inverse, away)
    return found


def _strange(known: Bools, place: Numbers) -> Bools:
    """Tell in which rows the regime has been unknown for most of the last rows of the unit."""
    total = np.cumsum(np.concatenate([[0], ~known]))
    row = np.arange(len(known))
    begin = row - np.minimum(place, RECENT - 1)
    share = (total[row + 1] - total[begin]) / (row + 1 - begin)
    found: Bools = share > 0.5
    return found
