"""The page of messages: what became of them, and what reports that is not in the plant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.responses import HTMLResponse, Response

from core.clock import Instant
from core.errors import Refused, Unavailable
from core.ledger import Line, look
from core.proposal import Observed, Proposal
from service.ledger_view import reasons
from service.page_view import Moment, moment

if TYPE_CHECKING:
    from service.feed import Feed
    from service.page import Pages

MOST_PROPOSED = 50
MOST_CHANNELS = 8
_UTC = "UTC"


@dataclass(frozen=True, slots=True)
class Stranger:
    """One proposed asset as the list shows it."""

    asset: str
    source: str
    first: Moment | None
    last: Moment | None
    channels: tuple[str, ...]
    more: int


def add_messages(router: APIRouter, pages: Pages, feed: Feed) -> None:
    """Make the route of the page."""

    @router.get("/messages")
    def messages() -> Response:
        return _render(pages, feed)


def observed(name: str, seen: Observed) -> str:
    """Say what was seen of a channel."""
    if seen.low is None or seen.high is None:
        said = f"says {', '.join(seen.words)}" if seen.words else "nothing yet"
    elif seen.low == seen.high:
        said = f"{seen.low:g}"
    else:
        said = f"{seen.low:g} to {seen.high:g}"
    return f"{name}: {said} {seen.unit}".strip()


def _render(pages: Pages, feed: Feed) -> HTMLResponse:
    trouble, lines = "", tuple[Line, ...]()
    try:
        lines = look(feed.history, feed.journal)
    except (Unavailable, Refused) as error:
        trouble = f"The ledger cannot be read now: {error}"
    proposed = [] if feed.proposals is None else feed.proposals.listed()
    return pages.render(
        "messages.html",
        last=feed.casefile.last_event(),
        trouble=trouble,
        lines=lines,
        missing=sum(abs(line.missing) for line in lines),
        why=_why(lines),
        proposed=[_stranger(one, feed.clock()) for one in proposed[:MOST_PROPOSED]],
        more=max(0, len(proposed) - MOST_PROPOSED),
    )


def _why(lines: Sequence[Line]) -> list[tuple[str, str, str, int]]:
    return [(line.source, *reason) for line in lines for reason in reasons(line)]


def _stranger(one: Proposal, now: Instant) -> Stranger:
    channels = [observed(name, seen) for name, seen in one.channels.items()]
    return Stranger(
        one.asset,
        one.source,
        moment(one.first, _UTC, now),
        moment(one.last, _UTC, now),
        tuple(channels[:MOST_CHANNELS]),
        max(0, len(channels) - MOST_CHANNELS),
    )
