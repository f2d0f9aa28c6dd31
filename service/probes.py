"""Probes for those who watch over the service: is it alive, does it do its work, what it counts."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry

from core.errors import MillwrightError
from service.feed import Feed
from service.metrics import FeedCollector, exposition

HANGS_AFTER = 60.0
"""Seconds without progress after which a thread counts as hanging."""

MOST_BEHIND = 3000
"""So many journal entries may wait for scoring, half a minute at full load."""


def probes_router(feed: Feed) -> APIRouter:
    """Make the routes."""
    router = APIRouter(tags=["probes"])
    own = CollectorRegistry()
    own.register(FeedCollector(feed))

    @router.get("/livez")
    def livez() -> JSONResponse:
        """Tell whether every thread gets somewhere; a restart helps where one does not."""
        ages = feed.heartbeats()
        hanging = sorted(name for name, age in ages.items() if age > HANGS_AFTER)
        told = {name: round(age, 1) for name, age in ages.items()}
        if hanging:
            words = f"hanging for more than {HANGS_AFTER:g} s: {', '.join(hanging)}"
            return JSONResponse({"alive": False, "error": words, "heartbeats": told}, 503)
        return JSONResponse({"alive": True, "heartbeats": told})

    @router.get("/readyz")
    def readyz() -> JSONResponse:
        """Tell whether alerts come and can be answered, or why not."""
        why = _faults(feed)
        if why:
            return JSONResponse({"ready": False, "error": "; ".join(why), "why": why}, 503)
        return JSONResponse({"ready": True})

    @router.get("/metrics", response_class=Response)
    def metrics() -> Response:
        """Give counts and gauges for Prometheus."""
        return Response(exposition(own), media_type=CONTENT_TYPE_LATEST)

    return router


def _faults(feed: Feed) -> list[str]:
    why = []
    try:
        feed.casefile.last_event()
    except MillwrightError as error:
        why.append(f"cases cannot be read: {error}")
    try:
        why += _journal_faults(feed)
    except MillwrightError as error:
        why.append(f"the journal cannot be read: {error}")
    if feed.pulse.connected() is False:
        why.append("the broker is not connected")
    if feed.hub.closed:
        why.append("the service is stopping")
    return why


def _journal_faults(feed: Feed) -> list[str]:
    why = []
    behind = feed.behind()
    if behind > MOST_BEHIND:
        why.append(f"scoring is {behind} journal entries behind, more than {MOST_BEHIND}")
    if feed.journal.usage().share >= 1:
        why.append("the journal is full, so nothing more is taken in")
    return why
