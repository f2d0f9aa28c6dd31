"""Running regimes of a class's assets: learned, followed, and learned anew where one lasts.

What a machine does is first told by rules (`service/modes.py`). While it runs, its operating
channels tell in which of its learned regimes. A row in none is judged by fixed limits alone. Where
that lasts it is said, and what is healthy of it is kept; once that is as much as the detectors need
to learn, they learn it beside what they know, at the end of a day (UTC).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from core.clock import DAY, SECOND, Instant
from core.plant import AssetClass, Mode, RegimeRule, Treatment
from core.readings import Bools, Floats, Instants
from models.budgeted import extensible
from models.detector import Detector, Round, State
from models.lessons import Lessons
from models.parts import treatment
from models.regime_watch import LATER, Followed, RegimeWatch
from models.regimes import regimes
from service import verdict
from service.finding import Finding
from service.regime_doubts import RegimeDoubts
from service.regime_words import moved, newness
from service.watermark import Rows

ROWS, FEWEST, SPAN = 400, 50, 2 * DAY
"""Regimes are learned from so many rows at least, or so few where they span so long."""

THINNED = 1024
"""So many rows are kept at most for the first learning: of more every second one, or fourth."""

LONGEST = 5000
"""So many rows of a new regime are kept at most; with fewer a detector may be content."""

DEGREES = frozenset({"°C", "degC", "K", "°F", "degF"})
"""Units of what follows the weather and the season, and tells no regimes."""


class RunningRegimes:
    """Follows the regimes of every asset of a class; does nothing where none can be told."""

    def __init__(
        self, asset_class: AssetClass, assets: int, detectors: Mapping[str, Detector]
    ) -> None:
        found = (extensible(each) for each in detectors.values())
        self._detectors = [each for each in found if each is not None]
        self.channels = [asset_class.channel(name) for name in telling(asset_class)]
        names = asset_class.channel_names
        self._columns = np.array([names.index(one.name) for one in self.channels], np.intp)
        self.active = bool(len(self._columns)) and bool(self._detectors)
        rule: RegimeRule = asset_class.regimes
        self.watch = RegimeWatch(assets, len(self._columns), rule.settle, rule.new_after)
        self._doubts = RegimeDoubts(asset_class, assets)
        self._lessons = Lessons(assets, len(names) + 1)
        self._seen = np.zeros(assets, np.int64)
        self._tried = np.zeros(assets, np.int64)

    def settled(self) -> Bools:
        """Tell of which assets the first learning is over."""
        if not self.active:
            return np.ones(len(self._seen), np.bool_)
        known: Bools = self.watch.count > 0
        return known

    def follow(
        self, asset: Rows, at: Instants, passed: Instants, values: Floats, mode: NDArray[np.int8]
    ) -> Followed | None:
        """Follow rows in order of time, in which assets may repeat; None where nothing is told."""
        if not self.active:
            return None
        return self.watch.follow(asset, at, passed, values[:, self._columns], mode)

    def turned(
        self, row: Round, followed: Followed, learned: Mapping[int, int]
    ) -> Iterator[tuple[int, Instant, Callable[..., Finding]]]:
        """Say at which row, and when, an asset begins to run as it never did, or does no more.

        `learned` are regimes that have just been learned, by asset. What is said is a `Finding`,
        made of the asset, the time, and whether that is `late`.
        """
        for place in np.flatnonzero(followed.turned).tolist():
            number, at = int(row.asset[place]), int(row.at[place])
            if followed.turned[place] > 0:
                words = self.words(number, followed.said[place])
                yield place, at, partial(verdict.new_regime, words)
            else:
                yield place, at, partial(verdict.known_regime, learned.get(number))
        for doubt in self._doubts.told(row, followed):
            number, at = int(row.asset[doubt.place]), int(row.at[doubt.place])
            asked = moved(doubt.moved), self.words(number), doubt.refused
            yield doubt.place, at, partial(verdict.doubted_regime, *asked)

    def note(self, row: Round, locked: Bools, doubted: Bools) -> None:
        """Keep what may be learned of rows in order of time.

        Where a rule or its condition is on (`locked`), what was kept of a new regime goes.
        """
        if not self.active:
            return
        runs, believed = row.mode == Mode.RUNNING, ~(locked | doubted)
        first = np.flatnonzero(runs & believed & (self.watch.count[row.asset] == 0))
        for i in first.tolist():
            self._first(int(row.asset[i]), int(row.at[i]), row.values[i])
        new = row.mode == Mode.NEW_REGIME
        for i in np.flatnonzero(new & (locked | believed)).tolist():
            asset = int(row.asset[i])
            if locked[i]:
                self._lessons.drop(asset)
            elif self._lessons.count[asset] < LONGEST and self._room(asset):
                self._add(asset, int(row.at[i]), row.values[i])

    def fit(self) -> None:
        """Learn the first regimes of assets whose detectors have learned and of which enough is."""
        if not self.active or (self.watch.count > 0).all():
            return
        count, long = self._seen, self._lessons.spans() >= SPAN
        enough = (count >= ROWS) | ((count >= FEWEST) & long)
        for asset in np.flatnonzero(enough & (self.watch.count == 0)).tolist():
            ready = all(found.readiness()[asset] >= 1 for found in self._detectors)
            if ready or count[asset] >= LONGEST:
                at, values = self._kept(asset)
                self.watch.learn(asset, regimes(values[:, self._columns], at, values))
                self._doubts.learn(asset, values)
                self._let_go(asset)

    def renew(self, asset: Rows, at: Instants) -> dict[int, int]:
        """Learn what was kept of new regimes, at each asset's first row of a day.

        Returns of which assets that was enough, and the number of the regime.
        """
        learned: dict[int, int] = {}
        if not self.active or not self._lessons.count.any():
            return learned
        found, first = np.unique(asset, return_index=True)
        for number, place in zip(found.tolist(), first.tolist(), strict=True):
            day = int(at[place]) // DAY
            if day > self._tried[number]:
                self._mend(number)
            waits = self._lessons.count[number] >= FEWEST and self.watch.count[number] > 0
            if waits and day > self._tried[number] and self._older(number, day):
                self._tried[number] = day
                if self._learn_new(number):
                    learned[number] = int(self.watch.count[number])
        return learned

    def forget(self, asset: int) -> None:
        """Learn one asset anew."""
        self.watch.forget(asset)
        self._doubts.forget(asset)
        self._let_go(asset)

    def adopt(self, other: RunningRegimes, asset: int, theirs: int | None = None) -> None:
        """Take over what another knows of an asset, there by the number `theirs`."""
        place = asset if theirs is None else theirs
        self.watch.adopt(other.watch, asset, place)
        self._doubts.adopt(other._doubts, asset, place)
        self._let_go(asset)
        for at, values in zip(*other._kept(place), strict=True):
            self._add(asset, int(at), values)
        self._seen[asset], self._tried[asset] = other._seen[place], other._tried[place]

    def names(self, asset: int) -> str:
        """Say what a machine that runs is doing: which regime, where there are several."""
        mode = Mode(int(self.watch.moving.mode[asset]))
        regime, count = int(self.watch.moving.regime[asset]), int(self.watch.count[asset])
        if mode is Mode.RUNNING and count > 1 and regime >= 0:
            return f"{mode.words} {regime + 1}"
        return mode.words if mode > Mode.RUNNING else Mode.RUNNING.words

    def passing(self) -> Bools:
        """Tell which assets are between two regimes, which ends with time alone."""
        found: Bools = self.watch.moving.mode == Mode.TRANSITION
        return found

    def words(self, asset: int, said: Floats | None = None) -> str:
        """Say in what a machine's regime is new; by what it last said where nothing is given."""
        now = self.watch.moving.held[asset] if said is None else said
        return newness(self.channels, self.watch.regimes(asset), now)

    def new(self, asset: int) -> bool:
        """Tell whether it has been said of an asset that its regime is new."""
        return bool(self.watch.moving.told[asset])

    def state(self) -> State:
        """Return everything needed to go on."""
        own = {"seen": self._seen.copy(), "tried": self._tried.copy()}
        return self.watch.state() | self._lessons.state() | self._doubts.state() | own

    def restore(self, state: State) -> None:
        """Take over a state."""
        self.watch.restore(state)
        self._lessons.restore(state)
        self._doubts.restore(state, self.watch.moving.told)
        self._seen = state["seen"].astype(np.int64)
        self._tried = state["tried"].astype(np.int64)

    def _first(self, asset: int, at: int, values: Floats) -> None:
        """Keep a row for the first learning, every one or every second, fourth, ... one."""
        count = int(self._lessons.count[asset])
        if count >= THINNED:
            kept = [(int(t), v.copy()) for t, v in zip(*self._kept(asset), strict=True)]
            self._lessons.drop(asset)
            for then, row in kept[::2]:
                self._add(asset, then, row)
        every = 1
        while self._seen[asset] // every >= THINNED:
            every *= 2
        if self._seen[asset] % every == 0:
            self._add(asset, at, values)
        self._seen[asset] += 1

    def _add(self, asset: int, at: int, values: Floats) -> None:
        begun = self._lessons.began(asset) if self._lessons.count[asset] else at
        since = (at - begun) / SECOND
        self._lessons.add(asset, at, np.concatenate(([since], values)))

    def _kept(self, asset: int) -> tuple[Instants, Floats]:
        rows = self._lessons.rows(asset)
        at = self._lessons.began(asset) + np.round(rows[:, 0] * SECOND).astype(np.int64)
        return at, rows[:, 1:]

    def _let_go(self, asset: int) -> None:
        self._lessons.drop(asset)
        self._seen[asset] = self._tried[asset] = 0

    def _older(self, asset: int, day: int) -> bool:
        return (self._lessons.began(asset) + self._lessons.span(asset)) // DAY < day

    def _mend(self, asset: int) -> None:
        """Let go of regimes whose models are gone: detectors may have been put back."""
        for number in set(self.watch.models(asset)) - {0}:
            if not any(found.has(asset, number) for found in self._detectors):
                self.watch.drop(asset, number)

    def _next(self, asset: int) -> int:
        return max(self.watch.models(asset), default=0) + 1

    def _room(self, asset: int) -> bool:
        """Tell whether a new regime could be learned: else nothing of it is kept."""
        return self._next(asset) <= LATER

    def _learn_new(self, asset: int) -> bool:
        """Let detectors learn a new regime beside the others; false while it is too little."""
        number = self._next(asset)
        if number > LATER:
            return False
        at, values = self._kept(asset)
        if self._doubts.refuses(asset, at, values):
            return False
        one = np.full(len(at), asset, np.intp)
        rows = Round(one, at, values, np.full(len(at), Mode.RUNNING, np.int8))
        learned = [found.extend(asset, number, rows) for found in self._detectors]
        if not all(learned) and not (any(learned) and len(at) >= LONGEST):
            for found in self._detectors:
                found.drop(asset, number)
            return False
        self.watch.learn(asset, regimes(values[:, self._columns], at, values, 1), number)
        self._let_go(asset)
        return True


def telling(asset_class: AssetClass) -> tuple[str, ...]:
    """Name the channels that tell regimes apart."""
    given = asset_class.regimes.channels
    if given is not None:
        return given
    return tuple(
        channel.name
        for channel in asset_class.channels
        if treatment(channel) is Treatment.CONTEXT and channel.unit not in DEGREES
    )


def placed(row: Round, followed: Followed | None) -> Round:
    """Tell of rows in which regime they are."""
    return row if followed is None else replace(row, mode=followed.mode, model=followed.model)


def first_only(row: Round) -> Round:
    """Show rows to what has only one model: those that later ones judge are a stop to it."""
    if row.model is None or not row.model.any():
        return row
    later = (row.model > 0) & (row.mode == Mode.RUNNING)
    return replace(row, mode=np.where(later, np.int8(Mode.TRANSITION), row.mode))
