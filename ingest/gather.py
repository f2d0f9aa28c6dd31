"""Reads messages of configured sources as columns; whatever is odd about one is left to inspect.

A payload decoder runs per message; names, units, ranges and times are settled for all messages of
a batch at once. As on the plain path, this may only ever say "good" or "look closer".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from core.blocks import Block
from core.clock import Instant
from core.plant import Asset, ClockPolicy
from core.readings import Bools, Floats, Quality
from ingest.columns import Columns
from ingest.form import Form
from ingest.packets import DUPLICATE, RETAINED, Packet
from ingest.payload import Bad
from ingest.sample import BrokerSaid, DeviceState, Said, Sample, Value
from ingest.sequences import Sequences
from ingest.sources import Route, Shape, Target

Key: TypeAlias = tuple[str, str]
"""A source and a class."""

Told: TypeAlias = tuple[int, str, str, DeviceState | BrokerSaid]
"""The number of a message, its source, whom it is about, and what it says beside readings."""

Names: TypeAlias = tuple[object, ...]
"""The names of values, and of units where the payload has any."""

_NUMBERS = frozenset({float, int})


@dataclass(slots=True)
class _Shaped:
    """Samples of a group that name the same values in the same order."""

    shape: Shape
    places: list[int] = field(default_factory=list)
    said: list[Mapping[str, Value]] = field(default_factory=list)


@dataclass(slots=True)
class _Group:
    """Samples of one class and source, before their values are looked at."""

    form: Form
    number: list[int] = field(default_factory=list)
    row: list[int] = field(default_factory=list)
    at: list[int] = field(default_factory=list)
    shaped: dict[Names, _Shaped] = field(default_factory=dict)
    marks: list[tuple[int, Shape, Sample]] = field(default_factory=list)


@dataclass(slots=True)
class Gathered:
    """What came of a batch: columns, the numbers of the odd messages, and all else that is told.

    `lost` counts by source the messages whose numbers were left out.
    """

    columns: dict[Key, Columns] = field(default_factory=dict)
    odd: list[int] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    raw: list[tuple[int, Block]] = field(default_factory=list)
    lost: Counter[str] = field(default_factory=Counter)


class Gatherer:
    """Gathers what is plainly good in the messages of configured sources."""

    def __init__(self, forms: Mapping[str, Form]) -> None:
        self._forms = forms
        self._sequences = Sequences()

    def gather(
        self,
        packets: Sequence[Packet],
        routed: Iterable[tuple[int, Route]],
        arrived: Instant,
        bounds: tuple[Instant, Instant],
    ) -> Gathered:
        """Read messages, given by number and route; each wholly, or as odd.

        Times beyond `bounds` are odd.
        """
        groups: dict[Key, _Group] = {}
        found = Gathered()
        odd = found.odd
        for number, route in routed:
            try:
                said = route.source.decoder.decode(route.captured, packets[number][1])
            except Bad:
                odd.append(number)
                continue
            if route.source.numbered:
                found.lost[route.source.name] += self._missing(route, said, packets[number][2])
            ready: list[tuple[Target | None, Sample | DeviceState | BrokerSaid]] = []
            for one in said:
                if isinstance(one, BrokerSaid):
                    ready.append((None, one))
                    continue
                target = route.targets.get(one.asset) or self._target(route, one.asset)
                if target is None or (isinstance(one, Sample) and not _plain(route, one)):
                    break
                ready.append((target, one))
            if not ready or len(ready) < len(said):
                odd.append(number)
                continue
            for target, one in ready:
                if isinstance(one, Sample) and target is not None:
                    at = _add(groups, route, target, one, number, arrived)
                    if one.waveforms:
                        asset = target.form.assets[target.row]
                        found.raw += [(number, kept) for kept in one.blocks(asset, at)]
                elif not isinstance(one, Sample):
                    about = "" if target is None else target.form.assets[target.row]
                    found.told.append((number, route.source.name, about, one))
        self._settle(found, groups, bounds)
        return found

    def _missing(self, route: Route, said: Said, head: int) -> int:
        """Count the messages that should have come before this one, by its senders' numbers."""
        if head & RETAINED:
            return 0
        way = route.source.name, *route.captured.values()
        numbered = [one.sequence for one in said if isinstance(one, Sample) and one.sequence]
        return sum(
            self._sequences.take((*way, sender), number, again=bool(head & DUPLICATE))
            for sender, number in numbered
        )

    def _settle(
        self, found: Gathered, groups: dict[Key, _Group], bounds: tuple[Instant, Instant]
    ) -> None:
        wrong: set[int] = set()
        for key, group in groups.items():
            columns, good = _judged(group, bounds)
            found.columns[key] = columns
            if not good.all():
                wrong.update(columns.number[~good].tolist())
        if wrong:
            self._leave(found, wrong)

    def _target(self, route: Route, said: str) -> Target | None:
        """Find where an asset's columns are; None where each message is to be looked at."""
        asset = route.source.asset(route.captured, said)
        if not isinstance(asset, Asset) or asset.clock is not ClockPolicy.DEVICE:
            return None  # and not kept: anybody may invent names
        form = self._forms[asset.asset_class]
        return route.remember(said, Target(form, form.rows[asset.id]))

    def _leave(self, found: Gathered, wrong: set[int]) -> None:
        """Take odd messages back out of everything."""
        found.odd += wrong
        numbers = np.array(sorted(wrong))
        for key, columns in found.columns.items():
            found.columns[key] = columns.take(~np.isin(columns.number, numbers))
        found.told = [one for one in found.told if one[0] not in wrong]
        found.raw = [one for one in found.raw if one[0] not in wrong]


