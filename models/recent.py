"""Recent: the last readings and the thinned past of every channel, against what was expected.

Of each asset the last `NEAR` rows are kept as they were, `MID` means over `EACH` rows, and before
them `FAR` means over stretches that get coarser until together they reach back over the window.
That is what tells a step from a drift, and a swing from noise. Kept as float32: it only explains.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.clock import DAY, Span
from core.readings import Bools, Floats, Instants
from models.detector import State
from models.kernel import kernel

NEAR, MID, FAR = 48, 48, 48
"""How many rows and means are kept; `FAR` is even."""

EACH, FIRST = 8, 6
"""So many rows are in one of the middle means, and at first in one of the far."""

WINDOW = 14 * DAY
"""How far back the far means reach at least half, once there is so much."""

MEMORY = 4000
"""Over so many rows it is learned how channels move together, by the steps from row to row."""

NEVER = -(2**63)
_SUM, _COUNT, _OFF, _OFFS, _STEP, _STEPS, _FROM, _LEAN, _SQUARE = range(9)

Small = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Level:
    """Readings or means of them, oldest first: `values[n, k]` around `at`.

    `off` is by how many halves of its band each was off the middle, NaN where there was none.
    """

    at: Instants
    values: Floats
    off: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Past:
    """What is kept of one asset: its last rows, its middle means and its far ones.

    The last mean of each may still be open. `half[n, k]` is half the band of each row. Within each
    far stretch `rough[m, k]` is the scatter from row to row, and `spread` that around its mean, in
    the channel's unit: of what is off the middle of the band, or of values where there is none.
    `cross[j, k]` are the usual products of two channels' steps from row to row, over the last
    `MEMORY` of the `crossed` rows.
    """

    rows: Level
    half: Floats
    mid: Level
    far: Level
    rough: Floats
    spread: Floats
    cross: Floats
    crossed: int


class Recent:
    """Keeps the recent past of every asset of a class."""

    def __init__(self, assets: int, channels: int, window: Span = WINDOW) -> None:
        self._window = window
        self._channels = channels
        self._kept = _blank(assets, channels)

    def add(
        self,
        asset: NDArray[np.intp],
        at: Instants,
        values: Floats,
        low: Floats,
        high: Floats,
        counts: Bools,
    ) -> None:
        """Take the rows that `counts` marks, in order of time; where time steps back, begin anew.

        `low` and `high` are the band of each value, NaN where there is none.
        """
        value, least, most = (np.ascontiguousarray(one) for one in (values, low, high))
        _add(asset, at, value, least, most, counts, self._window, Kept(**self._kept))

    def past(self, asset: int) -> Past:
        """Return what is kept of an asset."""
        kept = {name: array[asset] for name, array in self._kept.items()}
        far, (rough, spread) = _stretches(kept)
        cross = kept["cross"].astype(np.float64)
        rows, mid = _ring(kept, "row"), _middle(kept)
        half = _ordered(kept["row_half"], int(kept["row_number"]))
        return Past(rows, half, mid, far, rough, spread, cross, int(kept["crossed"]))

    def forget(self, asset: int) -> None:
        """Drop the past of one asset."""
        for name, row in _blank(1, self._channels).items():
            self._kept[name][asset] = row[0]

    def state(self) -> State:
        """Return everything kept."""
        return {name: kept.copy() for name, kept in self._kept.items()}

    def restore(self, state: State) -> None:
        """Take over what was kept."""
        self._kept = {name: state[name].astype(kept.dtype) for name, kept in self._kept.items()}


class Kept(NamedTuple):
    """What is kept, first axis the asset; the sums are of stretches that are not full yet."""

    row_at: Instants
    row_value: Small
    row_off: Small
    row_half: Small
    row_number: Instants
    mid_at: Instants
    mid_value: Small
    mid_off: Small
    mid_number: Instants
    mid_open: Instants
    mid_sums: Floats
    far_at: Instants
    far_value: Small
    far_off: Small
    rough: Small
    spread: Small
    used: Instants
    each: Instants
    open: Instants
    begun: Instants
    sums: Floats
    before: Floats
    latest: Instants
    cross: Small
    crossed: Instants


def _blank(assets: int, channels: int) -> dict[str, NDArray[Any]]:
    kept: dict[str, NDArray[Any]] = {}
    for name, places in (("row", NEAR), ("mid", MID), ("far", FAR)):
        kept[f"{name}_at"] = np.zeros((assets, places), np.int64)
        for what in ("value", "off"):
            kept[f"{name}_{what}"] = np.full((assets, places, channels), np.nan, np.float32)
    kept["row_half"] = np.full((assets, NEAR, channels), np.nan, np.float32)
    for name in ("rough", "spread"):
        kept[name] = np.full((assets, FAR, channels), np.nan, np.float32)
    kept["cross"] = np.zeros((assets, channels, channels), np.float32)
    for name in ("row_number", "mid_number", "mid_open", "used", "open", "begun", "crossed"):
        kept[name] = np.zeros(assets, np.int64)
    kept["each"] = np.full(assets, FIRST, np.int64)
    kept["mid_sums"] = np.zeros((assets, 4, channels))
    kept["sums"] = np.zeros((assets, 9, channels))
    kept["before"] = np.full((assets, channels), np.nan)
    kept["latest"] = np.full(assets, NEVER, np.int64)
    return kept


def _ring(kept: dict[str, NDArray[Any]], name: str) -> Level:
    """Lay a ring out, oldest first."""
    number = int(kept[f"{name}_number"])
    at, values, off = (_ordered(kept[f"{name}_{what}"], number) for what in ("at", "value", "off"))
    return Level(at.astype(np.int64), values, off)


def _ordered(ring: NDArray[Any], number: int) -> NDArray[Any]:
    places = len(ring)
    order = (np.arange(max(0, number - places), number) % places).astype(np.intp)
    return ring[order] if ring.dtype.kind == "i" else ring[order].astype(np.float64)


def _middle(kept: dict[str, NDArray[Any]]) -> Level:
    closed, at = _ring(kept, "mid"), kept["latest"]
    if not kept["mid_open"]:
        return closed
    return _with(closed, int(at), kept["mid_sums"])


def _stretches(kept: dict[str, NDArray[Any]]) -> tuple[Level, tuple[Floats, Floats]]:
    used = int(kept["used"])
    names = ("far_value", "far_off", "rough", "spread")
    values, off, rough, spread = (kept[name][:used].astype(np.float64) for name in names)
    far = Level(kept["far_at"][:used].copy(), values, off)
    if not kept["open"]:
        return far, (rough, spread)
    late = _scatter(kept["sums"])
    far = _with(far, int(kept["begun"] + (kept["latest"] - kept["begun"]) // 2), kept["sums"])
    return far, (np.vstack((rough, late[0])), np.vstack((spread, late[1])))


def _with(level: Level, at: int, sums: Floats) -> Level:
    """Put the mean of what is open behind the others."""
    with np.errstate(invalid="ignore", divide="ignore"):
        value, off = sums[_SUM] / sums[_COUNT], sums[_OFF] / sums[_OFFS]
    times = np.append(level.at, at)
    return Level(times, np.vstack((level.values, value)), np.vstack((level.off, off)))


def _scatter(sums: Floats) -> tuple[Floats, Floats]:
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = sums[_SQUARE] - sums[_LEAN] ** 2 / sums[_COUNT]
        rough = np.sqrt(sums[_STEP] / sums[_STEPS])
        return rough, np.sqrt(np.maximum(spread, 0.0) / sums[_COUNT])


@kernel
def _add(
    asset: NDArray[np.intp],
    at: Instants,
    values: Floats,
    low: Floats,
    high: Floats,
    counts: Bools,
    window: int,
    kept: Kept,
) -> None:
    """Add rows one after another; assets may repeat."""
    steps = np.empty(values.shape[1])
    for i in range(len(asset)):
        if not counts[i]:
            continue
        a = asset[i]
        if at[i] <= kept.latest[a]:
            kept.row_number[a], kept.mid_number[a], kept.mid_open[a] = 0, 0, 0
            kept.used[a], kept.each[a], kept.open[a] = 0, FIRST, 0
            kept.before[a] = np.nan
        kept.latest[a] = at[i]
        place = kept.row_number[a] % NEAR
        kept.row_at[a, place] = at[i]
        if kept.mid_open[a] == 0:
            kept.mid_sums[a] = 0.0
        if kept.open[a] == 0:
            kept.begun[a] = at[i]
            kept.sums[a] = 0.0
        here, last = kept.row_off[a, place], kept.row_off[a, place - 1]  # place -1 is the last
        half = kept.row_half[a, place]
        kept.row_value[a, place] = values[i]
        _take(values[i], low[i], high[i], here, half, last, kept.before[a], steps)
        _sum(values[i], here, kept.before[a], steps, kept.sums[a], kept.mid_sums[a])
        kept.crossed[a] += 1
        _cross(steps, 1.0 / min(kept.crossed[a], MEMORY), kept.cross[a])
        kept.row_number[a] += 1
        kept.mid_open[a] += 1
        kept.open[a] += 1
        if kept.mid_open[a] >= EACH:
            _close_mid(a, at[i], kept)
        if kept.open[a] >= kept.each[a]:
            _close(a, at[i], window, kept)


@kernel
def _take(
    values: Floats,
    low: Floats,
    high: Floats,
    off: Small,
    half_out: Small,
    last: Small,
    before: Floats,
    steps: Floats,
) -> None:
    """Note where one row lies in its band, and how each channel stepped to it."""
    for k in range(len(values)):
        value, half = values[k], (high[k] - low[k]) / 2
        banded = half > 0 and half < np.inf
        turned = banded == np.isnan(last[k])
        one = value - (high[k] + low[k]) / 2 if banded else value
        off[k], half_out[k] = (one / half, half) if banded else (np.nan, np.nan)
        steps[k] = np.nan if turned else one - before[k]
        if np.isfinite(value):
            before[k] = one


@kernel
def _sum(values: Floats, off: Small, one: Floats, steps: Floats, sums: Floats, mid: Floats) -> None:
    """Add a row to the stretches that are open; `one` is what it is off, in its unit."""
    for k in range(len(values)):
        value = values[k]
        if not np.isfinite(value):
            continue
        sums[_SUM, k] += value
        mid[_SUM, k] += value
        mid[_COUNT, k] += 1
        if not np.isnan(off[k]):
            sums[_OFF, k] += off[k]
            sums[_OFFS, k] += 1
            mid[_OFF, k] += off[k]
            mid[_OFFS, k] += 1
        if np.isfinite(steps[k]):
            sums[_STEP, k] += steps[k] * steps[k] / 2
            sums[_STEPS, k] += 1
        sums[_COUNT, k] += 1
        if sums[_COUNT, k] == 1:
            sums[_FROM, k] = one[k]
        lean = one[k] - sums[_FROM, k]
        sums[_LEAN, k] += lean
        sums[_SQUARE, k] += lean * lean


@kernel
def _cross(steps: Floats, weight: float, cross: Small) -> None:
    """Learn how channels step together, in the upper half of a matrix."""
    for j in range(len(steps)):
        if not np.isfinite(steps[j]):
            continue
        for k in range(j, len(steps)):
            if np.isfinite(steps[k]):
                cross[j, k] += weight * (steps[j] * steps[k] - cross[j, k])


@kernel
def _close_mid(a: int, at: int, kept: Kept) -> None:
    place, sums = kept.mid_number[a] % MID, kept.mid_sums[a]
    kept.mid_at[a, place] = at
    for k in range(sums.shape[1]):
        kept.mid_value[a, place, k] = _ratio(sums[_SUM, k], sums[_COUNT, k])
        kept.mid_off[a, place, k] = _ratio(sums[_OFF, k], sums[_OFFS, k])
    kept.mid_number[a] += 1
    kept.mid_open[a] = 0


@kernel
def _close(a: int, at: int, window: int, kept: Kept) -> None:
    if kept.used[a] == FAR:
        _make_room(a, window, kept)
    place, sums = kept.used[a], kept.sums[a]
    kept.far_at[a, place] = kept.begun[a] + (at - kept.begun[a]) // 2
    for k in range(sums.shape[1]):
        count = sums[_COUNT, k]
        spread = _ratio(sums[_SQUARE, k], count) - _ratio(sums[_LEAN, k], count) ** 2
        kept.far_value[a, place, k] = _ratio(sums[_SUM, k], count)
        kept.far_off[a, place, k] = _ratio(sums[_OFF, k], sums[_OFFS, k])
        kept.rough[a, place, k] = np.sqrt(_ratio(sums[_STEP, k], sums[_STEPS, k]))
        kept.spread[a, place, k] = np.sqrt(max(spread, 0.0)) if count > 0 else np.nan
    kept.used[a] = place + 1
    kept.open[a] = 0


@kernel
def _ratio(total: float, count: float) -> float:
    return total / count if count > 0 else np.nan


@kernel
def _make_room(a: int, window: int, kept: Kept) -> None:
    at = kept.far_at[a]
    if at[FAR - 1] - at[0] >= window:
        for j in range(FAR - 1):
            at[j] = at[j + 1]
            for k in range(kept.far_value.shape[2]):
                for kind in (kept.far_value, kept.far_off, kept.rough, kept.spread):
                    kind[a, j, k] = kind[a, j + 1, k]
        kept.used[a] = FAR - 1
        return
    for j in range(FAR // 2):
        at[j] = at[2 * j] + (at[2 * j + 1] - at[2 * j]) // 2
        for k in range(kept.far_value.shape[2]):
            for kind in (kept.far_value, kept.far_off, kept.rough, kept.spread):
                kind[a, j, k] = _both(kind[a, 2 * j, k], kind[a, 2 * j + 1, k])
    kept.used[a] = FAR // 2
    kept.each[a] *= 2


@kernel
def _both(one: float, other: float) -> float:
    """Take the mean of two of which one or both may be missing."""
    if np.isnan(one):
        return other
    return one if np.isnan(other) else (one + other) / 2
