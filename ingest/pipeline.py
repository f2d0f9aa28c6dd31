"""The whole of ingest: subscriber, history writer and heartbeat, each a thread that is watched."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import structlog

from core.clock import DAY, SECOND, Clock, Instant, Span
from core.errors import Refused, Unavailable
from core.history import TelemetryHistory
from core.journal import Journal
from core.plant import Plant
from core.proposal import Proposals
from ingest.audit import Audit
from ingest.block_keeper import BlockKeeper
from ingest.broker_watch import BrokerWatch
from ingest.clocks import ClockOffsets
from ingest.decode import Decoder
from ingest.drain import Drain
from ingest.heartbeat import Heartbeat, Note
from ingest.held import Held
from ingest.history_writer import HistoryWriter
from ingest.intake import Intake
from ingest.memory import MemoryFile
from ingest.settings import BrokerSettings, IngestSettings
from ingest.site_receiver import SiteReceiver
from ingest.sparkplug.receiver import SparkplugReceiver
from ingest.strangers import Strangers
from ingest.subscriber import Subscriber
from ingest.trust import Trust
from ingest.worker import Worker

_log = structlog.get_logger("ingest")
_STOP_WITHIN = 15.0
_HANGS_AFTER = 60.0
_WATCH_EVERY = 0.2
_LEAST_FREE = 200_000_000
_NAMED = 5


@dataclass(frozen=True, slots=True)
class IngestStatus:
    """How ingest stands now; counts are since the start.

    `heartbeats` are seconds since each thread last came round, `restarts` how often one had to be
    started again, `offsets` how many nanoseconds are added to clocks that are corrected.
    """

    connected: bool
    received: int
    accepted: int
    acknowledged: int
    rejected: dict[str, int]
    journal_share: float
    trusted: bool
    trouble: tuple[str, ...]
    heartbeats: dict[str, float]
    restarts: dict[str, int]
    offsets: dict[str, Span]


class IngestPipeline:
    """Receives telemetry into the journal and drains it into the history, until stopped.

    `memory` names a small file for what should outlive a restart beside journal and history.
    """

    def __init__(
        self,
        plant: Plant,
        broker: BrokerSettings,
        settings: IngestSettings,
        journal: Journal,
        history: TelemetryHistory,
        clock: Clock,
        *,
        memory: Path | None = None,
        commit_every: Span = SECOND // 100,
        journal_keep: Span = 2 * DAY,
        history_keep: Span | None = None,
        keep_steps: Mapping[Span, Span] = MappingProxyType({}),
        trust: Trust | None = None,
        keeper: BlockKeeper | None = None,
        proposals: Proposals | None = None,
    ) -> None:
        self._plant = plant
        self._journal = journal
        self._history = history
        self._folder = memory.parent if memory is not None else None
        self._memory = MemoryFile(memory)
        self._offsets = ClockOffsets(self._memory.now.offsets)
        self._trust = trust or Trust(clock, _newest_entry(journal))
        self._held = Held(journal)
        self._decoder = Decoder(plant, settings, self._offsets, self._newest_of, self._held)
        self._keeper = keeper
        self._strangers = None if proposals is None else Strangers(self._decoder.router, proposals)
        self._intake = self._taking_in(clock)
        self._broker = BrokerWatch(self._decoder.broker)
        self._subscriber = Subscriber(
            broker,
            settings,
            self._decoder.topic_filters,
            self._intake,
            self._memory,
            commit_every,
        )
        self._writer = HistoryWriter(
            journal,
            history,
            clock,
            rows=settings.history_rows,
            gather=settings.history_wait / SECOND,
            journal_keep=journal_keep,
            history_keep=plant.retention if history_keep is None else history_keep,
            keep_steps=keep_steps,
            trusted=self._trust.certain,
        )
        self._drain = Drain(journal, self._writer, clock, disk_full=self._short_of_room)
        self._drain.told = self._memory.now.behind
        self._audit = Audit(history, journal)
        self._heartbeat = self._beating(clock)
        self._sparkplug = self._sparkplug_host(broker, settings, clock)
        self._sites = self._site_receiver(broker, settings, clock)
        self._workers = tuple(self._threads())

    def _beating(self, clock: Clock) -> Heartbeat:
        return Heartbeat(
            self._journal,
            clock,
            self._plant.tick_every,
            connected=lambda: self._subscriber.connected,
            trusted=self._trust.look,
            notes=self._looked,
        )

    def _taking_in(self, clock: Clock) -> Intake:
        keep = _let_go if self._keeper is None else self._keeper.offer
        see = _let_go if self._strangers is None else self._strangers.see
        return Intake(self._decoder, self._journal, clock, self._trust.look, keep, see)

    def _sparkplug_host(
        self, broker: BrokerSettings, settings: IngestSettings, clock: Clock
    ) -> SparkplugReceiver | None:
        if settings.sparkplug is None:
            return None
        plant, journal, trusted = self._plant, self._journal, self._trust.look
        host = settings.sparkplug
        propose = _let_go if self._strangers is None else self._strangers.propose
        return SparkplugReceiver(
            broker, host, plant, journal, clock, trusted, self._memory, propose
        )

    def _site_receiver(
        self, broker: BrokerSettings, settings: IngestSettings, clock: Clock
    ) -> SiteReceiver | None:
        if settings.sites is None:
            return None
        trusted = self._trust.look
        return SiteReceiver(broker, settings.sites, self._plant, self._journal, clock, trusted)

    def start(self) -> None:
        """Start the threads; they wait by themselves for what is not there yet."""
        for worker in self._workers:
            worker.start()

    def stop(self) -> None:
        """End all threads; what was not acknowledged comes again."""
        for worker in self._workers:
            worker.stop()
        for worker in self._workers:
            if not worker.join(_STOP_WITHIN):
                _log.warning("thread_did_not_end", thread=worker.name)
        if self._strangers is not None:
            self._strangers.flush()
        self._remember()

    def watch(self, stop: threading.Event) -> None:
        """Wait until `stop`; raises the `Refused` that ended a thread, as of a damaged file."""
        while not stop.wait(_WATCH_EVERY):
            for worker in self._workers:
                if worker.refusal is not None:
                    raise worker.refusal

    def status(self) -> IngestStatus:
        """Tell how ingest stands."""
        counts = self._intake.counts
        try:
            share = self._journal.usage().share
        except (Unavailable, Refused):
            share = float("nan")
        return IngestStatus(
            connected=self._subscriber.connected,
            received=counts.received + (self._sparkplug.received if self._sparkplug else 0),
            accepted=counts.accepted + (self._sparkplug.accepted if self._sparkplug else 0),
            acknowledged=counts.acknowledged,
            rejected=dict(counts.rejected),
            journal_share=share,
            trusted=self._trust.trusted,
            trouble=tuple(words for _, words in self._notes()),
            heartbeats={worker.name: worker.age for worker in self._workers},
            restarts={worker.name: worker.restarts for worker in self._workers},
            offsets=self._offsets.offsets,
        )

    def _threads(self) -> Iterator[Worker]:
        yield Worker("subscriber", self._subscriber.run)
        yield Worker("history", self._writer.run)
        yield Worker("heartbeat", self._heartbeat.run)
        if self._keeper is not None:
            yield Worker("blocks", self._keeper.run)
        if self._sparkplug is not None:
            yield Worker("sparkplug", self._sparkplug.run)
        if self._sites is not None:
            yield Worker("sites", self._sites.run)

    def _looked(self) -> Iterator[Note]:
        self._audit.look()
        if self._strangers is not None:
            self._strangers.flush()
        return self._notes()

    def _notes(self) -> Iterator[Note]:
        """List the standing faults of ingest."""
        behind = self._drain.note()
        self._remember()  # before it is told: a crash in between must not tell it twice
        if self._subscriber.trouble and not self._subscriber.connected:
            yield "broker", f"no connection to the broker: {self._subscriber.trouble}"
        yield from self._broker.notes(time.monotonic())
        if self._intake.outage.lasts:
            yield "journal unavailable", f"nothing is acknowledged: {self._intake.outage.words}"
        if behind is not None:
            yield behind
        if self._keeper is not None and self._keeper.outage.lasts:
            yield "blocks unavailable", f"no raw vibration is kept: {self._keeper.outage.words}"
        if not self._trust.trusted:
            words = (
                "this machine's clock cannot be believed; nothing is refused for its time. "
                "Let it follow a time server, or set it right and restart"
            )
            yield "clock not trusted", words
        if jumped := self._decoder.jumped():
            named = ", ".join(jumped[:_NAMED])
            more = f" and {len(jumped) - _NAMED} more" if len(jumped) > _NAMED else ""
            yield "clocks", f"went back by more than an hour: the clock of {named}{more}"
        yield from self._audit.notes()
        yield from self._notes_of_parts()

    def _notes_of_parts(self) -> Iterator[Note]:
        """List what other connections, the threads and the disk have to say."""
        for receiver in (self._sparkplug, self._sites):
            if receiver is not None:
                yield from receiver.notes()
        for worker in self._workers:
            if worker.refusal is not None:
                yield f"thread {worker.name}", f"has ended: {worker.refusal}"
            elif worker.age > _HANGS_AFTER:
                yield f"thread {worker.name}", f"has not come round for {worker.age:.0f} s"
        if self._short_of_room():
            words = f"only {self._free() / 1e6:.0f} MB are left on the disk of {self._folder}"
            if not self._trust.certain():
                words += (
                    "; no old history is deleted while this machine's clock follows no time server"
                )
            yield "disk full", words

    def _free(self) -> float:
        """Tell how many bytes are left on the disk of the data folder."""
        return float("inf") if self._folder is None else shutil.disk_usage(self._folder).free

    def _short_of_room(self) -> bool:
        return self._free() < _LEAST_FREE

    def _remember(self) -> None:
        self._memory.now.behind = self._drain.told
        self._memory.now.offsets = self._offsets.offsets
        self._memory.save()

    def _newest_of(self, asset: str) -> Instant | None:
        try:
            return self._history.latest(asset)
        except (Unavailable, Refused):
            return None


def _let_go(*_: object) -> None:
    """Do nothing with what is offered."""


def _newest_entry(journal: Journal) -> Instant:
    """Tell when the journal's newest entry was written, 0 where it has none."""
    last = journal.last_id()
    entries = journal.read(last - 1, 1) if last else []
    return entries[0].at if entries else 0
