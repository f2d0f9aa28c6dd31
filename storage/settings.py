"""Settings of what must last: the journal and the telemetry history."""

from __future__ import annotations

from typing import Annotated, Literal

from core.clock import DAY, HOUR, MINUTE, SECOND, Span
from core.quantity import Duration, Size, within
from core.settings import Settings

_MILLISECOND = SECOND // 1000


class JournalSettings(Settings):
    """How much the journal may hold, and what happens when that is used up.

    With `when_full: stop` nothing more is acknowledged to the broker; with `drop_unstored` the
    oldest entries that scoring has seen but history has not stored make room, and the ledger says
    which. `keep` is how long entries stay after every consumer has passed them.
    """

    max_size: Annotated[Size, within("10MB")] = 2_000_000_000
    when_full: Literal["stop", "drop_unstored"] = "stop"
    keep: Annotated[Duration, within("1min")] = 2 * DAY
    rejected_max_size: Annotated[Size, within("100kB")] = 64_000_000
    rejected_per_source: Annotated[Size, within("20kB")] = 4_000_000
    commit_every: Annotated[Duration, within("1ms", "10s")] = 10 * _MILLISECOND


class HistorySettings(Settings):
    """Where telemetry is kept, and for how long.

    `keep` is for what was measured, `keep_minutes` and `keep_hours` for the mean, lowest and
    highest of each minute and hour; none of them goes before what it was made of.
    """

    kind: Literal["sqlite", "memory"] = "sqlite"
    keep: Annotated[Duration, within("1d")] = 400 * DAY
    keep_minutes: Annotated[Duration, within("1d")] = 1200 * DAY
    keep_hours: Annotated[Duration, within("1d")] = 3650 * DAY

    @property
    def keep_steps(self) -> dict[Span, Span]:
        """How long steps of each width are kept."""
        minutes = max(self.keep, self.keep_minutes)
        return {MINUTE: minutes, HOUR: max(minutes, self.keep_hours)}


class BlockSettings(Settings):
    """How long the raw blocks of waveform sources are kept, and how much they may take in all.

    Whichever comes first lets the oldest go. With `max_size: 0B` none are kept.
    """

    keep: Annotated[Duration, within("1min")] = 7 * DAY
    max_size: Size = 1_000_000_000
