"""Settings of what must last: the journal and the telemetry history."""

from __future__ import annotations

from typing import Annotated, Literal

from core.clock import DAY, SECOND
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
    """Where telemetry is kept, and for how long."""

    kind: Literal["sqlite", "memory"] = "sqlite"
    keep: Annotated[Duration, within("1d")] = 400 * DAY
