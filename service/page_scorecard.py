"""The page of the scorecard: how good what was said of lives was, now that they have ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.responses import HTMLResponse, Response

from core.clock import Instant
from core.life import Record
from core.plant import Plant
from models.foretold import Foretold
from service.lengths import hours
from service.page_view import Moment, moment_of
from service.scorecard import Life, Line, labels, lives, records, scorecard
from service.words import timezone_of

if TYPE_CHECKING:
    from service.feed import Feed
    from service.page import Pages

MOST_LIVES = 50


@dataclass(frozen=True, slots=True)
class Graded:
    """Figures as the page shows them; each a dash where there are none."""

    error: str = "–"
    covered: str = "–"
    width: str = "–"
    accurate: str = "–"
    horizon: str = "–"


@dataclass(frozen=True, slots=True)
class Summed:
    """One class and failure mode."""

    label: str
    failure_mode: str
    ended: int
    cut_short: int
    graded: int
    outlasted: int
    figures: Graded
    asset_class: str
    mode: str
    widened: str


@dataclass(frozen=True, slots=True)
class Ended:
    """One life that has ended, and in words `how` it was taken; empty where it failed."""

    asset: str
    label: str
    failure_mode: str
    at: Moment
    how: str
    figures: Graded


def add_scorecard(router: APIRouter, pages: Pages, feed: Feed) -> None:
    """Make the route of the page."""

    @router.get("/scorecard")
    def card() -> Response:
        return _render(pages, feed)


def _render(pages: Pages, feed: Feed) -> HTMLResponse:
    last, now, plant = feed.casefile.last_event(), feed.clock(), feed.plant
    found, since = lives(plant, feed.casefile), records(plant, feed.casefile)
    return pages.render(
        "scorecard.html",
        last=last,
        lines=[_line(line, plant, since) for line in scorecard(found)],
        ended=[_ended(life, plant, now) for life in found[:MOST_LIVES]],
        more=max(0, len(found) - MOST_LIVES),
    )


def _line(line: Line, plant: Plant, since: Mapping[tuple[str, str], Record]) -> Summed:
    label, failure_mode = labels(line, plant)
    record = since.get((line.asset_class, line.failure_mode))
    return Summed(
        label,
        failure_mode,
        line.ended,
        line.cut_short,
        line.graded,
        line.outlasted,
        figures(line.grade),
        line.asset_class,
        line.failure_mode,
        "" if record is None else record.words,
    )


def _ended(life: Life, plant: Plant, now: Instant) -> Ended:
    return Ended(
        life.asset,
        plant.assets[life.asset].label,
        labels(life, plant)[1],
        moment_of(life.ended.at, timezone_of(life.asset, plant), now),
        _how(life),
        figures(life.grade),
    )


def _how(life: Life) -> str:
    """Say why a life is taken to have been cut short, and that it outlasted what was said."""
    if not life.cut_short:
        return ""
    words = f"cut short: {life.ending}"
    if life.outlasted > 0:
        words += f"; it outlasted {max(100 * life.outlasted, 1):.0f} % of the intervals"
    return words


def figures(grade: Foretold | None) -> Graded:
    """Write figures as the page shows them."""
    if grade is None:
        return Graded()
    return Graded(
        f"{100 * grade.error:.0f} %",
        f"{100 * grade.covered:.0f} %",
        f"{100 * grade.width:.0f} %",
        f"{100 * grade.accurate:.0f} %",
        hours(grade.horizon) if grade.horizon > 0 else "never",
    )