def _plain(route: Route, sample: Sample) -> bool:
    """Tell whether nothing of a sample needs a closer look, as far as can be seen so far."""
    at = sample.at
    if type(at) is not int and (at is not None or not route.source.stamps):
        return False
    marked = sample.quality
    if marked and not marked.keys() <= sample.values.keys():
        return False
    return bool(sample.values) and not (sample.bad or sample.historical)


def _add(
    groups: dict[Key, _Group],
    route: Route,
    target: Target,
    sample: Sample,
    number: int,
    arrived: Instant,
) -> Instant:
    """Put a sample into its group; returns the moment that it is of."""
    source, values = route.source, sample.values
    key = source.name, target.form.name
    group = groups.get(key)
    if group is None:
        group = groups[key] = _Group(target.form)
    names: Names = tuple(values)
    if sample.units:
        names = names, tuple(sample.units.items())
    shaped = group.shaped.get(names)
    if shaped is None:
        shape = source.shape(target.form, tuple(values), sample.units)
        shaped = group.shaped[names] = _Shaped(shape)
    at: Instant = arrived + number if sample.at is None else sample.at  # type: ignore[assignment]
    join = source.join
    at = at - at % join if join else at
    place = len(group.number)
    shaped.places.append(place)
    shaped.said.append(values)
    group.number.append(number)
    group.row.append(target.row)
    group.at.append(at)
    if sample.quality:
        group.marks.append((place, shaped.shape, sample))
    return at


def _judged(group: _Group, bounds: tuple[Instant, Instant]) -> tuple[Columns, Bools]:
    """Lay samples out as columns; returns them and which rows are good."""
    form, count = group.form, len(group.number)
    values = np.full((count, len(form.channels)), np.nan)
    good = np.ones(count, np.bool_)
    for shaped in group.shaped.values():
        _fill(values, good, shaped)
    beyond = (values < form.low) | (values > form.high)
    good &= ~beyond.any(1)
    early, late = bounds
    if not early <= min(group.at) <= max(group.at) <= late:
        good &= np.fromiter((early <= at <= late for at in group.at), np.bool_, count)
        group.at = [min(max(at, early), late) for at in group.at]
    at = np.array(group.at, np.int64)
    quality = _qualities(group, values.shape) if group.marks else None
    number, row = np.array(group.number, np.int64), np.array(group.row, np.int32)
    return Columns(number, row, at, values, quality), good


def _fill(values: Floats, good: Bools, shaped: _Shaped) -> None:
    shape, rows = shaped.shape, np.array(shaped.places, np.intp)
    flat = list(chain.from_iterable(said.values() for said in shaped.said))
    if not shape.sound or not set(map(type, flat)) <= _NUMBERS:
        good[rows] = shape.sound and [
            set(map(type, said.values())) <= _NUMBERS for said in shaped.said
        ]
        flat = [one if type(one) in _NUMBERS else 0.0 for one in flat]
    try:
        read = np.array(flat, np.float64)
    except OverflowError:  # a whole number beyond all bounds
        good[rows] = False
        return
    picked = read.reshape(-1, shape.width)[:, shape.pick]
    with np.errstate(over="ignore", invalid="ignore"):  # what overflows is looked at closer
        canonical = picked * shape.factor + shape.offset + 0.0
    finite = np.isfinite(canonical)
    if not finite.all():
        good[rows] &= finite.all(1)
    if len(rows) == len(values):
        values[:, shape.columns] = canonical
    else:
        values[rows[:, None], shape.columns] = canonical


def _qualities(group: _Group, like: tuple[int, ...]) -> NDArray[np.uint8] | None:
    marks = np.zeros(like, np.uint8)
    for place, shape, sample in group.marks:
        columns = dict(zip(shape.pick.tolist(), shape.columns.tolist(), strict=True))
        for k, name in enumerate(sample.values):
            if k in columns:
                marks[place, columns[k]] = sample.quality.get(name, Quality.GOOD)
    return marks if marks.any() else None
