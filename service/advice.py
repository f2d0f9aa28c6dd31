"""Advice on open cases: what waiting for a planned stop is expected to cost, against acting now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from core.alert import Alert
from core.clock import DAY, HOUR, Instant, to_datetime
from core.cost import amount
from core.life import CannotSay, LifeEstimate
from core.plant import Plant
from models.wait_or_act import Advice, ranked, weigh
from service.before_stop import BeforeStop, aged, weekday, with_bracket
from service.finding import of_machine

MOST_STOPS = 12
"""So many stops ahead are weighed at most: those before the late end of the interval."""

NO_COSTS = CannotSay(
    "no_costs", "no costs of work and failure are set for it (costs in plant.yaml)"
)
NO_STOP = CannotSay("no_stop", "no planned stop lies ahead (stops in plant.yaml)")
NO_MODEL = CannotSay("no_model", "no remaining-life model is set up for its class")
NOT_MACHINE = CannotSay("not_machine", "it is not about the machine itself")
RETURNED = CannotSay("returned", "its condition is back to normal")


@dataclass(frozen=True, slots=True)
class Option:
    """Acting at one planned stop, or now where `stop` is None, and the cost expected of it."""

    stop: BeforeStop | None
    cost: float


@dataclass(frozen=True, slots=True)
class Advised:
    """All options of a case as of event time `at`, now first; and what they rest on."""

    at: Instant
    options: tuple[Option, ...]
    advice: Advice

    @property
    def best(self) -> Option:
        """The option of least expected cost."""
        return self.options[self.advice.choices.index(self.advice.best)]

    @property
    def first(self) -> Option:
        """Waiting for the next stop."""
        return self.options[1]


def to_weigh(alert: Alert) -> bool:
    """Tell whether there is anything to weigh: the case is open, and about the machine itself."""
    return alert.state.is_open and of_machine(alert.group)


def as_of(alert: Alert, now: Instant | None) -> Instant:
    """Tell as of when what is ahead of a case is said: `now` while it stands, else as it moved."""
    return alert.changed_at if now is None or not alert.state.is_active else now


def advised(alert: Alert, plant: Plant, now: Instant | None = None) -> Advised | CannotSay:
    """Weigh waiting against acting for an open case, by the life that stands with it.

    As of `now`, else as of when the case moved; never as of before the life was told.
    """
    life, refusal = alert.evidence.life, _refusal(alert)
    if refusal is not None or not isinstance(life, LifeEstimate):
        return refusal or (life if isinstance(life, CannotSay) else NO_MODEL)
    if isinstance(life.remaining, CannotSay):
        return life.remaining
    costs = plant.costs_of(alert.asset)
    if costs is None:
        return NO_COSTS
    at, left = aged(life, life.remaining, as_of(alert, now))
    until = at + round(left.p95 * HOUR)
    stops = plant.stops_of(alert.asset, at, until, MOST_STOPS)
    if not stops:
        return NO_STOP
    hours = [(begins - at) / HOUR for _, begins in stops]
    advice = weigh(left, hours, costs, costs.lasts, life.basis)
    if isinstance(advice, CannotSay):
        return advice
    first, *later = advice.choices
    waits = [
        Option(with_bracket(stop, begins, choice.chance, life.record), choice.cost)
        for (stop, begins), choice in zip(stops, later, strict=True)
    ]
    return Advised(at, (Option(None, first.cost), *waits), advice)


def ranking(
    alerts: Iterable[Alert], plant: Plant, now: Instant | None = None
) -> tuple[tuple[Alert, Advised | CannotSay], ...]:
    """Rank open cases: those that waiting costs most first, those without advice after them."""
    known = {alert.id: (alert, advised(alert, plant, now)) for alert in alerts}
    weighed = {
        name: said.advice if isinstance(said, Advised) else said
        for name, (_, said) in known.items()
    }
    return tuple(known[name] for name, _ in ranked(weighed))


def in_words(found: Advised | CannotSay) -> str:
    """Say acting now, waiting for the next stop and, where that is another one, the best."""
    if isinstance(found, CannotSay):
        return f"Cannot say: {found.words}."
    said = [f"Act now: {amount(found.options[0].cost)}.", _waits(found.first, found.at)]
    if found.best not in {found.options[0], found.first}:
        said.append(_waits(found.best, found.at))
    return f"{' '.join(said)} Best: {named(found.best, found.at)}."


def named(option: Option, at: Instant) -> str:
    """Name an option as of a moment: now, the day of a near stop, or the date of a later one."""
    stop = option.stop
    if stop is None:
        return "now"
    if stop.at - at < 7 * DAY:
        return f"{weekday(stop)}'s stop"
    return f"the stop on {to_datetime(stop.at).astimezone(stop.stop.zone):%Y-%m-%d}"


def _waits(option: Option, at: Instant) -> str:
    fails = "" if option.stop is None else f"; fails before: {option.stop.words}"
    return f"Wait till {named(option, at)}: {amount(option.cost)}{fails}."


def _refusal(alert: Alert) -> CannotSay | None:
    if not of_machine(alert.group):
        return NOT_MACHINE
    return None if alert.state.is_active else RETURNED
