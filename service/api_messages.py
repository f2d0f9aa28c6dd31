"""The part of the API about messages: the ledger, and what reports without being in the plant."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter

from core.clock import iso
from core.ledger import look
from core.proposal import Proposal
from service.feed import Feed
from service.ledger_view import form


def messages_router(feed: Feed) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/api/v1", tags=["messages"])

    @router.get("/ledger")
    def ledger() -> dict[str, Any]:
        """Account for every message that came in, by source."""
        lines = look(feed.history, feed.journal)
        even = not any(line.missing for line in lines)
        return {"balanced": even, "sources": [form(line) for line in lines]}

    @router.get("/proposed")
    def proposed() -> dict[str, Any]:
        """List what reports and is not in the plant, with what was seen of its channels."""
        listed = [] if feed.proposals is None else feed.proposals.listed()
        return {"proposed": [_form(one) for one in listed]}

    return router


def _form(one: Proposal) -> dict[str, Any]:
    return {
        "asset": one.asset,
        "source": one.source,
        "first": iso(one.first),
        "last": iso(one.last),
        "messages": one.messages,
        "on_change": one.on_change,
        "channels": {name: asdict(seen) for name, seen in one.channels.items()},
    }
