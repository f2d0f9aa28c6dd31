"""Regime watch: follows in which of its learned regimes each asset of a class runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.clock import Span
from core.readings import Floats, Instants
from models.detector import State
from models.regime_row import NEVER, NONE, Found, Known, Moving, follow_rows
from models.regimes import FLOOR, MOST, Regimes

LATER = 3
"""So many regimes can be learned beside the first ones, each with a model of its own."""

SLOTS = MOST + LATER


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """What rows are: `mode`, the `model` that judges them, the number of the `regime` or below 0.

    `turned` is 1 where it is first said that a regime is new, and `said` what the channels said
    there; -1 where that is over.
    """

    mode: NDArray[np.int8]
    model: NDArray[np.int8]
    regime: NDArray[np.int64]
    turned: NDArray[np.int8]
    said: Floats


class RegimeWatch:
    """Holds the regimes of every asset. An asset of which none are known runs, and no more is said.

    `settle` is how long a transition takes, where that is not learned; that a regime is new is said
    once it has lasted for `new_after`.
    """

    def __init__(self, assets: int, channels: int, settle: Span | None, new_after: Span) -> None:
        self._settle = settle
        self._new_after = new_after
        self._known = _known(assets, channels)
        self.moving = _moving(assets, channels)

    @property
    def count(self) -> NDArray[np.int64]:
        """How many regimes are known of each asset."""
        return self._known.regimes

    def follow(
        self,
        asset: NDArray[np.intp],
        at: Instants,
        passed: Instants,
        operating: Floats,
        mode: NDArray[np.int8],
    ) -> Followed:
        """Follow rows in order of time, in which assets may repeat; NaN where nothing was said."""
        count = len(asset)
        found = Found(
            mode.copy(),
            np.zeros(count, np.int8),
            np.full(count, NONE, np.int64),
            np.zeros(count, np.int8),
            np.full(operating.shape, np.nan),
        )
        plain = np.ascontiguousarray(operating, np.float64)
        given = self._new_after, self._known, self.moving
        follow_rows(asset, at, passed, plain, *given, found)
        return Followed(*found)

    def learn(self, asset: int, found: Regimes, model: int = 0) -> bool:
        """Take over regimes of an asset that `model` judges; false where there is no more room."""
        known, begin = self._known, int(self._known.regimes[asset])
        if begin + len(found.centre) > SLOTS:
            return False
        slots = slice(begin, begin + len(found.centre))
        for name in ("centre", "low", "high", "margin"):
            getattr(known, name)[asset, slots] = getattr(found, name)
        known.far[asset, slots] = np.maximum(found.high - found.low, 2 * FLOOR * _size(found))
        self.moving.below[asset, slots] = self.moving.above[asset, slots] = 0.0
        known.model[asset, slots] = model
        known.regimes[asset] = slots.stop
        if model == 0:
            known.settle[asset] = found.settle if self._settle is None else self._settle
        self._anew(asset)
        return True

    def forget(self, asset: int) -> None:
        """Know nothing of one asset; that it was new is over with its next row."""
        told = bool(self.moving.told[asset])
        for kept in (self._known, self.moving):
            for name, row in self._blank(kept)._asdict().items():
                getattr(kept, name)[asset] = row[0]
        self.moving.told[asset] = told

    def models(self, asset: int) -> list[int]:
        """List which models judge an asset's regimes, regime by regime."""
        found: list[int] = self._known.model[asset, : self._known.regimes[asset]].tolist()
        return found

    def adopt(self, other: RegimeWatch, asset: int, theirs: int) -> None:
        """Take over from another what it knows of an asset; what was said of it stays said."""
        told = bool(self.moving.told[asset])
        for name, kept in self._arrays().items():
            kept[asset] = other._arrays()[name][theirs]
        self.moving.told[asset] = told

    def drop(self, asset: int, model: int) -> None:
        """Let go of the regimes of an asset that one model judges."""
        known, moving, count = self._known, self.moving, int(self._known.regimes[asset])
        left = np.flatnonzero(known.model[asset, :count] != model)
        ranges = known.model, known.centre, known.low, known.high, known.margin, known.far
        for whole in (*ranges, moving.below, moving.above):
            whole[asset, : len(left)] = whole[asset, left]
        known.regimes[asset] = len(left)
        self._anew(asset)

    def regimes(self, asset: int) -> Regimes:
        """Give back what is known of an asset's regimes; shares are not kept and are NaN."""
        known, count = self._known, int(self._known.regimes[asset])
        part = asset, slice(0, count)
        return Regimes(
            known.centre[part],
            known.low[part],
            known.high[part],
            known.margin[part],
            np.full(count, np.nan),
            int(known.settle[asset]),
        )

    def state(self) -> State:
        """Return everything needed to go on."""
        return {name: kept.copy() for name, kept in self._arrays().items()}

    def restore(self, state: State) -> None:
        """Take over a state."""
        for name, kept in self._arrays().items():
            kept[...] = state[name].astype(kept.dtype)

    def _arrays(self) -> dict[str, NDArray[Any]]:
        return self._known._asdict() | self.moving._asdict()

    def _anew(self, asset: int) -> None:
        """Look anew where an asset is: what it knows has changed."""
        for name in ("regime", "since", "outside", "away"):
            getattr(self.moving, name)[asset] = getattr(self._blank(self.moving), name)[0]

    def _blank(self, like: Known | Moving) -> Known | Moving:
        channels = self.moving.held.shape[1]
        return _known(1, channels) if isinstance(like, Known) else _moving(1, channels)


def _size(found: Regimes) -> Floats:
    size: Floats = np.maximum(np.abs(found.low), np.abs(found.high))
    return size


def _known(assets: int, channels: int) -> Known:
    shape = (assets, SLOTS, channels)
    return Known(
        np.zeros(assets, np.int64),
        np.zeros((assets, SLOTS), np.int8),
        np.zeros(shape),
        np.zeros(shape),
        np.zeros(shape),
        np.ones(shape),
        np.zeros(shape),
        np.zeros(assets, np.int64),
    )


def _moving(assets: int, channels: int) -> Moving:
    return Moving(
        np.full((assets, channels), np.nan),
        np.full(assets, NONE, np.int64),
        np.full(assets, NEVER, np.int64),
        np.zeros(assets, np.int64),
        np.zeros(assets, np.int64),
        np.zeros(assets, np.bool_),
        np.zeros(assets, np.int8),
        np.zeros((assets, SLOTS, channels)),
        np.zeros((assets, SLOTS, channels)),
    )
