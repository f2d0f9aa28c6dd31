"""Decodes a batch of messages at once; whatever is odd about one goes to the inspector.

What the fast paths call good and what the inspector found good becomes columns, by source and
class and in order of arrival.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter
from types import MappingProxyType

import numpy as np

from core.blocks import Block
from core.clock import Instant
from core.journal import DeviceChanged, RejectionsSeen
from core.ledger import Account, Fate
from core.plant import Plant
from core.readings import Reading, Readings
from core.rejection import Reason, Rejection
from ingest.clocks import ClockJumps, ClockOffsets
from ingest.columns import Columns, joined, merged, of_readings
from ingest.counting import Counting
from ingest.gather import Gatherer, Key, Told
from ingest.held import Held
from ingest.inspect import Inspector
from ingest.instants import FURTHEST
from ingest.packets import DUPLICATE, Packet
from ingest.plain import Numbered, PlainPath, Sorted
from ingest.router import Router
from ingest.sample import BrokerSaid
from ingest.sequences import Sequences
from ingest.settings import IngestSettings
from ingest.sources import PLAIN
from ingest.timing import YEAR_2020, Arrival
from storage.dead_letters import A_SECOND, BURST
from storage.pace import Pace

SOURCES_TOLD = 100
_MOST_FIGURES = 500
_OTHERS = "(others)"
_STRANGE = frozenset({Reason.UNKNOWN_ASSET, Reason.BAD_TOPIC})


@dataclass(frozen=True, slots=True)
class Batch:
    """What a batch of messages came to: columns for the journal, and what was refused.

    `account` is what the ledger cannot read off the others: what was received, and what said
    something else than readings. `raw` are blocks of vibration that readings were made of.
    """

    readings: tuple[Readings, ...]
    rejections: tuple[Rejection, ...]
    seen: tuple[RejectionsSeen, ...]
    arrived: Instant
    devices: tuple[DeviceChanged, ...] = ()
    account: Account = field(default_factory=dict)
    raw: tuple[Block, ...] = ()

    @property
    def accepted(self) -> int:
        """Count the readings."""
        return sum(len(block) for block in self.readings)


@dataclass(slots=True)
class _Inspected:
    """What came of the messages that were looked at one by one."""

    now: dict[Key, list[tuple[int, Reading]]] = field(default_factory=dict)
    past: dict[Key, list[tuple[int, Reading]]] = field(default_factory=dict)
    rejections: list[Rejection] = field(default_factory=list)
    seen: Counter[tuple[str, Reason]] = field(default_factory=Counter)
    told: list[Told] = field(default_factory=list)
    silent: Counter[str] = field(default_factory=Counter)
    numbered: list[Numbered] = field(default_factory=list)
    raw: list[Block] = field(default_factory=list)

    def spread(self, others: int) -> None:
        """Let a refusal for having no asset stand for others of which none was looked at."""
        for place, one in enumerate(self.rejections if others else ()):
            if one.reason in _STRANGE:
                self.rejections[place] = replace(one, messages=one.messages + others)
                self.seen[_OTHERS, one.reason] += others
                return


class Decoder:
    """Turns batches of messages into readings and rejections.

    `broker` holds the last of each figure that the broker gave of itself.
    """

    def __init__(
        self,
        plant: Plant,
        settings: IngestSettings,
        offsets: ClockOffsets | None = None,
        newest: Callable[[str], Instant | None] = lambda _: None,
        held: Held | None = None,
    ) -> None:
        self._held = held
        self._sequences = Sequences()
        self._pace = Pace(BURST, A_SECOND)
        self._inspector = Inspector(plant, settings, offsets, newest)
        self._forms = self._inspector.forms
        self._jumps = {name: ClockJumps(form.assets) for name, form in self._forms.items()}
        self._plant = plant
        router = self._inspector.router
        self._plain = PlainPath(settings, router, self._forms, len(plant.assets))
        self._gatherer = Gatherer(self._forms)
        self._joins = {source.name for source in router.sources if source.join}
        self._devices: dict[str, bool] = {}
        self.broker: dict[str, float | str] = {}

    @property
    def router(self) -> Router:
        """What finds the way of a message."""
        return self._inspector.router

    @property
    def topic_filters(self) -> tuple[str, ...]:
        """What to subscribe to."""
        return self._inspector.router.filters

    def reconnected(self) -> None:
        """Look out for messages that the broker sends again."""
        if self._held is not None:
            self._held.reconnected()

    def jumped(self) -> list[str]:
        """List the assets whose clock seems to have gone back by more than an hour."""
        return [asset for jumps in self._jumps.values() for asset in jumps.jumped()]

    def decode(self, packets: Sequence[Packet], arrived: Instant, *, trusted: bool = True) -> Batch:
        """Judge every message of a batch."""
        bounds = (-FURTHEST, FURTHEST)
        if trusted:
            early = max(YEAR_2020, arrived - self._plant.retention)
            bounds = (early, arrived + self._plant.too_early)
        found = self._plain.sort(packets, bounds)
        columns: dict[Key, Columns] = {(PLAIN, name): c for name, c in found.columns.items()}
        said: list[Told] = []
        raw: list[Block] = []
        lost: Counter[str] = Counter()
        odd, unlooked = found.odd, self._sampled(found, arrived)
        if found.routed:
            gathered = self._gatherer.gather(packets, found.routed, arrived, bounds)
            columns |= gathered.columns
            said = gathered.told
            raw = [kept for _, kept in gathered.raw]
            odd += gathered.odd
            lost = gathered.lost
        count = Counting(packets, self._held)
        if not (odd or said):
            lost = self._missing(packets, found.numbered, lost)
            blocks = self._blocks(columns, packets, arrived, count)
            counts = account(blocks, lost=lost, again=count.again)
            return Batch(blocks, (), (), arrived, account=counts, raw=tuple(raw))
        looked = self._inspect(packets, sorted(odd), arrived, trusted=trusted)
        looked.spread(unlooked)
        numbered = [*found.numbered, *looked.numbered]
        for key, readings in looked.now.items():
            columns[key] = merged(columns.get(key), of_readings(self._forms[key[1]], readings))
        blocks = self._blocks(columns, packets, arrived, count)
        blocks += self._past(looked.past, arrived, count)
        for number, source, _, _ in said:
            looked.silent[source] += count.alone(number)
        return Batch(
            blocks,
            tuple(looked.rejections),
            told(looked.seen),
            arrived,
            self._changed(sorted([*said, *looked.told], key=itemgetter(0)), arrived),
            account(
                blocks,
                looked.rejections,
                looked.silent,
                self._missing(packets, numbered, lost),
                count.again,
            ),
            (*raw, *looked.raw),
        )

    def _sampled(self, found: Sorted, arrived: Instant) -> int:
        """Have messages of no asset looked at, of a flood a part; returns how many are not."""
        strange = found.strange
        if not strange:
            return 0
        step = self._pace.step(len(strange), arrived) or len(strange)
        some = strange[::step]
        found.odd += some
        return len(strange) - len(some)

    def _inspect(
        self, packets: Sequence[Packet], odd: list[int], arrived: Instant, *, trusted: bool
    ) -> _Inspected:
        """Judge messages one by one, in order of arrival."""
        found = _Inspected()
        for number in odd:
            verdict = self._inspector.inspect(packets[number], Arrival(arrived, number, trusted))
            rejection = verdict.rejection
            if rejection is not None:
                found.rejections.append(rejection)
                found.seen[verdict.asset, rejection.reason] += 1
            found.told += [(number, verdict.source, *each) for each in verdict.told]
            found.raw += verdict.raw
            if verdict.sequence is not None:
                found.numbered.append((number, verdict.asset, verdict.sequence))
            for into, readings in ((found.now, verdict.readings), (found.past, verdict.past)):
                for reading in readings:
                    key = verdict.source, self._plant.assets[reading.asset].asset_class
                    into.setdefault(key, []).append((number, reading))
            if not (verdict.taken or rejection):
                found.silent[verdict.source] += 1
        return found

    def _missing(
        self, packets: Sequence[Packet], numbered: Sequence[Numbered], lost: Counter[str]
    ) -> Counter[str]:
        """Add the plain messages whose numbers were left out, by order of arrival."""
        for number, asset, sequence in sorted(numbered):
            again = bool(packets[number][2] & DUPLICATE)
            lost[PLAIN] += self._sequences.take(asset, sequence, again=again)
        return lost

    def _blocks(
        self,
        columns: dict[Key, Columns],
        packets: Sequence[Packet],
        arrived: Instant,
        count: Counting,
    ) -> tuple[Readings, ...]:
        """Make the journal's blocks, and look at the sources' clocks on the way."""
        blocks = []
        for (source, name), columns_of in columns.items():
            found = columns_of
            if not len(found.at):
                continue
            form, jumps = self._forms[name], self._jumps[name]
            messages = count.take(found, form, source)
            if source in self._joins:
                found = joined(found)
            behind = jumps.see(found.row, found.at, arrived)
            for k in np.flatnonzero(behind):
                if not packets[found.number[k]][2] & DUPLICATE:
                    jumps.mark(int(found.row[k]))
            blocks.append(found.block(form, arrived, source, messages))
        return tuple(blocks)

    def _past(
        self,
        readings: dict[Key, list[tuple[int, Reading]]],
        arrived: Instant,
        count: Counting,
    ) -> tuple[Readings, ...]:
        blocks = []
        for (source, name), numbered in readings.items():
            found = of_readings(self._forms[name], numbered)
            messages = count.take(found, self._forms[name], source)
            blocks.append(found.block(self._forms[name], arrived, source, messages, past=True))
        return tuple(blocks)

    def _changed(self, said: Sequence[Told], arrived: Instant) -> tuple[DeviceChanged, ...]:
        """Tell of devices that are not as they last said (at first, all); keep broker's figures."""
        changes = []
        for _, source, asset, one in said:
            device = f"{source}/{asset}"
            if isinstance(one, BrokerSaid):
                if one.name in self.broker or len(self.broker) < _MOST_FIGURES:
                    self.broker[one.name] = one.value
            elif self._devices.get(device) is not one.online:
                self._devices[device] = one.online
                changes.append(
                    DeviceChanged(device, one.online, arrived, (asset,), detail=one.detail)
                )
        return tuple(changes)


