"""Lone: when a departure of one channel alone is the machine's, and not its sensor's.

A fault of a machine moves what belongs together, and hardly ever makes it run cooler or smoother.
So one channel alone is believed in three cases only: it is what the class counts as its sign of
wear, which comes first; a failure mode shows in no other condition channel; or neither a failure
mode nor a line is known of any channel, so that nothing can be said. Where lines are given on one
side only, the other side does no harm, and is no failure.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from core.plant import AssetClass, Role
from core.readings import Bools
from models.limits import LimitsSettings
from models.threshold import ThresholdSettings


class Believed(NamedTuple):
    """Per channel, whether it may rise, fall, or grow restless alone by the machine's doing."""

    up: Bools
    down: Bools
    restless: Bools


def believed(asset_class: AssetClass) -> Believed:
    """Read from a class's failure modes, lines and sign of wear which lone channels to believe."""
    names = asset_class.channel_names
    alone = np.zeros(len(names), np.bool_)
    wear = np.zeros(len(names), np.bool_)
    condition = {c.name for c in asset_class.channels if c.role is Role.CONDITION}
    for mode in asset_class.failure_modes:
        shown = [name for name in mode.channels if name in condition]
        if len(shown) == 1:
            alone[names.index(shown[0])] = True
    health = asset_class.health
    if isinstance(health, ThresholdSettings) and health.channel is not None:
        wear[names.index(health.channel)] = True
    high, low = _harmful(asset_class)
    if not asset_class.failure_modes and not (high | low).any():
        everything = np.ones(len(names), np.bool_)
        return Believed(everything, everything, everything)
    either = ~(high | low)
    trusted = alone | wear
    return Believed(trusted & (high | either), trusted & (low | either), wear)


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
