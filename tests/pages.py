"""The pages in a room of their own: what a browser without scripts gets, as its elements."""

from __future__ import annotations

from functools import partial
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import anyio
import httpx
from fastapi import FastAPI
from starlette.types import ASGIApp

from core.alert import Alert, AlertState, ChannelEvidence, Evidence
from core.casefile import Advance, Status
from core.clock import HOUR, ManualClock
from core.plant import Plant, Severity
from service.auth import Doorkeeper
from service.gate import Gate
from service.page import page_router
from storage.casefile_memory import MemoryCaseFile
from storage.drills import MemoryDrills
from tests.plants import plant
from tests.story import START

if TYPE_CHECKING:
    from service.feed import Feed

TOKEN = "a-token-that-is-long"
HOSTILE = "<img src=x onerror=alert(1)>\"'</script>&\u202e\u0000"


class Elements(HTMLParser):
    """Every element of a page with its attributes, as a browser would read them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


class Browser:
    """Asks an application as a browser does, with its cookies; follows no redirects."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._cookies = httpx.Cookies()

    def get(self, url: str, **given: Any) -> httpx.Response:
        return anyio.run(partial(self._send, "GET", url, **given))

    def post(self, url: str, **given: Any) -> httpx.Response:
        return anyio.run(partial(self._send, "POST", url, **given))

    async def _send(self, method: str, url: str, **given: Any) -> httpx.Response:
        transport = httpx.ASGITransport(self._app)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://testserver", cookies=self._cookies
        ) as client:
            reply = await client.request(method, url, **given)
            self._cookies = client.cookies
            return reply


class Room:
    """A plant whose cases are put in place by hand, and its page."""

    def __init__(self, given: Plant | None = None, token: str = "") -> None:
        self.clock = ManualClock(START)
        self.plant = given or plant()
        self.casefile = MemoryCaseFile()
        self.doorkeeper = Doorkeeper(token, self.clock)
        self.position = 0
        self.drills = MemoryDrills()
        feed = SimpleNamespace(
            plant=self.plant,
            casefile=self.casefile,
            clock=self.clock,
            doorkeeper=self.doorkeeper,
            drills=self.drills,
        )
        app = FastAPI()
        app.include_router(page_router(cast("Feed", feed)))
        self.client = Browser(Gate(app, self.doorkeeper))

    def has(self, *alerts: Alert, statuses: tuple[Status, ...] = ()) -> Room:
        self.position += 1
        self.casefile.commit(Advance(self.position, alerts=alerts, statuses=statuses))
        return self

    def opens(self, path: str) -> Elements:
        reply = self.client.get(path)
        assert reply.status_code == 200
        return Elements(reply.text)


def case(number: int = 1, **changes: object) -> Alert:
    evidence = Evidence(
        START - HOUR,
        "zones",
        1.4,
        (ChannelEvidence("vibration", "vibration velocity", "mm/s", 5.6, None, 4.0, 0.9),),
        "running",
        "high",
        ("Bearing wear", "Misalignment"),
        ("Look at the bearing.", "Check the coupling."),
    )
    given = {
        "id": f"c{number}",
        "asset": "site/hall/p1",
        "group": "machine",
        "severity": Severity.WARNING,
        "state": AlertState.UNACKNOWLEDGED,
        "title": "Pump 1: vibration above its line",
        "summary": "Vibration velocity is 5.6 mm/s, expected at most 4 mm/s.",
        "opened_at": START - 3 * HOUR,
        "changed_at": START - 3 * HOUR,
        "rules": ("vibration high",),
        "active": ("vibration high",),
        "evidence": evidence,
    }
    return Alert(**{**given, **changes})  # type: ignore[arg-type]
