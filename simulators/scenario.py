"""Scenarios: YAML files that say which machines run, for how long, and what goes wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from core import document
from core.clock import DAY, HOUR, MINUTE, Instant
from core.errors import ConfigError, Fault
from core.quantity import Duration
from core.settings import Settings
from core.validation import validate
from simulators.faultspec import FaultSpec
from simulators.moment import When, instant
from simulators.schedule import Loads, Shifts


class LoadSpec(Settings):
    """Loads that a machine is run at in turn, as shares of its rating, and one that comes later.

    From `since` on it runs at `then`.
    """

    levels: tuple[Annotated[float, Field(ge=0.2, le=1.5)], ...] = Field(min_length=1)
    turn: Duration = Field(8 * HOUR, gt=0)
    then: float | None = Field(None, ge=0.2, le=1.5)
    since: When = "now"

    def build(self, now: Instant) -> Loads:
        """Fix the time at which the later load comes."""
        return Loads(self.levels, self.turn, self.then, instant(self.since, now))


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
    loads: dict[str, LoadSpec] = Field(default_factory=dict)
    faults: tuple[FaultSpec, ...] = ()


def load(path: Path) -> Scenario:
    """Read a scenario; ConfigError names every fault with its line."""
    return _scenario(*document.read(path))


def parse(text: str, name: str) -> Scenario:
    """Read a scenario from YAML text; `name` is what errors call it."""
    return _scenario(*document.parse(text, name))


def _scenario(read: document.Document | None, faults: list[Fault]) -> Scenario:
    scenario = None
    if read is not None:
        scenario, faults = validate(Scenario, read)
    if scenario is None:
        raise ConfigError(*faults)
    return scenario
