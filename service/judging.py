"""Judging: what a class's detectors and rules make of rows, one each or a long course of them.

A detector's slow adaptation takes no row up at which a finding stands, and whether one does follows
from the scores. Over a course that is found by trying: judge as if nothing changed, see what the
rules make of it, and judge those assets again of which they say otherwise. A row's own score never
depends on whether it is taken up, so each try is right for longer than the one before, and what
stays is what row after row would have given.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from core.readings import Bools, Floats, Instants
from models.course import Retriable, judge
from models.crosscheck import Checked, Crosscheck
from models.detector import Detector, Round, Scored, State, Verdicts
from service.learning import may_learn
from service.rules import Followed, RuleLatch
from service.watermark import Rows

TRIES = 6
"""After so many tries a course is cut in two; its beginning is settled by then."""


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """Rows of a class and what is known of them: time `passed`, and which not to learn from.

    `given` are the rows with what only the crosscheck disbelieves, None where that is nothing.
    """

    row: Round
    passed: Instants
    doubted: Bools
    checked: Checked | None = None
    given: Round | None = None

    def take(self, part: slice) -> Known:
        """Select rows, keeping their order."""
        return Known(
            self.row.take(part),
            self.passed[part],
            self.doubted[part],
            None if self.checked is None else self.checked.take(part),
            None if self.given is None else self.given.take(part),
        )

    def crosschecked(self, checked: Checked) -> Known:
        """Take out of rows what the crosscheck does not believe."""
        row, barred = self.row, checked.barred
        doubted = self.doubted | checked.doubted
        if not barred.any():
            return replace(self, doubted=doubted, checked=checked)
        refused = barred if row.refused is None else barred | row.refused
        less = replace(row, values=checked.values, refused=refused)
        return Known(less, self.passed, doubted, checked, row)


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """The verdicts on some rows of a course, `scores[d]` of one detector, and what rules made."""

    part: slice
    row: Round
    verdicts: Verdicts
    scores: Floats
    led: Followed


class Judging:
    """Judges believed rows of one class, and lets what was learned of it stand or move on."""

    def __init__(
        self,
        detectors: Mapping[str, Detector],
        rules: RuleLatch,
        beat: Callable[[], None],
        crosscheck: Crosscheck | None = None,
        given: Collection[str] = (),
    ) -> None:
        """Take what judges; detectors in `given` see also what the crosscheck does not believe."""
        self._detectors = detectors
        self._rules = rules
        self._beat = beat
        self.crosscheck = crosscheck
        self._given = frozenset(given)

    def settled(self, assets: int) -> Bools:
        """Tell of which assets a course can be judged: all has been learned of them."""
        ready = np.ones(assets, np.bool_)
        for detector in self._detectors.values():
            ready &= (detector.readiness() >= 1) & isinstance(detector, Retriable)
        if self.crosscheck is not None:
            ready &= self.crosscheck.readiness() >= 1
        return ready

    def forget(self, asset: int) -> None:
        """Start one asset anew."""
        for detector in self._detectors.values():
            detector.forget(asset)
        if self.crosscheck is not None:
            self.crosscheck.forget(asset)

    def once(self, known: Known) -> Judged:
        """Judge one row each of some assets, and learn from what may be."""
        judged = self.again(known)
        allowed = may_learn(known.row.mode, judged.led.after, known.doubted)
        seen = replace(known, row=replace(known.row, locked=~allowed))
        for name, detector in self._detectors.items():
            row = self._shown(name, seen)
            detector.observe(row)
            detector.learn(row, allowed)
        if self.crosscheck is not None:
            self.crosscheck.learn(seen.row, allowed)
        return judged

    def again(self, known: Known) -> Judged:
        """Judge one row each of some assets, and change nothing but the rules."""
        row = known.row
        verdicts = {
            name: self._of(found.score, self._shown(name, known))
            for name, found in self._detectors.items()
        }
        scores = self._scores(verdicts, len(row.asset))
        led = self._rules.follow(row, known.passed, scores, verdicts, known.checked)
        self._rules.keep(led)
        return Judged(slice(0, len(row.asset)), row, verdicts, scores, led)

    def course(self, known: Known) -> Iterator[Judged]:
        """Judge rows in order of time of assets that have learned, which may repeat."""
        waiting = [slice(0, len(known.row.asset))]
        while waiting:
            part = waiting.pop()
            found = self._agreed(part, known.take(part))
            if found is not None:
                self._rules.keep(found.led)
                yield found
            else:
                middle = (part.start + part.stop) // 2
                waiting += [slice(middle, part.stop), slice(part.start, middle)]

    def _agreed(self, part: slice, known: Known) -> Judged | None:
        """Try until rules and detectors agree on when a finding stood; None where they do not."""
        row, passed, doubted = known.row, known.passed, known.doubted
        locked = ~may_learn(row.mode, self._rules.locked(row.asset), doubted)
        assets = np.unique(row.asset)
        kept = {name: _rows(self._moving(name), assets) for name in self._detectors}
        verdicts = self._verdicts(known, locked, slice(None))
        for _ in range(TRIES):
            scores = self._scores(verdicts, len(row.asset))
            led = self._rules.follow(row, passed, scores, verdicts, known.checked)
            right = ~may_learn(row.mode, led.after, doubted)
            if np.array_equal(right, locked):
                return Judged(part, row, verdicts, scores, led)
            wrong = np.unique(row.asset[right != locked])
            self._put_back(kept, assets, wrong)
            locked, again = right, np.flatnonzero(np.isin(row.asset, wrong))
            for name, scored in self._verdicts(known, locked, again).items():
                _put(verdicts[name], again, scored)
        self._put_back(kept, assets, assets)
        return None

    def _put_back(self, kept: Mapping[str, State], assets: Rows, some: Rows) -> None:
        """Undo what judging has moved of some assets; `kept` is how all `assets` were."""
        places = np.searchsorted(assets, some)
        for name, state in kept.items():
            for field, values in self._moving(name).items():
                values[some] = state[field][places]

    def _verdicts(
        self, known: Known, locked: Bools, chosen: NDArray[np.intp] | slice
    ) -> dict[str, Scored]:
        return {
            name: self._of(
                partial(judge, found), replace(self._shown(name, known), locked=locked).take(chosen)
            )
            for name, found in self._detectors.items()
        }

    def _shown(self, name: str, known: Known) -> Round:
        """Tell what a detector is shown: given lines see what only the crosscheck disbelieves."""
        return known.given if name in self._given and known.given is not None else known.row

    def _of(self, act: Callable[[Round], Scored], row: Round) -> Scored:
        """Ask a detector, which may take its time: its loop is compiled when first asked."""
        self._beat()
        return act(row)

    def _scores(self, verdicts: Verdicts, count: int) -> Floats:
        scores = np.empty((len(verdicts), count))
        for place, scored in enumerate(verdicts.values()):
            scores[place] = scored.value
        return scores

    def _moving(self, name: str) -> State:
        detector = self._detectors[name]
        return detector.moving() if isinstance(detector, Retriable) else {}


def _rows(state: State, assets: Rows) -> State:
    return {name: values[assets] for name, values in state.items()}


def _put(whole: Scored, rows: Rows, part: Scored) -> None:
    """Write the verdicts on some rows over those on all."""
    for name in ("value", "blame", "low", "high", "values"):
        news = getattr(part, name)
        if news is not None:
            getattr(whole, name)[rows] = news
