"""Lone: how far one channel may depart alone by the machine's doing, and not its sensor's.

A fault of a machine moves what belongs together, and hardly ever makes it run cooler or smoother.
So one channel alone is believed in these cases only. For good: what the class counts as its sign of
wear, which comes first; what is a failure mode's only sign; and everything where neither a failure
mode nor a line is known of any channel. For a while: the strongest sign of a failure mode, as long
as the others may be too weak to show. And always only the way that the failure mode says or, where
it does not, that a given line lies.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from core.deviation import Movement
from core.plant import AssetClass, FailureMode, Role
from core.readings import Bools, Floats
from models.limits import LimitsSettings
from models.threshold import ThresholdSettings

UP, DOWN = 0, 1
"""The two ways in which a channel departs, by their numbers."""

FOLLOWED = 15.0
"""From so many deviations of the strongest sign on, others of its failure mode must show: those
that count are at least a sixth as strong, and seen from 2.5 on."""


class Believed(NamedTuple):
    """Per channel, up to how many deviations it may rise or fall alone by the machine's doing.

    `restless` marks those that may grow restless alone.
    """

    up: Floats
    down: Floats
    restless: Bools


def believed(asset_class: AssetClass) -> Believed:
    """Read from a class's failure modes, lines and sign of wear which lone channels to believe."""
    names = asset_class.channel_names
    up, down = np.zeros((2, len(names)))
    high, low = _harmful(asset_class)
    wear = np.zeros(len(names), np.bool_)
    if not asset_class.failure_modes and not (high | low).any():
        return Believed(up + np.inf, down + np.inf, ~wear)
    either = ~(high | low)
    condition = {c.name for c in asset_class.channels if c.role is Role.CONDITION}
    leads = [_lead(mode, condition) for mode in asset_class.failure_modes]
    health = asset_class.health
    if isinstance(health, ThresholdSettings) and health.channel is not None:
        wear[names.index(health.channel)] = True
        leads.append((health.channel, Movement.MOVES, np.inf))
    for name, movement, far in leads:
        if name is None:
            continue
        k = names.index(name)
        open_ended = movement is Movement.MOVES
        if movement is Movement.RISES or (open_ended and (high | either)[k]):
            up[k] = max(up[k], far)
        if movement is Movement.FALLS or (open_ended and (low | either)[k]):
            down[k] = max(down[k], far)
    return Believed(up, down, wear)


def company(asset_class: AssetClass) -> Bools:
    """Tell which departures are signs of one failure mode: `[channel, way, other, its way]`."""
    names = asset_class.channel_names
    condition = {c.name for c in asset_class.channels if c.role is Role.CONDITION}
    found = np.zeros((len(names), 2, len(names), 2), np.bool_)
    for mode in asset_class.failure_modes:
        signs = [
            (names.index(sign.channel), way)
            for sign in mode.signature
            if sign.channel in condition
            for way in _ways(sign.movement)
        ]
        for k, way in signs:
            for other, its in signs:
                found[k, way, other, its] |= k != other
    return found


def _ways(movement: Movement) -> tuple[int, ...]:
    """Tell which ways a movement may be."""
    ways = {Movement.RISES: (UP,), Movement.FALLS: (DOWN,), Movement.STEADY: ()}
    return ways.get(movement, (UP, DOWN))


def _lead(mode: FailureMode, condition: set[str]) -> tuple[str | None, Movement, float]:
    """Find the strongest sign of a failure mode, which way it goes, and how far alone."""
    signs = [
        sign
        for sign in mode.signature
        if sign.channel in condition and sign.movement is not Movement.STEADY
    ]
    if not signs:
        return None, Movement.STEADY, 0.0
    return signs[0].channel, signs[0].movement, np.inf if len(signs) == 1 else FOLLOWED


def _harmful(asset_class: AssetClass) -> tuple[Bools, Bools]:
    """Tell of which channels a rise, and of which a fall, crosses a given line."""
    names = asset_class.channel_names
    high, low = np.zeros((2, len(names)), np.bool_)
    for detector in asset_class.detectors:
        if isinstance(detector.settings, LimitsSettings):
            for name, limit in detector.settings.channels.items():
                k = names.index(name)
                high[k] |= limit.warning is not None or limit.alarm is not None
                low[k] |= limit.low_warning is not None or limit.low_alarm is not None
    return high, low
