"""Deviation: in which way a channel leaves what was expected of it, told from its recent past.

Judged in halves of the expected band; a channel without a band, in deviations of its own older
past, three of which are taken for half a band. See docs/decisions/0029-explanation.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.clock import Instant
from core.deviation import Kind
from core.readings import Bools, Floats, Instants
from models.recent import MEMORY, Past

LEAST_ROWS = 12
"""Of fewer readings nothing is said."""

MOVED, SURE = 0.5, 4.0
"""A level has moved from so many halves of its band on, where that is so many standard errors."""

ROUGHER, SCATTER_SURE = 1.5, 5.0
"""There is more noise from so many times the usual scatter on, and so many errors of it."""

SWING, SWINGS, SWING_ROWS = 0.5, 3, 24
"""A swing holds so much of all scatter, is seen so many times, within at least so many rows."""

FAR_OUT, MOST_SPIKES = 8.0, 2
"""A spike is at most so many readings, so many deviations off the others."""

STILL = 12
"""So many equal readings of a channel that is never still otherwise are no chance."""

TOGETHER, BROKEN = 0.6, 3.5
"""A correlation is broken where it changed by so much, and so many standard errors."""

BENT = 0.95
"""A bend is believed rather than a step where it leaves at most so much of what a step leaves."""

WITHIN = 0.35
"""Where so little of a move had happened when a level of the past began, it happened within it."""

CHANCE = 1e-4
"""So rarely is white noise taken for a swing."""

_TRIM = 1.4826
_SURELY = 0.99
_NOTHING = 1e-9
_OVERLAP = 1.5
"""So many times more than of independent values do correlations of steps scatter (MA(1))."""


@dataclass(frozen=True, slots=True)
class Deviation:
    """How one channel deviates: its kind (None: none that has a name), which way, and since when.

    `moved` is by how many halves of its band its level lies off where it was, NaN where that is
    not known; positive is up.
    """

    kind: Kind | None
    moved: float
    since: Instant | None = None

    @property
    def direction(self) -> int:
        """Which way its level has moved: 1 up, -1 down, 0 not."""
        return 0 if not abs(self.moved) >= MOVED else int(np.sign(self.moved))


@dataclass(frozen=True, slots=True, eq=False)
class _Course:
    """One channel in halves of its band: its rows, and the levels of its past, finest first.

    `base` is where it was, `wander` how its far means scatter, `rough` and `spread` how its rows
    did, from one to the next and around their mean. `lively` tells that it never stood still.
    """

    raw: Floats
    levels: tuple[tuple[Instants, Floats], ...]
    base: float
    wander: float
    rough: float
    spread: float
    lively: bool

    @property
    def rows(self) -> Floats:
        """The last readings."""
        return self.levels[0][1]

    @property
    def echo(self) -> float:
        """How many rows count as one, since they follow each other (AR(1))."""
        alike = float(np.clip(1 - (self.rough / max(self.spread, 1e-30)) ** 2, 0.0, 0.95))
        return (1 + alike) / (1 - alike)


def deviations(past: Past) -> list[Deviation]:
    """Tell for every channel how it deviates."""
    return [deviation(past, channel) for channel in range(past.rows.values.shape[1])]


def deviation(past: Past, channel: int) -> Deviation:
    """Tell how one channel deviates."""
    course = _course(past, channel)
    if course is None:
        return Deviation(None, float("nan"))
    moved = float(_last(course.rows).mean()) - course.base
    return _restless(course, moved) or _level(course, moved)


def _restless(course: _Course, moved: float) -> Deviation | None:
    """Tell what a channel does other than leave its level; None where it does nothing else."""
    at, rows = course.levels[0]
    if course.lively and (still := _still(course.raw)) >= STILL:
        return Deviation(Kind.STUCK, moved, int(at[-still]))
    if (spike := _spike(course)) is not None:
        return Deviation(Kind.SPIKE, 0.0, int(at[spike]))
    usual = (course.spread, course.spread, course.wander)
    if any(_swings(one, held) for (_, one), held in zip(course.levels, usual, strict=True)):
        return Deviation(Kind.OSCILLATION, 0.0)
    scatter = _rough(rows)
    return Deviation(Kind.NOISE, 0.0) if _rougher(course, scatter, moved) else None


def _level(course: _Course, moved: float) -> Deviation:
    """Tell how a channel has left its level, if it surely has."""
    few = len(course.rows) / 3 / course.echo
    scatter = max(_rough(course.rows), course.spread)
    error = float(np.hypot(scatter / np.sqrt(few), course.wander))
    if abs(moved) >= max(MOVED, SURE * error):
        return _shifted(course, moved)
    return Deviation(None, moved if abs(moved) >= SURE * error else 0.0)


def broken(past: Past, one: int, other: int) -> bool:
    """Tell whether two channels moved together and no longer do, or the other way round."""
    steps = _steps(past.rows.off * past.half)[:, [one, other]]
    if not np.isfinite(steps).all(axis=1).any():
        steps = _steps(past.rows.values)[:, [one, other]]
    steps = steps[np.isfinite(steps).all(axis=1)]
    usual = past.cross[[one, other], [one, other]]
    if min(len(steps), past.crossed) < SWING_ROWS or not (usual > 0).all():
        return False
    low, high = min(one, other), max(one, other)
    then = float(np.clip(past.cross[low, high] / np.sqrt(usual.prod()), -_SURELY, _SURELY))
    scale = np.sqrt((steps**2).mean(axis=0).prod())
    now = float(np.clip((steps[:, 0] * steps[:, 1]).mean() / max(scale, 1e-30), -_SURELY, _SURELY))
    if abs(then - now) < TOGETHER:
        return False
    counts = len(steps), min(past.crossed, 2 * MEMORY)
    error = np.sqrt(sum(_OVERLAP / (count - 3) for count in counts))
    return bool(abs(np.arctanh(then) - np.arctanh(now)) >= BROKEN * error)


def overall(past: Past, found: Sequence[Deviation], blamed: Sequence[int]) -> Kind | None:
    """Tell the kind of a whole trouble from that of its channels, the most blamed first."""
    if not blamed:
        return None
    if found[blamed[0]].kind is None:
        pairs = ((one, other) for n, one in enumerate(blamed) for other in blamed[n + 1 :])
        if any(broken(past, one, other) for one, other in pairs):
            return Kind.CORRELATION
    return next((found[k].kind for k in blamed if found[k].kind is not None), None)


def _course(past: Past, channel: int) -> _Course | None:
    """Lay a channel's past out in halves of its band; None where too little is known."""
    known = np.isfinite(past.rows.values[:, channel])
    if known.sum() < LEAST_ROWS:
        return None
    old = _before(past)
    rough, spread = (_middle(one[old, channel]) for one in (past.rough, past.spread))
    banded = bool(np.isfinite(past.rows.off[known, channel]).all())
    off = past.far.off if banded else past.far.values
    older = off[old, channel][np.isfinite(off[old, channel])]
    if len(older) < 3:
        return None
    levels, zero, half = [], 0.0, 1.0
    if not banded:
        zero = float(np.median(older))
        half = 3 * max(float(np.hypot(spread, older.std())), 1e-9 * abs(zero), 1e-30)
    else:  # bands get narrower and wider: what is compared is measured by the one of now
        half = float(np.median(past.half[known, channel]))
    for level in (past.rows, past.mid, past.far):
        values = (level.off if banded else level.values)[:, channel]
        if banded and level is past.rows:
            values = values * past.half[:, channel] / half
        there = np.isfinite(values)
        values = values[there] if banded else (values[there] - zero) / half
        levels.append((level.at[there], values))
    older = older if banded else (older - zero) / half
    wander = _TRIM * float(np.median(np.abs(older - np.median(older))))
    base = float(np.clip(np.median(older), -MOVED, MOVED))
    raw = past.rows.values[known, channel]
    rough, spread = max(rough / half, 1e-9), max(spread / half, 1e-9)
    lively = bool((past.rough[old, channel] > 0).all())
    return _Course(raw, tuple(levels), base, wander, rough, spread, lively)


