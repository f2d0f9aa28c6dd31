"""Duty: how much each machine is used in each hour of the week, learned from its own past weeks.

The hour of the week is counted in UTC, so that nights and weekends stand wherever a site lies. An
hour's use is a mean that forgets, over some six weeks. How much whole weeks differ tells how far
what is to come may differ from that.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.clock import HOUR, Instant
from core.readings import Floats, Instants
from models.detector import State
from models.kernel import kernel
from models.trail import NEVER
from models.usage import Counted

WEEK = 168
"""Hours of a week."""

WEEKS = 6
"""Over about so many weeks an hour's use is a mean, and so many tell how much weeks differ."""

VARIES = 0.3
"""How much weeks are taken to differ, as a share, before that is known."""

BELIEF = 2
"""For how many weeks that counts."""

LONGEST = 8 * WEEK
"""What was used over more hours than this at once tells nothing of when."""

_ENOUGH = 0.5
"""An hour of which less than this share was seen tells nothing."""


class Duty:
    """Learns the use in each hour of the week of every asset, and foretells by it."""

    def __init__(self, assets: int) -> None:
        self._kept = _blank(assets)

    def learn(self, asset: NDArray[np.intp], at: Instants, counted: Counted) -> None:
        """Take what rows told of use, in order of time; assets may repeat."""
        _learn(asset, at, counted, self._kept)

    def seen(self, asset: int) -> int:
        """Return how many hours of an asset's week are known, at most 168."""
        return int(np.count_nonzero(self._kept.number[asset]))

    def week(self, asset: int) -> float:
        """Return how much an asset is used in a usual week."""
        return float(self._profile(asset).sum())

    def hours(self, asset: int, now: Instant, use: Floats) -> Floats:
        """Tell after how many hours from `now` so much has been used; infinite where never."""
        times, used = self._course(asset, now)
        week = used[-1]
        if week <= 0:
            return np.where(use > 0, np.inf, 0.0)
        finite = np.minimum(use, 1e9 * week)
        whole = np.maximum(np.ceil(finite / week) - 1, 0)
        left = np.clip(finite - whole * week, 0.0, week)
        place = np.searchsorted(used, left)
        low = np.maximum(place - 1, 0)
        step = used[place] - used[low]
        part = np.where(step > 0, (left - used[low]) / np.where(step > 0, step, 1.0), 0.0)
        found: Floats = whole * WEEK + times[low] + part * (times[place] - times[low])
        return np.where(np.isfinite(use), found, np.inf)

    def use(self, asset: int, now: Instant, hours: Floats) -> Floats:
        """Tell how much will have been used after so many hours from `now`."""
        times, used = self._course(asset, now)
        whole, left = np.divmod(np.where(np.isfinite(hours), hours, 0.0), WEEK)
        found: Floats = whole * used[-1] + np.interp(left, times, used)
        return np.where(np.isfinite(hours), found, np.inf)

    def varies(self, asset: int, hours: float) -> float:
        """Tell by what share the use within so many hours deviates from what is foretold.

        Weeks differ by themselves, and what a usual one is, is known from so many only.
        """
        number = min(float(self._kept.weeks[asset]), WEEKS)
        mean, spread = float(self._kept.week_mean[asset]), float(self._kept.week_spread[asset])
        own = spread / mean**2 if mean > 0 else 0.0
        share = (BELIEF * VARIES**2 + number * own) / (BELIEF + number)
        return math.sqrt(share * (WEEK / max(hours, 1.0) + 1 / max(number, 1.0)))

    def state(self) -> State:
        """Return everything kept."""
        return {f"duty_{name}": kept.copy() for name, kept in self._kept._asdict().items()}

    def restore(self, state: State) -> None:
        """Take over what was kept."""
        kept = self._kept._asdict()
        self._kept = _Kept(*(state[f"duty_{name}"].astype(kept[name].dtype) for name in kept))

    def _profile(self, asset: int) -> Floats:
        """Tell the use in each hour of the week; of one never seen, as much as in the others."""
        mean, known = self._kept.mean[asset], self._kept.number[asset] > 0
        return np.where(known, mean, mean[known].mean() if known.any() else 0.0)

    def _course(self, asset: int, now: Instant) -> tuple[Floats, Floats]:
        """Lay out the week from `now` on: hours from now, and what has been used by then."""
        hour, begun = int(now // HOUR), (now % HOUR) / HOUR
        each = np.roll(self._profile(asset), -(hour % WEEK))
        parts = np.concatenate([[each[0] * (1 - begun)], each[1:], [each[0] * begun]])
        times = np.concatenate([[0.0], np.arange(1, WEEK + 1) - begun, [float(WEEK)]])
        return times, np.concatenate([[0.0], np.cumsum(parts)])


class _Kept(NamedTuple):
    """What is kept of each asset: the running hour, the hours of the week, and whole weeks."""

    hour: Instants
    used: Floats
    seen: Floats
    mean: Floats
    number: NDArray[np.int64]
    week_used: Floats
    week_hours: NDArray[np.int64]
    weeks: NDArray[np.int64]
    week_mean: Floats
    week_spread: Floats


def _blank(assets: int) -> _Kept:
    return _Kept(
        np.full(assets, NEVER, np.int64),
        np.zeros(assets),
        np.zeros(assets),
        np.zeros((assets, WEEK)),
        np.zeros((assets, WEEK), np.int64),
        np.zeros(assets),
        np.zeros(assets, np.int64),
        np.zeros(assets, np.int64),
        np.zeros(assets),
        np.zeros(assets),
    )


@kernel
def _learn(asset: NDArray[np.intp], at: Instants, counted: Counted, kept: _Kept) -> None:
    """Deal what was used over each stretch out to its hours, evenly."""
    for i in range(len(asset)):
        a, span = asset[i], counted.span[i]
        if not counted.told[i] or not counted.known[i] or span > LONGEST * HOUR:
            continue
        begin = at[i] - span
        while begin < at[i]:
            hour = begin // HOUR
            end = min((hour + 1) * HOUR, at[i])
            if hour != kept.hour[a]:
                _close(a, kept)
                kept.hour[a] = hour
            kept.used[a] += counted.used[i] * (end - begin) / span
            kept.seen[a] += (end - begin) / HOUR
            begin = end


@kernel
def _close(a: int, kept: _Kept) -> None:
    """End the running hour of an asset, and its week where that was the last of one."""
    if kept.seen[a] >= _ENOUGH:
        used, place = kept.used[a] / kept.seen[a], kept.hour[a] % WEEK
        kept.number[a, place] += 1
        rate = 1 / min(kept.number[a, place], WEEKS)
        kept.mean[a, place] += rate * (used - kept.mean[a, place])
        kept.week_used[a] += used
        kept.week_hours[a] += 1
        if kept.week_hours[a] == WEEK:
            _close_week(a, kept)
    kept.used[a] = kept.seen[a] = 0.0


@kernel
def _close_week(a: int, kept: _Kept) -> None:
    kept.weeks[a] += 1
    rate = 1 / min(kept.weeks[a], WEEKS)
    off = kept.week_used[a] - kept.week_mean[a]
    kept.week_mean[a] += rate * off
    kept.week_spread[a] = (1 - rate) * (kept.week_spread[a] + rate * off**2)
    kept.week_used[a], kept.week_hours[a] = 0.0, 0
