"""What the sensors of a simulated fleet say: levels by load and air, and the signs of damage."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.readings import Floats
from simulators.life_class import LifeClass
from simulators.life_duty import lasting

WARM = 20.0
_LASTS = 0.6
_SHOWS = 0.15


@dataclass(frozen=True, slots=True, eq=False)
class Signs:
    """How machines of a class differ: levels `own[machine, channel]`, and what damage 1 shows.

    `shows[machine, mode, channel]` is in the unit of the channel.
    """

    of: LifeClass
    own: Floats
    shows: Floats


def signs(of: LifeClass, machines: int, rng: np.random.Generator) -> Signs:
    """Draw how some machines of a class differ."""
    levels = list(of.channels.values())
    own = np.array([level.level for level in levels]) + rng.normal(
        size=(machines, len(levels))
    ) * np.array([level.differs for level in levels])
    moved = np.array([[mode.signs.get(name, 0.0) for name in of.channels] for mode in of.modes])
    factor = np.exp(_SHOWS * rng.normal(size=(machines, *moved.shape)))
    return Signs(of, own, moved * factor)


def measured(
    signs: Signs,
    load: Floats,
    air: Floats,
    damage: Floats,
    rng: np.random.Generator,
    *,
    louder: float = 1.0,
) -> Floats:
    """Give the means of every channel, `[machine, day, channel]`.

    `load[machine, day]`, `air[day]`, `damage[machine, day, mode]`. Means of less than a day are
    `louder`.
    """
    levels = list(signs.of.channels.values())
    said = np.empty((*load.shape, len(levels)))
    moved = np.minimum(damage, 1.3)
    for k, level in enumerate(levels):
        fresh, slow = rng.normal(size=load.shape), lasting(load.shape, _LASTS, rng)
        said[:, :, k] = (
            signs.own[:, k, None]
            + level.per_load * load
            + level.per_air * (air - WARM)
            + louder * level.noise * np.sqrt(0.5) * (fresh + slow)
            + np.einsum("ndm,nm->nd", moved, signs.shows[:, :, k])
        )
    return said
