"""Alignment: a block's columns in the order of a class, without what its source calls bad."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.readings import Floats, Quality, Readings
from service.watermark import Rows


@dataclass(frozen=True, slots=True, eq=False)
class Aligned:
    """Values and, where any is not good, their quality; `strangers` tells of unknown channels."""

    values: Floats
    quality: NDArray[np.uint8] | None
    strangers: bool


class Alignment:
    """Knows which of a class's channels is which column of the blocks that come in."""

    def __init__(self, channels: tuple[str, ...]) -> None:
        self._channels = channels
        self._places: dict[tuple[str, ...], tuple[Rows, Rows] | None] = {}

    def align(self, block: Readings) -> Aligned:
        """Put a block's columns into the class's order."""
        values, quality = block.values, block.quality
        if quality is not None:
            values = np.where(quality == Quality.BAD, np.nan, values)
        place = self._place(block.channels)
        if place is None:
            return Aligned(values, quality, False)
        ours, theirs = place
        shape = (len(block), len(self._channels))
        aligned = np.full(shape, np.nan)
        aligned[:, ours] = values[:, theirs]
        marks = None
        if quality is not None:
            marks = np.zeros(shape, np.uint8)
            marks[:, ours] = quality[:, theirs]
        return Aligned(aligned, marks, len(theirs) < len(block.channels))

    def _place(self, channels: tuple[str, ...]) -> tuple[Rows, Rows] | None:
        """Tell which of our columns are which of a block's; None where they are the same."""
        if channels not in self._places:
            names = self._channels
            pairs = [(names.index(c), k) for k, c in enumerate(channels) if c in names]
            ours = np.array([pair[0] for pair in pairs], np.intp)
            theirs = np.array([pair[1] for pair in pairs], np.intp)
            self._places[channels] = None if channels == names else (ours, theirs)
        return self._places[channels]
