"""Found on: which conditions of a machine and its sensors rules and the crosscheck hold on."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from models.crosscheck import LIES, Crosscheck
from service.finding import SENSOR
from service.rules import RuleLatch


def found_on(
    asset: int,
    channels: Sequence[str],
    rules: RuleLatch,
    crosscheck: Crosscheck | None,
    less: Collection[str] = (),
) -> list[tuple[str, str]]:
    """List the conditions that are on, as group and rule; none by the detectors in `less`."""
    on = [one for one in rules.on(asset) if one.detector not in less]
    found = [(rule.group, rule.name) for rule in on]
    found += [(SENSOR + channels[number], rule.name) for rule, number in rules.sensed(asset)]
    lies = [] if crosscheck is None else np.argwhere(crosscheck.faults[asset]).tolist()
    return found + [(SENSOR + channels[number], LIES[kind]) for number, kind in lies]
