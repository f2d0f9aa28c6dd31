"""Rules: when a score becomes a finding. Delays and deadband, for all assets of a class at once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.plant import RuleSpec
from core.readings import Bools, Floats, Instants
from models.detector import State

NEVER = np.iinfo(np.int64).min
"""Stands for no time in columns of instants."""

Fired = tuple[int, int, bool]
"""The number of a rule, the row of a round, and whether the rule came on."""


class RuleLatch:
    """Holds for each rule and asset whether it is on, and since when it wants to change.

    A score of NaN moves nothing: the rule stays as it is and its delay stands still.
    """

    def __init__(self, rules: Sequence[RuleSpec], detectors: Sequence[str], assets: int) -> None:
        self.rules = tuple(rules)
        self._detector = np.array([detectors.index(rule.detector) for rule in rules], np.intp)
        self._line: Floats = _column([rule.at_score for rule in rules], np.float64)
        low = [rule.at_score * (1 - rule.deadband) for rule in rules]
        self._low: Floats = _column(low, np.float64)
        self._on_delay: Instants = _column([rule.on_delay for rule in rules], np.int64)
        self._off_delay: Instants = _column([rule.off_delay for rule in rules], np.int64)
        self._on = np.zeros((len(self.rules), assets), np.bool_)
        self._since = np.full((len(self.rules), assets), NEVER, np.int64)
        self._busy = False
        ranks = [-rule.severity.rank for rule in rules]
        self._gravest_first = sorted(range(len(ranks)), key=ranks.__getitem__)

    def update(
        self,
        asset: NDArray[np.intp],
        at: Instants,
        passed: Instants,
        scores: Floats,
        blind: Bools | None = None,
    ) -> list[Fired]:
        """Take one row per asset; `scores[d]` are one detector's. Returns what changed.

        Where `blind[rule, row]`, the score says nothing of the rule's condition.
        """
        if not self.rules:
            return []
        score = scores[self._detector]
        if blind is not None:
            score = np.where(blind, np.nan, score)
        above = score >= self._line
        if not self._busy and not above.any():
            return []
        on = self._on[:, asset]
        since = self._since[:, asset]
        unsure = np.isnan(score)
        wants = np.where(on, score < self._low, above)
        begun = np.where(since == NEVER, at, np.minimum(since, at))
        waited = np.where(since == NEVER, NEVER, since + passed)
        since = np.where(wants, begun, np.where(unsure, waited, NEVER))
        fired = wants & (at - begun >= np.where(on, self._off_delay, self._on_delay))
        since[fired] = NEVER
        self._on[:, asset] = on ^ fired
        self._since[:, asset] = since
        self._busy = bool(self._on.any() or (self._since != NEVER).any())
        return [
            (rule, int(row), not on[rule, row])
            for row in np.flatnonzero(fired.any(axis=0))
            for rule in self._gravest_first
            if fired[rule, row]
        ]

    def locked(self, asset: NDArray[np.intp]) -> Bools:
        """Tell for which assets any rule is on, or its condition is, before its delay has run."""
        if not self._busy:
            return np.zeros(len(asset), np.bool_)
        held: Bools = (self._on[:, asset] | (self._since[:, asset] != NEVER)).any(axis=0)
        return held

    def waiting(self) -> Bools:
        """Tell for which assets a delay of any rule runs."""
        waiting: Bools = (self._since != NEVER).any(axis=0)
        return waiting

    def held(self, asset: NDArray[np.intp]) -> Bools:
        """Tell which rules are on, `[rule, row]`."""
        return self._on[:, asset]

    def above(self, scores: Floats) -> Bools:
        """Tell where a score is too high for a rule to go off, `[rule, row]`."""
        above: Bools = scores[self._detector] >= self._low
        return above

    def on(self, asset: int) -> list[RuleSpec]:
        """List the rules that are on for an asset."""
        return [rule for rule, on in zip(self.rules, self._on[:, asset], strict=True) if on]

    def reset(self, asset: int, groups: Collection[str] | None = None) -> None:
        """Start one asset anew, so that a condition that persists is found again."""
        for number, rule in enumerate(self.rules):
            if groups is None or rule.group in groups:
                self._on[number, asset] = False
                self._since[number, asset] = NEVER

    def state(self) -> State:
        """Return the latches, each rule under its name so that rules may come and go."""
        kept: State = {}
        for number, rule in enumerate(self.rules):
            kept[f"on.{rule.name}"] = self._on[number]
            kept[f"since.{rule.name}"] = self._since[number]
        return kept

    def restore(self, state: State) -> None:
        """Take over latches."""
        for number, rule in enumerate(self.rules):
            self._on[number] = state[f"on.{rule.name}"]
            self._since[number] = state[f"since.{rule.name}"]
        self._busy = bool(self._on.any() or (self._since != NEVER).any())


def _column(numbers: Sequence[float], kind: Any) -> NDArray[Any]:
    """Lay numbers out one below the other, also where there are none."""
    return np.array(numbers, kind).reshape(-1, 1)
