"""Wall clocks without an offset: which instant a source means by its local time.

When clocks go back, an hour of wall time comes twice. A source tells its readings in order, so
its first pass through that hour is the first meaning, and once its time goes backwards within the
hour it is in the second, unless that would be later than now: then it was said again. When clocks
go forward, an hour of wall time does not exist at all.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from core.clock import Instant

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - wall time has no zone by nature
_MICROSECOND = timedelta(microseconds=1)


class LocalTime:
    """Resolves the wall times of one site; remembers one instant per source, within a fold."""

    def __init__(self, timezone: str) -> None:
        self.zone = ZoneInfo(timezone)
        self._last: dict[str, tuple[datetime, Instant]] = {}

    def resolve(
        self, source: str, wall: datetime, latest: Instant | None = None, *, learn: bool = True
    ) -> Instant | None:
        """Turn a wall time into an instant; None where the clocks skipped it.

        A time equal to the one before is the same pass: a message that was sent again. `latest`,
        where given, is the latest that it can be. Without `learn`, as for a message out of its
        order, the source stays where it was.
        """
        first = self._instant(wall, 0)
        second = self._instant(wall, 1)
        if first == second:
            return first
        if second < first:  # in a gap the two readings of a wall time come in reverse
            return None
        fold = self._fold(wall)
        period, last = self._last.get(source, (None, 0))
        back = period == fold and first < last
        if back and latest is not None and first <= latest < second:
            return first
        at = second if back else first
        if learn:
            self._last[source] = (fold, at)
        return at

    def remember(self, source: str, at: Instant) -> None:
        """Take up after a restart where a source was, from its last known instant."""
        local = datetime.fromtimestamp(at // 1_000_000_000, self.zone).replace(tzinfo=None)
        if self._instant(local, 0) < self._instant(local, 1):
            self._last[source] = (self._fold(local), at)

    def _instant(self, wall: datetime, fold: int) -> Instant:
        offset = wall.replace(tzinfo=self.zone, fold=fold).utcoffset() or timedelta()
        return (wall.replace(tzinfo=None) - _EPOCH - offset) // _MICROSECOND * 1000

    def _fold(self, wall: datetime) -> datetime:
        """Name the repeated hour that a wall time is in; two are never within a day."""
        return wall.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None, fold=0)
