"""What sites forward to this centre, on its way into the journal: each of it once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import structlog

from core import parcel, site
from core.clock import DAY, Instant
from core.journal import SiteSaid, SiteTopic
from core.ledger import Fate
from core.plant import Plant
from core.readings import Bools, Readings
from core.rejection import Reason, Rejection
from core.suggestion import quoted
from ingest.packets import RETAINED, Packet
from ingest.settings import SitesSettings
from ingest.timing import YEAR_2020
from ingest.topics import shown

_log = structlog.get_logger("ingest")
_AHEAD = DAY
"""A site judged its times by its own clock; only what is far from ours is refused here as well."""

_NEVER: Instant = 2**63 - 1
_RECORDS = 8


@dataclass(frozen=True, slots=True)
class _Message:
    """One message of a site. Times beyond `latest` cannot be."""

    sender: str
    source: str
    payload: bytes
    arrived: Instant
    latest: Instant


@dataclass(slots=True)
class Forwarded:
    """What messages of sites came to. `reached` is how far each sender's record has come.

    `journals` names the records that they came from, by sender, in order.
    """

    readings: list[Readings] = field(default_factory=list)
    said: list[SiteSaid] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    account: Counter[tuple[str, Fate, str]] = field(default_factory=Counter)
    reached: dict[str, int] = field(default_factory=dict)
    journals: list[tuple[str, str]] = field(default_factory=list)

    def count(self, source: str, fate: Fate, messages: int) -> None:
        """Add to the ledger."""
        self.account[source, fate, ""] += messages

    def add(self, other: Forwarded) -> None:
        """Take over what later messages came to."""
        self.readings += other.readings
        self.said += other.said
        self.rejections += other.rejections
        self.account.update(other.account)
        self.reached |= other.reached
        self.journals += other.journals

    @property
    def refused(self) -> Counter[tuple[str, Reason]]:
        """Count what was refused, by where it came from and why."""
        seen: Counter[tuple[str, Reason]] = Counter()
        for each in self.rejections:
            seen[each.topic, each.reason] += max(1, each.messages)
        return seen


class SiteDesk:
    """Takes what accepted senders forward.

    A sender numbers what it sends, and `reached` tells what the journal already has of it: so a
    message that is delivered twice counts once, also after a crash.
    """

    def __init__(
        self, plant: Plant, settings: SitesSettings, reached: Callable[[], Mapping[str, int]]
    ) -> None:
        self._plant = plant
        self._reached = reached
        self._journals: dict[str, list[str]] = {}
        self.twins: set[str] = set()
        self._topics = {
            site.topic(settings.prefix, sender, what).encode(): (sender, what)
            for sender in settings.accept
            for what in (site.Topic.READINGS, site.Topic.CASES, site.Topic.STATE)
        }

    @property
    def topic_filters(self) -> tuple[str, ...]:
        """What to subscribe to."""
        return tuple(topic.decode() for topic in self._topics)

    def take(
        self, packets: Sequence[Packet], arrived: Instant, *, trusted: bool = True
    ) -> Forwarded:
        """Judge messages of sites, in order. Whatever is in them, each gets its verdict.

        Unless our own clock is `trusted`, nothing is refused for being ahead of it.
        """
        found, reached = Forwarded(), dict(self._reached())
        latest = arrived + _AHEAD if trusted else _NEVER
        for topic, payload, head, _ in packets:
            if topic not in self._topics:
                continue  # of a subscription that an earlier configuration left
            sender, what = self._topics[topic]
            message = _Message(sender, f"site {sender}", payload, arrived, latest)
            retained = bool(head & RETAINED)
            try:
                one = self._verdict(message, what, reached, retained=retained)
            except Exception as error:  # no message may stop the others, whatever is in it
                detail = str(error)
                if not isinstance(error, ValueError):
                    _log.exception("site_message_failed", topic=shown(topic))
                    detail = f"taking it failed: {type(error).__name__}"
                told = shown(topic), Reason.MALFORMED, payload, arrived, detail, retained
                one = Forwarded(rejections=[Rejection(*told, message.source, 1)])
                one.count(message.source, Fate.RECEIVED, 1)
            reached |= one.reached
            found.add(one)
        return found

    def kept(self, found: Forwarded) -> None:
        """Note that the journal has it. Who returns to an earlier record shares its name."""
        for sender, journal in found.journals:
            known = self._journals.setdefault(sender, [])
            if journal not in known:
                self._journals[sender] = [*known[-_RECORDS:], journal]
            elif journal != known[-1]:
                self.twins.add(sender)

    def _verdict(
        self, message: _Message, what: site.Topic, reached: Mapping[str, int], *, retained: bool
    ) -> Forwarded:
        if what is site.Topic.READINGS:
            return self._readings(message, reached)
        if what is site.Topic.CASES:
            return _cases(message, reached)
        if retained:
            return Forwarded()
        site.unpack(message.payload, site.State)
        return _told(message, SiteTopic.STATE)

    def _readings(self, message: _Message, reached: Mapping[str, int]) -> Forwarded:
        came = parcel.unpack(message.payload, message.arrived)
        source = message.source
        found = Forwarded(journals=[(message.sender, came.journal)])
        messages = sum(block.messages for block in came.readings)
        found.count(source, Fate.RECEIVED, messages)
        key = f"{message.sender} {came.journal}"
        last = reached.get(key, 0)
        if came.last <= last:
            found.count(source, Fate.DUPLICATE, messages)
            return found
        _count_lost(found, source, last, came.first)
        found.reached[key] = came.last
        for block in came.readings:
            self._block(found, source, block, message)
        return found

    def _block(self, found: Forwarded, source: str, block: Readings, message: _Message) -> None:
        """Take what belongs to assets of this plant; the rest never becomes a name in a store."""
        rows = np.ones(len(block), np.bool_)
        messages = block.messages
        for reason, faulty, detail in self._faults(block, message):
            bad = faulty & rows
            if not bad.any():
                continue
            rows &= ~bad
            lost = min(messages, int(bad.sum()))
            messages -= lost
            told = source, reason, b"", message.arrived, detail, block.retained
            found.rejections.append(Rejection(*told, source, lost))
        kept = block.take(rows)
        if len(kept):
            names = self._plant.classes[block.asset_class].channel_names
            found.readings.append(_aligned(kept, names, source, messages))
        elif messages:
            found.count(source, Fate.TOLD, messages)

    def _faults(self, block: Readings, message: _Message) -> Iterator[tuple[Reason, Bools, str]]:
        """Say which rows cannot be taken, and why."""
        known = np.array([self._known(asset, block.asset_class) for asset in block.assets], bool)
        strangers = [asset for asset, ours in zip(block.assets, known, strict=True) if not ours]
        shown_class = quoted(block.asset_class[:80])
        if strangers:
            named = ", ".join(quoted(asset[:80]) for asset in strangers[:5])
            detail = f"{len(strangers)} assets of class {shown_class}: {named}"
            yield Reason.UNKNOWN_ASSET, ~known[block.asset], detail
        ours = self._plant.classes.get(block.asset_class)
        if ours is not None and not set(block.channels) & set(ours.channel_names):
            named = ", ".join(quoted(name[:80]) for name in block.channels[:5])
            detail = f"class {shown_class} has none of: {named}"
            yield Reason.UNKNOWN_CHANNEL, np.ones(len(block), np.bool_), detail
        yield Reason.BAD_TIME, block.at < YEAR_2020, "times before 2020"
        yield Reason.TOO_EARLY, block.at > message.latest, "times more than a day ahead of ours"
        endless = np.logical_or.reduce(np.isinf(block.values), axis=1)
        yield Reason.NOT_FINITE, endless, "values without end"

    def _known(self, asset_id: str, asset_class: str) -> bool:
        asset = self._plant.assets.get(asset_id)
        return asset is not None and asset.asset_class == asset_class


def _told(message: _Message, what: SiteTopic) -> Forwarded:
    found = Forwarded(said=[SiteSaid(message.sender, what, message.payload)])
    found.count(message.source, Fate.RECEIVED, 1)
    found.count(message.source, Fate.TOLD, 1)
    return found


def _cases(message: _Message, reached: Mapping[str, int]) -> Forwarded:
    cases = site.unpack(message.payload, site.Cases)
    site.check_numbers(cases)
    key = f"{message.sender} {cases.journal} cases"
    last = reached.get(key, 0)
    if cases.last <= last:
        found = Forwarded()
        found.count(message.source, Fate.RECEIVED, 1)
        found.count(message.source, Fate.DUPLICATE, 1)
    else:
        found = _told(message, SiteTopic.CASES)
        _count_lost(found, message.source, last, cases.first)
        found.reached[key] = cases.last
    found.journals.append((message.sender, cases.journal))
    return found


def _count_lost(found: Forwarded, source: str, last: int, first: int) -> None:
    """Count what never came; of a record that is new to us, nothing is missed."""
    if last and first > last + 1:
        found.count(source, Fate.LOST, first - last - 1)


def _aligned(block: Readings, names: tuple[str, ...], source: str, messages: int) -> Readings:
    """Keep the channels that the class has, under our own source."""
    kept = [k for k, name in enumerate(block.channels) if name in names]
    used, asset = np.unique(block.asset, return_inverse=True)
    return Readings(
        block.asset_class,
        tuple(block.assets[k] for k in used.tolist()),
        tuple(block.channels[k] for k in kept),
        asset.astype(np.int32),
        block.at,
        block.values[:, kept],
        block.arrived,
        None if block.quality is None else block.quality[:, kept],
        block.retained,
        source,
        messages,
    )
