"""Runs the host application: its connection, its clock, and the way into the journal.

One thread does all of it. While a batch is being committed nothing is read. What the broker drops
meanwhile is missed by its sequence and counted, since nothing of Sparkplug is delivered twice.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence

import structlog

from core.clock import SECOND, Clock
from core.errors import Refused
from core.journal import DeviceChanged, Journal
from core.plant import Plant
from core.proposal import Proposal
from core.rejection import Reason
from ingest import metrics
from ingest.back_off import BackOff
from ingest.clocks import ClockOffsets
from ingest.memory import MemoryFile
from ingest.outage import Outage
from ingest.packets import RETAINED, Packet
from ingest.payload import Bad
from ingest.protocol import ProtocolChoice
from ingest.settings import BrokerSettings
from ingest.sparkplug.account import refusal
from ingest.sparkplug.effect import Effect, Proposed, Turned
from ingest.sparkplug.harvest import Harvest, Harvester
from ingest.sparkplug.host import Host
from ingest.sparkplug.layout import Layout
from ingest.sparkplug.link import HostLink
from ingest.sparkplug.schema import payload_class
from ingest.sparkplug.settings import SOURCE, SparkplugSettings
from ingest.sparkplug.state import HostState
from ingest.topics import shown
from ingest.worker import rest

_log = structlog.get_logger("ingest")
_IDLE = 0.1
_GATHER = 0.005
_ANSWER_WITHIN = 10.0
_TAKEN_OVER_WAIT = 10.0
_MOST_AT_ONCE = 500_000
Beat = Callable[[], None]


class SparkplugReceiver:
    """Keeps the host's connection and feeds the journal from it.

    `Refused` where the library that reads payloads is missing.
    """

    def __init__(
        self,
        broker: BrokerSettings,
        settings: SparkplugSettings,
        plant: Plant,
        journal: Journal,
        clock: Clock,
        trusted: Callable[[], bool],
        memory: MemoryFile,
        propose: Callable[[Iterable[Proposal]], None] = lambda _: None,
    ) -> None:
        try:
            payload_class()
        except ImportError:
            msg = "ingest.sparkplug needs the package protobuf: pip install '.[sparkplug]'"
            raise Refused(msg) from None
        self._broker = broker
        self._settings = settings
        self._journal = journal
        self._clock = clock
        self._trusted = trusted
        self._memory = memory
        self._propose = propose
        self._state = HostState(settings.host_id)
        self._own_topic = self._state.topic.encode()
        self._host = Host(settings, Layout(plant, settings))
        self._harvester = Harvester(plant, ClockOffsets())
        self._protocol = ProtocolChoice(broker.protocol)
        self._back_off = BackOff(broker.reconnect_max)
        self._away_logged = False
        self._recalled = self._listened = False
        self._wanting: tuple[int, str] = (0, "")
        self._rival = False
        self.outage = Outage("journal_for_sparkplug")
        self.connected = False
        self.trouble = ""
        self.received = 0
        self.accepted = 0

    def run(self, stop: threading.Event, beat: Beat) -> None:
        """Stay connected until told to stop."""
        while not stop.is_set():
            rest(stop, beat, self._visit(stop, beat))

    def notes(self) -> Iterator[tuple[str, str]]:
        """List what is wrong, by a stable code each."""
        if self.trouble and not self.connected:
            yield "sparkplug", f"no Sparkplug connection to the broker: {self.trouble}"
        count, example = self._wanting
        if count and not self._settings.rebirth.allowed:
            words = (
                f"{count:,} Sparkplug nodes must be born again, such as {example}; "
                "allow ingest.sparkplug.rebirth, or restart them"
            )
            yield "sparkplug births", words
        if self._rival:
            name = self._settings.host_id
            yield "sparkplug host id", f'another Sparkplug host is called "{name}"; set host_id'

    def _visit(self, stop: threading.Event, beat: Beat) -> float:
        """Live through one connection; returns how long to wait before the next."""
        self._forget("our connection to the broker broke", stop, beat)
        will = self._state.will(self._clock())
        try:
            link = HostLink(self._broker, self._settings, will, version_5=self._protocol.version_5)
        except ValueError as error:  # a secret that cannot be read now
            return self._failed(str(error))
        try:
            link.open()
            self._serve(link, stop, beat)
        except OSError as error:
            link.standing.why = link.explain(error)
        else:
            link.standing.why = link.explain()
        finally:
            if self.connected and stop.is_set():
                link.farewell(self._state.death(self._clock()))
            link.close()
            was, self.connected = self.connected, False
        return self._ended(link, stop, beat, was_connected=was)

    def _serve(self, link: HostLink, stop: threading.Event, beat: Beat) -> None:
        alive, began = True, time.monotonic()
        self._recall(link, stop, beat)
        while alive and not stop.is_set():
            beat()
            alive = link.turn(_IDLE) and not link.standing.unsubscribable
            if link.ready and not self.connected:
                self._welcome(link)
            if not self.connected and time.monotonic() - began > _ANSWER_WITHIN:
                link.standing.why = "the broker took the connection and does not answer"
                return
            packets = self._gathered(link)
            effects = self._heard(link, packets)
            effects += self._host.tick(self._clock())
            if not self._keep(effects, link, stop, beat):
                return
            if ids := [packet[3] for packet in packets if packet[3]]:
                link.acknowledge(ids)

    def _gathered(self, link: HostLink) -> list[Packet]:
        """Take what came, waiting a little as long as more keeps coming."""
        had = 0
        while had < link.waiting < _MOST_AT_ONCE:
            had = link.waiting
            if not link.turn(_GATHER):
                break
        return link.take()

    def _heard(self, link: HostLink, packets: Sequence[Packet]) -> list[Effect]:
        effects: list[Effect] = []
        for topic, payload, head, _ in packets:
            if topic == self._own_topic:
                self._own_state(link, payload, retained=bool(head & RETAINED))
                continue
            self.received += 1
            metrics.RECEIVED.inc()
            retained, now = bool(head & RETAINED), self._clock()
            try:
                effects += self._host.receive(topic, payload, now, retained=retained)
            except Exception as error:  # a fault of ours in one message must not stop the others
                _log.exception("sparkplug_message_failed", topic=shown(topic))
                bad = Bad(Reason.MALFORMED, f"the host failed on it: {type(error).__name__}")
                rejection = refusal(topic, payload, now, [bad], retained=retained)
                effects.append(Turned(-self.received, rejection))
        return effects

    def _own_state(self, link: HostLink, payload: bytes, *, retained: bool) -> None:
        """Contradict at once whoever says that we are gone: a will of our last connection."""
        if self.connected and self._state.denies(payload):
            link.publish(self._state.birth())
        elif self.connected and not retained and payload != self._state.birth().payload:
            self._rival = True

    def _welcome(self, link: HostLink) -> None:
        """Say that we are here: now that the broker delivers to us, and not before."""
        link.publish(self._state.birth())
        self.connected, self.trouble = True, ""
        self._listened = True
        self._away_logged, self._rival = False, False
        self._back_off.worked()
        self._protocol.settle()
        version = "5" if link.version_5 else "3.1.1"
        _log.info("sparkplug_connected", broker=self._broker.url, mqtt=version)

    def _recall(self, link: HostLink, stop: threading.Event, beat: Beat) -> None:
        """Once, after a start: what was there when we last listened may have gone since."""
        if self._recalled:
            return
        effects = self._host.recall(self._memory.now.devices, self._clock())
        self._recalled = self._keep(effects, link, stop, beat)

    def _keep(
        self, effects: list[Effect], link: HostLink | None, stop: threading.Event, beat: Beat
    ) -> bool:
        """Make effects durable, then do what they ask for; false where it is time to end first."""
        wanted = self._host.wanting
        self._wanting = len(wanted), str(next(iter(wanted), ""))
        if not effects:
            return True
        found = self._harvester.gather(effects, self._clock(), trusted=self._trusted())
        if not self._append(found, link, stop, beat):
            return False
        self.accepted += found.accepted
        metrics.ACCEPTED.inc(found.accepted)
        for rejection in found.rejections:
            metrics.REJECTED.labels(str(rejection.reason)).inc()
        if any(isinstance(effect, DeviceChanged) for effect in effects):
            self._remember()
        self._propose(self._proposals(found.proposed))
        if link is not None and self.connected:
            for message in found.publish:
                link.publish(message)
        return True

    def _proposals(self, births: Iterable[Proposed]) -> Iterator[Proposal]:
        now, on_change = self._clock(), self._settings.reporting == "on_change"
        for birth in births:
            yield Proposal(birth.asset, SOURCE, now, now, 1, birth.metrics, on_change=on_change)

    def _append(
        self, found: Harvest, link: HostLink | None, stop: threading.Event, beat: Beat
    ) -> bool:
        last_ping = time.monotonic()

        def come_round() -> None:
            nonlocal last_ping
            beat()
            if link and time.monotonic() - last_ping > self._broker.keepalive / SECOND / 3:
                last_ping = time.monotonic()
                link.keep_alive()

        while True:
            try:
                self._journal.append(found.drafts, found.rejections, found.account)
            except Refused:
                raise
            except Exception as error:  # a bug in a store must not lose what it should keep
                if not rest(stop, come_round, self.outage.failed(error)):
                    return False
                continue
            self.outage.worked()
            return True

    def _remember(self) -> None:
        present = self._host.present()
        if present != self._memory.now.devices:
            self._memory.now.devices = present
            self._memory.save()

    def _ended(
        self, link: HostLink, stop: threading.Event, beat: Beat, *, was_connected: bool
    ) -> float:
        why = link.standing.why or "the connection broke"
        words = "Millwright stopped" if stop.is_set() else "our connection to the broker broke"
        self._forget(words, stop, beat)
        if stop.is_set():
            return 0.0
        if link.standing.taken_over:
            return max(_TAKEN_OVER_WAIT, self._failed(f'another client is "{link.client_id}"'))
        if not was_connected:
            silent = link.standing.opened and not link.standing.answered
            self._protocol.failed(refused=link.standing.version_refused, silent=silent)
        return self._failed(why)

    def _forget(self, why: str, stop: threading.Event, beat: Beat) -> None:
        """Let go of what was known by a connection that has ended, however it did."""
        if self._listened:
            self._listened = not self._keep(self._host.lost(self._clock(), why), None, stop, beat)

    def _failed(self, why: str) -> float:
        """Say once that the broker is away, and wait longer after each failure."""
        self.trouble = why
        if not self._away_logged:
            self._away_logged = True
            _log.warning("sparkplug_disconnected", broker=self._broker.url, why=why)
        return self._back_off.failed()
