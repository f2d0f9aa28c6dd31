"""Receives what sites forward: a connection of its own, and each message once into the journal."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence

import structlog

from core.clock import SECOND, Clock
from core.compression import LARGEST
from core.errors import Refused
from core.journal import Draft, Journal, draft
from core.plant import Plant
from ingest.back_off import BackOff
from ingest.connection import Connection
from ingest.decode import told
from ingest.heartbeat import Note
from ingest.outage import Outage
from ingest.packets import Packet
from ingest.protocol import ProtocolChoice
from ingest.settings import BrokerSettings, SitesSettings
from ingest.site_parcels import SiteDesk
from ingest.worker import rest

_log = structlog.get_logger("ingest")
_IDLE = 0.2
_ANSWER_WITHIN = 10.0
Beat = Callable[[], None]


class SiteReceiver:
    """Keeps a connection for what sites forward, and acknowledges what the journal has."""

    def __init__(
        self,
        broker: BrokerSettings,
        settings: SitesSettings,
        plant: Plant,
        journal: Journal,
        clock: Clock,
        trusted: Callable[[], bool] = lambda: True,
    ) -> None:
        self._broker = broker.model_copy(update={"client_id": f"{broker.client_id}-sites"})
        self._desk = SiteDesk(plant, settings, journal.reached)
        self._journal = journal
        self._clock = clock
        self._trusted = trusted
        self._protocol = ProtocolChoice(broker.protocol)
        self._back_off = BackOff(broker.reconnect_max)
        self._away_logged = False
        self.outage = Outage("journal_for_sites")
        self.connected = False
        self.trouble = ""

    def run(self, stop: threading.Event, beat: Beat) -> None:
        """Stay connected until told to stop."""
        while not stop.is_set():
            rest(stop, beat, self._visit(stop, beat))

    def notes(self) -> Iterator[Note]:
        """Say what is wrong, by a stable code."""
        if self.trouble and not self.connected:
            yield "sites", f"nothing that sites forward can be received: {self.trouble}"
        if self.outage.lasts:
            yield "sites unavailable", f"nothing of sites is acknowledged: {self.outage.words}"
        for sender in sorted(self._desk.twins):
            words = f"two boxes call themselves {sender}; give each a `forward.site` of its own"
            yield f"site {sender} twice", words

    def _visit(self, stop: threading.Event, beat: Beat) -> float:
        """Live through one connection; returns how long to wait before the next."""
        try:
            link = Connection(
                self._broker,
                self._desk.topic_filters,
                LARGEST,
                version_5=self._protocol.version_5,
            )
        except ValueError as error:  # a secret or a certificate that cannot be read now
            return self._failed(str(error))
        try:
            link.open()
            self._serve(link, stop, beat)
        except OSError as error:
            link.standing.why = link.standing.why or str(error)
        finally:
            link.close()
            was, self.connected = self.connected, False
        if stop.is_set():
            return 0.0
        standing = link.standing
        if not was:
            silent = standing.opened and not standing.answered
            self._protocol.failed(refused=standing.version_refused, silent=silent)
        return self._failed(standing.why or "the connection broke")

    def _serve(self, link: Connection, stop: threading.Event, beat: Beat) -> None:
        alive, began = True, time.monotonic()
        while alive and not stop.is_set():
            beat()
            alive = link.turn(_IDLE) and not link.standing.unsubscribable
            if link.ready and not self.connected:
                self._welcome()
            if not self.connected and time.monotonic() - began > _ANSWER_WITHIN:
                link.standing.why = "the broker took the connection and does not answer"
                return
            packets = link.take()
            if packets and not self._keep(packets, link, stop, beat):
                return

    def _welcome(self) -> None:
        self.connected, self.trouble = True, ""
        self._away_logged = False
        self._back_off.worked()
        self._protocol.settle()
        _log.info("sites_connected", broker=self._broker.url)

    def _keep(
        self, packets: Sequence[Packet], link: Connection, stop: threading.Event, beat: Beat
    ) -> bool:
        """Make messages durable, then acknowledge them; false where it is time to end first."""
        last_ping = time.monotonic()

        def come_round() -> None:
            nonlocal last_ping
            beat()
            if time.monotonic() - last_ping > self._broker.keepalive / SECOND / 3:
                last_ping = time.monotonic()
                link.keep_alive()

        while True:
            try:
                self._append(packets)
            except Refused:
                raise
            except Exception as error:  # a bug in a store must not lose what it should keep
                if not rest(stop, come_round, self.outage.failed(error)):
                    return False
                continue
            self.outage.worked()
            break
        ids = [packet[3] for packet in packets if packet[3]]
        return not ids or link.acknowledge(ids)

    def _append(self, packets: Sequence[Packet]) -> None:
        now = self._clock()
        found = self._desk.take(packets, now, trusted=self._trusted())
        drafts: list[Draft] = [draft(now, block) for block in found.readings]
        drafts += [draft(now, said) for said in found.said]
        if found.rejections:
            drafts.append(draft(now, told(found.refused)))
        self._journal.append(drafts, found.rejections, found.account, found.reached)
        self._desk.kept(found)

    def _failed(self, why: str) -> float:
        """Say once that the broker is away, and wait longer after each failure."""
        self.trouble = why
        if not self._away_logged:
            self._away_logged = True
            _log.warning("sites_disconnected", broker=self._broker.url, why=why)
        return self._back_off.failed()
