"""The API under `/api/v1`: cases, what people answer to them, work, machines and events.

A refusal is `{"error": words}` and names the culprit: 400 what makes no sense, 404 what is not
there, 409 what scoring refused, 422 a wrong field, 503 what cannot be had now.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, Header, HTTPException, Query
from fastapi.responses import JSONResponse, Response, StreamingResponse

from core.alert import Alert, AlertQuery, AlertState
from core.casefile import Outcome
from core.clock import iso
from core.journal import Command
from core.plant import Severity
from core.work import WorkEvent
from service import api_forms
from service.api_history import add_history
from service.api_life import add_life
from service.api_requests import CommandRequest, WorkRequest
from service.api_waiting import add_waiting
from service.feed import Feed
from service.outlook import renewed
from service.plotter import PLOT_HEADERS, PLOT_WIDTH
from service.repair_record import Entry, recorded
from service.similar import similar
from service.stream import EventStream, where_after

MOST_ALERTS = 200
MOST_WORK = 1000


class StateFilter(StrEnum):
    """A state of a case, or `open` for all that are not over."""

    OPEN = "open"
    UNACKNOWLEDGED = "unacknowledged"
    ACKNOWLEDGED = "acknowledged"
    RETURNED = "returned"
    NORMAL = "normal"


def api_router(feed: Feed) -> APIRouter:
    """Make the routes."""
    router = APIRouter(prefix="/api/v1", tags=["feed"])
    _add_alerts(router, feed)
    _add_commands(router, feed)
    _add_work(router, feed)
    _add_assets(router, feed)
    add_history(router, feed)
    add_life(router, feed)
    add_waiting(router, feed)
    _add_events(router, feed)
    return router


def _add_alerts(router: APIRouter, feed: Feed) -> None:
    @router.get("/alerts")
    def alerts(
        state: Annotated[list[StateFilter] | None, Query()] = None,
        asset: str | None = None,
        site: str | None = None,
        group: str | None = None,
        severity: Severity | None = None,
        limit: Annotated[int, Query(ge=1, le=MOST_ALERTS)] = 50,
        cursor: str | None = None,
    ) -> dict[str, Any]:
        """List cases, open and most urgent first.

        `cursor` goes on where the page before ended. `last_event` is where to follow
        `/api/v1/events` from so that nothing is missed after this list.
        """
        last = feed.casefile.last_event()
        states = _states(state or ())
        query = AlertQuery(states, asset, site, group, severity, limit, cursor)
        page = feed.casefile.alerts(query)
        return {
            "alerts": [api_forms.short(alert, feed.plant, feed.clock()) for alert in page.alerts],
            "cursor": page.cursor,
            "last_event": last,
        }

    @router.get("/alerts/{alert_id}")
    def alert(alert_id: str) -> dict[str, Any]:
        """Show one case in plain words, with its evidence, its history and cases like it."""
        [found] = renewed([_find(feed, alert_id)], feed.casefile.statuses())
        steps = feed.casefile.transitions(found.id)
        like = similar(found, feed.plant, feed.casefile)
        return api_forms.long(found, steps, feed.plant, like, feed.clock())

    @router.get("/alerts/{alert_id}/plot.svg", response_class=Response)
    async def plot(alert_id: str, width: int = PLOT_WIDTH) -> Response:
        """Draw what was measured around a case, against what was expected."""
        found = await run_sync(_find, feed, alert_id)
        svg = await feed.plotter.draw(found, width)
        if svg is None:
            raise HTTPException(404, f"case {alert_id} has no measurements to plot")
        return Response(svg, media_type="image/svg+xml", headers=PLOT_HEADERS)


def _add_commands(router: APIRouter, feed: Feed) -> None:
    @router.post("/alerts/{alert_id}/acknowledge")
    async def acknowledge(alert_id: str, said: CommandRequest) -> JSONResponse:
        """Take a case on; it ends when its condition has returned as well."""
        return await _obeyed(feed, said.command("acknowledge", alert_id))

    @router.post("/alerts/{alert_id}/end")
    async def end(alert_id: str, said: CommandRequest) -> JSONResponse:
        """End a case whose condition has returned; refused while it is active."""
        return await _obeyed(feed, said.command("end", alert_id))

    @router.post("/alerts/{alert_id}/note")
    async def note(alert_id: str, said: CommandRequest) -> JSONResponse:
        """Add a note to the history of an open case."""
        return await _obeyed(feed, said.command("note", alert_id))


def _add_work(router: APIRouter, feed: Feed) -> None:
    @router.post("/work")
    async def record(said: WorkRequest) -> JSONResponse:
        """Record work on a machine; repair and replacement end its open cases."""
        _check_asset(feed, said.asset)
        done = said.event(feed.plant, feed.clock())
        return await _answered(feed, done, api_forms.work(done))

    @router.get("/work")
    def work(
        asset: str | None = None, limit: Annotated[int, Query(ge=1, le=MOST_WORK)] = 100
    ) -> dict[str, Any]:
        """List recorded work, newest first, with what it came to once its machine has run again."""
        entries = recorded(feed.casefile.work(asset, limit), feed.plant, feed.casefile)
        return {"work": [_with_verdicts(entry) for entry in entries]}


def _add_assets(router: APIRouter, feed: Feed) -> None:
    @router.get("/assets")
    def assets() -> dict[str, Any]:
        """List every machine: whether it can be judged, its mode, health, remaining life."""
        now = feed.clock()
        statuses = {status.asset: status for status in feed.casefile.statuses()}
        listed = [
            api_forms.asset(asset_id, statuses.get(asset_id), feed.plant, now)
            for asset_id in sorted(feed.plant.assets)
        ]
        return {"now": iso(now), "assets": listed}


def _add_events(router: APIRouter, feed: Feed) -> None:
    @router.get("/events", response_class=StreamingResponse)
    async def events(
        last_event_id: Annotated[str | None, Header()] = None, after: str | None = None
    ) -> Response:
        """Follow what happens to cases, as server-sent events.

        Each `alert` event carries the id of its transition; `Last-Event-ID` or `after` goes on
        behind one, also after a restart, and 0 tells everything. Without either, it begins now.
        A `heartbeat` without id comes every few seconds, with the age of each asset's data.
        """
        try:
            place = where_after(last_event_id, after)
        except ValueError as error:
            raise HTTPException(400, str(error)) from error
        if feed.hub.full:
            words = f"{feed.hub.clients} clients follow already; see feed.most_streams"
            raise HTTPException(503, words, {"retry-after": "10"})
        return EventStream(feed.hub, place)


def _with_verdicts(entry: Entry) -> dict[str, Any]:
    verdicts = [verdict.body() for verdict in entry.verdicts]
    return api_forms.work(entry.work) | {"verdicts": verdicts, "waits": entry.waits}


def _states(chosen: list[StateFilter] | tuple[()]) -> frozenset[AlertState]:
    states: set[AlertState] = set()
    for one in chosen:
        if one is StateFilter.OPEN:
            states |= {state for state in AlertState if state.is_open}
        else:
            states.add(AlertState(one.value))
    return frozenset(states)


def _find(feed: Feed, alert_id: str) -> Alert:
    found = feed.casefile.alert(alert_id)
    if found is None:
        raise HTTPException(404, f"there is no case {alert_id[:60]!r}")
    return found


def _check_asset(feed: Feed, asset: str) -> None:
    if asset not in feed.plant.assets:
        raise HTTPException(404, f"asset: there is no {asset[:100]!r}; see /api/v1/assets")


async def _obeyed(feed: Feed, command: Command) -> JSONResponse:
    await run_sync(_find, feed, command.alert)
    return await _answered(feed, command, {"id": command.id})


async def _answered(feed: Feed, request: Command | WorkEvent, told: dict[str, Any]) -> JSONResponse:
    """Wait for what becomes of a request, and say it."""
    outcome: Outcome | None = await feed.desk.ask(request)
    if outcome is None:
        words = (
            "taken down, but not decided yet; it will be. Ask again with the same id to hear "
            "what came of it"
        )
        return JSONResponse(told | {"accepted": None, "words": words}, 202)
    if not outcome.accepted:
        return JSONResponse({"error": outcome.words, "id": request.id}, 409)
    told = told | {"accepted": True, "words": outcome.words}
    if outcome.alert:
        found = await run_sync(feed.casefile.alert, outcome.alert)
        if found is not None:
            told["alert"] = api_forms.short(found, feed.plant, feed.clock())
    return JSONResponse(told)
