"""Backtest: a plant's past through the code that runs live, and what it would have told.

The clock is the past's own: every reading comes at its own time, as if no way had taken any, and
ticks pass between. What a person did then is known only where work was recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from core.alert import Alert, AlertState, Change, Notice, Transition
from core.casefile import LIFE, Advance
from core.clock import MINUTE, Instant, Span
from core.plant import Plant
from core.readings import Floats, Instants, Readings
from core.work import WorkEvent
from service.backtest_past import Past, Window
from service.backtest_truth import Episode, Failure
from service.casework import Casework, Pending
from service.scoring import casework_of
from service.stretch import Stretch
from service.thinning import SCORE, Thinned, joined
from storage.casefile_memory import MemoryCaseFile

NOTIFIER = "backtest"
MOST_CHANNELS = 3
COURSE = 2_000
"""In so many steps the worst scores are kept for the plots, each at least a minute long."""

_OPENS = frozenset({Change.OPENED, Change.CAME_BACK})

Beat = Callable[[int, float], None]
"""Is told how many readings are done, and which share of the whole."""

Begin = Callable[[Casework], None]
"""Puts what was learned before into scoring that knows nothing yet."""


@dataclass(slots=True)
class Seen:
    """What was measured of one asset: readings, and the time that they cover.

    Of `ran` readings while it ran `judged` were judged by what was learned of it.
    """

    readings: int = 0
    observed: Span = 0
    healthy: Span = 0
    ran: int = 0
    judged: int = 0
    first: Instant | None = None
    last: Instant | None = None

    @property
    def share(self) -> float | None:
        """The share of it that was judged; None where it never ran."""
        return self.judged / self.ran if self.ran else None


@dataclass(slots=True)
class Told:
    """What a past came to. `scores` are the worst per `step`: asset, then name, then step.

    `alerts` are the cases by id, as they stood last. `lives` are the estimates of remaining life
    that were kept: asset, then name, then time.
    """

    step: Span = MINUTE
    episodes: list[Episode] = field(default_factory=list)
    transitions: list[Transition] = field(default_factory=list)
    alerts: dict[str, Alert] = field(default_factory=dict)
    seen: dict[str, Seen] = field(default_factory=dict)
    observed: set[Failure] = field(default_factory=set)
    scores: dict[str, dict[str, dict[int, float]]] = field(default_factory=dict)
    lives: dict[str, dict[str, dict[Instant, float]]] = field(default_factory=dict)

    @property
    def readings(self) -> int:
        """How many readings were judged or could have been."""
        return sum(one.readings for one in self.seen.values())


def backtest(
    past: Past,
    work: Sequence[WorkEvent] = (),
    failures: Sequence[Failure] = (),
    beat: Beat = lambda _count, _share: None,
    *,
    entry_by_entry: bool = False,
    begin: Begin = lambda _casework: None,
) -> Told:
    """Let a past run through scoring, with the work that was done at its time.

    `begin` may put in place what is known at its start. `entry_by_entry` takes it as it would have
    come live; that gives the same, and takes longer.
    """
    step = max(1, (past.stop - past.start) // COURSE // MINUTE) * MINUTE
    rehearsal = Rehearsal(past.plant, past.assets, failures, step)
    for fleet in rehearsal.casework.fleets.values():
        fleet.lives.record(one for one in work if one.at < past.start)
    begin(rehearsal.casework)
    planned = sorted((one for one in work if past.start <= one.at < past.stop), key=_when)
    for window in past.windows():
        now = [one for one in planned if window.start <= one.at < window.stop]
        rehearsal.take(window, now, entry_by_entry=entry_by_entry)
        beat(rehearsal.told.readings, (window.stop - past.start) / (past.stop - past.start))
    return rehearsal.told


class Rehearsal:
    """Scoring without a journal: takes windows of the past one after another."""

    def __init__(
        self, plant: Plant, assets: Sequence[str], failures: Sequence[Failure], step: Span
    ) -> None:
        self.plant = plant
        self.told = Told(step, seen={asset: Seen() for asset in assets})
        self._failures = failures
        self._casefile = MemoryCaseFile()
        self.casework: Casework = casework_of(plant, (NOTIFIER,), self._casefile)
        self._covered = {name: fleet.cover() for name, fleet in self.casework.fleets.items()}
        self._position = 0
        self._open: dict[str, int] = {}

    def take(
        self, window: Window, work: Sequence[WorkEvent] = (), *, entry_by_entry: bool = False
    ) -> None:
        """Judge a window, with the work that falls into it."""
        pass_by = self._one_by_one if entry_by_entry else self.casework.pass_by
        rest = Stretch(window.readings, window.ticks)
        for one in work:
            before, rest = rest.until(one.at)
            pass_by(before)
            self.casework.take(one, one.at)
        pass_by(rest)
        self._keep()
        for readings in window.readings:
            self._note(readings)
        self._cover()

    def _one_by_one(self, stretch: Stretch) -> None:
        for at, body in stretch.bodies():
            self.casework.take(body, at)

    def _keep(self) -> None:
        pending, self.casework.pending = self.casework.pending, Pending()
        self._position += 1
        self._casefile.commit(
            Advance(
                position=self._position,
                alerts=tuple(pending.alerts.values()),
                outcomes=tuple(pending.outcomes.values()),
            )
        )
        self.told.transitions += pending.transitions
        self.told.alerts |= {alert.id: alert for alert in pending.alerts.values()}
        for notice in pending.notices:
            self._follow(notice)
        for ended in joined(pending.conditions):
            self._keep_worst(ended)
            self._keep_lives(ended)

    def _keep_worst(self, ended: Thinned) -> None:
        """Keep the worst scores of each step, for the plots."""
        for k, name in enumerate(ended.names):
            if not name.startswith(SCORE):
                continue
            for number in np.unique(ended.asset).tolist():
                rows = ended.asset == number
                step, values = ended.at[rows] // self.told.step, ended.worst[rows, k]
                first = np.flatnonzero(np.diff(step, prepend=-1))
                worst = np.fmax.reduceat(values, first)
                steps = self.told.scores.setdefault(ended.assets[number], {}).setdefault(name, {})
                for at, value in zip(step[first].tolist(), worst.tolist(), strict=True):
                    if value == value:  # noqa: PLR0124 - not NaN
                        steps[at] = max(steps.get(at, value), value)

    def _keep_lives(self, ended: Thinned) -> None:
        """Keep what was said of remaining life."""
        if not any(name.startswith(LIFE) for name in ended.names):
            return
        for one in ended:
            series = self.told.lives.setdefault(one.asset, {}).setdefault(one.name, {})
            series[one.at] = one.value

    def _follow(self, notice: Notice) -> None:
        """Begin or end the episode of a case."""
        step, alert = notice.transition, notice.alert
        told = self.told.episodes
        standing = self._open.get(step.alert)
        if step.change in _OPENS and standing is None:
            blamed = sorted(alert.evidence.channels, key=lambda one: -one.share)
            channels = tuple(one.channel for one in blamed[:MOST_CHANNELS] if one.share > 0)
            self._open[step.alert] = len(told)
            told.append(
                Episode(
                    alert.id, alert.asset, alert.group, alert.rules, str(alert.severity),
                    alert.title, alert.summary, channels, step.at,
                )
            )  # fmt: skip
        elif standing is not None:
            told[standing] = replace(
                told[standing], rules=alert.rules, severity=str(alert.severity)
            )
            if step.after in {AlertState.RETURNED, AlertState.NORMAL}:
                told[standing] = replace(told[standing], ended=step.at)
                del self._open[step.alert]

    def _cover(self) -> None:
        """Take over how much could be judged."""
        for asset, seen in self.told.seen.items():
            name = self.plant.assets[asset].asset_class
            number, covered = self.casework.fleets[name].number[asset], self._covered[name]
            seen.ran, seen.judged = int(covered.ran[number]), int(covered.judged[number])

    def _note(self, readings: Readings) -> None:
        """Count what was measured, and how much of it in time without a failure."""
        patience = self.plant.classes[readings.asset_class].silent_after
        for number, asset in enumerate(readings.assets):
            at = readings.at[readings.asset == number]
            if not len(at):
                continue
            seen = self.told.seen[asset]
            before = at[0] if seen.last is None else seen.last
            passed = np.minimum(np.diff(at, prepend=before), patience)
            ours = [one for one in self._failures if one.asset == asset]
            ill = np.zeros(len(at), np.bool_)
            for failure in ours:
                within = (at >= failure.begin) & (at <= failure.end)
                ill |= within
                if within.any():
                    self.told.observed.add(failure)
            seen.readings += len(at)
            seen.observed += int(passed.sum())
            seen.healthy += int(passed[~ill].sum())
            seen.first = int(at[0]) if seen.first is None else seen.first
            seen.last = int(at[-1])


def course_of(told: Told, asset: str, name: str) -> tuple[Instants, Floats]:
    """Return when the worst scores of an asset were, and what."""
    steps = sorted(told.scores.get(asset, {}).get(name, {}).items())
    at = np.array([step * told.step for step, _ in steps], np.int64)
    return at, np.array([value for _, value in steps], np.float64)


def _when(event: WorkEvent) -> Instant:
    return event.at
