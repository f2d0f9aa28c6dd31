"""Drill: faults laid over an asset's own healthy past, to see what would be caught and how soon.

Each fault of each size stands on a shadow of the asset; all shadows run through the live code at
once, beside the asset as it was. What is told of a shadow counts where the asset itself was not
told of in the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.clock import DAY, HOUR, Instant, Span
from core.drilled import Trial
from core.history import Columns
from core.plant import Asset, AssetClass, Channel, Plant, Role
from core.readings import Bools, Floats, Instants
from models.faults import drift, step, unrest
from service.backtest import Beat, Begin, backtest
from service.backtest_past import Past, PastReader
from service.backtest_truth import Episode
from service.finding import SENSOR, mended_by_work

SIZES = (1.0, 2.0, 4.0, 8.0)
"""How large faults are, in standard deviations of what the channel read before, while running."""

LEARNED = 2 / 3
"""The share of the past that is left as it was, to learn from."""

LEAST_PAST: Span = 10 * DAY
"""Of a shorter past nothing is said: detectors have hardly learned when the faults begin."""

TOO_SHORT = "there is too little of its past: ten days at least are needed"
STILL = "no channel that is judged moves at all"

_MARK = "~"

Laid = Callable[[Floats, Instants, Instant, Instant, float], Floats]
"""Lays a fault of a size over values `[n]` at `at`, from one moment to another."""


def _stepped(values: Floats, at: Instants, begin: Instant, _end: Instant, size: float) -> Floats:
    return step(values, at >= begin, size)


def _drifted(values: Floats, at: Instants, begin: Instant, end: Instant, size: float) -> Floats:
    hours = (at - begin) / HOUR
    return drift(values, hours, 0.0, size / max((end - begin) / HOUR, 1e-9))


def _restless(values: Floats, at: Instants, begin: Instant, _end: Instant, size: float) -> Floats:
    return unrest(values, at >= begin, size, seed=len(values))


FAULTS: Mapping[str, Laid] = {"step": _stepped, "drift": _drifted, "unrest": _restless}
"""A step at once, a drift that has grown to its size at the end, more noise than before."""


@dataclass(frozen=True, slots=True)
class _Shadow:
    asset: Asset
    channel: Channel
    fault: str
    deviations: float
    size: float


class _Shadows:
    """Reads an asset's past, with a fault laid over it where a shadow is asked for."""

    def __init__(
        self, reader: PastReader, asset: str, begin: Instant, end: Instant, made: Sequence[_Shadow]
    ) -> None:
        self._reader, self._asset = reader, asset
        self._begin, self._end = begin, end
        self._made = {one.asset.id: one for one in made}
        self._last: tuple[tuple[Instant, Instant], Columns] | None = None

    def read(self, asset: str, channels: Sequence[str], start: Instant, stop: Instant) -> Columns:
        """Read `start <= at < stop`."""
        if self._last is None or self._last[0] != (start, stop):
            read = self._reader.read(self._asset, channels, start, stop)
            self._last = ((start, stop), read)
        kept = self._last[1]
        shadow = self._made.get(asset)
        if shadow is None or stop <= self._begin:
            return kept
        column = kept.channels.index(shadow.channel.name)
        values = kept.values.copy()
        laid = FAULTS[shadow.fault](values[:, column], kept.at, self._begin, self._end, shadow.size)
        values[:, column] = np.clip(laid, shadow.channel.low, shadow.channel.high)
        return replace(kept, values=values)


def drill(
    past: Past,
    asset_id: str,
    beat: Beat = lambda _count, _share: None,
    known: Begin = lambda _casework: None,
    learned: float = LEARNED,
) -> tuple[list[Trial], list[Episode]]:
    """Try every fault on every condition channel; returns the trials, and what was told anyway.

    `known` may put in place what is known already; the share `learned` is then left as it was.
    """
    asset = past.plant.assets[asset_id]
    begin = past.start + round((past.stop - past.start) * learned)
    made = list(_shadows(past, asset, begin))
    reader = _Shadows(past.reader, asset_id, begin, past.stop, made)
    plant = _with(past.plant, [asset, *(one.asset for one in made)])
    shadowed = replace(past, reader=reader, plant=plant, assets=tuple(plant.assets))
    told = backtest(shadowed, beat=beat, begin=known)
    anyway = _told(told.episodes, asset_id, begin)
    trials = [_trial(one, asset_id, told.episodes, anyway, begin) for one in made]
    return trials, anyway


def untried(trials: Sequence[Trial], past: Span) -> str:
    """Say why a drill on so long a past tells nothing; empty where it does."""
    if past < LEAST_PAST:
        return TOO_SHORT
    return "" if trials else STILL


def _shadows(past: Past, asset: Asset, begin: Instant) -> Iterator[_Shadow]:
    asset_class = past.plant.class_of(asset.id)
    read = past.reader.read(asset.id, asset_class.channel_names, past.start, begin)
    running = read.values[_runs(read, asset_class)]
    for column, channel in enumerate(asset_class.channels):
        usual = _spread(running[:, column])
        if channel.role is not Role.CONDITION or not usual > 0:
            continue
        for fault in FAULTS:
            for deviations in SIZES:
                name = f"{asset.name}{_MARK}{channel.name}{_MARK}{fault}{_MARK}{deviations:g}"
                shadow = replace(asset, name=name)
                yield _Shadow(shadow, channel, fault, deviations, deviations * usual)


def _runs(read: Columns, asset_class: AssetClass) -> Bools:
    """Mark the rows in which a machine runs: how it stands is not how its readings scatter."""
    rule = asset_class.modes
    if rule.channel is None:
        return np.ones(len(read), np.bool_)
    return np.asarray(read.values[:, read.channels.index(rule.channel)] >= rule.running_above)


def _spread(values: Floats) -> float:
    """Estimate a standard deviation, hardly moved by stops and wild values."""
    known = values[np.isfinite(values)]
    if len(known) < 2:
        return 0.0
    middle = np.median(known)
    inner = known[np.abs(known - middle) <= np.quantile(np.abs(known - middle), 0.9)]
    return float(inner.std())


def _with(plant: Plant, assets: Sequence[Asset]) -> Plant:
    return replace(plant, assets={one.id: one for one in assets})


def _told(episodes: Sequence[Episode], asset: str, since: Instant) -> list[Episode]:
    ours = [one for one in episodes if one.asset == asset and mended_by_work(one.group)]
    return sorted((one for one in ours if one.began >= since), key=lambda one: one.began)


def _trial(
    shadow: _Shadow,
    asset: str,
    episodes: Sequence[Episode],
    anyway: Sequence[Episode],
    begin: Instant,
) -> Trial:
    same = {(one.group, one.began) for one in anyway}
    told = _told(episodes, shadow.asset.id, begin)
    new = [one for one in told if (one.group, one.began) not in same]
    first = new[0] if new else None
    name = shadow.channel.name
    named = first is not None and (name in first.channels or first.group.endswith(name))
    after = None if first is None else first.began - begin
    sensor = first is not None and first.group.startswith(SENSOR)
    return Trial(asset, name, shadow.fault, shadow.deviations, shadow.size, after, named, sensor)
