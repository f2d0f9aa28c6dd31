"""Regimed: a learned detector with a model of its own for each regime that was learned later.

The first model stays as it is whatever is learned later, so that taking a later one back leaves no
trace. Later models cost nothing until there is one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core.plant import Mode
from core.readings import Bools, Floats
from models.course import Retriable
from models.detector import Detector, Round, Scored, State
from models.regime_watch import LATER

_OWN = "later"
Make = Callable[[], Detector]


class Regimed:
    """Judges each row by the model that `Round.model` names; the others take it as a stop."""

    def __init__(self, make: Make, inner: Detector, assets: int) -> None:
        self._make = make
        self._inner = inner
        self._later: dict[int, Detector] = {}
        self._has = np.zeros((assets, LATER + 1), np.bool_)

    def score(self, rows: Round) -> Scored:
        """Judge rows by their models."""
        return self._all(rows, lambda detector, part: detector.score(part))

    def observe(self, rows: Round) -> None:
        """Move on what accumulates."""
        self._inner.observe(self._for(rows, 0))
        for number, detector in self._later.items():
            mine = self._mine(rows, number)
            if len(mine):
                detector.observe(self._for(rows.take(mine), number))

    def learn(self, rows: Round, allowed: Bools) -> None:
        """Let the models learn from the rows that they judge."""
        if not self._later or rows.model is None:
            self._inner.learn(rows, allowed)
            return
        self._inner.learn(rows, allowed & (rows.model == 0))
        for number, detector in self._later.items():
            mine = np.flatnonzero(rows.model == number)
            if len(mine):
                detector.learn(rows.take(mine), allowed[mine])

    def extend(self, asset: int, number: int, rows: Round) -> bool:
        """Learn a later model of one asset from its rows in time order; false where too few."""
        detector = self._opened(number)
        detector.forget(asset)
        self._has[asset, number] = False
        yes = np.ones(1, np.bool_)
        for i in range(len(rows.asset)):
            row = rows.take(slice(i, i + 1))
            detector.observe(row)
            detector.learn(row, yes)
        if detector.readiness()[asset] < 1:
            detector.forget(asset)
            return False
        self._has[asset, number] = True
        return True

    def has(self, asset: int, number: int) -> bool:
        """Tell whether there is that later model of an asset."""
        return bool(self._has[asset, number])

    def readiness(self) -> Floats:
        """Tell how much of the first learning is done."""
        return self._inner.readiness()

    def forget(self, asset: int) -> None:
        """Drop all models of one asset."""
        self._inner.forget(asset)
        for number in self._later:
            self.drop(asset, number)

    def drop(self, asset: int, number: int) -> None:
        """Drop a later model of one asset."""
        if number in self._later:
            self._later[number].forget(asset)
        self._has[asset, number] = False

    def expect(self, names: Collection[str]) -> None:
        """Make room for the later models that a saved state holds."""
        for number in range(1, LATER + 1):
            if any(name.startswith(f"{_OWN}{number}_") for name in names):
                self._opened(number)

    def state(self) -> State:
        """Return everything needed to go on."""
        whole = self._inner.state()
        if self._later:
            whole = whole | {_OWN: self._has.copy()}
        for number, detector in self._later.items():
            own = detector.state()
            whole = whole | {f"{_OWN}{number}_{name}": kept for name, kept in own.items()}
        return whole

    def restore(self, state: State) -> None:
        """Take over a state; one from before there were later models has none."""
        self.expect(state.keys())
        parts: dict[int, State] = {number: {} for number in (0, *self._later)}
        for name, kept in state.items():
            number = next((n for n in self._later if name.startswith(f"{_OWN}{n}_")), 0)
            if name != _OWN:
                parts[number][name.removeprefix(f"{_OWN}{number}_") if number else name] = kept
        self._inner.restore(parts.pop(0))
        for number, part in parts.items():
            if part:
                self._later[number].restore(part)
        if _OWN in state:
            self._has = state[_OWN].astype(np.bool_)

    def _opened(self, number: int) -> Detector:
        if number not in self._later:
            self._later[number] = self._make()
            self._later = dict(sorted(self._later.items()))
        return self._later[number]

    def _all(self, rows: Round, act: Callable[[Detector, Round], Scored]) -> Scored:
        scored = act(self._inner, self._for(rows, 0))
        for number, detector in self._later.items():
            mine = self._mine(rows, number)
            if not len(mine):
                continue
            part = act(detector, self._for(rows.take(mine), number))
            if rows.model is not None:
                here = rows.model[mine] == number
                scored = _laid(scored, mine[here], part, here)
        return scored

    def _mine(self, rows: Round, number: int) -> NDArray[np.intp]:
        return np.flatnonzero(self._has[rows.asset, number])

    def _for(self, rows: Round, number: int) -> Round:
        """Show rows to one model: those that others judge are a stop to it."""
        if not self._later or rows.model is None:
            return rows
        elsewhere = (rows.model != number) & (rows.mode == Mode.RUNNING)
        if not elsewhere.any():
            return rows
        return replace(rows, mode=np.where(elsewhere, np.int8(Mode.TRANSITION), rows.mode))


class RegimedCourse(Regimed):
    """The same over a detector that judges a whole course at once, and can take it back."""

    def judge(self, rows: Round) -> Scored:
        """Score and observe rows in time order, in which assets may repeat."""
        return self._all(rows, lambda detector, part: _courser(detector).judge(part))

    def moving(self) -> State:
        """Return the very arrays that judging writes to."""
        whole = _courser(self._inner).moving()
        for number, detector in self._later.items():
            own = _courser(detector).moving()
            whole = whole | {f"{_OWN}{number}_{name}": kept for name, kept in own.items()}
        return whole


def regimed(make: Make, assets: int) -> Detector:
    """Give a learned detector room for regimes that are learned later."""
    inner = make()
    if isinstance(inner, Retriable):
        return RegimedCourse(make, inner, assets)
    return Regimed(make, inner, assets)


def _courser(detector: Detector) -> Retriable:
    if not isinstance(detector, Retriable):
        msg = "a detector that judges courses makes others that do"
        raise TypeError(msg)
    return detector


def _laid(whole: Scored, rows: NDArray[np.intp], part: Scored, chosen: Bools) -> Scored:
    """Lay the chosen rows of a verdict over those of another."""
    for name in ("value", "blame", "low", "high"):
        getattr(whole, name)[rows] = getattr(part, name)[chosen]
    if part.values is not None and whole.values is not None:
        whole.values[rows] = part.values[chosen]
    return whole
