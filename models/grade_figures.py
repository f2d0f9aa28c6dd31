"""The figures by which channels are graded, all channels of one asset together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.clock import DAY, HOUR, SECOND
from core.readings import Bools, Floats, Instants

BLOCKS = 8
"""Into how many stretches of time the rows are cut to see what is slow."""

LONG = 5.0
"""From so many usual steps on, a time without a value is a gap."""

ALIKE = 0.99999
"""How closely two channels must go together to say the same."""

APART = 4.5
"""How many spreads two regimes lie apart (D. A. Ashman and others, Astronomical Journal 108, 1994:
above 2 they are two; a uniform spread cut in the middle has 3.5, a sine 4.1)."""

LEAST_REGIME, MOST_REGIMES = 0.05, 6
"""A regime holds at least this share of the rows; how many are told apart at most."""

_MOST_ROWS = 20_000
_ENOUGH = 8


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured of one channel.

    Shares are of rows, 0 to 1. `every` and `longest_gap` are in seconds (NaN where there are fewer
    than two values), `gaps` counts times without a value for more than five usual steps. `stuck` is
    the longest stretch without any change, `changes` how often a value differs from the one before.
    `levels` counts different values, `step` is the least distance of two. `monotonic` is 1 for what
    only rises, -1 for what only falls. `saturated` is the share at the lower or the upper end, the
    greater. `drift` is the share of variance that is a straight line in time, `slope` its way,
    `runs_away` whether it dwarfs all else; `wander` is the share that is slow in any form, `daily`
    that which follows the time of day.
    """

    rows: int
    present: float
    low: float
    high: float
    every: float
    gaps: int
    longest_gap: float
    stuck: float
    changes: float
    levels: int
    step: float
    monotonic: int
    saturated: float
    duplicate_of: str
    drift: float
    slope: float
    runs_away: bool
    wander: float
    daily: float
    regimes: int

    @property
    def way(self) -> str:
        """Say which way it drifts."""
        return "up" if self.slope > 0 else "down"


def figures(values: Floats, at: Instants, names: Sequence[str]) -> tuple[Figures, ...]:
    """Measure the channels `values[n, k]` at `at[n]`, in time order; NaN where missing."""
    values = np.where(np.isfinite(values), values, np.nan)
    twins = _twins(values[_few(len(values))], names)
    return tuple(_figures(values[:, k], at, twins[k]) for k in range(values.shape[1]))


def _few(count: int) -> NDArray[np.intp]:
    """Choose rows all over the time, for what need not look at every one."""
    return np.linspace(0, count - 1, min(count, _MOST_ROWS)).astype(np.intp)


def _figures(column: Floats, at: Instants, twin: str) -> Figures:
    known = np.isfinite(column)
    said, when = column[known], at[known]
    if not len(said):
        return _SILENT
    every, gaps, longest = _gaps(when)
    distinct = np.unique(said)
    steps = np.diff(distinct)
    few = _few(len(said))
    with np.errstate(over="ignore", invalid="ignore"):
        drift, slope, away, wander = _slow(said[few])
        daily = _daily(said[few], when[few])
        regimes = _regimes(said[few])
    return Figures(
        rows=len(column),
        present=float(known.mean()),
        low=float(distinct[0]),
        high=float(distinct[-1]),
        every=every,
        gaps=gaps,
        longest_gap=longest,
        stuck=_longest(said),
        changes=float(np.mean(np.diff(said) != 0)) if len(said) > 1 else 0.0,
        levels=len(distinct),
        step=float(steps.min()) if len(steps) else float("nan"),
        monotonic=_monotonic(said),
        saturated=float(max(np.mean(said == distinct[0]), np.mean(said == distinct[-1]))),
        duplicate_of=twin,
        drift=drift,
        slope=slope,
        runs_away=away,
        wander=wander,
        daily=daily,
        regimes=regimes,
    )


_NAN = float("nan")
_SILENT = Figures(
    0, 0.0, _NAN, _NAN, _NAN, 0, _NAN, 0.0, 0.0, 0, _NAN, 0, 0.0, "", 0.0, 0.0, False, 0.0, 0.0, 0
)


def _gaps(when: Instants) -> tuple[float, int, float]:
    """Tell the usual time between values, how many gaps there are and the longest, in seconds."""
    passed = np.diff(when)
    passed = passed[passed > 0]
    if not len(passed):
        return _NAN, 0, _NAN
    usual = float(np.median(passed))
    return usual / SECOND, int(np.sum(passed > LONG * usual)), float(passed.max()) / SECOND


def _longest(said: Floats) -> float:
    """Tell the longest stretch of equal values as a share."""
    changes = np.flatnonzero(np.diff(said) != 0) + 1
    edges = np.concatenate(([0], changes, [len(said)]))
    return float(np.diff(edges).max() / len(said))


