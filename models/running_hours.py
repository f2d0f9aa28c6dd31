"""Running hours: the mean of one signal over each hour in which a machine ran, for every asset.

The newest are kept, to tell what was before and after some work, and the first, to tell how such
means wander in a machine that is healthy.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.clock import HOUR, Instant
from core.readings import Floats, Instants
from models.detector import State
from models.kernel import kernel

NEWEST = 28
"""So many of the newest hours are kept."""

FIRST = 72
"""And so many of the first."""

NEVER = -(2**63)
"""Stands where no hour is."""


class _Kept(NamedTuple):
    """What is kept, first axis the asset; `newest` has the latest hour last, NaN where none is."""

    hour: Instants
    total: Floats
    number: Instants
    newest_hour: Instants
    newest: Floats
    first: Floats
    closed: Instants


class RunningHours:
    """Means of a signal over the hours of event time in which its machine ran."""

    def __init__(self, assets: int) -> None:
        self._kept = _blank(assets)

    def add(self, asset: NDArray[np.intp], at: Instants, values: Floats) -> None:
        """Take values of running machines in order of time; assets may repeat."""
        _add(asset, at, values, self._kept)

    def close(self, asset: int, until: Instant) -> None:
        """Close the hour that an asset is in, where it has ended by `until`."""
        kept = self._kept
        if kept.number[asset] and (int(kept.hour[asset]) + 1) * HOUR <= until:
            _close(asset, kept)

    def before(self, asset: int, at: Instant, most: int) -> Floats:
        """Return the last closed hours that ended by a moment, oldest first."""
        hours, means = self._newest(asset)
        return means[(hours + 1) * HOUR <= at][-most:]

    def since(self, asset: int, at: Instant) -> Floats:
        """Return the closed hours that began at a moment or later, oldest first."""
        hours, means = self._newest(asset)
        return means[hours * HOUR >= at]

    def first(self, asset: int) -> Floats:
        """Return the first hours of an asset, oldest first."""
        means = self._kept.first[asset]
        found: Floats = means[np.isfinite(means)]
        return found

    def freeze(self, asset: int, before: Instant, least: int) -> None:
        """Let no more hours be the first ones, nor the last `least` of those before a moment."""
        kept, (hours, _) = self._kept, self._newest(asset)
        count = int(kept.closed[asset]) - int(((hours + 1) * HOUR > before).sum()) - least
        kept.first[asset, max(count, 0) :] = np.nan
        kept.closed[asset] = FIRST

    def thaw(self, asset: int) -> None:
        """Let hours to come be the first ones, too, where there are too few."""
        self._kept.closed[asset] = len(self.first(asset))

    def begin(self, asset: int, at: Instant) -> None:
        """Let the hours that began at a moment or later be the first ones."""
        means, kept = self.since(asset, at)[:FIRST], self._kept
        kept.first[asset] = np.nan
        kept.first[asset, : len(means)] = means
        kept.closed[asset] = len(means)

    def state(self) -> State:
        """Return everything kept."""
        return {f"hours_{name}": kept.copy() for name, kept in self._kept._asdict().items()}

    def restore(self, state: State) -> None:
        """Take over what was kept."""
        self._kept = _Kept(
            **{
                name: state[f"hours_{name}"].astype(kept.dtype)
                for name, kept in self._kept._asdict().items()
            }
        )

    def _newest(self, asset: int) -> tuple[Instants, Floats]:
        used = self._kept.newest_hour[asset] != NEVER
        return self._kept.newest_hour[asset, used], self._kept.newest[asset, used]


@kernel
def _add(asset: NDArray[np.intp], at: Instants, values: Floats, kept: _Kept) -> None:
    """Add values one after another; an hour is closed by the first value of another."""
    for i in range(len(asset)):
        a, hour = asset[i], at[i] // HOUR
        if hour != kept.hour[a]:
            if kept.number[a]:
                _close(a, kept)
            kept.hour[a] = hour
        kept.total[a] += values[i]
        kept.number[a] += 1


@kernel
def _close(a: int, kept: _Kept) -> None:
    """Put the mean of the running hour behind the others."""
    hours, means = kept.newest_hour[a], kept.newest[a]
    for j in range(NEWEST - 1):
        hours[j], means[j] = hours[j + 1], means[j + 1]
    mean = kept.total[a] / kept.number[a]
    hours[NEWEST - 1], means[NEWEST - 1] = kept.hour[a], mean
    if kept.closed[a] < FIRST:
        kept.first[a, kept.closed[a]] = mean
        kept.closed[a] += 1
    kept.total[a], kept.number[a] = 0.0, 0


def _blank(assets: int) -> _Kept:
    return _Kept(
        hour=np.full(assets, NEVER, np.int64),
        total=np.zeros(assets),
        number=np.zeros(assets, np.int64),
        newest_hour=np.full((assets, NEWEST), NEVER, np.int64),
        newest=np.full((assets, NEWEST), np.nan),
        first=np.full((assets, FIRST), np.nan),
        closed=np.zeros(assets, np.int64),
    )