def told(seen: Counter[tuple[str, Reason]]) -> tuple[RejectionsSeen, ...]:
    """Count refusals by source; beyond a hundred sources the rest are told as one."""
    entries = [
        RejectionsSeen(source, why, n) for (source, why), n in seen.most_common(SOURCES_TOLD)
    ]
    rest: Counter[Reason] = Counter()
    for (_, why), count in seen.most_common()[SOURCES_TOLD:]:
        rest[why] += count
    return (*entries, *(RejectionsSeen(_OTHERS, why, count) for why, count in rest.items()))


def account(
    blocks: Sequence[Readings],
    rejections: Sequence[Rejection] = (),
    told: Mapping[str, int] = MappingProxyType({}),
    lost: Mapping[str, int] = MappingProxyType({}),
    again: Mapping[str, int] = MappingProxyType({}),
) -> Account:
    """Count what was received, told something else than readings, came again, and never came."""
    found: Counter[tuple[str, Fate, str]] = Counter()
    for block in blocks:
        found[block.source, Fate.RECEIVED, ""] += block.messages
    for rejection in rejections:
        found[rejection.source, Fate.RECEIVED, ""] += rejection.messages
    for source, messages in told.items():
        found[source, Fate.RECEIVED, ""] += messages
        found[source, Fate.TOLD, ""] += messages
    for source, messages in again.items():
        found[source, Fate.RECEIVED, ""] += messages
        found[source, Fate.DUPLICATE, ""] += messages
    for source, messages in lost.items():
        if messages:
            found[source, Fate.LOST, ""] += messages
    return found
