"""Path grid: all kinds of paths in all their shapes, side by side, as a finite set of hypotheses.

A path may begin late: wear that sets in at some share of the past, and nothing before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.readings import Floats
from models.path import Path
from models.path_exponential import Exponential
from models.path_linear import Linear
from models.path_power import Power

PATHS: dict[str, Path] = {"linear": Linear(), "exponential": Exponential(), "power": Power()}
"""All kinds; each counts alike beforehand, and so does each shape of a kind."""

ONSETS = (0.25, 0.5, 0.75)
"""At which shares of the past wear may have set in."""

LATE = 0.3
"""How likely it is, beforehand, that wear did not begin with the past."""

_LATE_SHAPES = {"linear": (1.0,), "exponential": (2.0,), "power": (0.5, 0.7, 1.5)}


@dataclass(frozen=True, slots=True, eq=False)
class PathGrid:
    """Paths side by side: all arrays are as long.

    `kind` indexes `PATHS`, `shape` is the path's parameter, `onset` the share of the past at
    which it begins, and `belief` how likely it is beforehand, summing to 1.
    """

    kind: NDArray[np.intp]
    shape: Floats
    onset: Floats
    belief: Floats

    def grown(self, time: Floats, now: float) -> Floats:
        """Tell how far each path has grown by each time, `[path, time]`; the past ends `now`."""
        since = np.maximum(time - self.onset[:, None] * now, 0.0)
        grown = np.empty(since.shape)
        for number, path in enumerate(PATHS.values()):
            mine = self.kind == number
            grown[mine] = path.grown(since[mine], self.shape[mine, None])
        return grown

    def reached(self, which: NDArray[np.intp], grown: Floats, now: float) -> Floats:
        """Tell when each of the paths `which[n]` has grown by `grown[n]`."""
        kind, shape = self.kind[which], self.shape[which]
        time = np.empty(len(which))
        for number, path in enumerate(PATHS.values()):
            mine = kind == number
            time[mine] = path.reached(grown[mine], shape[mine])
        return time + self.onset[which] * now


def grid(kinds: Sequence[str] = tuple(PATHS), late: float = LATE) -> PathGrid:
    """Make the grid of some kinds; `late` is how likely they begin late, 0 for never."""
    rows: list[tuple[int, float, float, float]] = []
    names = list(PATHS)
    for kind in kinds:
        number, shapes = names.index(kind), PATHS[kind].shapes
        each = (1 - late) / len(kinds) / len(shapes)
        rows += [(number, shape, 0.0, each) for shape in shapes]
        afterwards = _LATE_SHAPES[kind] if late else ()
        each = late / len(kinds) / max(len(afterwards) * len(ONSETS), 1)
        rows += [(number, shape, onset, each) for shape in afterwards for onset in ONSETS]
    kind_, shape_, onset_, belief = zip(*rows, strict=True)
    return PathGrid(np.array(kind_, np.intp), np.array(shape_), np.array(onset_), np.array(belief))
