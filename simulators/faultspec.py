"""How scenarios write faults, and their checking."""

from __future__ import annotations

from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, model_validator

from core.clock import DAY, Instant
from core.quantity import Duration, Share
from core.settings import Settings
from simulators.faults import Drifting, Dropout, Fault, Stuck, Trouble
from simulators.harm import Ailment
from simulators.moment import When, instant


class _Spec(Settings):
    """What all faults have: whose it is, since when, and until when."""

    asset: str
    onset: When
    until: When | None = None

    @model_validator(mode="after")
    def _ends_after_onset(self) -> Self:
        _ordered(self.onset, self.until, "until")
        return self

    def _times(self, now: Instant) -> tuple[Instant, Instant | None]:
        return instant(self.onset, now), _maybe(self.until, now)


class TroubleSpec(_Spec):
    """A fault of the machine itself. Bearing wear needs the moment of `failure`."""

    fault: Literal["bearing_wear", "cavitation", "misalignment", "clogged_filter", "overheating"]
    failure: When | None = None
    grows: Duration = Field(3 * DAY, gt=0)
    severity: float = Field(1.0, gt=0, le=1)
    vibration_at_failure: float = Field(8.3, gt=3)

    @model_validator(mode="after")
    def _fails_after_onset(self) -> Self:
        if self.fault == "bearing_wear" and self.failure is None:
            msg = "bearing_wear needs `failure`: the moment when the bearing gives out"
            raise ValueError(msg)
        _ordered(self.onset, self.failure, "failure")
        return self

    def build(self, now: Instant) -> Fault:
        """Fix the times of the fault."""
        onset, until = self._times(now)
        return Trouble(
            Ailment(self.fault),
            onset,
            _maybe(self.failure, now),
            until,
            self.grows,
            self.severity,
            self.vibration_at_failure,
        )


class StuckSpec(_Spec):
    """A sensor that goes on showing one value."""

    fault: Literal["stuck_sensor"]
    channel: str

    def build(self, now: Instant) -> Fault:
        """Fix the times of the fault."""
        return Stuck(self.channel, *self._times(now))


class DriftSpec(_Spec):
    """A sensor that drifts away by `per_day`, in the channel's unit."""

    fault: Literal["drifting_sensor"]
    channel: str
    per_day: float

    def build(self, now: Instant) -> Fault:
        """Fix the times of the fault."""
        onset, until = self._times(now)
        return Drifting(self.channel, onset, self.per_day, until)


class DropoutSpec(_Spec):
    """Readings that lack a channel, or whole readings that never come."""

    fault: Literal["dropout"]
    channel: str | None = None
    share: Share = 1.0

    def build(self, now: Instant) -> Fault:
        """Fix the times of the fault."""
        return Dropout(self.channel, *self._times(now), self.share)


FaultSpec: TypeAlias = Annotated[
    TroubleSpec | StuckSpec | DriftSpec | DropoutSpec, Field(discriminator="fault")
]
"""Any fault, told apart by `fault`."""


def _maybe(text: str | None, now: Instant) -> Instant | None:
    return None if text is None else instant(text, now)


def _ordered(onset: str, later: str | None, name: str) -> None:
    """Check the order of times of one form; mixed forms are checked once now is known."""
    relative = {text.strip()[:1] in {"+", "-", "n"} for text in (onset, later) if text is not None}
    if later is not None and len(relative) == 1 and instant(later, 0) <= instant(onset, 0):
        msg = f"{name} ({later}) must come after onset ({onset})"
        raise ValueError(msg)
