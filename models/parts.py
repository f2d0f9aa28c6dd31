"""Which part each channel of a class plays for a detector: judged, judged by, or none."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.plant import AssetClass, Channel, Role, Treatment
from core.readings import Bools, Instants
from models.detector import unknown_channel

_BY_ROLE = {
    Role.CONDITION: Treatment.USE,
    Role.OPERATING: Treatment.CONTEXT,
    Role.COUNTER: Treatment.LEAVE_OUT,
}


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """`judged[k]` and `operating` (their numbers) by role; `sure[k]` are used whatever is seen.

    What is `sure` was said by a person, so no grading takes it out. `over[k]` is the place among
    `operating` of the channel that channel k is judged over, -1 for none.
    """

    judged: Bools
    operating: NDArray[np.intp]
    sure: Bools
    over: Instants


def parts(asset_class: AssetClass, ignore: Collection[str] = ()) -> Parts:
    """Read the parts of a class's channels; a channel's `grade` stands above its role.

    Raises ValueError where `ignore` names a channel that the class does not have.
    """
    names = asset_class.channel_names
    for name in ignore:
        if name not in names:
            raise unknown_channel(name, names)
    treated = [
        Treatment.LEAVE_OUT if channel.name in ignore else treatment(channel)
        for channel in asset_class.channels
    ]
    judged = np.array([one is Treatment.USE for one in treated], np.bool_)
    operating = np.flatnonzero([one is Treatment.CONTEXT for one in treated])
    told = np.array([c.grade is Treatment.USE for c in asset_class.channels], np.bool_)
    place = {names[k]: p for p, k in enumerate(operating.tolist())}
    beneath = [place.get(channel.over or "", -1) for channel in asset_class.channels]
    over = np.where(judged, np.array(beneath, np.int64), -1)
    return Parts(judged, operating, judged & told, over)


def treatment(channel: Channel) -> Treatment:
    """Tell what is done with one channel."""
    return _BY_ROLE[channel.role] if channel.grade is None else channel.grade
