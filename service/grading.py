"""The grades of a plant's assets, from their history: what models would learn from and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from core.clock import Instant
from core.history import Columns
from core.plant import Asset, AssetClass, Channel, Mode, Role
from core.readings import Floats, Instants, Quality
from models.grade import Grade, grade
from models.parts import treatment
from models.regimes import Regimes, regimes
from service.modes import Modes, ModeWatch
from service.regimes import FEWEST, telling

MOST_ROWS = 20_000
"""So many of an asset's readings are looked at, the newest."""


class Newest(Protocol):
    """What is needed of a history: the newest rows of an asset."""

    def read(
        self,
        asset: str,
        channels: Sequence[str],
        start: Instant,
        stop: Instant,
        limit: int | None = None,
    ) -> Columns:
        """Read the newest `limit` rows within `start <= at < stop`."""
        ...


@dataclass(frozen=True, slots=True)
class Graded:
    """One asset's channels, graded over `rows` readings of which `modes` gives the shares.

    `regimes` are the ways in which it ran, told by the channels `telling`; None where none tell.
    """

    asset: str
    rows: int
    modes: Mapping[Mode, float]
    grades: tuple[Grade, ...]
    regimes: Regimes | None = None
    telling: tuple[Channel, ...] = ()


def graded(
    asset: Asset,
    asset_class: AssetClass,
    history: Newest,
    start: Instant,
    stop: Instant,
) -> Graded:
    """Grade an asset's channels over the time in which it ran; bad values count as missing."""
    names = asset_class.channel_names
    read = history.read(asset.id, names, start, stop, MOST_ROWS)
    values = read.values
    if read.quality is not None:
        values = np.where(read.quality == Quality.BAD, np.nan, values)
    watch = ModeWatch(asset_class.modes, names, 1, asset_class.silent_after)
    one = np.zeros(1, np.intp)
    told = [
        int(watch.update(one, read.at[i : i + 1], values[i : i + 1])[0]) for i in range(len(read))
    ]
    modes: Modes = np.array(told, np.int8)
    running = modes == Mode.RUNNING
    # What the class says of a channel's part is said by a person, but for plain conditions.
    given = [
        None if channel.grade is None and channel.role is Role.CONDITION else treatment(channel)
        for channel in asset_class.channels
    ]
    return Graded(
        asset.id,
        len(read),
        {mode: float(np.mean(modes == mode)) for mode in Mode if (modes == mode).any()},
        grade(values[running], read.at[running], names, given),
        *_regimes(asset_class, values[running], read.at[running]),
    )


def _regimes(
    asset_class: AssetClass, values: Floats, at: Instants
) -> tuple[Regimes | None, tuple[Channel, ...]]:
    """Find the ways in which an asset ran, and what tells them."""
    told = tuple(asset_class.channel(name) for name in telling(asset_class))
    if not told or len(at) < FEWEST:
        return None, ()
    columns = [asset_class.channel_names.index(channel.name) for channel in told]
    return regimes(values[:, columns], at, values), told
