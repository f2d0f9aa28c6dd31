"""Budget: an alarm line per asset that keeps a promised number of false alerts.

The very rule that raises alerts is run at a ladder of lines at once, over healthy time after
learning: how often each would have raised one is counted, with its delays, so that neither likeness
of neighbouring rows nor the length of alerts needs a model. What is expected at a line is the mean
of a gamma posterior: the promise at the detector's own line is the prior, worth half an alert, so
that this line stands until more is known. (A. Gelman et al., Bayesian Data Analysis,
2013, section 2.6.)

While an alert stands, and for some days after, nothing is counted: a fault that is held, or comes
and goes, is not what healthy running does. The alert itself counts once, as nobody knows yet
whether it was false. Time is that of the calendar, as people count it, stops included.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.clock import DAY, HOUR, Span
from core.readings import Bools, Floats, Instants
from models.detector import State
from models.kernel import kernel

MONTH: Span = 30 * DAY
"""What is meant by a month of a budget."""

LADDER: Floats = np.round(np.geomspace(0.25, 4.0, 57), 4)
"""The lines that are tried, in scores of the detector."""

FALLS = 0.15
"""By how much a line must rise for a third as many false alerts, while that is not known."""

SURE = 10.0
"""How many alerts above a high line it takes at most to believe that they come there too."""

WORTH = 0.5
"""For how many alerts the prior counts."""

QUIET: Span = 7 * DAY
"""So long after an alert another one is taken to be about the same trouble."""

LONGEST: Span = 40 * DAY
"""So long such a trouble may go on; what comes and goes for longer is how the machine runs."""

OFTEN, ONCE = 0.2, 2.0
"""Which part of healthy scores may lie beyond the line at most, and how many of them within the
time that a score must stay below it to return.
"""

GAP: Span = DAY
"""The most time that counts between two rows."""

KNOWN = 0.1
"""A budget is supported once this part of an alert would have been due."""

NEVER = np.iinfo(np.int64).min


class Ladder(NamedTuple):
    """What is kept of each asset: whether each line is on, since when it wants to change.

    The last place stands for the line that holds now. `trouble` is when what was told last began,
    `ended` when it was last there. `seen` counts healthy scores between lines, `busy` is the
    highest line with something on, `due` the span at which the line is reckoned again.
    """

    on: Bools
    since: Instants
    alerts: NDArray[np.int64]
    span: NDArray[np.int64]
    last: Instants
    line: Floats
    trouble: Instants
    ended: Instants
    seen: NDArray[np.int64]
    busy: NDArray[np.int64]
    due: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Account:
    """What was promised to an asset and what came of it, over healthy time `span` (ns).

    `delivered` false alerts a month would have come at `line`. Where `supported` is false so much
    healthy time is `needed` still.
    """

    promised: float
    delivered: float
    line: float
    span: Span
    supported: bool
    needed: Span


class Budget:
    """Follows the scores of one detector for all assets of a class."""

    def __init__(
        self, promised: float, on_delay: Span, off_delay: Span, deadband: float, assets: int
    ) -> None:
        """Promise so many false alerts a month of an asset, by a rule with these delays."""
        self._promised = promised
        self._delays = (on_delay, off_delay, 1 - deadband)
        self._kept = _blank(assets)

    @property
    def line(self) -> Floats:
        """The line of each asset, in scores of the detector."""
        return self._kept["line"]

    def follow(self, asset: NDArray[np.intp], at: Instants, scores: Floats, apart: Bools) -> Floats:
        """Take rows in order of time; returns the line that held for each.

        `scores[n]` are the detector's own, NaN where it could not judge. Rows that stand `apart`,
        since they may not be learned from, count only where they reach the line by themselves.
        """
        held = np.empty(len(asset))
        kept = Ladder(*(self._kept[name] for name in Ladder._fields))
        rate = self._promised / MONTH
        _follow(asset, at, scores, apart, LADDER, rate, self._delays, kept, held)
        return held

    def account(self, asset: int) -> Account:
        """Tell what was promised and what would have come."""
        span, line = int(self._kept["span"][asset]), float(self._kept["line"][asset])
        came = float(np.interp(line, LADDER, self._kept["alerts"][asset]))
        needed = max(0, round(KNOWN * MONTH / self._promised) - span)
        delivered = came * MONTH / span if span else float("nan")
        return Account(self._promised, delivered, line, span, needed == 0, needed)

    def forget(self, asset: int) -> None:
        """Count anew for one asset."""
        for name, row in _blank(1).items():
            self._kept[name][asset] = row[0]

    def moving(self) -> State:
        """Return the very arrays that `follow` writes to."""
        return dict(self._kept)

    def state(self) -> State:
        """Return everything kept."""
        return {name: kept.copy() for name, kept in self._kept.items()}

    def restore(self, state: State) -> None:
        """Take over what was kept."""
        self._kept = {
            name: state[name].astype(kept.dtype).reshape(kept.shape)
            for name, kept in self._kept.items()
        }


@kernel
def _follow(
    asset: NDArray[np.intp],
    at: Instants,
    scores: Floats,
    apart: Bools,
    ladder: Floats,
    rate: float,
    delays: tuple[int, int, float],
    kept: Ladder,
    held: Floats,
) -> None:
    """Run the rule at every line down the rows; the line moves only while none of them is on."""
    own = len(ladder)
    for i in range(len(asset)):
        a = asset[i]
        line = held[i] = kept.line[a]
        before, kept.last[a] = kept.last[a], at[i]
        known = not np.isnan(scores[i])
        if not known and before != NEVER:
            _wait(a, at[i] - before, kept)
        stood = kept.on[a, own]
        told = known and _turn(a, own, scores[i], line, at[i], delays, kept)
        if told and at[i] >= kept.ended[a] + QUIET:
            kept.trouble[a] = at[i]
        elif stood:
            kept.ended[a] = at[i]
        quiet = min(kept.ended[a] + QUIET, kept.trouble[a] + LONGEST)
        if stood or at[i] < quiet or (known and apart[i] and scores[i] < line):
            kept.since[a, :own] = NEVER
            continue
        if before != NEVER:
            kept.span[a] += min(max(at[i] - before, 0), GAP)
        if not known:
            continue
        top = -1
        while top + 1 < own and scores[i] >= ladder[top + 1]:
            top += 1
        kept.seen[a, top + 1] += 1
        rests, raised, busy = not kept.on[a, own], False, -1
        for k in range(max(top, kept.busy[a]) + 1):
            if _turn(a, k, scores[i], ladder[k], at[i], delays, kept):
                kept.alerts[a, k] += 1
                raised = True
            rests = rests and not (kept.on[a, k] and ladder[k] >= line)
            if kept.on[a, k] or kept.since[a, k] != NEVER:
                busy = k
        kept.busy[a] = busy
        if rests and (raised or kept.span[a] >= kept.due[a]):
            span, lasts = kept.span[a], max(delays[1], 1)
            kept.line[a] = _line(kept.alerts[a], kept.seen[a], span, span / lasts, ladder, rate)
            kept.due[a] = kept.span[a] + HOUR


@kernel
def _wait(a: int, passed: int, kept: Ladder) -> None:
    """Let all delays stand while nothing is known, as those of a rule do."""
    own = kept.on.shape[1] - 1
    for k in range(kept.busy[a] + 1):
        if kept.since[a, k] != NEVER:
            kept.since[a, k] += passed
    if kept.since[a, own] != NEVER:
        kept.since[a, own] += passed


@kernel
def _turn(
    a: int, k: int, score: float, line: float, at: int, delays: tuple[int, int, float], kept: Ladder
) -> bool:
    """Let the rule at one line take a score; true where it comes on."""
    on_delay, off_delay, low = delays
    on = kept.on[a, k]
    wants = score < low * line if on else score >= line
    if not wants:
        kept.since[a, k] = NEVER
        return False
    if kept.since[a, k] == NEVER:
        kept.since[a, k] = at
    if at - kept.since[a, k] < (off_delay if on else on_delay):
        return False
    kept.on[a, k] = not on
    kept.since[a, k] = NEVER
    return not on


@kernel
def _line(
    count: NDArray[np.int64],
    seen: NDArray[np.int64],
    span: int,
    returns: float,
    ladder: Floats,
    rate: float,
) -> float:
    """Find where the expected number of alerts, falling along the ladder, passes the promise.

    Where healthy scores lie too often there is no line: an alert would not return from it. There
    was time for `returns` of them.
    """
    due, often = rate * span, min(OFTEN * seen.sum(), max(ONCE * returns, 1.0))
    above, beyond = 0.0, 0.0
    for k in range(len(ladder) - 1, -1, -1):
        beyond += seen[k + 1]
        expected = count[k] + WORTH * (1.0 - min(np.exp((ladder[k] - 1.0) / FALLS), 2 * SURE))
        if expected > due or beyond > often:
            if k == len(ladder) - 1:
                return float(ladder[k])
            part = 1.0 if beyond > often else (expected - due) / (expected - above)
            return float(ladder[k] + part * (ladder[k + 1] - ladder[k]))
        above = expected
    return float(ladder[0])


def _blank(assets: int) -> dict[str, NDArray[Any]]:
    return {
        "on": np.zeros((assets, len(LADDER) + 1), np.bool_),
        "since": np.full((assets, len(LADDER) + 1), NEVER, np.int64),
        "alerts": np.zeros((assets, len(LADDER)), np.int64),
        "span": np.zeros(assets, np.int64),
        "last": np.full(assets, NEVER, np.int64),
        "line": np.ones(assets),
        "trouble": np.full(assets, NEVER, np.int64),
        "ended": np.full(assets, NEVER, np.int64),
        "seen": np.zeros((assets, len(LADDER) + 1), np.int64),
        "busy": np.full(assets, -1, np.int64),
        "due": np.zeros(assets, np.int64),
    }
