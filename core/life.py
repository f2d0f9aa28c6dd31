"""Remaining life: a distribution with what it rests on, or the reason why none can be given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from core.clock import Instant


@dataclass(frozen=True, slots=True)
class Remaining:
    """Time left in hours, as the 5 %, 50 % and 95 % points of its distribution."""

    p05: float
    p50: float
    p95: float


@dataclass(frozen=True, slots=True)
class CannotSay:
    """No estimate. `reason` is a stable code; `words` say it to an operator."""

    reason: str
    words: str


@dataclass(frozen=True, slots=True)
class LifeEstimate:
    """What is left of one asset in one failure mode.

    `health` is 1 when as new and 0 at the end-of-life threshold. `basis` says what the estimate
    rests on: the method, the threshold and its source (ISO 13381-1 asks for all three).
    """

    asset: str
    at: Instant
    failure_mode: str
    health: float | None
    remaining: Remaining | CannotSay
    basis: str


Outlook: TypeAlias = Remaining | CannotSay
