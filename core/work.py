"""What maintenance did to a machine."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from core.clock import Instant


class Work(StrEnum):
    """Kinds of work on a machine."""

    INSPECTED = "inspected"
    REPAIRED = "repaired"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True)
class WorkEvent:
    """Work done on an asset at an event time. Routine work found nothing wrong beforehand."""

    asset: str
    at: Instant
    work: Work
    by: str
    note: str = ""
    failure_mode: str = ""
    routine: bool = False
    id: str = ""


def cuts_short(done: WorkEvent, failure_mode: str, *, several: bool) -> bool:
    """Tell whether work cut a life short rather than ended it in this failure mode.

    It does where it was routine, found another failure mode, or names none where there are
    `several`: it did not fail in all of them.
    """
    if done.routine or (several and not done.failure_mode):
        return True
    return done.failure_mode not in {"", failure_mode}
