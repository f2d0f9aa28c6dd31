"""Trees: boosted regression trees as plain arrays, so that a kept model can execute nothing.

They are fitted by scikit-learn and evaluated here, by a compiled loop.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import Refused
from core.readings import Floats
from models.kernel import kernel
from models.run_table import Numbers

FIELDS = ("first", "feature", "cut", "left", "right", "missing_left", "value")


@dataclass(frozen=True, slots=True, eq=False)
class Trees:
    """A sum of regression trees; their nodes stand one after the other.

    `first[t]` is the root of tree t, `start` what all are added to. A row goes to `left[n]` where
    its `feature[n]` is at most `cut[n]`, else to `right[n]`; where it is missing, as
    `missing_left[n]` says. A leaf has `feature[n]` -1 and adds `value[n]`.
    """

    start: float
    first: Numbers
    feature: Numbers
    cut: Floats
    left: Numbers
    right: Numbers
    missing_left: NDArray[np.bool_]
    value: Floats

    def predict(self, rows: Floats) -> Floats:
        """Evaluate rows `[row, feature]`; NaN is a value that is missing."""
        found = np.full(len(rows), self.start)
        nodes = (self.feature, self.cut, self.left, self.right, self.missing_left, self.value)
        _descend(np.ascontiguousarray(rows), self.first, *nodes, found)
        return found

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what is to be kept."""
        return {name: getattr(self, name) for name in FIELDS} | {"start": np.array(self.start)}


@kernel
def _descend(
    rows: Floats,
    first: Numbers,
    feature: Numbers,
    cut: Floats,
    left: Numbers,
    right: Numbers,
    missing_left: NDArray[np.bool_],
    value: Floats,
    found: Floats,
) -> None:
    for i in range(rows.shape[0]):
        for t in range(first.shape[0]):
            node = first[t]
            while feature[node] >= 0:
                given = rows[i, feature[node]]
                if given <= cut[node] or (missing_left[node] and np.isnan(given)):
                    node = left[node]
                else:
                    node = right[node]
            found[i] += value[node]


def grown(booster: Any) -> Trees:
    """Take over the trees of a fitted `HistGradientBoostingRegressor`."""
    every = [stage[0].nodes for stage in booster._predictors]  # noqa: SLF001 - no public form
    first = np.cumsum([0, *(len(nodes) for nodes in every[:-1])])
    nodes = np.concatenate(every)
    home = np.repeat(first, [len(each) for each in every])
    leaf = nodes["is_leaf"].astype(np.bool_)
    return Trees(
        float(np.ravel(booster._baseline_prediction)[0]),  # noqa: SLF001
        first.astype(np.int64),
        np.where(leaf, -1, nodes["feature_idx"].astype(np.int64)),
        nodes["num_threshold"].astype(np.float64),
        home + nodes["left"].astype(np.int64),
        home + nodes["right"].astype(np.int64),
        nodes["missing_go_to_left"].astype(np.bool_),
        nodes["value"].astype(np.float64),
    )


def kept(arrays: Mapping[str, NDArray[Any]], width: int) -> Trees:
    """Take trees out of what was kept; Refused where they do not fit rows of `width` features.

    Children stand behind their parent, so that no file can make an evaluation go round for ever.
    """
    try:
        found = Trees(float(arrays["start"]), *(arrays[name] for name in FIELDS))
    except (KeyError, TypeError, ValueError) as error:
        msg = f"the trees are damaged: {error}"
        raise Refused(msg) from error
    if not _sound(found, width):
        msg = "the trees are damaged: a branch leads nowhere"
        raise Refused(msg)
    return found


def _sound(trees: Trees, width: int) -> bool:
    parts: Sequence[NDArray[Any]] = [getattr(trees, name) for name in FIELDS]
    kinds = zip(parts, "iifiibf", strict=True)
    if any(part.dtype.kind != kind or part.ndim != 1 for part, kind in kinds):
        return False
    count = len(trees.value)
    if any(len(part) != count for part in parts[1:]):
        return False
    inner = np.flatnonzero(trees.feature >= 0)
    ahead = [(side[inner] > inner) & (side[inner] < count) for side in (trees.left, trees.right)]
    roots = (trees.first >= 0) & (trees.first < count)
    return bool(ahead[0].all() and ahead[1].all() and roots.all() and (trees.feature < width).all())
