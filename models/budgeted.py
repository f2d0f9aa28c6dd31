"""Budgeted: a learned detector whose line keeps the promised number of false alerts."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from core.plant import AssetClass, Mode, NamedDetector, RuleSpec
from core.readings import Bools, Floats
from models.budget import Account, Budget
from models.course import Courser, Retriable
from models.detector import Detector, Extensible, Round, Scored, State

_OWN = "budget_"


class Budgeted:
    """Judges as a detector does, its score measured by the line that the budget allows."""

    def __init__(self, detector: Detector, budget: Budget) -> None:
        self.inner = detector
        self._budget = budget

    def score(self, rows: Round) -> Scored:
        """Judge rows by the lines that hold now."""
        return _measured(self.inner.score(rows), self._budget.line[rows.asset])

    def observe(self, rows: Round) -> None:
        """Move on what accumulates, and count what each line would have raised."""
        self._follow(rows, self.inner.score(rows).value)
        self.inner.observe(rows)

    def learn(self, rows: Round, allowed: Bools) -> None:
        """Let the detector learn."""
        self.inner.learn(rows, allowed)

    def readiness(self) -> Floats:
        """Tell how much of the learning is done."""
        return self.inner.readiness()

    def expect(self, names: Collection[str]) -> None:
        """Make room for what a saved state holds."""
        if isinstance(self.inner, Extensible):
            self.inner.expect(names)

    def account(self, asset: int) -> Account:
        """Tell what was promised for an asset, and what would have come."""
        return self._budget.account(asset)

    def forget(self, asset: int) -> None:
        """Learn and count anew for one asset."""
        self.inner.forget(asset)
        self._budget.forget(asset)

    def state(self) -> State:
        """Return everything needed to go on."""
        own = {_OWN + name: kept for name, kept in self._budget.state().items()}
        return self.inner.state() | own

    def restore(self, state: State) -> None:
        """Take over a state; one from before there was a budget begins to count."""
        own = {
            name.removeprefix(_OWN): kept for name, kept in state.items() if name.startswith(_OWN)
        }
        self.inner.restore({n: kept for n, kept in state.items() if not n.startswith(_OWN)})
        if own:
            self._budget.restore(own)

    def _follow(self, rows: Round, scores: Floats) -> Floats:
        if rows.repeated:
            return self._budget.line[rows.asset]
        held = self._budget.line[rows.asset]
        ready = np.flatnonzero(self.inner.readiness()[rows.asset] >= 1)
        apart = rows.mode != Mode.RUNNING
        if rows.locked is not None:
            apart = apart | rows.locked
        asset, at = rows.asset[ready], rows.at[ready]
        held[ready] = self._budget.follow(asset, at, scores[ready], apart[ready])
        return held


class BudgetedCourser(Budgeted):
    """The same over a detector that judges a whole course at once."""

    def __init__(self, detector: Detector, course: Courser, budget: Budget) -> None:
        """Take the detector twice, as what it is and as what it can."""
        super().__init__(detector, budget)
        self._courser = course

    def judge(self, rows: Round) -> Scored:
        """Score and observe rows in time order, in which assets may repeat."""
        scored = self._courser.judge(rows)
        return _measured(scored, self._follow(rows, scored.value))


class BudgetedCourse(BudgetedCourser):
    """The same over one that can also take a course back."""

    def __init__(self, detector: Detector, course: Retriable, budget: Budget) -> None:
        """Take the detector twice, as what it is and as what it can."""
        super().__init__(detector, course, budget)
        self._course = course

    def moving(self) -> State:
        """Return the very arrays that judging writes to."""
        return self._course.moving() | {
            _OWN + name: kept for name, kept in self._budget.moving().items()
        }


def extensible(detector: Detector) -> Extensible | None:
    """Find what can learn later models in a detector, budgeted or not; None where nothing can."""
    inner = detector.inner if isinstance(detector, Budgeted) else detector
    return inner if isinstance(inner, Extensible) else None


def budgeted(
    detector: Detector, named: NamedDetector, asset_class: AssetClass, assets: int
) -> Detector:
    """Put a detector under its class's budget, where a rule alerts at its line."""
    rule = _alerts(named, asset_class.rules)
    if rule is None:
        return detector
    budget = Budget(asset_class.false_alerts, rule.on_delay, rule.off_delay, rule.deadband, assets)
    if isinstance(detector, Retriable):
        return BudgetedCourse(detector, detector, budget)
    if isinstance(detector, Courser):
        return BudgetedCourser(detector, detector, budget)
    return Budgeted(detector, budget)


def _alerts(named: NamedDetector, rules: tuple[RuleSpec, ...]) -> RuleSpec | None:
    """Find the rule that comes first at a detector's line."""
    at_line = [rule for rule in rules if rule.detector == named.name and rule.at_score <= 1.0]
    return min(at_line, key=lambda rule: (rule.at_score, rule.on_delay), default=None)


def _measured(scored: Scored, line: Floats) -> Scored:
    value = scored.value / np.asarray(line)
    return Scored(value, scored.blame, scored.low, scored.high, scored.values)
