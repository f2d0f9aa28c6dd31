"""The feed as an application: the API, the page, the probes, and the gate before them all."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import structlog
from anyio.to_thread import current_default_thread_limiter, run_sync
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from core.casefile import CaseFile
from core.clock import Clock
from core.drilled import Drills
from core.errors import Refused, Unavailable
from core.history import TelemetryHistory
from core.journal import Journal
from core.plant import Plant
from core.proposal import Proposals
from service.api import api_router
from service.api_messages import messages_router
from service.auth import Doorkeeper
from service.desk import Desk
from service.feed import Feed
from service.gate import LOCAL_NAMES, Gate
from service.page import page_router
from service.plotter import Plotter
from service.probes import probes_router
from service.pulse import IngestStatusLike, Pulse, ScoringLike
from service.settings import FeedSettings, check_binding
from service.stream import Hub

THREADS = 8
"""So many requests look into files at a time; each thread holds files open."""

TITLE = "Millwright operator feed"
_log = structlog.get_logger("feed")


def create_app(
    plant: Plant,
    casefile: CaseFile,
    journal: Journal,
    history: TelemetryHistory,
    settings: FeedSettings,
    clock: Clock,
    status: Callable[[], IngestStatusLike] | None = None,
    scoring: ScoringLike | None = None,
    proposals: Proposals | None = None,
    drills: Drills | None = None,
) -> FastAPI:
    """Build the feed over the given ports.

    `status` and `scoring` are given where ingest and scoring run in this process. Raises `Refused`
    where the address is open to other machines and no token is set.
    """
    doorkeeper = Doorkeeper(check_binding(settings), clock)
    pulse = Pulse(casefile, journal, clock, status, scoring)
    feed = Feed(
        plant=plant,
        casefile=casefile,
        journal=journal,
        history=history,
        settings=settings,
        clock=clock,
        doorkeeper=doorkeeper,
        desk=Desk(journal, casefile, clock, settings.decide_within),
        hub=Hub(casefile, plant, pulse, settings.most_streams),
        plotter=Plotter(plant, casefile, history, clock),
        pulse=pulse,
        proposals=proposals,
        drills=drills,
    )
    app = FastAPI(
        title=TITLE,
        lifespan=_lifespan(feed),
        docs_url=None,  # these pages load scripts from another site
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
    )
    app.state.feed = feed
    app.add_middleware(Gate, doorkeeper=doorkeeper, hosts=_hosts(settings))
    _add_refusals(app)
    app.include_router(api_router(feed))
    app.include_router(messages_router(feed))
    app.include_router(probes_router(feed))
    app.include_router(page_router(feed))
    return app


def feed_of(app: FastAPI) -> Feed:
    """Return what an application was built over."""
    feed: Feed = app.state.feed
    return feed


def _hosts(settings: FeedSettings) -> Iterable[str]:
    """Name the hosts that are answered to.

    Only this machine is, where only it is let in without a token: otherwise a foreign page could
    reach the feed under a name that points here. With a token such a page has no cookie.
    """
    if settings.local:
        return {*LOCAL_NAMES, settings.host, *settings.names}
    return ()


def _lifespan(feed: Feed) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        current_default_thread_limiter().total_tokens = THREADS
        feed.hub.start()
        try:
            yield
        finally:
            feed.hub.close()
            await run_sync(feed.hub.join)
            await feed.plotter.close()

    return lifespan


def _add_refusals(app: FastAPI) -> None:
    """Say every refusal as words that name the culprit."""

    @app.exception_handler(HTTPException)
    def http(request: Request, error: HTTPException) -> JSONResponse:
        headers, words = dict(error.headers or {}), str(error.detail)
        if error.detail == "Not Found":
            words = f"there is nothing at {request.url.path[:100]}"
        return JSONResponse({"error": words}, error.status_code, headers)

    @app.exception_handler(RequestValidationError)
    def invalid(_: Request, error: RequestValidationError) -> JSONResponse:
        words = "; ".join(_fault(fault) for fault in error.errors()[:5])
        return JSONResponse({"error": words}, 422)

    @app.exception_handler(Refused)
    def refused(_: Request, error: Refused) -> JSONResponse:
        return JSONResponse({"error": str(error)}, 400)

    @app.exception_handler(Unavailable)
    def unavailable(_: Request, error: Unavailable) -> JSONResponse:
        headers = {"retry-after": str(round(error.retry_after or 5))}
        return JSONResponse({"error": str(error)}, 503, headers)

    @app.exception_handler(Exception)
    def failed(request: Request, error: Exception) -> JSONResponse:
        _log.error("request_failed", path=request.url.path, error=repr(error))
        words = "something went wrong here; the service's log says more"
        return JSONResponse({"error": words}, 500)


def _fault(fault: dict[str, object]) -> str:
    """Say one wrong field: where, what is allowed, and what was given."""
    place = fault["loc"]
    parts = [str(one) for one in place] if isinstance(place, tuple) else []
    where = ".".join(parts[1:]) or "the body"
    words = str(fault["msg"]).removeprefix("Value error, ")
    if fault["type"] == "json_invalid":
        return f"the body is not JSON: {words}"
    if fault["type"] == "missing" or len(parts) < 2:
        return f"{where}: {words}"
    return f"{where}: {words} (got {repr(fault.get('input'))[:60]})"
