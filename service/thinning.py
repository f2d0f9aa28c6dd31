"""Thinned conditions: of each step of event time, the worst score and the worst health."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from core.casefile import Condition
from core.clock import MINUTE
from core.readings import Floats, Instants
from models.detector import State
from models.kernel import kernel
from service.rules import NEVER
from service.watermark import Rows

STEP = MINUTE
HEALTH = "health"
SCORE = "score:"
"""What the names of scores begin with, before their detector's."""


@dataclass(frozen=True, slots=True, eq=False)
class Thinned:
    """Steps that ended, as columns: `worst[i, k]` of `names[k]` of `assets[asset[i]]` at `at[i]`.

    NaN where nothing was judged. As a sequence it gives what was, one by one.
    """

    assets: tuple[str, ...]
    names: tuple[str, ...]
    asset: Rows
    at: Instants
    worst: Floats

    def __iter__(self) -> Iterator[Condition]:
        """Walk what was judged, step by step."""
        rows = zip(self.asset.tolist(), self.at.tolist(), self.worst.tolist(), strict=True)
        for asset, at, values in rows:
            for name, value in zip(self.names, values, strict=True):
                if value == value:  # noqa: PLR0124 - not NaN
                    yield Condition(self.assets[asset], at, name, value)


def joined(blocks: Iterable[Thinned]) -> list[Thinned]:
    """Put blocks of the same assets and names behind each other."""
    alike: dict[tuple[tuple[str, ...], tuple[str, ...]], list[Thinned]] = {}
    for block in blocks:
        alike.setdefault((block.assets, block.names), []).append(block)
    return [
        Thinned(
            *key,
            np.concatenate([one.asset for one in some]),
            np.concatenate([one.at for one in some]),
            np.concatenate([one.worst for one in some]),
        )
        for key, some in alike.items()
    ]


class Thinning:
    """Keeps for every asset the running step; a step goes out when the next one begins."""

    def __init__(self, assets: Sequence[str], detectors: Sequence[str]) -> None:
        self._assets = tuple(assets)
        self._names = (*(f"{SCORE}{name}" for name in detectors), HEALTH)
        self._step = np.full(len(self._assets), NEVER, np.int64)
        self._at = np.zeros(len(self._assets), np.int64)
        self._worst = np.full((len(self._assets), len(self._names)), np.nan)

    def add(self, asset: Rows, at: Instants, scores: Floats, health: Floats) -> Thinned:
        """Add rows in order of time, in which assets may repeat; returns the steps that ended."""
        count, width = len(asset), len(self._names)
        values = np.concatenate((scores, -health[None]), axis=0).T
        row, told = np.empty(count, np.intp), np.empty(count, np.int64)
        worst = np.empty((count, width))
        kept = self._step, self._at, self._worst
        ended = _add(asset, at, np.ascontiguousarray(values), *kept, row, told, worst)
        found = worst[:ended]
        found[:, -1] *= -1
        return Thinned(self._assets, self._names, row[:ended], told[:ended], found)

    def state(self) -> State:
        """Return what a restart needs."""
        return {"step": self._step, "at": self._at, "worst": self._worst}

    def restore(self, state: State) -> None:
        """Take over a state."""
        self._step = state["step"].astype(np.int64)
        self._at = state["at"].astype(np.int64)
        self._worst = state["worst"].astype(np.float64)


@kernel
def _add(
    asset: Rows,
    at: Instants,
    values: Floats,
    step: Instants,
    newest: Instants,
    worst: Floats,
    row_out: Rows,
    at_out: Instants,
    worst_out: Floats,
) -> int:
    """Move the running steps on by rows; writes those that ended and returns how many."""
    ended = 0
    for i in range(len(asset)):
        a, now = asset[i], at[i] // STEP
        if now != step[a]:
            some = False
            for k in range(values.shape[1]):
                some = some or not math.isnan(worst[a, k])
            if some:
                row_out[ended], at_out[ended] = a, newest[a]
                for k in range(values.shape[1]):
                    worst_out[ended, k] = worst[a, k]
                ended += 1
            for k in range(values.shape[1]):
                worst[a, k] = values[i, k]
        else:
            for k in range(values.shape[1]):
                if not (values[i, k] <= worst[a, k]) and not math.isnan(values[i, k]):
                    worst[a, k] = values[i, k]
        step[a], newest[a] = now, at[i]
    return ended
