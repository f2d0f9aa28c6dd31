"""Suspects: for each rule that is on, the channel that carries the blame for it.

A score is the worst of what could be judged. Where the channel that raised it can no longer be
judged, a lower score says nothing of the condition: then the rule cannot tell, and stays on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from core.plant import Mode, RuleSpec
from core.readings import Bools, Floats
from models.detector import Round, Scored, State, Verdicts
from service.watermark import Rows

NOBODY = -1

_IN_MOTION = np.array([Mode.RUNNING, Mode.UNKNOWN])
"""While a machine is known to stand, what is missing is missing for that."""


class Suspects:
    """Holds for each rule and asset the most blamed channel, from when the rule came on."""

    def __init__(self, rules: Sequence[RuleSpec], assets: int) -> None:
        self._rules = tuple(rules)
        self._channel = np.full((len(self._rules), assets), NOBODY, np.int64)

    def blind(self, rows: Round, on: Bools, verdicts: Verdicts) -> Bools | None:
        """Tell where a rule that is on cannot be judged, `[rule, row]`; None for nowhere.

        `on[rule, row]` tells which rules are on.
        """
        if not on.any():
            return None
        moving = np.isin(rows.mode, _IN_MOTION)
        blind = np.zeros(on.shape, np.bool_)
        for number, rule in enumerate(self._rules):
            channel = self._channel[number, rows.asset]
            judged = _of(_judged(verdicts[rule.detector]), channel)
            blind[number] = on[number] & moving & (channel != NOBODY) & ~judged
        return blind

    def follow(self, rows: Round, before: Bools, on: Bools, above: Bools, said: Verdicts) -> None:
        """Note who is to blame: as a rule comes on, and while it is on, once the first is back.

        Where the first is back and the score with it, nobody is.

        `above[rule, row]` tells where the score is still too high for the rule to return.
        """
        if not on.any():
            return
        for number, rule in enumerate(self._rules):
            scored = said[rule.detector]
            channel = self._channel[number, rows.asset]
            back = (channel == NOBODY) | _of(_inside(rows, scored), channel)
            moves = on[number] & above[number] & (back | ~before[number])
            strongest = scored.blame.argmax(axis=1)
            cleared = on[number] & ~above[number] & back
            channel = np.where(cleared, NOBODY, channel)
            self._channel[number, rows.asset] = np.where(moves, strongest, channel)

    def state(self) -> State:
        """Return what a restart needs, each rule under its name so that rules may come and go."""
        return {rule.name: self._channel[n] for n, rule in enumerate(self._rules)}

    def restore(self, state: Mapping[str, NDArray[np.generic]]) -> None:
        """Take over a state."""
        for number, rule in enumerate(self._rules):
            self._channel[number] = state[rule.name]


def _judged(scored: Scored) -> Bools:
    """Tell which channels a detector had an opinion on."""
    judged: Bools = np.isfinite(scored.low) | np.isfinite(scored.high)
    return judged


def _inside(rows: Round, scored: Scored) -> Bools:
    """Tell which channels were judged and are where they should be."""
    values: Floats = rows.values if scored.values is None else scored.values
    return _judged(scored) & ~(values < scored.low) & ~(values > scored.high) & ~np.isnan(values)


def _of(flags: Bools, channel: Rows) -> Bools:
    """Pick from `flags[row, channel]` one channel of each row."""
    picked: Bools = flags[np.arange(len(flags)), np.maximum(channel, 0)]
    return picked
