"""What the page shows of a case's causes: failure modes that fit, and past cases like it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from core.alert import Alert
from core.clock import Instant
from core.plant import Plant
from models.signature import PARTLY
from service import explanation
from service.page_view import Moment, moment_of
from service.page_words import kind_of
from service.similar import Similar
from service.words import outcome_words, timezone_of


@dataclass(frozen=True, slots=True)
class Match:
    """A known failure mode: how well it fits (percent, words), what shows, what does not."""

    title: str
    fit: int
    words: str
    strong: bool
    shown: str
    missing: str


@dataclass(frozen=True, slots=True)
class Like:
    """A past case that resembles one: whose, when, and what was found."""

    id: str
    label: str
    at: Moment
    found: str
    likeness: int


def matches(alert: Alert) -> tuple[Match, ...]:
    """Lay out the known failure modes that fit a case of a machine, best first."""
    if kind_of(alert) != "machine":
        return ()
    return tuple(
        Match(
            one.title,
            round(100 * one.fit),
            explanation.fit_words(one.fit),
            one.fit >= PARTLY,
            explanation.listed(one.shown) if one.shown else "",
            explanation.listed(one.missing) if one.missing else "",
        )
        for one in alert.evidence.matches
    )


def likes(found: Iterable[Similar], plant: Plant, now: Instant) -> tuple[Like, ...]:
    """Lay out past cases that resemble one."""
    return tuple(
        Like(
            one.alert.id,
            plant.assets[one.alert.asset].label,
            moment_of(one.alert.opened_at, timezone_of(one.alert.asset, plant), now),
            outcome_words(one, plant),
            round(100 * one.likeness),
        )
        for one in found
    )
