"""What sites forward to this centre, on its way into the journal: each of it once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from core import parcel, site
from core.clock import Instant
from core.journal import SiteSaid, SiteTopic
from core.ledger import Fate
from core.plant import Plant
from core.readings import Readings
from core.rejection import Reason, Rejection
from core.suggestion import quoted
from ingest.packets import RETAINED, Packet
from ingest.settings import SitesSettings
from ingest.topics import shown


@dataclass(slots=True)
class Forwarded:
    """What messages of sites came to. `reached` is how far each sender's record has come."""

    readings: list[Readings] = field(default_factory=list)
    said: list[SiteSaid] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    account: Counter[tuple[str, Fate, str]] = field(default_factory=Counter)
    reached: dict[str, int] = field(default_factory=dict)

    def count(self, source: str, fate: Fate, messages: int) -> None:
        """Add to the ledger."""
        self.account[source, fate, ""] += messages


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
        self._topics = {
            site.topic(settings.prefix, sender, what).encode(): (sender, what)
            for sender in settings.accept
            for what in (site.Topic.READINGS, site.Topic.CASES, site.Topic.STATE)
        }

    @property
    def topic_filters(self) -> tuple[str, ...]:
        """What to subscribe to."""
        return tuple(topic.decode() for topic in self._topics)

    def take(self, packets: Sequence[Packet], arrived: Instant) -> Forwarded:
        """Judge messages of sites, in order."""
        found = Forwarded(reached=dict(self._reached()))
        before = dict(found.reached)
        for topic, payload, head, _ in packets:
            if topic not in self._topics:
                continue  # of a subscription that an earlier configuration left
            sender, what = self._topics[topic]
            source = f"site {sender}"
            try:
                if what is site.Topic.READINGS:
                    self._readings(found, sender, source, payload, arrived)
                elif what is site.Topic.CASES:
                    self._cases(found, sender, source, payload)
                elif not head & RETAINED:
                    site.unpack(payload, site.State)
                    self._tell(found, source, SiteSaid(sender, SiteTopic.STATE, payload))
            except ValueError as error:
                retained = bool(head & RETAINED)
                told = shown(topic), Reason.MALFORMED, payload, arrived, str(error), retained
                found.rejections.append(Rejection(*told, source, 1))
                found.count(source, Fate.RECEIVED, 1)
        found.reached = {k: v for k, v in found.reached.items() if before.get(k) != v}
        return found

    def _tell(self, found: Forwarded, source: str, said: SiteSaid) -> None:
        found.said.append(said)
        found.count(source, Fate.RECEIVED, 1)
        found.count(source, Fate.TOLD, 1)

    def _cases(self, found: Forwarded, sender: str, source: str, payload: bytes) -> None:
        cases = site.unpack(payload, site.Cases)
        key = f"{sender} {cases.journal} cases"
        if cases.last <= found.reached.get(key, 0):
            found.count(source, Fate.RECEIVED, 1)
            found.count(source, Fate.DUPLICATE, 1)
            return
        found.reached[key] = cases.last
        self._tell(found, source, SiteSaid(sender, SiteTopic.CASES, payload))

    def _readings(
        self, found: Forwarded, sender: str, source: str, payload: bytes, arrived: Instant
    ) -> None:
        came = parcel.unpack(payload, arrived)
        messages = sum(block.messages for block in came.readings)
        found.count(source, Fate.RECEIVED, messages)
        key = f"{sender} {came.journal}"
        last = found.reached.get(key, 0)
        if came.last <= last:
            found.count(source, Fate.DUPLICATE, messages)
            return
        if last and came.first > last + 1:
            found.count(source, Fate.LOST, came.first - last - 1)
        found.reached[key] = came.last
        for block in came.readings:
            self._block(found, source, block, arrived)

    def _block(self, found: Forwarded, source: str, block: Readings, arrived: Instant) -> None:
        """Take what belongs to assets of this plant; the rest never becomes a name in a store."""
        known = np.array([self._known(asset, block.asset_class) for asset in block.assets], bool)
        rows = known[block.asset] if len(block) else np.zeros(0, np.bool_)
        strangers = [asset for asset, ours in zip(block.assets, known, strict=True) if not ours]
        messages = block.messages
        if strangers:
            lost = min(messages, int((~rows).sum()))
            messages -= lost
            named = ", ".join(quoted(asset[:80]) for asset in strangers[:5])
            detail = f"{len(strangers)} assets of class {quoted(block.asset_class[:80])}: {named}"
            told = source, Reason.UNKNOWN_ASSET, b"", arrived, detail, block.retained
            found.rejections.append(Rejection(*told, source, lost))
        kept = block.take(rows)
        if len(kept):
            names = self._plant.classes[block.asset_class].channel_names
            found.readings.append(_aligned(kept, names, source, messages))
        elif messages:
            found.count(source, Fate.TOLD, messages)

    def _known(self, asset_id: str, asset_class: str) -> bool:
        asset = self._plant.assets.get(asset_id)
        return asset is not None and asset.asset_class == asset_class


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
