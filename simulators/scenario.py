"""Scenarios: YAML files that say which machines run, for how long, and what goes wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, ValidationError

from core.clock import DAY, MINUTE
from core.errors import ConfigError
from core.errors import Fault as Complaint
from core.quantity import Duration
from core.settings import Settings
from simulators.faultspec import FaultSpec
from simulators.schedule import Shifts


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
