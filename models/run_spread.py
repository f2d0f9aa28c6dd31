"""The spread of the life left, given what the trees say and the age: from rows of the past.

Trees that were not fitted to a unit said something of each of its rows, and how it ended is known.
The rows that resemble the one that is asked about most, by what the trees said and by age, show how
the life left is distributed. Age counts where there is no sign of wear yet, and ever less after.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from core.life import LEVELS
from core.readings import Floats
from models.side_by_side import side_by_side

NEAR = (0.06, 0.15)
"""How far what the trees say (as a logarithm) and age (in usual lives) still count as alike."""

FEWEST = 60
"""So many rows are taken at least, however far they are."""

FLOOR = 0.15
"""Below this share of the cap, what the trees say is told apart no more finely."""

STEEP = 6.0
"""Beyond the cap, so much more is said for each unit of time that more was surely outlived."""

AT_ONCE = 200
"""So many rows are asked about at once: with more, most of the time goes into getting memory."""


@dataclass(frozen=True, slots=True)
class Lift:
    """What is said at least: what all but a share of like rows of the past outlived.

    All but `surely` outlived it; with 0 nothing is said at least. Where that lies beyond the cap,
    it is more: `STEEP` times as far beyond, up to what all but `further` outlived; with 0 it is no
    more. Chosen by cross-validation (docs/decisions/0034).
    """

    surely: float = 0.0
    further: float = 0.0


NOTHING = Lift()
"""With this, nothing is said at least."""


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """Rows of the past, by the life that was left (ascending): `said` by trees, `age`, `weight`.

    `cap` is where the trees stop telling, `usual` the usual life of a unit.
    """

    said: Floats
    age: Floats
    left: Floats
    weight: Floats
    cap: float
    usual: float

    def of(
        self, said: Floats, age: Floats, lift: Lift, few: bool = True
    ) -> tuple[Floats, Floats, Floats]:
        """Return the mean life left of each row, its course at `LEVELS`, and what is outlived.

        The course is `[row, level]`. What is outlived is what `lift` tells of, 0 where it asks for
        nothing; unlike points of the course it never jumps from one row of the past to the next.
        With many rows threads help (`side_by_side`).
        """
        mean, course = np.empty(len(said)), np.empty((len(said), len(LEVELS)))
        outlived = np.zeros(len(said))
        past = self._place(self.said, self.age)

        def fill(begin: int) -> None:
            rows = slice(begin, begin + AT_ONCE)
            weight = self._alike(self._place(said[rows], age[rows]), past)
            mean[rows] = weight @ self.left
            share = np.cumsum(weight, axis=1)
            course[rows] = _quantiles(share, self.left)
            if lift.surely > 0:
                outlived[rows] = self._outlived(share, lift)

        blocks = [partial(fill, begin) for begin in range(0, len(said), AT_ONCE)]
        side_by_side(blocks, few)
        return mean, course, outlived

    def _outlived(self, share: Floats, lift: Lift) -> Floats:
        surely = _between(share, self.left, lift.surely)
        if lift.further <= lift.surely:
            return surely
        further = _between(share, self.left, lift.further)
        found: Floats = np.maximum(
            surely, np.minimum(further, self.cap + STEEP * (surely - self.cap))
        )
        return found

    def _place(self, said: Floats, age: Floats) -> Floats:
        share = np.clip(said / self.cap, 0.0, None)
        fresh = np.clip(share, 0.0, 1.0) ** 2
        return np.stack(
            [np.log(share + FLOOR) / NEAR[0], age / self.usual * fresh / NEAR[1]], axis=1
        )

    def _alike(self, asked: Floats, past: Floats) -> Floats:
        """Weigh the rows of the past by how alike they are; the weights of a row sum to 1."""
        away, aside = (np.square(asked[:, [axis]] - past[:, axis]) for axis in (0, 1))
        away += aside
        few = min(FEWEST, len(past)) - 1
        reach = np.maximum(np.partition(away, few, axis=1)[:, [few]], 1.0)
        weight = away  # in its place, since most of the time goes into getting memory
        weight *= -0.5
        weight /= reach
        np.exp(weight, out=weight)
        weight *= self.weight
        weight /= weight.sum(axis=1, keepdims=True)
        return weight


def spread(said: Floats, age: Floats, left: Floats, weight: Floats, cap: float) -> Spread:
    """Keep rows of the past, in order of the life that was left."""
    order = np.argsort(left, kind="stable")
    usual = float(np.median(age + left))
    return Spread(said[order], age[order], left[order], weight[order], cap, usual)


def _quantiles(share: Floats, left: Floats) -> Floats:
    place = np.stack([row.searchsorted(LEVELS) for row in share])
    found: Floats = left[np.minimum(place, len(left) - 1)]
    return found


def _between(share: Floats, left: Floats, level: float) -> Floats:
    """Return the point at one level, evenly between the two rows of the past on its sides."""
    place = np.clip((share < level).sum(axis=1), 1, len(left) - 1)
    row = np.arange(len(share))
    below, above = share[row, place - 1], share[row, place]
    part = np.clip((level - below) / np.maximum(above - below, 1e-300), 0.0, 1.0)
    found: Floats = left[place - 1] + part * (left[place] - left[place - 1])
    return found
