"""The port to a plant's own past: where measurements lie that were taken before we came."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from core.readings import Floats, Instants


@dataclass(frozen=True, slots=True, eq=False)
class PastRows:
    """Rows of one series in the source's own names, oldest first.

    `values[i, k]` is `fields[k]` at `at[i]` in the source's unit, NaN where there is none.
    `unread` counts what could not be read, by reason.
    """

    measurement: str
    tags: Mapping[str, str]
    fields: tuple[str, ...]
    at: Instants
    values: Floats
    unread: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """Some rows, and where to go on behind them. `share` is how much of all is read by then."""

    rows: tuple[PastRows, ...]
    position: str
    share: float


class PastSource(Protocol):
    """Somewhere that a past lies. Read again from a position, it gives what follows, the same."""

    def read(self, after: str = "") -> Iterator[Chunk]:
        """Read on behind a position, from the beginning where it is empty.

        `Unavailable` where the source is not there now, `Refused` where it is not as it was said.
        """
        ...
