"""A network: a small perceptron as plain arrays, so that a kept model can execute nothing.

Layers follow one another, with what is below zero cut off between them (rectified linear units).
How their weights are found: `models.teaching`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.errors import Refused
from core.readings import Floats
from models.teaching import learned

BEYOND = 5.0
"""Features are believed up to so many spreads from their mean, so that none leads far off."""

BATCH = 256
"""By so many rows at a time a network is corrected."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """How a network is taught; chosen by cross-validation (docs/decisions/0034).

    `hidden` are the sizes of its layers, `ridge` keeps weights small, `rounds` is how often it sees
    all rows. Where rows are few it sees them oftener, until it was corrected `corrected` times.
    """

    hidden: tuple[int, ...] = (48, 24, 12)
    ridge: float = 0.1
    rate: float = 4e-3
    rounds: int = 30
    corrected: int = 1500


LESSON = Lesson()


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """Layers `weight[l]` `[from, to]` and `bias[l]`, on features less `centre` by `scale`.

    `most` is the highest label that it was shown, and the highest that it says; the least is 0.
    """

    centre: Floats
    scale: Floats
    weight: tuple[Floats, ...]
    bias: tuple[Floats, ...]
    most: float

    def predict(self, rows: Floats) -> Floats:
        """Evaluate rows `[row, feature]`; what is missing counts as usual.

        A row's value depends on no other row (einsum, no BLAS across rows).
        """
        found = standardised(rows, self.centre, self.scale)
        last = len(self.weight) - 1
        for layer, (weight, bias) in enumerate(zip(self.weight, self.bias, strict=True)):
            found = np.einsum("ij,jk->ik", found, weight) + bias
            if layer < last:
                found = np.maximum(found, 0.0)
        return np.clip(found[:, 0] * self.most, 0.0, self.most)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what is to be kept."""
        layers = {f"weight{k}": each for k, each in enumerate(self.weight)}
        layers |= {f"bias{k}": each for k, each in enumerate(self.bias)}
        return {"centre": self.centre, "scale": self.scale, "most": np.array(self.most), **layers}


def standardised(rows: Floats, centre: Floats, scale: Floats) -> Floats:
    """Return features in spreads from their mean, at most `BEYOND`; 0 where one is missing."""
    return np.clip(np.nan_to_num((rows - centre) / scale, nan=0.0), -BEYOND, BEYOND)


def taught(
    rows: Floats, label: Floats, lesson: Lesson, seeds: Sequence[int]
) -> tuple[Network, ...]:
    """Fit a network for each seed to rows `[row, feature]` and their labels, which are 0 or more.

    Each is what it would be by itself.
    """
    known = np.isfinite(rows)
    count = np.maximum(known.sum(axis=0), 1)
    centre = np.where(known, rows, 0.0).sum(axis=0) / count
    spread = np.sqrt(np.where(known, (rows - centre) ** 2, 0.0).sum(axis=0) / count)
    scale = np.where(spread > 0, spread, 1.0)
    given, most = standardised(rows, centre, scale), max(float(label.max()), 1e-9)
    each = -(-len(given) // BATCH)
    rounds = max(lesson.rounds, -(-lesson.corrected // each))
    single = given.astype(np.float32)  # half of the arithmetic, and no worse
    found = learned(
        single, label / most, lesson.hidden, BATCH, rounds, lesson.ridge, lesson.rate, seeds
    )
    return tuple(Network(centre, scale, *layers, most) for layers in found)


def kept(arrays: Mapping[str, NDArray[Any]], width: int) -> Network:
    """Take a network out of what was kept; Refused where it does not fit `width` features."""
    try:
        layers = sum(name.startswith("weight") for name in arrays)
        weight = tuple(_numbers(arrays[f"weight{k}"], 2) for k in range(layers))
        bias = tuple(_numbers(arrays[f"bias{k}"], 1) for k in range(layers))
        centre, scale = _numbers(arrays["centre"], 1), _numbers(arrays["scale"], 1)
        found = Network(centre, scale, weight, bias, float(arrays["most"]))
    except (KeyError, TypeError, ValueError) as error:
        msg = f"the network is damaged: {error}"
        raise Refused(msg) from error
    sizes = [width, *(len(each) for each in found.bias)]
    shapes = list(pairwise(sizes))
    ends_fit = found.centre.shape == found.scale.shape == (width,)
    if not ends_fit or [each.shape for each in weight] != shapes or sizes[-1] != 1:
        msg = "the network is damaged: its layers do not fit each other"
        raise Refused(msg)
    return found


def _numbers(given: NDArray[Any], axes: int) -> Floats:
    if given.dtype.kind != "f" or given.ndim != axes:
        msg = f"{given.ndim} axes of {given.dtype} where {axes} of numbers are wanted"
        raise ValueError(msg)
    return given.astype(np.float64)
