"""Learner: what detectors share that learn each asset's healthy running once, and then judge it.

A detector that is built on it brings its settings, what it keeps of an asset, how it learns that
from rows, and a compiled loop over rows. All else that the port asks stands here, and so does the
line: the fit to the first part of the lessons is tried on the rest, as in `models/alarmline.py`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from core.plant import Mode
from core.readings import Bools, Floats, Instants
from models.alarmline import HIGHEST, KEPT_BACK, LASTING, MARGIN, held
from models.detector import Round, Scored, State
from models.lessons import Lessons

Kept: TypeAlias = dict[str, NDArray[Any]]
"""What is kept, first axis the asset."""


class Enough(Protocol):
    """Tells when an asset has enough lessons."""

    def complete(self, lessons: Lessons, asset: int) -> bool:
        """Tell whether an asset has enough lessons."""
        ...

    def progress(self, lessons: Lessons) -> Floats:
        """Tell per asset how much of the lessons is there, below 1."""
        ...


class Rows(NamedTuple):
    """Rows in order of time for a compiled loop: `asset` in what is known, `slot` in what moves."""

    asset: NDArray[np.intp]
    slot: NDArray[np.intp]
    at: Instants
    values: Floats
    live: Bools
    locked: Bools
    repeated: bool


class Told(NamedTuple):
    """The verdict on rows, filled in by a loop."""

    value: Floats
    blame: Floats
    low: Floats
    high: Floats


class Learner(ABC):
    """Learns each asset once; what it keeps are arrays by name, of which `moves` go on with rows.

    `loop` is to move only arrays in `moves`, under `Rows.slot`, and to score 1 at `line[asset]`.
    """

    moves: ClassVar[tuple[str, ...]] = ()

    def __init__(self, enough: Enough, judged: Bools, assets: int) -> None:
        self._enough = enough
        self._candidates = judged
        self._lessons = Lessons(assets, len(judged) + 1)
        self._kept = self._all(assets)

    @abstractmethod
    def blank(self, assets: int) -> Kept:
        """Make what is kept of assets that have learned nothing."""

    @abstractmethod
    def fit(self, rows: Floats, at: Instants) -> Kept:
        """Learn from rows `[n, k]` of one asset; returns what is kept of it, without that axis."""

    @abstractmethod
    def loop(self, rows: Rows, kept: Kept, moving: Kept, told: Told) -> None:
        """Judge rows and move `moving` on."""

    def alike(self, early: Kept, whole: Kept) -> bool:
        """Tell whether the early fit was as good as that to all, so that a line can be tried."""
        return True

    def score(self, rows: Round) -> Scored:
        """Judge rows against what was learned."""
        moving = {name: self._kept[name][rows.asset] for name in self.moves}
        return self._judge(rows, self._kept, moving, np.arange(len(rows.asset)))

    def observe(self, rows: Round) -> None:
        """Move on what accumulates."""
        self.judge(rows)

    def judge(self, rows: Round) -> Scored:
        """Score and observe rows in time order; assets may repeat."""
        return self._judge(rows, self._kept, self._kept, rows.asset)

    def moving(self) -> State:
        """Return what `judge` moves, to be kept and put back by whoever tries something."""
        return {name: self._kept[name] for name in self.moves}

    def learn(self, rows: Round, allowed: Bools) -> None:
        """Add healthy rows; an asset whose lessons are complete is fitted at once."""
        learned = self._kept["learned"][rows.asset]
        if learned.all():
            return
        said = (~np.isnan(rows.values) & self._candidates).any(axis=1)
        for i in np.flatnonzero(allowed & said & ~learned):
            asset, at = int(rows.asset[i]), int(rows.at[i])
            if self._due(asset, at):
                self._lessons.add(asset, at, np.append(rows.values[i], float(at)))
                if self._enough.complete(self._lessons, asset):
                    self._learned(asset)

    def readiness(self) -> Floats:
        """Tell how much of the learning is done."""
        return np.where(self._kept["learned"], 1.0, self._enough.progress(self._lessons))

    def forget(self, asset: int) -> None:
        """Learn one asset anew."""
        self._lessons.drop(asset)
        for name, row in self._all(1).items():
            self._kept[name][asset] = row[0]

    def state(self) -> State:
        """Return everything needed to go on."""
        return {name: kept.copy() for name, kept in self._kept.items()} | self._lessons.state()

    def restore(self, state: State) -> None:
        """Take over a state; what one of before does not have stands as in the beginning."""
        fresh = self._all(len(self._kept["learned"]))
        self._kept = {
            name: np.array(state.get(name, fresh[name]), kept.dtype).reshape(kept.shape)
            for name, kept in self._kept.items()
        }
        self._lessons.restore(state)

    def _due(self, asset: int, at: int) -> bool:
        """Tell whether a row is kept as a lesson."""
        return True

    def _all(self, assets: int) -> Kept:
        shared = {"learned": np.zeros(assets, np.bool_), "line": np.ones(assets)}
        return self.blank(assets) | shared

    def _learned(self, asset: int) -> None:
        """Learn from the lessons of an asset; the line is tried on their last part."""
        lessons = self._lessons.rows(asset)
        rows, at = lessons[:, :-1], lessons[:, -1].astype(np.int64)
        cut = int(len(rows) * (1 - KEPT_BACK))
        one = self._one(self.fit(rows[:cut], at[:cut]))
        none = np.zeros(len(rows) - cut, np.intp)
        running = np.full(len(none), Mode.RUNNING, np.int8)
        tried = self._judge(Round(none, at[cut:], rows[cut:], running), one, one, none).value
        worst = held(np.where(np.isnan(tried), 0.0, tried), LASTING).max(initial=0.0)
        final = self._one(self.fit(rows, at))
        if self.alike(one, final):
            final["line"][0] = np.clip(MARGIN * worst, 1.0, HIGHEST)
        for name, row in final.items():
            self._kept[name][asset] = row[0]
        self._lessons.drop(asset)

    def _one(self, found: Kept) -> Kept:
        """Make the state of a single asset that has learned."""
        one = self._all(1)
        for name, array in found.items():
            one[name][0] = array
        one["learned"][0] = True
        return one

    def _judge(self, rows: Round, kept: Kept, moving: Kept, slot: NDArray[np.intp]) -> Scored:
        shape = rows.values.shape
        told = Told(
            np.full(shape[0], np.nan),
            np.zeros(shape),
            np.full(shape, np.nan),
            np.full(shape, np.nan),
        )
        given = Rows(
            np.ascontiguousarray(rows.asset, np.intp),
            np.ascontiguousarray(slot, np.intp),
            np.ascontiguousarray(rows.at, np.int64),
            np.ascontiguousarray(rows.values, np.float64),
            rows.mode == Mode.RUNNING,
            np.ascontiguousarray(
                np.zeros(shape[0], np.bool_) if rows.locked is None else rows.locked
            ),
            rows.repeated,
        )
        self.loop(given, kept, moving, told)
        return Scored(*told)
