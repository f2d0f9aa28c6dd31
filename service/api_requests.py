"""What clients may send: commands on cases and work done, checked before anything is journaled."""

from __future__ import annotations

import unicodedata
from typing import Annotated, TypeAlias
from uuid import uuid4

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from core.clock import Instant, from_datetime, iso
from core.errors import Refused
from core.journal import Command
from core.plant import Plant
from core.work import BOTH, Work, WorkEvent

LONGEST_NAME = 80
LONGEST_NOTE = 1000
EARLIEST_YEAR = 2000


def _written(text: str) -> str:
    """Refuse what no keyboard writes; line breaks and tabs are text."""
    for letter in text:
        if letter not in "\n\r\t" and unicodedata.category(letter) in {"Cc", "Cs"}:
            msg = f"control characters such as {letter!r} are not taken"
            raise ValueError(msg)
    return text.strip()


def _present(text: str) -> str:
    if not text:
        msg = "say who you are: every step of a case is kept with a name"
        raise ValueError(msg)
    return text


Text = AfterValidator(_written)
Name: TypeAlias = Annotated[str, Field(max_length=LONGEST_NAME), Text, AfterValidator(_present)]
Note: TypeAlias = Annotated[str, Field(max_length=LONGEST_NOTE), Text]
Key: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z0-9._:-]{1,100}$")]


class CommandRequest(BaseModel):
    """An answer of a person to a case.

    `version` is the case's version that the person saw; where it has moved on, nothing is done.
    `id` makes repeating safe: what was asked under it before is answered as it was then.
    """

    model_config = ConfigDict(extra="forbid")

    by: Name
    note: Note = ""
    version: int | None = Field(None, ge=1, le=2**53)
    id: Key = Field(default_factory=lambda: uuid4().hex)

    def command(self, verb: str, alert: str) -> Command:
        """Make what goes into the journal."""
        return Command(self.id, verb, alert, self.by, self.note, self.version)


class WorkRequest(BaseModel):
    """What maintenance did to a machine; `at` is now where it is left out."""

    model_config = ConfigDict(extra="forbid")

    asset: str = Field(max_length=300)
    work: Work
    by: Name
    note: Note = ""
    failure_mode: str = Field("", max_length=100)
    routine: bool = False
    failed: bool = False
    at: AwareDatetime | None = None
    id: Key = Field(default_factory=lambda: uuid4().hex)

    def event(self, plant: Plant, now: Instant) -> WorkEvent:
        """Make what goes into the journal; `Refused` where it does not fit the asset's class."""
        if self.routine and self.failed:
            raise Refused(BOTH)
        known = [mode.name for mode in plant.class_of(self.asset).failure_modes]
        if self.failure_mode and self.failure_mode not in known:
            allowed = ", ".join(known) or "none"
            msg = f"failure_mode: {self.failure_mode!r} is not one of this class; known: {allowed}"
            raise Refused(msg)
        return WorkEvent(
            self.asset,
            self._moment(plant, now),
            self.work,
            self.by,
            self.note,
            self.failure_mode,
            self.routine,
            self.id,
            self.failed,
        )

    def _moment(self, plant: Plant, now: Instant) -> Instant:
        if self.at is None:
            return now
        if self.at.year < EARLIEST_YEAR:
            msg = f"at: {self.at.isoformat()} is before {EARLIEST_YEAR}"
            raise Refused(msg)
        at = from_datetime(self.at) if self.at.year < 2200 else None
        if at is None or at > now + plant.too_early:
            msg = f"at: {self.at.isoformat()} has not come yet; it is {iso(now)}"
            raise Refused(msg)
        return at
