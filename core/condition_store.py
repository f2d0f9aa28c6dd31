"""The port to where judgements are kept for others to show: scores, health, life and alerts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from core.clock import Instant

Value: TypeAlias = float | int | str


@dataclass(frozen=True, slots=True)
class ConditionPoint:
    """One judgement of one asset: measurement, asset, `tags` and `at` identify it.

    Tags are words of which there are few, such as a detector's name; `fields` hold the rest.
    """

    measurement: str
    asset: str
    at: Instant
    tags: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, Value] = field(default_factory=dict)


class ConditionStore(Protocol):
    """Where judgements go. Writing a point again changes nothing, so a writer may repeat itself."""

    def write(self, points: Sequence[ConditionPoint]) -> None:
        """Store points; when it returns, they are durable.

        Raises `Unavailable` when nothing may have been stored, `PartlyRefused` when some points can
        never be stored and the rest are.
        """
        ...

    def close(self) -> None:
        """Let go of the store."""
        ...
