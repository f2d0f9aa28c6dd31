"""When a reading was: from the time that a source says to an instant that can be believed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from core.clock import SECOND, Instant, Span, iso
from core.localtime import LocalTime
from core.plant import Asset, ClockPolicy, Plant
from core.rejection import Reason
from ingest.clocks import ClockOffsets
from ingest.instants import FURTHEST, WallTime
from ingest.packets import DUPLICATE, RETAINED
from ingest.payload import Bad

YEAR_2020: Instant = 1_577_836_800 * SECOND
_OUT_OF_ORDER = RETAINED | DUPLICATE


@dataclass(frozen=True, slots=True)
class Arrival:
    """When a message came in, its number within its batch, and whether our clock counts."""

    at: Instant
    number: int = 0
    trusted: bool = True


class Timing:
    """Applies clock policies, time zones and bounds to the times that sources say.

    `newest` tells an asset's last known instant; it is asked when a source without an offset in
    its times is first heard.
    """

    def __init__(
        self,
        plant: Plant,
        offsets: ClockOffsets | None = None,
        newest: Callable[[str], Instant | None] = lambda _: None,
    ) -> None:
        self._plant = plant
        self._offsets = offsets or ClockOffsets()
        self._zones = {name: LocalTime(site.timezone) for name, site in plant.sites.items()}
        self._newest = newest
        self._walls_heard: set[str] = set()

    def on_arrival(self, head: int, arrival: Arrival) -> Instant:
        """Stamp a message with its arrival; `Bad` where that says nothing of when it was."""
        if head & RETAINED:
            detail = "retained, from a source without a clock: nothing says when it was"
            raise Bad(Reason.BAD_TIME, detail)
        return arrival.at + arrival.number

    def settle(
        self, asset: Asset, said: Instant | WallTime, head: int, arrival: Arrival
    ) -> Instant:
        """Make an instant of what a source said; `Bad` names what is wrong with it."""
        at = self._resolved(asset, said, head, arrival) if isinstance(said, WallTime) else said
        if asset.clock is ClockPolicy.CORRECTED:
            if arrival.trusted and not head & _OUT_OF_ORDER:
                self._offsets.learn(asset.id, arrival.at, at)
            at = min(max(at + self._offset(asset), -FURTHEST), FURTHEST)
        if arrival.trusted:
            self._check_bounds(at, arrival.at)
        return at

    def _resolved(self, asset: Asset, local: WallTime, head: int, arrival: Arrival) -> Instant:
        zone = self._zones[asset.site]
        if asset.id not in self._walls_heard:
            self._walls_heard.add(asset.id)
            newest = self._newest(asset.id)
            if newest is not None:
                zone.remember(asset.id, newest)
        latest = None
        if arrival.trusted:  # by the source's own clock
            latest = arrival.at + self._plant.too_early - self._offset(asset)
        at = zone.resolve(asset.id, local.wall, latest, learn=not head & _OUT_OF_ORDER)
        if at is None:
            detail = (
                f"{local.wall.isoformat(' ')} does not exist in {zone.zone.key}: clocks skipped it"
            )
            raise Bad(Reason.SKIPPED_HOUR, detail)
        return at + local.below

    def _offset(self, asset: Asset) -> Span:
        """Tell what is added to the times of a source."""
        return self._offsets.offset(asset.id) if asset.clock is ClockPolicy.CORRECTED else 0

    def _check_bounds(self, at: Instant, arrived: Instant) -> None:
        plant = self._plant
        if at < YEAR_2020:
            detail = f"{iso(at)}: the source's clock stands before 2020"
            raise Bad(Reason.BAD_TIME, detail)
        if at > arrived + plant.too_early:
            ahead, allowed = (at - arrived) / SECOND, plant.too_early / SECOND
            detail = f"{iso(at)} is {ahead:,.0f} s ahead of our clock; allowed: {allowed:,.0f} s"
            raise Bad(Reason.TOO_EARLY, detail)
        if at < arrived - plant.retention:
            days = plant.retention / (86_400 * SECOND)
            detail = f"{iso(at)} is older than the {days:,.0f} days that are kept"
            raise Bad(Reason.TOO_OLD, detail)
