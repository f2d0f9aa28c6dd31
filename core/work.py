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


class Ending(StrEnum):
    """What work came to for the life of a part in one failure mode.

    The value says it in words. Only `FAILED` ended a life: by the others it is known only that it
    would have lasted at least so long.
    """

    FAILED = "failed"
    GOES_ON = "goes on"
    PLANNED = "planned work"
    OTHER_FAULT = "another fault was found"
    NO_FAULT = "no fault was named"
    EARLY = "its wear was well short of its end"


BOTH = (
    "routine and failed: work as planned is on a machine that had not failed; give one of the two"
)


@dataclass(frozen=True, slots=True)
class WorkEvent:
    """Work done on an asset at an event time.

    Routine work found nothing wrong beforehand. Where the machine had `failed` before, it is said;
    where neither is, the condition that it was in decides.
    """

    asset: str
    at: Instant
    work: Work
    by: str
    note: str = ""
    failure_mode: str = ""
    routine: bool = False
    id: str = ""
    failed: bool = False


def ending(done: WorkEvent, failure_mode: str, *, alone: bool, worn_out: bool | None) -> Ending:
    """Tell what work came to for a life in a failure mode.

    `alone` tells that the machine is followed in this mode and in no other, so that work that names
    no fault was on it; `worn_out` whether the machine had come to its end by its own wear, None
    where it is not followed by wear, or not known: then work ends a life only where it names the
    fault, or the machine is said to have failed.
    """
    if done.work is Work.INSPECTED:
        return Ending.GOES_ON
    if done.routine:
        return Ending.PLANNED
    if done.failure_mode not in {"", failure_mode}:
        return Ending.OTHER_FAULT
    told = alone and (worn_out is not None or done.failed)
    if not done.failure_mode and not told:
        return Ending.NO_FAULT
    return Ending.EARLY if worn_out is False and not done.failed else Ending.FAILED
