"""Feeds over memory adapters, and clients that ask them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import anyio
import httpx
from fastapi import FastAPI

from core.alert import Alert, AlertQuery
from core.clock import MINUTE, ManualClock
from core.journal import decode
from core.plant import Plant
from core.readings import Readings
from service.app import create_app, feed_of
from service.feed import Feed
from service.pulse import IngestStatusLike
from service.scoring import Scoring
from service.settings import FeedSettings
from storage.casefile_memory import MemoryCaseFile
from storage.history_memory import MemoryHistory
from storage.journal_memory import MemoryJournal
from tests.plants import plant
from tests.story import START, Story

URL = "http://127.0.0.1"
P1 = "site/hall/p1"


class Room:
    """A small plant, its story, and the feed that tells it; scoring steps when it is told to."""

    def __init__(
        self,
        given: Plant | None = None,
        status: Callable[[], IngestStatusLike] | None = None,
        **settings: object,
    ) -> None:
        self.plant = given or plant()
        self.clock = ManualClock(START)
        self.journal = MemoryJournal()
        self.casefile = MemoryCaseFile()
        self.history = MemoryHistory()
        self.story = Story(self.plant, self.journal)
        self.scoring = Scoring(self.plant, self.journal, self.casefile)
        self.settings = FeedSettings.model_validate(settings)
        self.app: FastAPI = create_app(
            self.plant,
            self.casefile,
            self.journal,
            self.history,
            self.settings,
            self.clock,
            status,
            self.scoring,
        )

    @property
    def feed(self) -> Feed:
        return feed_of(self.app)

    def score(self) -> None:
        """Score all there is, and put its readings into history."""
        entries = self.journal.read(self.history.position(), 10_000)
        blocks = [body for body in map(decode, entries) if isinstance(body, Readings)]
        self.history.write(blocks, self.journal.last_id())
        while self.scoring.step():
            pass
        self.clock.now = self.story.now

    def trouble(self, asset: str = P1, vibration: float = 5.0) -> Alert:
        """Let a pump run well for an hour and then shake; returns its case."""
        for _ in range(60):
            self.story.passes(MINUTE).says(asset)
        self.story.passes(MINUTE).says(asset, vibration=vibration)
        self.score()
        return self.cases(asset)[0]

    def cases(self, asset: str | None = None) -> tuple[Alert, ...]:
        return self.casefile.alerts(AlertQuery(asset=asset)).alerts

    def get(self, path: str, **given: Any) -> httpx.Response:
        return anyio.run(partial(ask, self.app, "GET", path, **given))

    def post(self, path: str, body: object = None, **given: Any) -> httpx.Response:
        """Post while scoring runs, so that it is decided."""
        stop = threading.Event()
        thread = threading.Thread(target=self.scoring.run, args=(stop,))
        thread.start()
        try:
            return self.send(path, body, **given)
        finally:
            stop.set()
            thread.join()

    def send(self, path: str, body: object = None, **given: Any) -> httpx.Response:
        """Post while nobody scores."""
        if body is not None:
            given["json"] = body
        return anyio.run(partial(ask, self.app, "POST", path, **given))


async def ask(app: FastAPI, method: str, path: str, **given: Any) -> httpx.Response:
    """Ask an application without a server."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=URL) as client:
        return await client.request(method, path, **given)
