"""The port to telemetry history: what was measured, for plots, models and people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.clock import HOUR, MINUTE, Instant, Span
from core.ledger import AccountingHistory
from core.readings import Floats, Instants, Readings

STEPS: tuple[Span, ...] = (MINUTE, HOUR)
"""The widths to which history is downsampled."""


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """History of one asset in time order: `values[i, k]` is `channels[k]` at `at[i]`, or NaN.

    `quality` has the same shape, or is None where every value is good.
    """

    channels: tuple[str, ...]
    at: Instants
    values: Floats
    quality: NDArray[np.uint8] | None = None

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.at)


@dataclass(frozen=True, slots=True, eq=False)
class Summary:
    """Downsampled history of one asset in time order; each row is one whole step.

    `at[i]` is where the step begins. `mean`, `low`, `high` and `count` have a column per channel;
    where a channel said nothing within a step its count is 0 and the others are NaN. Values of bad
    quality take no part.
    """

    channels: tuple[str, ...]
    at: Instants
    mean: Floats
    low: Floats
    high: Floats
    count: NDArray[np.int64]

    def __len__(self) -> int:
        """Count the steps."""
        return len(self.at)


class TelemetryHistory(AccountingHistory, Protocol):
    """Where telemetry is kept. (asset, at, channel) identifies a sample; the later write wins.

    Writing the same batch again changes nothing, so a writer may always repeat itself. A call that
    takes long tells by `beat`, which whoever watches may set, that it gets somewhere.
    """

    beat: Callable[[], None]

    def write(self, batches: Sequence[Readings], position: int) -> None:
        """Store batches and then the journal position they reach to, with the ledger's counts.

        With `core.ledger.ASIDE` as position, neither is touched: what did not come by the journal.
        When it returns, all are durable. Raises `Unavailable` when nothing may have been
        stored, `PartlyRefused` when some rows can never be stored and the rest are.
        """
        ...

    def position(self) -> int:
        """Return the journal position up to which all is stored, 0 at first."""
        ...

    def read(
        self,
        asset: str,
        channels: Sequence[str],
        start: Instant,
        stop: Instant,
        limit: int | None = None,
    ) -> Columns:
        """Read `start <= at < stop`; with `limit`, only the newest so many rows."""
        ...

    def summary(
        self, asset: str, channels: Sequence[str], start: Instant, stop: Instant, step: Span
    ) -> Summary:
        """Read the steps that begin within `start <= at < stop`; `step` is one of `STEPS`.

        It tells of everything that is stored, also of a step that is not over. What `trim` took
        away stays in it; a sample that comes later than that for a step it knows is left out.
        """
        ...

    def latest(self, asset: str) -> Instant | None:
        """Return when the asset's newest sample is from, or None."""
        ...

    def count(self, asset: str | None = None) -> int:
        """Count stored readings (distinct asset and time), of one asset or of all."""
        ...

    def trim(self, older_than: Instant) -> int:
        """Drop samples before `older_than`; returns how many readings went."""
        ...

    def trim_summary(self, step: Span, older_than: Instant) -> int:
        """Drop steps of one width that begin before `older_than`; returns how many went."""
        ...

    def settle(self) -> bool:
        """Do a bounded piece of downsampling that was put off; tells whether more waits.

        `summary` is right without it, but slower the more waits.
        """
        ...

    def close(self) -> None:
        """Let go of the store."""
        ...
