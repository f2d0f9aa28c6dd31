"""The composition root: opens the files, builds the adapters and starts the parts."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Self

from cli import adapters, forwarding
from cli.beside import beside_scoring
from cli.parts import Parts
from core.clock import Clock, system_clock
from core.errors import Unavailable
from core.journal import Revision, draft

if TYPE_CHECKING:
    from cli.configuration import Configuration
    from ingest.pipeline import IngestPipeline
    from service.scoring import Scoring


class Runtime:
    """A running service, or a part of it; leaving the context stops everything in order."""

    def __init__(self, config: Configuration, clock: Clock = system_clock) -> None:
        self.config = config
        self.clock = clock
        self.parts = Parts()
        with contextlib.ExitStack() as opened:
            self.journal = adapters.open_journal(config)
            opened.callback(self.journal.close)
            self.history = adapters.open_history(config)
            opened.callback(self.history.close)
            self.casefile = adapters.open_casefile(config)
            opened.callback(self.casefile.close)
            self.proposals = adapters.open_proposals(config)
            opened.callback(self.proposals.close)
            # where the journal was moved aside, its consumers must not pass over new entries
            seen = max(self.history.position(), self.casefile.load().position)
            forwarding.go_on(config, self.journal, seen, clock)
            self._close = opened.pop_all()
        self.pipeline: IngestPipeline | None = None
        self.scoring: Scoring | None = None

    def _lock(self, part: str) -> None:
        from storage.lockfile import LockFile

        self._close.enter_context(LockFile(self.config.data / f"{part}.lock"))

    def _thread(self, name: str, target: Callable[[], None]) -> None:
        thread = self.parts.start(name, target)
        self._close.callback(thread.join, 20)
        self._close.callback(self.stop.set)

    def start_ingest(self) -> None:
        """Receive, journal, acknowledge, and drain to history; Refused where one runs already."""
        from ingest.pipeline import IngestPipeline

        self._lock("ingest")
        self.journal.pair(self.history.account())
        service = self.config.service
        self.pipeline = IngestPipeline(
            self.config.plant,
            service.broker,
            service.ingest,
            self.journal,
            self.history,
            self.clock,
            memory=self.config.data / "ingest.json",
            commit_every=service.journal.commit_every,
            journal_keep=service.journal.keep,
            keep_steps=service.history.keep_steps,
            keeper=adapters.open_keeper(self.config, self._close),
            proposals=self.proposals,
        )
        self.pipeline.start()
        self._close.callback(self.pipeline.stop)
        self._thread("ingest", partial(self.pipeline.watch, self.stop))

    def await_broker(self, seconds: float = 30) -> None:
        """Wait until the broker delivers to ingest: what is published before may be nobody's.

        Unavailable where it does not in time.
        """
        deadline = time.monotonic() + seconds
        while not (self.pipeline is not None and self.pipeline.status().connected):
            if time.monotonic() > deadline:
                msg = f"{self.config.service.broker.url} did not take us in within {seconds:.0f} s"
                raise Unavailable(msg)
            if self.stop.wait(0.02):
                return

    def start_scoring(self) -> None:
        """Score the journal and send what it raises; Refused where one runs already."""
        from service.scoring import Scoring

        self._lock("serve")
        plant = self.config.plant
        self.journal.append([draft(self.clock(), Revision("configuration", plant.revision))])
        notifiers = adapters.open_notifiers(self.config)
        names = tuple(notifier.name for notifier in notifiers)
        scoring = self.scoring = Scoring(plant, self.journal, self.casefile, names)
        self._thread("scoring", lambda: scoring.run(self.stop))
        others = beside_scoring(self.config, self.journal, self.casefile, notifiers, self.clock)
        for name, run in others.items():
            self._thread(name, partial(run, self.stop))

    def start_forward(self) -> None:
        """Forward to the centre; Refused where one runs already."""
        self._lock("forward")
        stores = self.journal, self.casefile, self.history
        made = forwarding.make_forwarder(self.config, *stores, self.clock)
        self._thread("forward", lambda: made.run(self.stop))

    def start_feed(self) -> None:
        """Serve the API and the page."""
        from cli.drills import open_drills
        from service.app import create_app
        from service.server import bind, serve

        settings = self.config.service.feed
        listener = bind(settings)  # here, so that a taken port ends the command
        status = self.pipeline.status if self.pipeline else None
        drills = open_drills(self.config)
        given = self.casefile, self.journal, self.history, settings, self.clock, status
        app = create_app(self.config.plant, *given, self.scoring, self.proposals, drills)
        self._thread("feed", lambda: serve(app, settings, self.stop, listener))

    @property
    def stop(self) -> threading.Event:
        """Set it to stop every part."""
        return self.parts.stop

    @property
    def address(self) -> str:
        """Where the page is."""
        feed = self.config.service.feed
        return f"http://{feed.host}:{feed.port}/"

    def __enter__(self) -> Self:
        """Hold the parts until the context ends."""
        return self

    def __exit__(self, *_: object) -> None:
        """Stop every part, last started first."""
        self.stop.set()
        self._close.close()
