"""A story told to a journal: readings, ticks, commands and work in their order."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from core.clock import SECOND, Instant
from core.journal import (
    Body,
    Command,
    DeviceChanged,
    Journal,
    Link,
    LinkChanged,
    RejectionsSeen,
    Revision,
    Tick,
    draft,
)
from core.plant import Plant
from core.readings import Quality, Reading, Readings
from core.rejection import Reason
from core.work import Work, WorkEvent

START = 1_700_000_000 * SECOND


class Story:
    """Appends to a journal; `now` is when entries are written."""

    def __init__(self, plant: Plant, journal: Journal, now: Instant = START) -> None:
        self.plant = plant
        self.journal = journal
        self.now = now
        self._random = np.random.default_rng(1)

    def tell(self, body: Body) -> int:
        return self.journal.append([draft(self.now, body)])

    def passes(self, span: int) -> Story:
        self.now += span
        return self

    def ticks(
        self, count: int, *, connected: bool = True, notes: tuple[tuple[str, str], ...] = ()
    ) -> Story:
        for _ in range(count):
            self.passes(self.plant.tick_every).tell(Tick(connected, notes=notes))
        return self

    def block(
        self,
        *readings: Reading,
        channels: tuple[str, ...] | None = None,
        arrived: Instant | None = None,
        retained: bool = False,
    ) -> Story:
        """Append readings of assets of one class as they stand."""
        asset_class = self.plant.class_of(readings[0].asset)
        names = channels or asset_class.channel_names
        when = self.now if arrived is None else arrived
        self.tell(Readings.of(asset_class.name, names, readings, when, retained=retained))
        return self

    def row(self, asset: str, at: Instant | None = None, **values: float) -> Reading:
        """Make a healthy reading of a pump, but for `values`; None leaves a channel out."""
        healthy = {
            "speed": 1500 + self._random.normal(0, 5),
            "vibration": 2 + self._random.normal(0, 0.1),
            "temperature": 50 + self._random.normal(0, 0.5),
        }
        told = {name: value for name, value in {**healthy, **values}.items() if value is not None}
        return Reading(asset, self.now if at is None else at, told)

    def says(
        self, asset: str = "site/hall/p1", at: Instant | None = None, **values: float
    ) -> Story:
        return self.block(self.row(asset, at, **values))

    def all_say(self, **values: float) -> Story:
        return self.block(*(self.row(asset, **values) for asset in self.plant.assets))

    def marks(self, asset: str, quality: Mapping[str, Quality], **values: float) -> Story:
        row = self.row(asset, **values)
        return self.block(Reading(asset, row.at, row.values, dict(quality)))

    def asks(
        self, verb: str, alert: str, key: str = "k1", version: int | None = None, by: str = "Ayesha"
    ) -> Story:
        self.tell(Command(key, verb, alert, by, "seen", version))
        return self

    def mends(
        self, asset: str = "site/hall/p1", work: Work = Work.REPAIRED, key: str = "w1", ago: int = 0
    ) -> Story:
        self.tell(WorkEvent(asset, self.now - ago, work, "Bilal", "new bearing", id=key))
        return self

    def link(self, link: Link, detail: str = "") -> Story:
        self.tell(LinkChanged(link, detail))
        return self

    def device(
        self,
        online: bool,
        *assets: str,
        device: str = "gateway",
        on_change: tuple[str, ...] = (),
        detail: str = "",
    ) -> Story:
        self.tell(DeviceChanged(device, online, self.now, assets, on_change, detail))
        return self

    def refuses(self, asset: str, reason: Reason, count: int) -> Story:
        self.tell((RejectionsSeen(asset, reason, count),))
        return self

    def revises(self) -> Story:
        self.tell(Revision("configuration", "digest"))
        return self