def _monotonic(said: Floats) -> int:
    """Tell what only ever goes one way, but for a few resets."""
    change = np.diff(said)
    ups, downs = int((change > 0).sum()), int((change < 0).sum())
    if max(ups, downs) < _ENOUGH:
        return 0
    few, way = min(ups, downs), 1 if ups > downs else -1
    if few == 0:
        return way
    whole = float(said.max() - said.min())
    back = np.abs(change[np.sign(change) == -way])
    resets = few <= 0.01 * (ups + downs) and bool((back > 0.3 * whole).all())
    return way if resets else 0


def _slow(said: Floats) -> tuple[float, float, bool, float]:
    """Tell how much of the variance is a straight line, its way, whether it dwarfs all else.

    The last is how much is slow in any form: the variance between stretches of time.
    """
    count = len(said)
    if count < 4 * BLOCKS:
        return 0.0, 0.0, False, 0.0
    centred = said - said.mean()
    largest = float(np.abs(centred).max())
    if largest == 0:
        return 0.0, 0.0, False, 0.0
    centred /= largest
    whole = float(np.mean(centred**2))
    blocks = np.array_split(centred, BLOCKS)
    means = np.array([block.mean() for block in blocks])
    within = float(np.mean([block.var() for block in blocks]))
    order = np.arange(BLOCKS) - (BLOCKS - 1) / 2
    slope = float(order @ means) / float(order @ order)
    left = means - means.mean() - order * slope
    trend, rest = slope**2 * float(order @ order), float(left @ left)
    index = np.arange(count) - (count - 1) / 2
    along = float(index @ centred) ** 2 / float(index @ index) / count / whole
    noise = within * BLOCKS / count
    wander = max(float(means.var()) - noise, 0.0) / whole
    away = trend > 9 * rest and trend > BLOCKS * within
    return min(along, 1.0), slope, away, min(wander, 1.0)


def _daily(said: Floats, when: Instants) -> float:
    """Tell how much of the variance the hour of the day explains, from three days on."""
    if when[-1] - when[0] < 3 * DAY or said.var() == 0:
        return 0.0
    hour = (when % DAY) // HOUR
    number = np.bincount(hour, minlength=24)
    if number.max() == len(said):
        return 0.0
    centred = said - said.mean()
    means = np.bincount(hour, centred, 24) / np.maximum(number, 1)
    between = float(np.sum(number * means**2)) / len(said)
    by_chance = (np.sum(number > 0) - 1) / len(said)
    return float(max(between / np.mean(centred**2) - by_chance, 0.0))


def _regimes(said: Floats) -> int:
    """Count the levels about which values gather, each far from the next (Otsu's cut, repeated)."""
    ordered = np.sort(said)
    if ordered[0] == ordered[-1]:
        return 1
    return min(_cut(ordered, max(LEAST_REGIME * len(said), _ENOUGH), MOST_REGIMES), MOST_REGIMES)


def _cut(ordered: Floats, least: float, depth: int) -> int:
    count = len(ordered)
    if depth == 0 or count < 2 * least or ordered[0] == ordered[-1]:
        return 1
    scaled = (ordered - ordered[0]) / (ordered[-1] - ordered[0])
    first, below = np.arange(1, count), np.cumsum(scaled)[:-1]
    low = below / first
    high = (scaled.sum() - below) / (count - first)
    between = first * (count - first) * (high - low) ** 2
    between[(first < least) | (count - first < least)] = -1.0
    at = int(np.argmax(between)) + 1
    if between[at - 1] < 0:
        return 1
    one, other = scaled[:at], scaled[at:]
    spread = np.sqrt((one.var() + other.var()) / 2)
    if high[at - 1] - low[at - 1] <= APART * spread or scaled[at] == scaled[at - 1]:
        return 1
    return _cut(ordered[:at], least, depth - 1) + _cut(ordered[at:], least, depth - 1)


def _twins(values: Floats, names: Sequence[str]) -> list[str]:
    """Name for each channel an earlier one of which it says the same, but for offset and unit."""
    width = values.shape[1]
    found = [""] * width
    if len(values) < _ENOUGH:
        return found
    known = np.isfinite(values)
    shared = np.where(known, values, 0.0)
    with np.errstate(all="ignore"):
        scale = np.maximum(np.abs(shared).max(axis=0), 1e-300)
        shared = shared / scale
        mean = shared.sum(axis=0) / np.maximum(known.sum(axis=0), 1)
        centred = np.where(known, shared - mean, 0.0)
        size = np.sqrt(np.einsum("nk,nk->k", centred, centred))
        unit = np.where(size > 1e-12, centred / np.maximum(size, 1e-300), 0.0)
    together = np.abs(unit.T @ unit)
    alike = _present_alike(known)
    for k in range(1, width):
        if size[k] <= 1e-12:
            continue
        same = np.flatnonzero((together[k, :k] > ALIKE) & alike[k, :k])
        if len(same):
            found[k] = names[int(same[0])]
    return found


def _present_alike(known: Bools) -> Bools:
    there = known.astype(np.float64)
    both = there.T @ there
    count = np.maximum(np.diagonal(both), 1.0)
    alike: Bools = both / np.maximum(count[:, None], count[None, :]) > 0.99
    return alike