def _before(past: Past) -> Bools:
    """Mark the older half of the means, that is what is taken for how it was."""
    older = np.flatnonzero(past.far.at < past.rows.at[0])
    marked = np.zeros(len(past.far.at), np.bool_)
    marked[older[: max(3, len(older) // 2)]] = True
    return marked


def _middle(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else 0.0


def _last(values: Floats) -> Floats:
    return values[-max(4, len(values) // 3) :]


def _first(values: Floats) -> Floats:
    return values[: max(3, len(values) // 4)]


def _rough(rows: Floats) -> float:
    """Estimate the scatter from row to row, which neither a step nor a drift adds to."""
    steps = np.diff(rows)
    return float(np.sqrt(np.mean(steps * steps) / 2))


def _rougher(course: _Course, scatter: float, moved: float) -> bool:
    if abs(moved) >= 2 * scatter:
        return False
    sure = 1 + SCATTER_SURE / np.sqrt(1.3 * len(course.rows))
    return bool(scatter >= max(ROUGHER, sure) * course.rough)


def _still(raw: Floats) -> int:
    """Count the equal readings at the end."""
    other = np.flatnonzero(raw != raw[-1])
    return len(raw) - 1 - int(other[-1]) if len(other) else len(raw)


def _spike(course: _Course) -> int | None:
    """Find the first of very few readings far off all others, where these are as usual."""
    rows = course.rows
    middle = float(np.median(rows))
    usual = max(course.rough, _TRIM * float(np.median(np.abs(rows - middle))))
    out = np.flatnonzero(np.abs(rows - middle) > FAR_OUT * usual)
    as_usual = abs(middle - course.base) < MOVED
    return int(out[0]) if 0 < len(out) <= MOST_SPIKES and as_usual else None


def _swings(values: Floats, usual: float) -> bool:
    """Tell whether much of the scatter lies at one frequency, and is more than is usual."""
    if len(values) < SWING_ROWS:
        return False
    at = np.arange(len(values)) - (len(values) - 1) / 2
    flat = values - values.mean() - at * ((at * values).sum() / (at * at).sum())
    if flat.std() <= max(ROUGHER * usual, _NOTHING):
        return False
    power = np.abs(np.fft.rfft(flat)[1:]) ** 2
    pairs = power[:-1] + power[1:]
    best = int(np.argmax(pairs))
    peak = best + 1 + int(power[best + 1] > power[best])
    share = float(pairs[best] / power.sum())
    return peak >= SWINGS and share >= SWING and _chance(share, len(power)) <= CHANCE


def _chance(share: float, count: int) -> float:
    """Bound how often two neighbours among `count` powers of white noise hold such a share."""
    rest = 1 - share
    return float((count - 1) * (rest ** (count - 1) + (count - 1) * share * rest ** (count - 2)))


def _shifted(course: _Course, moved: float) -> Deviation:
    """Tell a step from a drift by the finest level of the past in which a move happened."""
    for at, values in course.levels:
        early = float(_first(values).mean()) - course.base
        if len(values) >= LEAST_ROWS and abs(early) <= WITHIN * abs(moved):
            bent, since = _bend(at, values)
            return Deviation(Kind.DRIFT if bent else Kind.STEP, moved, since)
    return Deviation(None, moved)


def _bend(at: Instants, values: Floats) -> tuple[bool, Instant]:
    """Fit a step and a bend at every place; tells whether the bend fits better, and since when."""
    count = np.arange(1, len(values))
    total, sums = values.sum(), np.cumsum(values)[:-1]
    whole, lean = float((values**2).sum()), values - values.mean()
    steps = whole - sums**2 / count - (total - sums) ** 2 / (len(values) - count)
    passed = (at - at[0]) / max(1, int(at[-1] - at[0]))
    ramps = np.maximum(passed[None, :] - passed[:-1, None], 0.0)
    ramps -= ramps.mean(axis=1)[:, None]
    fitted = (ramps * lean).sum(axis=1) ** 2 / np.maximum((ramps**2).sum(axis=1), 1e-30)
    bends = (lean**2).sum() - fitted
    step, bend = int(np.argmin(steps)), int(np.argmin(bends))
    bent = bool(bends[bend] <= BENT * max(steps[step], 0.0))
    return bent, int(at[bend if bent else step + 1])


def _steps(values: Floats) -> Floats:
    return np.diff(values, axis=0)
