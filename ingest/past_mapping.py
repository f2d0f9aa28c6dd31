"""From the names of another system's past to our assets, channels and units."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

import numpy as np
from pydantic import Field

from core.clock import Instant
from core.past import PastRows
from core.plant import Asset, Channel, Plant
from core.readings import Bools, Floats, Instants, Readings
from core.settings import Settings
from core.suggestion import quoted, unknown
from core.units import scale

SOURCE = "import"
"""What readings of the past say they came by."""


class FieldSettings(Settings):
    """The channel that a field is, and the unit that it is in where that is another one."""

    channel: str
    unit: str | None = None


class SeriesSettings(Settings):
    """What the rows of some measurements are of.

    `measurement` is a name, or a pattern with `*`. Rows are taken whose tags are as in `where`.
    `asset` is an asset's id made of tags and `{measurement}`, as `lahore/water/{machine}`; `assets`
    gives the id for what comes out of that. A field that is not among `fields` is the channel of
    its own name.
    """

    measurement: str = "*"
    where: dict[str, str] = Field(default_factory=dict)
    asset: str
    assets: dict[str, str] = Field(default_factory=dict)
    fields: dict[str, str | FieldSettings] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Target:
    """A field's channel: its place among those of the class, and how a value becomes canonical."""

    channel: Channel
    factor: float
    offset: float


@dataclass(frozen=True, slots=True, eq=False)
class Mapped:
    """What rows came to: `refused` counts rows or values by reason; `taken` fields by channel.

    `asset` is empty, and `why` says why, where nothing of them can be taken.
    """

    readings: Readings | None = None
    asset: str = ""
    why: str = ""
    taken: Mapping[str, str] = field(default_factory=dict)
    unmapped: tuple[str, ...] = ()
    refused: Counter[str] = field(default_factory=Counter)


class PastMapping:
    """Maps rows for one plant. ValueError where a channel or a unit cannot be."""

    def __init__(self, plant: Plant, series: tuple[SeriesSettings, ...]) -> None:
        self._plant = plant
        self._series = series
        self._targets: dict[tuple[int, str, tuple[str, ...]], dict[str, _Target]] = {}

    def map(self, rows: PastRows, now: Instant) -> Mapped:
        """Make readings of rows; `now` tells what is too old to be kept, or not yet possible."""
        refused = Counter({why: count for why, count in rows.unread.items() if count})
        number = self._number(rows)
        if number is None:
            why = f"no entry of series is for measurement {quoted(rows.measurement)}"
            return Mapped(why=why, refused=refused)
        asset = self._asset(self._series[number], rows)
        if isinstance(asset, str):
            return Mapped(why=asset, refused=refused)
        targets = self._fields(number, asset, rows.fields)
        unmapped = tuple(name for name in rows.fields if name not in targets)
        taken = {name: target.channel.name for name, target in targets.items()}
        readings = self._readings(rows, asset, targets, now, refused)
        return Mapped(readings, asset.id, "", taken, unmapped, refused)

    def _number(self, rows: PastRows) -> int | None:
        """Find the first entry that rows belong to."""
        for number, one in enumerate(self._series):
            if fnmatchcase(rows.measurement, one.measurement) and all(
                rows.tags.get(tag) == value for tag, value in one.where.items()
            ):
                return number
        return None

    def _asset(self, series: SeriesSettings, rows: PastRows) -> Asset | str:
        """Find whose rows they are, or say why they are nobody's."""
        try:
            name = series.asset.format_map({"measurement": rows.measurement, **rows.tags})
        except (KeyError, IndexError, ValueError, AttributeError):
            return f"{quoted(series.asset)} needs a tag that is not there; there are: " + (
                ", ".join(sorted(rows.tags)) or "none"
            )
        found = self._plant.assets.get(series.assets.get(name, name))
        if found is None:
            return unknown("asset", series.assets.get(name, name), self._plant.assets)
        return found

    def _fields(self, number: int, asset: Asset, fields: tuple[str, ...]) -> dict[str, _Target]:
        key = (number, asset.asset_class, fields)
        if key not in self._targets:
            self._targets[key] = {
                name: target
                for name in fields
                if (target := self._target(self._series[number], asset, name)) is not None
            }
        return self._targets[key]

    def _target(self, series: SeriesSettings, asset: Asset, name: str) -> _Target | None:
        said = series.fields.get(name)
        wanted = (
            FieldSettings(channel=said or name) if not isinstance(said, FieldSettings) else said
        )
        channels = self._plant.classes[asset.asset_class].channels
        channel = next((one for one in channels if one.name == wanted.channel), None)
        if channel is None:
            if said is None:
                return None
            known = [one.name for one in channels]
            msg = f"series: {name}: {unknown('channel', wanted.channel, known)}"
            raise ValueError(msg)
        try:
            found = scale(channel.unit, wanted.unit)
        except ValueError as error:
            msg = f"series: {name}: {error}"
            raise ValueError(msg) from error
        return _Target(channel, found.factor, found.offset)

    def _readings(
        self,
        rows: PastRows,
        asset: Asset,
        targets: Mapping[str, _Target],
        now: Instant,
        refused: Counter[str],
    ) -> Readings | None:
        timely = _timely(rows.at, now, self._plant, refused)
        names = self._plant.classes[asset.asset_class].channel_names
        values = np.full((len(rows.at), len(names)), np.nan)
        for k, name in enumerate(rows.fields):
            if name in targets:
                target = targets[name]
                place = names.index(target.channel.name)
                found = _canonical(rows.values[:, k], target, timely, refused)
                values[:, place] = np.where(np.isnan(found), values[:, place], found)
        kept = timely & ~np.isnan(values).all(axis=1)
        if not kept.any():
            return None
        used = ~np.isnan(values[kept]).all(axis=0)
        return Readings(
            asset.asset_class,
            (asset.id,),
            tuple(name for name, there in zip(names, used, strict=True) if there),
            np.zeros(int(kept.sum()), np.int32),
            rows.at[kept],
            np.ascontiguousarray(values[kept][:, used]),
            now,
            source=SOURCE,
        )


def _timely(at: Instants, now: Instant, plant: Plant, refused: Counter[str]) -> Bools:
    old, early = at < now - plant.retention, at > now + plant.too_early
    if old.any():
        refused["older than history.keep"] += int(old.sum())
    if early.any():
        refused["later than now"] += int(early.sum())
    return ~(old | early)


def _canonical(said: Floats, target: _Target, timely: Bools, refused: Counter[str]) -> Floats:
    """Make values canonical; what cannot be is counted and NaN."""
    channel = target.channel
    with np.errstate(over="ignore", invalid="ignore"):
        found = said * target.factor + target.offset + 0.0
    endless = ~np.isfinite(found) & ~np.isnan(said)
    beyond = np.isfinite(found) & ((found < channel.low) | (found > channel.high))
    for why, which in (("not finite", endless), (f"{channel.name} out of range", beyond)):
        if count := int((which & timely).sum()):
            refused[why] += count
    return np.where(endless | beyond, np.nan, found)
