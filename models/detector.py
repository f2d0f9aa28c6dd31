"""The port of every detector: rows of one asset class in, scores with blame and bands out.

A detector holds the state of all assets of one class in arrays whose first axis is the asset.
A `Round` holds each asset at most once, so that a batch in which an asset spoke seven times is
seven rounds, and the result of a row never depends on what else is in its round.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from core.readings import Bools, Floats, Instants

State: TypeAlias = dict[str, NDArray[np.generic]]
"""Named arrays, first axis the asset; what a checkpoint keeps (NPZ, never pickled)."""


@dataclass(frozen=True, slots=True, eq=False)
class Round:
    """One reading of each of some assets.

    `asset[i]` indexes the class's assets and occurs once. `values[i, k]` is in canonical units,
    NaN where missing, of bad quality, or from a sensor that is not trusted now. `mode[i]` is a
    `core.plant.Mode`. `refused[i, k]`, where given, marks what was there and is not believed:
    nothing that the channel said before stands in for it. `repeated` rows say nothing new: time has
    passed over what was said before, and the score is what it was, but for what holds no longer.
    They are scored, and neither observed nor learned from. Where `locked[i]` is true a finding
    stands or work is pending: what slowly adapts to the machine stands still. `model[i]`, where
    given, is which of an asset's models judges the row: 0 the first, more for regimes that were
    learned later (`models/regimed.py`).
    """

    asset: NDArray[np.intp]
    at: Instants
    values: Floats
    mode: NDArray[np.int8]
    refused: Bools | None = None
    repeated: bool = False
    locked: Bools | None = None
    model: NDArray[np.int8] | None = None

    def take(self, rows: NDArray[np.intp] | slice) -> Round:
        """Select rows by index, keeping their order."""
        return Round(
            self.asset[rows],
            self.at[rows],
            self.values[rows],
            self.mode[rows],
            None if self.refused is None else self.refused[rows],
            self.repeated,
            None if self.locked is None else self.locked[rows],
            None if self.model is None else self.model[rows],
        )


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """The verdict on the rows of a round.

    `value` is 1.0 at the alarm line and NaN where the detector cannot judge (then `blame` is 0
    and the band NaN). `blame` sums to 1 over channels where `value` is a number. `low` and
    `high` bound what each channel should have read, NaN where the detector has no opinion: a
    channel with neither could not be judged. `values` are what was judged, where that is not what
    the rows carry.
    """

    value: Floats
    blame: Floats
    low: Floats
    high: Floats
    values: Floats | None = None

    def take(self, rows: NDArray[np.intp] | slice) -> Scored:
        """Select rows, keeping their order."""
        values = None if self.values is None else self.values[rows]
        return Scored(self.value[rows], self.blame[rows], self.low[rows], self.high[rows], values)


class Detector(Protocol):
    """Score and learn are apart: `score` changes nothing; what is learned is chosen outside."""

    def score(self, rows: Round) -> Scored:
        """Judge rows against what was learned, with what has accumulated so far."""
        ...

    def observe(self, rows: Round) -> None:
        """Move running accumulations (smoothing, delays) forward by these rows."""
        ...

    def learn(self, rows: Round, allowed: Bools) -> None:
        """Add the allowed rows to what healthy running looks like, until enough is known."""
        ...

    def readiness(self) -> Floats:
        """Tell per asset how much of the learning is done, 0 to 1 (1: judges)."""
        ...

    def forget(self, asset: int) -> None:
        """Drop what was learned and accumulated for one asset, so that it learns anew."""
        ...

    def state(self) -> State:
        """Return everything needed to go on elsewhere exactly as here."""
        ...

    def restore(self, state: State) -> None:
        """Take over a state of the same class and the same assets."""
        ...


@runtime_checkable
class Extensible(Detector, Protocol):
    """A detector that can learn later models of an asset beside its first (`models/regimed.py`)."""

    def extend(self, asset: int, number: int, rows: Round) -> bool:
        """Learn a later model of one asset from its rows in time order; false where too few."""
        ...

    def has(self, asset: int, number: int) -> bool:
        """Tell whether there is that later model of an asset."""
        ...

    def drop(self, asset: int, number: int) -> None:
        """Drop a later model of one asset."""
        ...

    def expect(self, names: Collection[str]) -> None:
        """Make room for the later models that a saved state of these names holds."""
        ...


Verdicts: TypeAlias = Mapping[str, Scored]
"""What each of a class's detectors said of one round, by the detector's name."""


def unknown_channel(name: str, known: tuple[str, ...]) -> ValueError:
    """Make the error for settings that name a channel which the class does not have."""
    msg = f"unknown channel {name!r}; known: {', '.join(known)}"
    return ValueError(msg)
