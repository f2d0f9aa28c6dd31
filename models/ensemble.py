"""Ensemble: the detector for several channels that is used where none is named.

Each asset's first healthy running is its lesson (`models/ensemble_fit.py`); every row after that is
judged by three members at once (`models/ensemble_row.py`): near, far and spread. The score is that
of the member that is farthest beyond its line.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from core.plant import Asset, AssetClass, Mode
from core.readings import Bools, Floats
from core.settings import Settings
from models.detector import Round, Scored, State
from models.ensemble_fit import Lesson, early, lesson, lines, rarer
from models.ensemble_row import judge_rows
from models.ensemble_state import Course, Known, Told, blank, scratch
from models.lessons import Lessons
from models.mewma import LearnSettings, last
from models.packed import Kept, alike, distinct, packed, put_back
from models.parts import parts

_NEVER = 1e9
"""A line that no score passes."""


class EnsembleSettings(Settings):
    """Several views of all channels together, learned from the same machine.

    Nothing needs setting. `smoothing` is the weight of a new reading in the running mean; `alone`
    says how many standard errors a single channel may be away. Channels in `ignore` take no part.
    """

    kind: Literal["ensemble"] = "ensemble"
    learn: LearnSettings = LearnSettings()
    smoothing: float = Field(default=0.1, gt=0.01, le=1)
    alone: float = Field(default=4.0, ge=2, le=12)
    ignore: tuple[str, ...] = ()


class Ensemble:
    """Learns each asset's healthy running and scores how far it has moved away from it."""

    def __init__(
        self, settings: EnsembleSettings, asset_class: AssetClass, assets: tuple[Asset, ...]
    ) -> None:
        given = parts(asset_class, settings.ignore)
        self._settings = settings
        self._op, self._sure, self._over = given.operating, given.sure, given.over
        self._candidates: Bools = given.judged
        self._lessons = Lessons(len(assets), len(given.judged))
        self._kept = blank(len(assets), len(given.judged), len(self._op))
        self._shown = _shown(self._kept)

    def score(self, rows: Round) -> Scored:
        """Judge rows against what was learned."""
        if distinct(rows.asset):
            return put_back(self._kept, Course._fields, rows.asset, lambda: self.judge(rows))
        kept = packed({name: array[rows.asset] for name, array in self._kept.items()})
        return self._run(rows, _shown(kept), np.arange(len(rows.asset)))

    def observe(self, rows: Round) -> None:
        """Move the running means and references forward."""
        self._run(rows, self._shown, rows.asset)

    def judge(self, rows: Round) -> Scored:
        """Score and observe rows in time order, in which assets may repeat."""
        return self._run(rows, self._shown, rows.asset)

    def moving(self) -> State:
        """Return what `judge` moves, to be kept and put back by whoever tries something."""
        return {name: self._kept[name] for name in Course._fields}

    def learn(self, rows: Round, allowed: Bools) -> None:
        """Add healthy rows; an asset whose lessons are complete is fitted at once."""
        learned = self._kept["learned"][rows.asset]
        if learned.all():
            return
        said = (~np.isnan(rows.values) & self._candidates).any(axis=1)
        for i in np.flatnonzero(allowed & said & ~learned):
            asset = int(rows.asset[i])
            self._lessons.add(asset, int(rows.at[i]), rows.values[i])
            if self._settings.learn.complete(self._lessons, asset):
                self._fit(asset)

    def readiness(self) -> Floats:
        """Tell how much of the learning is done."""
        done = self._settings.learn.progress(self._lessons)
        return np.where(self._kept["learned"], 1.0, done)

    def forget(self, asset: int) -> None:
        """Learn one asset anew."""
        self._lessons.drop(asset)
        self._put(asset, blank(1, len(self._candidates), len(self._op)))

    def state(self) -> State:
        """Return everything needed to go on."""
        return {name: kept.copy() for name, kept in self._kept.items()} | self._lessons.state()

    def restore(self, state: State) -> None:
        """Take over a state; one of an older release lacks what has been added since."""
        count, width = self._kept["judged"].shape
        fresh = blank(count, width, 0)
        state = {name: fresh[name] for name in _ADDED} | state
        for name, kept in self._kept.items():
            kept[...] = state[name].astype(kept.dtype).reshape(kept.shape)
        self._lessons.restore(state)

    def _put(self, asset: int, one: dict[str, NDArray[Any]]) -> None:
        for name, row in one.items():
            self._kept[name][asset] = row[0]

    def _fit(self, asset: int) -> None:
        """Learn from the lessons of an asset; the lines are tried on their last part."""
        rows = self._lessons.rows(asset)
        cut = early(len(rows))
        tried = np.array([self._tried(rows, cut, block) for block in range(2)])
        one = self._learned(rows)
        one["line"][0] = lines(tried.T)
        self._put(asset, one)
        self._lessons.drop(asset)

    def _tried(self, rows: Floats, cut: int, block: int) -> Floats:
        """Fit to the first rows and score the rest by the members of one line only."""
        one = self._learned(rows[:cut])
        one["line"][0, 1 - block] = _NEVER
        none = np.zeros(len(rows) - cut, np.int64)
        mode = np.full(len(none), Mode.RUNNING, np.int8)
        told = self._told(Round(none.astype(np.intp), none, rows[cut:], mode), _shown(one), none)
        return np.where(np.isnan(told.raw), 0.0, told.raw)

    def _learned(self, rows: Floats) -> dict[str, NDArray[Any]]:
        """Make what is kept of one asset that learned from rows."""
        operating = rows[:, self._op]
        settings = self._settings
        given = (rows, operating, self._candidates, settings.smoothing)
        found = lesson(*given, self._sure, self._over)
        one = blank(1, len(self._candidates), len(self._op))
        for name in _FITTED:
            one[name][0] = getattr(found, name)
        for name in _BASE:
            one[name][0] = getattr(found.base, name)
        one["operating"][0] = last(operating)
        one["smoothing"][0] = settings.smoothing
        one["alone"][0] = settings.alone * rarer(len(rows))
        one["learned"][0] = True
        return one

    def _run(self, rows: Round, shown: _Shown, asset: NDArray[np.intp]) -> Scored:
        told = self._told(rows, shown, asset)
        return Scored(told.value, told.blame, told.low, told.high)

    def _told(self, rows: Round, shown: _Shown, asset: NDArray[np.intp]) -> Told:
        shape = rows.values.shape
        told = Told(
            np.full(shape[0], np.nan),
            np.full(shape[0], np.nan),
            np.zeros(shape),
            np.full(shape, np.nan),
            np.full(shape, np.nan),
        )
        locked = np.zeros(shape[0], np.bool_) if rows.locked is None else rows.locked
        judge_rows(
            np.ascontiguousarray(asset, np.intp),
            np.ascontiguousarray(rows.values, np.float64),
            rows.mode == Mode.RUNNING,
            locked,
            rows.repeated,
            self._op,
            *shown,
            scratch(shape[1], len(self._op)),
            told,
        )
        return told


def _shown(kept: Kept) -> _Shown:
    """Show what is kept to the compiled loop."""
    return (
        Known(*(alike(kept[name]) for name in Known._fields)),
        Course(*(alike(kept[name]) for name in Course._fields)),
    )


_Shown = tuple[Known, Course]
_ADDED = ("wide", "ways", "lowest", "highest")  # since the first release
_BASE = ("centre", "spread", "judged", "op_centre", "op_spread", "weights", "precision", "lean")
_FITTED = tuple(name for name in Lesson.__dataclass_fields__ if name != "base")
