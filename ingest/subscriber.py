"""Receives for ever: connects, takes messages in small batches, and acknowledges what is durable.

One thread does all of it. While a batch is being committed nothing is read, so the network itself
is the bounded buffer: when the journal is full, reading stops and nothing is dropped here.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import structlog

from core.clock import SECOND, Span
from core.journal import Link, LinkChanged
from ingest import metrics
from ingest.back_off import BackOff
from ingest.connection import Connection, slow_path
from ingest.intake import Intake
from ingest.memory import MemoryFile
from ingest.protocol import ProtocolChoice
from ingest.settings import BrokerSettings, IngestSettings
from ingest.worker import rest

_log = structlog.get_logger("ingest")
_IDLE = 0.2
_ANSWER_WITHIN = 10.0
_SETTLED = 10.0
_QUICK = 5.0
_QUICK_ENDS = 3
_TAKEN_OVER_WAIT = 10.0
_ROOM_FOR_TOPIC = 70_000
_LOST = "the broker no longer knows our session; what it held for us is gone"


class Subscriber:
    """Keeps a connection to the broker and feeds the intake from it."""

    def __init__(
        self,
        broker: BrokerSettings,
        settings: IngestSettings,
        topic_filters: tuple[str, ...],
        intake: Intake,
        memory: MemoryFile,
        commit_every: Span,
    ) -> None:
        self._broker = broker
        self._session = f"{broker.client_id} at {broker.host}:{broker.port}"
        self._filters = topic_filters
        self._intake = intake
        self._memory = memory
        self._batch = settings.batch
        self._longest = settings.max_payload + _ROOM_FOR_TOPIC
        self._gather_for = commit_every / SECOND
        self._protocol = ProtocolChoice(broker.protocol)
        self._answer_within = min(_ANSWER_WITHIN, broker.keepalive / SECOND)
        self._back_off = BackOff(broker.reconnect_max)
        self._quick_ends = 0
        self._away_logged = False
        self._loss_told = False
        self._looked_at: Connection | None = None
        self.connected = False
        self.trouble = ""

    def run(self, stop: threading.Event, beat: Callable[[], None]) -> None:
        """Stay connected until told to stop."""
        if slow := slow_path(self._broker):
            _log.warning("fast_path_missing", why=slow)
        while not stop.is_set():
            rest(stop, beat, self._visit(stop, beat))

    def _visit(self, stop: threading.Event, beat: Callable[[], None]) -> float:
        """Live through one connection; returns how long to wait before the next."""
        try:
            connection = Connection(
                self._broker,
                self._filters,
                self._longest,
                version_5=self._protocol.version_5,
                stale=tuple(sorted(set(self._memory.now.filters) - set(self._filters))),
            )
        except ValueError as error:  # a secret that cannot be read now
            return self._failed(str(error))
        began = time.monotonic()
        try:
            connection.open()
            self._serve(connection, stop, beat)
        except OSError as error:
            connection.standing.why = connection.explain(error)
        else:
            connection.standing.why = connection.explain()
        finally:
            connection.close()
            was, self.connected = self.connected, False
            metrics.CONNECTED.set(0)
        if stop.is_set():
            return 0.0
        return self._ended(connection, time.monotonic() - began, was_connected=was)

    def _serve(
        self, connection: Connection, stop: threading.Event, beat: Callable[[], None]
    ) -> None:
        alive, began = True, time.monotonic()
        while alive and not stop.is_set():
            beat()
            alive = connection.turn(_IDLE) and not connection.standing.unsubscribable
            if connection.standing.welcomed:
                self._note_loss(connection)
            if connection.ready and not self.connected:
                self._welcome(connection)
            if not self.connected and time.monotonic() - began > self._answer_within:
                connection.standing.why = "the broker took the connection and does not answer"
                return
            if connection.waiting:
                self._gather(connection)
                self._commit(connection, stop, beat)
            elif self.connected:
                self._intake.flush()
            self._forget_loss()

    def _gather(self, connection: Connection) -> None:
        """Wait a little for more, as long as more keeps coming."""
        began = time.monotonic()
        while (
            (had := connection.waiting) < self._batch
            and time.monotonic() - began < self._gather_for
            and connection.turn(self._gather_for / 5)
            and connection.waiting > had
        ):
            continue

    def _commit(
        self, connection: Connection, stop: threading.Event, beat: Callable[[], None]
    ) -> None:
        packets = connection.take()
        self._intake.received(len(packets))
        batch = self._intake.judge(packets)
        last_ping = time.monotonic()

        def come_round() -> None:
            nonlocal last_ping
            beat()
            if time.monotonic() - last_ping > self._broker.keepalive / SECOND / 3:
                last_ping = time.monotonic()
                connection.keep_alive()

        if not self._intake.append(
            batch, lambda seconds: rest(stop, come_round, seconds), len(packets)
        ):
            return
        ids = [packet[3] for packet in packets if packet[3]]
        if ids and connection.acknowledge(ids):
            self._intake.acknowledged(len(ids))

    def _welcome(self, connection: Connection) -> None:
        self._note_loss(connection)
        broker = self._broker
        self.connected, self.trouble = True, ""
        metrics.CONNECTED.set(1)
        self._away_logged = False
        self._protocol.settle()
        version = "5" if connection.version_5 else "3.1.1"
        _log.info("broker_connected", broker=broker.url, mqtt=version)
        self._intake.tell(LinkChanged(Link.CONNECTED, f"{broker.url}, MQTT {version}"))
        if self._memory.now.lost and not self._loss_told:
            self._loss_told = True
            self._intake.tell(LinkChanged(Link.SESSION_LOST, self._memory.now.lost))
        now = self._memory.now
        if now.session != self._session or now.filters != list(self._filters):
            now.session, now.filters = self._session, list(self._filters)
            self._memory.save()

    def _note_loss(self, connection: Connection) -> None:
        """Keep in mind, before anything else, that the session which we held is gone.

        From here on the broker has a new one, so the next connection could not tell.
        """
        if self._looked_at is connection:
            return
        self._looked_at = connection
        if self._memory.now.session != self._session or connection.standing.session_present:
            return
        _log.warning("session_lost", broker=self._broker.url)
        self._memory.now.lost, self._loss_told = _LOST, False
        self._memory.now.session = ""
        self._memory.save()

    def _forget_loss(self) -> None:
        if self._memory.now.lost and self.connected and self._intake.told:
            self._memory.now.lost, self._loss_told = "", False
            self._memory.save()

    def _ended(self, connection: Connection, lasted: float, *, was_connected: bool) -> float:
        standing = connection.standing
        why = standing.why or "the connection broke"
        if not was_connected:
            silent = standing.opened and not standing.answered
            self._protocol.failed(refused=standing.version_refused, silent=silent)
            return self._failed(why)
        _log.warning("broker_lost", broker=self._broker.url, why=why)
        self._away_logged = True
        self.trouble = why
        self._intake.tell(LinkChanged(Link.DISCONNECTED, why))
        wait = 0.0
        quick = standing.ended_by_broker and lasted < _QUICK
        self._quick_ends = self._quick_ends + 1 if quick else 0
        if standing.taken_over or self._quick_ends >= _QUICK_ENDS:
            self._taken_over(certain=standing.taken_over)
            wait = min(_TAKEN_OVER_WAIT, self._broker.reconnect_max / SECOND)
        self._intake.flush()
        if lasted > _SETTLED:
            self._back_off.worked()
        return max(wait, self._back_off.failed())

    def _taken_over(self, *, certain: bool) -> None:
        self._quick_ends = 0
        name = self._broker.client_id
        detail = f'another client connected to {self._broker.url} as "{name}"'
        if not certain:
            detail = f'the broker keeps ending our connection as "{name}": probably {detail}'
        _log.warning("taken_over", client_id=name, certain=certain)
        self._intake.tell(LinkChanged(Link.TAKEN_OVER, detail))

    def _failed(self, why: str) -> float:
        self.trouble = why
        self._quick_ends = 0  # a broker that is away between is going down, not taken over
        if not self._away_logged:
            self._away_logged = True
            _log.warning("broker_unavailable", broker=self._broker.url, why=why)
        return self._back_off.failed()
