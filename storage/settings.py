"""Settings of what must last: the journal and the telemetry history."""

from __future__ import annotations

from typing import Literal

from core.clock import DAY, SECOND
from core.quantity import Duration, Size
from core.settings import Settings

_MILLISECOND = SECOND // 1000


class JournalSettings(Settings):
    """How much the journal may hold, and what happens when that is used up.

    With `when_full: stop` nothing more is acknowledged to the broker; with `drop_unstored` the
    oldest entries that scoring has seen but history has not stored make room, and the ledger says
    which. `keep` is how long entries stay after every consumer has passed them.
    """

    max_size: Size = 2_000_000_000
    when_full: Literal["stop", "drop_unstored"] = "stop"
    keep: Duration = 2 * DAY
    rejected_max_size: Size = 64_000_000
    rejected_per_source: Size = 4_000_000
    commit_every: Duration = 10 * _MILLISECOND


class HistorySettings(Settings):
    """Where telemetry is kept, and for how long."""

    kind: Literal["sqlite", "memory"] = "sqlite"
    keep: Duration = 400 * DAY
