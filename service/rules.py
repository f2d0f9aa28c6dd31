"""Rules: when a score becomes a finding. Delays and deadband, for all assets of a class at once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.plant import Mode, RuleSpec, Severity
from core.readings import Bools, Floats, Instants
from models.crosscheck import Checked
from models.detector import Round, State, Verdicts
from service.latch import (
    NEVER,
    NOBODY,
    OFF,
    ON,
    SENSED,
    TO_MACHINE,
    TO_SENSOR,
    UNSENSED,
    Clue,
    Held,
    Line,
    Sight,
    follow,
)

__all__ = ("NEVER", "NOBODY", "Fired", "Followed", "RuleLatch", "Sensed")

Fired = tuple[int, int, bool]
"""The number of a rule, the row of a round, and whether the rule came on."""

Sensed = tuple[int, int, int, bool]
"""The number of a rule, the row, the channel of whose sensor it is, and whether it came on."""

_NOTHING = np.zeros((0, 0))
_BLIND = Sight(_NOTHING, _NOTHING, _NOTHING, _NOTHING, np.zeros(0, np.bool_))
_NONE = np.zeros(0, np.int64)
_CLUELESS = Clue(
    _NONE, _NONE, np.zeros(0, np.bool_), np.zeros(0, np.bool_), np.zeros((0, 0), np.bool_), False
)


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """Where rows would lead: what fired, and after which rows a rule or its condition was on.

    `held` is how each rule then stands at the assets of `places`, None where nothing has changed.
    `sensed` is what fired about sensors; `handed` are those of `fired` that now stand as that.
    """

    fired: list[Fired]
    after: Bools
    places: NDArray[np.intp]
    held: tuple[Held, ...] | None = None
    sensed: tuple[Sensed, ...] = ()
    handed: frozenset[Fired] = frozenset()


class RuleLatch:
    """Holds for each rule and asset whether it is on, and since when it wants to change.

    Beside that it holds the suspect: the channel most to blame, from when the rule came on.
    """

    def __init__(
        self,
        rules: Sequence[RuleSpec],
        detectors: Sequence[str],
        assets: int,
        given: Collection[str] = (),
    ) -> None:
        """Take rules; of the detectors in `given` the lines are a person's, and none is a guess."""
        self.rules = tuple(rules)
        self._routes = [rule.detector not in given for rule in rules]
        mild = [rule.severity is not Severity.CRITICAL for rule in rules]
        self._heeds = [any(one) for one in zip(self._routes, mild, strict=True)]
        self._detector = [detectors.index(rule.detector) for rule in rules]
        self._lines = [
            Line(float(r.at_score), r.at_score * (1 - r.deadband), r.on_delay, r.off_delay, routes)
            for r, routes in zip(rules, self._routes, strict=True)
        ]
        self._on = np.zeros((len(self.rules), assets), np.bool_)
        self._since = np.full((len(self.rules), assets), NEVER, np.int64)
        self._channel = np.full((len(self.rules), assets), NOBODY, np.int64)
        self._sensor = np.full((len(self.rules), assets), NOBODY, np.int64)
        self._gone = np.full((len(self.rules), assets), NEVER, np.int64)
        self._past = np.full((len(self.rules), assets), NOBODY, np.int64)
        self._again = np.zeros((len(self.rules), assets), np.int64)
        self._first = np.full((len(self.rules), assets), NEVER, np.int64)
        self._busy = False
        ranks = [-rule.severity.rank for rule in rules]
        self._gravest_first = sorted(range(len(ranks)), key=ranks.__getitem__)

    def follow(
        self,
        rows: Round,
        passed: Instants,
        scores: Floats,
        verdicts: Verdicts | None = None,
        checked: Checked | None = None,
    ) -> Followed:
        """Say where rows in order of time would lead, in which assets may repeat.

        `scores[d]` are one detector's. Without verdicts nobody is blamed; `checked` is what the
        crosscheck said of the rows.
        """
        count = len(rows.asset)
        after = np.zeros(count, np.bool_)
        if not self._busy and not any(
            (scores[d] >= line.high).any()
            for d, line in zip(self._detector, self._lines, strict=True)
        ):
            return Followed([], after, rows.asset[:0])
        places, slot = np.unique(rows.asset, return_inverse=True)
        moving = (rows.mode >= Mode.RUNNING) | (rows.mode == Mode.UNKNOWN)
        turned, held = np.zeros((len(self.rules), count), np.int8), []
        whom = np.full((len(self.rules), count), NOBODY, np.int64)
        for number, rule in enumerate(self.rules):
            stands = Held(
                self._on[number, places],
                self._since[number, places],
                self._channel[number, places],
                self._sensor[number, places],
                self._gone[number, places],
                self._past[number, places],
                self._again[number, places],
                self._first[number, places],
            )
            sight = _BLIND if verdicts is None else _sight(rows, verdicts, rule, moving)
            score = np.ascontiguousarray(scores[self._detector[number]])
            line = self._lines[number]
            clue = _CLUELESS
            if checked is not None and self._heeds[number]:
                routes = self._routes[number]
                barred = checked.barred if routes else checked.barred & ~checked.gone
                clue = Clue(
                    checked.lone, checked.mate, checked.sensor, checked.several,
                    np.ascontiguousarray(barred), routes,
                )  # fmt: skip
            follow(
                slot, rows.at, passed, score, line, sight, clue, stands,
                turned[number], whom[number], after,
            )  # fmt: skip
            held.append(stands)
        return self._told(turned, whom, after, places, tuple(held))

    def keep(self, led: Followed) -> None:
        """Take over where rows have led."""
        if led.held is None:
            return
        for number, held in enumerate(led.held):
            self._on[number, led.places] = held.on
            self._since[number, led.places] = held.since
            self._channel[number, led.places] = held.channel
            self._sensor[number, led.places] = held.sensor
            self._gone[number, led.places] = held.gone
            self._past[number, led.places] = held.past
            self._again[number, led.places] = held.again
            self._first[number, led.places] = held.first
        self._note()

    def update(
        self, asset: NDArray[np.intp], at: Instants, passed: Instants, scores: Floats
    ) -> list[Fired]:
        """Take rows by their scores alone; returns what changed."""
        mode = np.full(len(asset), Mode.RUNNING, np.int8)
        led = self.follow(Round(asset, at, np.zeros((len(asset), 0)), mode), passed, scores)
        self.keep(led)
        return led.fired

    def _told(
        self,
        turned: NDArray[np.int8],
        whom: Instants,
        after: Bools,
        places: NDArray[np.intp],
        held: tuple[Held, ...],
    ) -> Followed:
        """List what fired, row by row, of each the gravest first."""
        fired: list[Fired] = []
        sensed: list[Sensed] = []
        handed: set[Fired] = set()
        for place in np.flatnonzero(turned.any(axis=0)).tolist():
            for rule in self._gravest_first:
                what, channel = int(turned[rule, place]), int(whom[rule, place])
                if what in (ON, OFF, TO_MACHINE, TO_SENSOR):
                    fired.append((rule, place, what in (ON, TO_MACHINE)))
                if what in (SENSED, UNSENSED, TO_MACHINE):
                    sensed.append((rule, place, channel, what == SENSED))
                if what in (TO_SENSOR, TO_MACHINE):
                    handed.add(fired[-1])
        return Followed(fired, after, places, held, tuple(sensed), frozenset(handed))

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

    def on(self, asset: int) -> list[RuleSpec]:
        """List the rules that are on for an asset, and not of a sensor of it."""
        on = self._on[:, asset] & (self._sensor[:, asset] == NOBODY)
        return [rule for rule, stands in zip(self.rules, on, strict=True) if stands]

    def sensed(self, asset: int) -> list[tuple[RuleSpec, int]]:
        """List the rules that are on of a sensor of an asset, and of which channel."""
        whom = np.where(self._on[:, asset], self._sensor[:, asset], NOBODY).tolist()
        return [(rule, k) for rule, k in zip(self.rules, whom, strict=True) if k != NOBODY]

    def reset(
        self,
        asset: int,
        groups: Collection[str] | None = None,
        sensors: Collection[int] = (),
    ) -> None:
        """Start one asset anew, so that a condition that persists is found again.

        With `groups`, only their rules, and those that are on of one of the channels `sensors`.
        """
        for number, rule in enumerate(self.rules):
            whom = int(self._sensor[number, asset])
            ours = rule.group in (groups or ()) if whom == NOBODY else whom in sensors
            if groups is None or ours:
                self._clear(number, asset)

    def unlearn(self, asset: int) -> None:
        """Start one asset anew in the rules of detectors that learn; those of given lines stay."""
        for number in np.flatnonzero(self._routes).tolist():
            self._clear(number, asset)

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
        self._note()

    def suspects(self) -> State:
        """Return whom each rule suspects, of whose sensor it is on, and how it came and went."""
        kept = {rule.name: self._channel[n] for n, rule in enumerate(self.rules)}
        for name, held in self._beside().items():
            kept |= {f"{name}:{rule.name}": held[n] for n, rule in enumerate(self.rules)}
        return kept

    def suspect(self, state: State) -> None:
        """Take over whom each rule suspects."""
        for number, rule in enumerate(self.rules):
            self._channel[number] = state[rule.name]
            for name, held in self._beside().items():
                held[number] = state.get(f"{name}:{rule.name}", held[number])

    def _beside(self) -> State:
        """Name what came after the suspects in an older release, so that its state still opens."""
        return {
            "sensor": self._sensor,
            "gone": self._gone,
            "past": self._past,
            "again": self._again,
            "first": self._first,
        }

    def _clear(self, number: int, asset: int) -> None:
        self._on[number, asset] = False
        self._since[number, asset] = NEVER
        self._sensor[number, asset] = NOBODY
        self._gone[number, asset] = NEVER
        self._again[number, asset] = 0

    def _note(self) -> None:
        self._busy = bool(self._on.any() or (self._since != NEVER).any())


def _sight(rows: Round, verdicts: Verdicts, rule: RuleSpec, moving: Bools) -> Sight:
    scored = verdicts[rule.detector]
    values = rows.values if scored.values is None else scored.values
    plain = np.ascontiguousarray
    return Sight(plain(scored.blame), plain(scored.low), plain(scored.high), plain(values), moving)
