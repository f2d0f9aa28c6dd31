"""The operator page: open cases, one case with its evidence, machines, past cases, the login form.

The server writes every page whole, and the script fetches the same page again when something has
happened, so that there is one place where data becomes markup, and it escapes.
"""

from __future__ import annotations

from functools import partial
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, quote

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, RedirectResponse, Response

from core.alert import Alert, AlertQuery, AlertState
from core.clock import MINUTE
from core.errors import Refused
from core.work import Work
from service import page_advice, page_drill, page_life, page_work
from service import page_causes as causes
from service import page_view as view
from service.auth import FORGET
from service.course import MOST_CHANNELS, SPANS, expected_resolution
from service.metrics import open_alerts
from service.outlook import renewed
from service.page_messages import add_messages
from service.page_scorecard import add_scorecard
from service.page_words import kind_of, tongue
from service.similar import similar
from service.words import timezone_of

if TYPE_CHECKING:
    from service.feed import Feed

HERE = Path(__file__).parent
FILES = {
    "page.css": "text/css; charset=utf-8",
    "page.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
FOR_EVER = {"cache-control": "private, max-age=31536000, immutable"}
MOST_CASES = 50
"""So many open cases the first view shows in full; a flood is cut there, and said to be."""

MOST_MACHINES = 40
"""Up to so many machines the first view lists them all, above only those that need a look."""

FRESH_PLOT = MINUTE
"""How long the page shows the same plot of what goes on."""

PAGE = 50


class Pages:
    """Renders the pages from the case file, as they are at the moment of asking."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self.files = {name: (HERE / "static" / name).read_bytes() for name in FILES}
        self._jinja = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._jinja.filters["tongue"] = tongue
        self._jinja.filters["path"] = partial(quote, safe="")
        self._jinja.globals["files"] = {
            name: f"/static/{name}?v={blake2b(body, digest_size=6).hexdigest()}"
            for name, body in self.files.items()
        }
        self._jinja.globals["gauge_width"] = view.GAUGE

    def render(self, template: str, status: int = 200, **given: Any) -> HTMLResponse:
        """Fill a template."""
        shell = {
            "here": template,
            "now": self._feed.clock() // 1_000_000,
            "asks": self._feed.doorkeeper.asks,
            "last": 0,
        }
        page = self._jinja.get_template(template).render(shell | given)
        return HTMLResponse(page, status)

    def overview(self) -> HTMLResponse:
        """Show the open cases and how the machines stand."""
        last = self._feed.casefile.last_event()
        alerts, cases, lines = self._standing()
        ranking = page_advice.ranked(alerts, self._feed.plant, self._feed.clock())
        shown = lines if len(lines) <= MOST_MACHINES else [one for one in lines if one.abnormal]
        return self.render(
            "overview.html",
            last=last,
            totals=view.totals(alerts, lines),
            cases=cases[:MOST_CASES],
            ranking=ranking,
            more=max(0, len(cases) - MOST_CASES),
            machines=shown[:MOST_MACHINES],
            complete=len(shown) == len(lines),
        )

    def machines(self) -> HTMLResponse:
        """Show every machine."""
        last = self._feed.casefile.last_event()
        alerts, _, lines = self._standing()
        return self.render(
            "machines.html", last=last, machines=lines, totals=view.totals(alerts, lines)
        )

    def case(self, alert_id: str) -> HTMLResponse:
        """Show one case with its evidence and history."""
        feed = self._feed
        last = feed.casefile.last_event()
        alert = feed.casefile.alert(alert_id)
        if alert is None:
            return self.missing(f"There is no case {alert_id[:40]}.")
        [alert] = renewed([alert], feed.casefile.statuses())
        now, asset = feed.clock(), feed.plant.assets.get(alert.asset)
        history = feed.casefile.transitions(alert_id)
        zone = timezone_of(alert.asset, feed.plant)
        case = view.case(alert, feed.plant, now)
        ours = asset is not None and not alert.origin
        workable = ours and case.kind in {"machine", "sensor"}
        asset_class = feed.plant.class_of(alert.asset) if asset is not None else None
        return self.render(
            "case.html",
            last=last,
            case=case,
            evidence=alert.evidence,
            seen=view.moment(alert.evidence.at, zone, now),
            rows=view.rows(alert, zone, now),
            matches=causes.matches(alert),
            likes=causes.likes(similar(alert, feed.plant, feed.casefile), feed.plant, now),
            steps=view.steps(history, case.label, zone, now),
            done=page_work.of_case(alert, history, feed.plant, feed.casefile, now),
            works=list(Work) if workable else [],
            modes=view.failure_modes(asset_class),
            lives=self._lives(alert),
            options=page_advice.options(alert, feed.plant, now),
            fresh=now // FRESH_PLOT,
        )

    def past(self, cursor: str | None, asset: str | None) -> Response:
        """Show ended cases, newest first within a severity."""
        feed = self._feed
        ended = frozenset({AlertState.NORMAL})
        query = AlertQuery(states=ended, asset=asset, limit=PAGE, cursor=cursor)
        last = feed.casefile.last_event()
        try:
            page = feed.casefile.alerts(query)
        except Refused:
            return RedirectResponse("/past", 303)
        now = feed.clock()
        known = None if asset is None else feed.plant.assets.get(asset)
        return self.render(
            "past.html",
            last=last,
            cases=[view.case(alert, feed.plant, now) for alert in page.alerts],
            cursor=page.cursor,
            asset=asset,
            label=asset if known is None else known.label,
            first=cursor is None,
        )

    def machine(self, asset_id: str, span: str) -> HTMLResponse:
        """Show how one machine stands, and the course of what it measured."""
        feed, last = self._feed, self._feed.casefile.last_event()
        if asset_id not in feed.plant.assets or span not in SPANS:
            return self.missing(f"There is no machine {asset_id[:100]}, or no span {span[:20]}.")
        channels = feed.plant.class_of(asset_id).channels
        length, words = SPANS[span]
        return self.render(
            "machine.html",
            last=last,
            machine=next(one for one in self._standing()[2] if one.id == asset_id),
            spans=[(name, title, name == span) for name, (_, title) in SPANS.items()],
            span=span,
            words=words,
            shows=expected_resolution(length),
            more=max(0, len(channels) - MOST_CHANNELS),
            drill=self._drill(asset_id),
            works=page_work.works(asset_id, feed.plant, feed.casefile, feed.clock()),
            lives=page_life.lives(asset_id, feed.plant, feed.casefile, feed.clock()),
            fresh=feed.clock() // FRESH_PLOT,
        )

    def _drill(self, asset_id: str) -> page_drill.Drill:
        feed = self._feed
        found = None if feed.drills is None else feed.drills.latest(asset_id)
        return page_drill.drill(asset_id, found, feed.plant, feed.clock())

    def _lives(self, alert: Alert) -> list[page_life.Life]:
        """Show of an open case of a machine how long it lasts."""
        feed = self._feed
        if kind_of(alert) != "machine" or not alert.state.is_open:
            return []
        return page_life.lives(alert.asset, feed.plant, feed.casefile, feed.clock())

    def missing(self, words: str) -> HTMLResponse:
        """Say that something is not there."""
        return self.render("missing.html", 404, words=words)

    def _standing(self) -> tuple[list[Alert], list[view.Case], list[view.Machine]]:
        feed = self._feed
        statuses = feed.casefile.statuses()
        now, alerts = feed.clock(), renewed(open_alerts(feed.casefile), statuses)
        place = page_advice.ranked(alerts, feed.plant, now).place
        alerts.sort(key=lambda one: view.urgency(one, place.get(one.id, len(place))))
        cases = [view.case(alert, feed.plant, now) for alert in alerts]
        return alerts, cases, view.machines(feed.plant, statuses, cases, now)


def page_router(feed: Feed) -> APIRouter:
    """Make the routes of the page; they are not part of the API and not in its schema."""
    pages = Pages(feed)
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    @router.get("/")
    def overview() -> Response:
        return pages.overview()

    @router.get("/assets")
    def assets() -> Response:
        return pages.machines()

    @router.get("/alerts/{alert_id}")
    def case(alert_id: str) -> Response:
        return pages.case(alert_id)

    @router.get("/machine")
    def machine(asset: str = "", span: str = "7d") -> Response:
        return pages.machine(asset, span)

    @router.get("/past")
    def past(cursor: str | None = None, asset: str | None = None) -> Response:
        return pages.past(cursor, asset)

    @router.get("/static/{name}")
    def static(name: str) -> Response:
        if name not in FILES:
            return pages.missing(f"There is no file {name[:40]}.")
        return Response(pages.files[name], media_type=FILES[name], headers=FOR_EVER)

    @router.get("/favicon.ico")
    def favicon() -> Response:
        return Response(pages.files["icon.svg"], media_type=FILES["icon.svg"], headers=FOR_EVER)

    add_messages(router, pages, feed)
    add_scorecard(router, pages, feed)
    _add_login(router, pages, feed)
    return router


def _add_login(router: APIRouter, pages: Pages, feed: Feed) -> None:
    @router.get("/login")
    def login(request: Request) -> Response:
        onward = _inside(request.query_params.get("next", "/"))
        if feed.doorkeeper.admits(request.headers):
            return RedirectResponse(onward, 303)
        return pages.render("login.html", onward=onward, wrong=False)

    @router.post("/login")
    async def enter(request: Request) -> Response:
        form = parse_qs((await request.body()).decode("utf-8", "replace"), max_num_fields=10)
        onward = _inside(form.get("next", ["/"])[0])
        if feed.doorkeeper.asks and not feed.doorkeeper.knows(form.get("token", [""])[0].strip()):
            render = partial(pages.render, "login.html", 401, onward=onward, wrong=True)
            return await run_sync(render)
        response = RedirectResponse(onward, 303)
        if feed.doorkeeper.asks:
            secure = request.url.scheme == "https"
            response.headers["set-cookie"] = feed.doorkeeper.cookie(secure=secure)
        return response

    @router.post("/logout")
    def leave() -> Response:
        return RedirectResponse("/login", 303, {"set-cookie": FORGET})


def _inside(path: str) -> str:
    """Let nobody be sent to another place after the login."""
    odd = path.startswith("//") or "\\" in path or not path.isascii() or not path.isprintable()
    return path if path.startswith("/") and not odd else "/"
