"""Scenarios: YAML files that say which machines run, for how long, and what goes wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, ValidationError, model_validator

from core.clock import DAY, MINUTE, Instant
from core.errors import ConfigError
from core.errors import Fault as Complaint
from core.quantity import Duration, Share
from core.settings import Settings
from simulators.faults import Drifting, Dropout, Fault, Stuck, Trouble
from simulators.harm import Ailment
from simulators.moment import When, instant
from simulators.schedule import Shifts


class TroubleSpec(Settings):
    """A fault of the machine itself. Bearing wear needs the moment of `failure`."""

    asset: str
    fault: Literal["bearing_wear", "cavitation", "misalignment", "clogged_filter", "overheating"]
    onset: When
    failure: When | None = None
    until: When | None = None
    grows: Duration = Field(3 * DAY, gt=0)
    severity: float = Field(1.0, gt=0, le=1)
    vibration_at_failure: float = Field(8.3, gt=3)

    @model_validator(mode="after")
    def _in_order(self) -> TroubleSpec:
        if self.fault == "bearing_wear" and self.failure is None:
            msg = "bearing_wear needs `failure`: the moment when the bearing gives out"
            raise ValueError(msg)
        _ordered(self.onset, self.failure, "failure")
        _ordered(self.onset, self.until, "until")
        return self

    def build(self, now: Instant) -> Fault:
        """Fix the times of the fault."""
        return Trouble(
            Ailment(self.fault),
            instant(self.onset, now),
            _maybe(self.failure, now),
            _maybe(self.until, now),
            self.grows,
            self.severity,
            self.vibration_at_failure,
        )


class StuckSpec(Settings):
    """A sensor that goes on showing one value."""

    asset: str
    fault: Literal["stuck_sensor"]
    channel: str
    onset: When
    until: When | None = None

    def build(self, now: Instant) -> Fault:
        """Fix the times of the fault."""
        return Stuck(self.channel, instant(self.onset, now), _maybe(self.until, now))


class DriftSpec(Settings):
    """A sensor that drifts away by `per_day`, in the channel's unit."""

    asset: str
    fault: Literal["drifting_sensor"]
    channel: str
    onset: When
    per_day: float
    until: When | None = None

    def build(self, now: Instant) -> Fault:
        """Fix the times of the fault."""
        onset, until = instant(self.onset, now), _maybe(self.until, now)
        return Drifting(self.channel, onset, self.per_day, until)


class DropoutSpec(Settings):
    """Readings that lack a channel, or whole readings that never come."""

    asset: str
    fault: Literal["dropout"]
    channel: str | None = None
    onset: When
    until: When | None = None
    share: Share = 1.0

    def build(self, now: Instant) -> Fault:
        """Fix the times of the fault."""
        onset, until = instant(self.onset, now), _maybe(self.until, now)
        return Dropout(self.channel, onset, until, self.share)


FaultSpec = Annotated[
    TroubleSpec | StuckSpec | DriftSpec | DropoutSpec, Field(discriminator="fault")
]


class Scenario(Settings):
    """A simulated time in the life of a plant.

    An asset is named by its id, by its name where that is unique, or by its place among its
    class: `first centrifugal_pump`, `last compressor`.
    """

    title: str = ""
    seed: int = Field(1, ge=0)
    interval: Duration = Field(5 * MINUTE, gt=0)
    span: Duration = Field(30 * DAY, gt=0)
    live_interval: Duration | None = Field(None, gt=0)
    assets: Literal["all"] | tuple[str, ...] = "all"
    shifts: dict[str, Shifts] = Field(default_factory=dict)
    faults: tuple[FaultSpec, ...] = ()


def load(path: Path) -> Scenario:
    """Read a scenario; ConfigError names every fault with its line."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(Complaint(str(path), None, str(error))) from error
    return parse(text, str(path))


def parse(text: str, path: str) -> Scenario:
    """Read a scenario from YAML text; `path` is what errors call it."""
    try:
        node = yaml.compose(text, yaml.SafeLoader)
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = None if mark is None else mark.line + 1
        raise ConfigError(Complaint(path, line, f"not YAML: {error}")) from error
    try:
        return Scenario.model_validate({} if content is None else content)
    except ValidationError as error:
        raise ConfigError(*_complaints(error, node, path)) from error


def _complaints(error: ValidationError, node: Any, path: str) -> list[Complaint]:
    found = []
    for fault in error.errors(include_url=False, include_context=False):
        place = ".".join(str(part) for part in fault["loc"]) or "scenario"
        words = fault["msg"].removeprefix("Value error, ")
        if fault["type"] == "extra_forbidden":
            words = f"unknown key; known: {', '.join(Scenario.model_fields)}"
            if fault["loc"][:1] == ("faults",):
                words = "unknown key for this kind of fault"
        else:
            words = f"{words}, not {fault['input']!r}"[:300]
        found.append(Complaint(path, _line(node, fault["loc"]), f"{place}: {words}"))
    return found


def _line(node: Any, loc: tuple[int | str, ...]) -> int | None:
    """Find the line of what an error speaks of, or of the nearest thing around it."""
    line = None if node is None else node.start_mark.line + 1
    for part in loc:
        if isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            node = node.value[part]
        elif isinstance(node, yaml.MappingNode):
            pairs = {key.value: (key, value) for key, value in node.value}
            if part not in pairs:
                continue
            line, node = pairs[part][0].start_mark.line + 1, pairs[part][1]
            continue
        else:
            continue
        line = node.start_mark.line + 1
    return line


def _maybe(text: str | None, now: Instant) -> Instant | None:
    return None if text is None else instant(text, now)


def _ordered(onset: str, later: str | None, name: str) -> None:
    """Check that a fault does not end before it begins; mixed forms are checked when built."""
    relative = {text[:1] in {"+", "-", "n"} for text in (onset, later) if text is not None}
    if later is not None and len(relative) == 1 and instant(later, 0) <= instant(onset, 0):
        msg = f"{name} ({later}) must come after onset ({onset})"
        raise ValueError(msg)
