"""The whole of ingest: its threads, and every standing fault in words."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from math import isnan
from pathlib import Path
from types import SimpleNamespace

import pytest
from structlog.testing import capture_logs

from core.clock import DAY, HOUR, SECOND, ManualClock
from core.errors import Refused, Unavailable
from core.journal import Kind, Tick, decode, draft
from core.plant import ClockPolicy
from core.readings import Reading, Readings
from ingest import drain
from ingest.memory import MemoryFile
from ingest.pipeline import IngestPipeline
from ingest.settings import BrokerSettings, IngestSettings
from ingest.trust import Trust
from simulators.broker import free_port
from tests.messages import NOW, PUMP, body, packet, plant
from tests.stubborn import StubbornHistory, StubbornJournal
from tests.waiting import until


class Works:
    """A pipeline over stores in memory, and a broker that is not there."""

    def __init__(self, folder: Path, clock: ManualClock | None = None) -> None:
        self.folder = folder
        self.journal, self.history = StubbornJournal(), StubbornHistory()
        self.clock = clock or ManualClock(NOW)
        self.plant = plant(tick_every=SECOND // 100)
        self.pipeline = self.made()

    def made(self, policy: ClockPolicy = ClockPolicy.DEVICE) -> IngestPipeline:
        self.pipeline = IngestPipeline(
            plant(policy, tick_every=SECOND // 100),
            BrokerSettings(url=f"mqtt://127.0.0.1:{free_port()}", reconnect_max=SECOND // 50),
            IngestSettings(),
            self.journal,
            self.history,
            self.clock,
            memory=self.folder / "ingest.json",
            trust=Trust(self.clock, 0, lambda: False),
        )
        return self.pipeline

    def trouble(self) -> str:
        return "\n".join(self.pipeline.status().trouble)


@pytest.fixture
def works(tmp_path: Path) -> Iterator[Works]:
    found = Works(tmp_path)
    yield found
    found.pipeline.stop()


def test_a_pipeline_that_has_not_begun_has_nothing_to_complain_of(works: Works) -> None:
    status = works.pipeline.status()
    assert (status.connected, status.received, status.trouble) == (False, 0, ())
    assert status.trusted and status.journal_share == 0
    assert set(status.heartbeats) == {"subscriber", "history", "heartbeat"}


def test_without_a_broker_it_ticks_drains_and_says_so(works: Works) -> None:
    block = Readings.of("pump", PUMP.channel_names, [Reading("a", NOW, {"vibration": 1})], NOW)
    works.journal.append([draft(NOW, block)])
    works.pipeline.start()
    until(lambda: works.history.count() == 1)
    until(lambda: "no connection to the broker" in works.trouble())

    def told() -> bool:
        found = [decode(e) for e in works.journal.read(0, 9999) if e.kind is Kind.TICK]
        return any(isinstance(tick, Tick) and tick.notes for tick in found)

    until(told)
    works.pipeline.stop()
    assert works.pipeline.status().restarts == {"subscriber": 0, "history": 0, "heartbeat": 0}


def test_a_history_that_is_away_is_told_with_what_waits(
    works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    works.history.trouble = Unavailable("the database is away")
    works.journal.append([draft(NOW, Tick(connected=True))])
    works.pipeline.start()
    until(lambda: works.pipeline._writer.outage.lasts)
    assert "stored" not in works.trouble()  # what is over at once needs nobody
    monkeypatch.setattr(drain, "TOLD_AFTER", 0.0)
    assert "nothing could be stored: the database is away. " in works.trouble()
    until(lambda: "journal entries wait, the oldest for" in works.trouble())
    works.pipeline.stop()
    assert works.made()._drain.told  # over a restart too


def test_what_is_told_of_a_history_that_is_away_outlives_a_crash_at_once(
    works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    works.history.trouble = Unavailable("the database is away")
    works.journal.append([draft(NOW, Tick(connected=True))])
    works.pipeline.start()
    until(lambda: works.pipeline._writer.outage.lasts)
    monkeypatch.setattr(drain, "TOLD_AFTER", 0.0)
    assert "nothing could be stored" in works.trouble()
    crashed = MemoryFile(works.folder / "ingest.json").now.behind
    works.pipeline.stop()
    assert crashed


def test_a_journal_that_takes_nothing_is_told(works: Works) -> None:
    intake = works.pipeline._intake
    works.journal.trouble = Unavailable("the disk is full")
    intake.append(intake.judge([packet()]), lambda _: False)
    assert "nothing is acknowledged: the disk is full" in works.trouble()


def test_a_journal_that_cannot_be_asked_has_no_share(
    works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    def usage() -> None:
        raise Unavailable("locked")

    monkeypatch.setattr(works.journal, "usage", usage)
    assert isnan(works.pipeline.status().journal_share)


def test_a_clock_that_cannot_be_believed_is_told(tmp_path: Path) -> None:
    works = Works(tmp_path, ManualClock(12 * SECOND))
    assert "this machine's clock cannot be believed" in works.trouble()
    assert not works.pipeline.status().trusted


def test_a_clock_that_leaps_ahead_refuses_nothing_for_its_time(works: Works) -> None:
    intake = works.pipeline._intake
    works.clock.advance(500 * DAY)
    batch = intake.judge([packet(body(NOW))])
    assert batch.accepted == 1 and batch.rejections == ()
    assert "this machine's clock cannot be believed" in works.trouble()


def test_our_own_clock_is_held_against_the_journal(tmp_path: Path) -> None:
    journal = StubbornJournal()
    journal.append([draft(NOW + HOUR, Tick(connected=True))])
    pipeline = IngestPipeline(
        plant(), BrokerSettings(), IngestSettings(), journal, StubbornHistory(), ManualClock(NOW)
    )
    assert pipeline._trust._newest >= NOW
    assert pipeline._folder is None


def test_sources_whose_clocks_went_back_are_named(works: Works) -> None:
    decoder = works.pipeline._decoder
    for at in (NOW, NOW - 2 * HOUR):
        decoder.decode([packet(body(at)), packet(body(at), "berlin/hall/p3")], NOW)
    assert "the clock of berlin/hall/p3, karachi/hall/p1" in works.trouble()


def test_of_many_sources_a_few_are_named(works: Works, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(works.pipeline._decoder, "jumped", lambda: [f"a{n}" for n in range(9)])
    assert works.trouble().endswith("the clock of a0, a1, a2, a3, a4 and 4 more")


def test_a_thread_that_hangs_is_told(works: Works) -> None:
    works.pipeline._workers[1]._beat -= 100
    assert "has not come round for 100 s" in works.trouble()


@pytest.mark.parametrize("store", ["journal", "history"])
def test_a_damaged_store_ends_the_watch_over_ingest(works: Works, store: str) -> None:
    stubborn = works.journal if store == "journal" else works.history
    works.journal.append([draft(NOW, Tick(connected=True))])
    stubborn.trouble = Refused(f"{store}.db is damaged")
    works.pipeline.start()
    with pytest.raises(Refused, match=f"{store}.db is damaged"):
        works.pipeline.watch(threading.Event())
    assert f"has ended: {store}.db is damaged" in works.trouble()


def test_the_watch_ends_when_told_to(works: Works) -> None:
    stop = threading.Event()
    stop.set()
    works.pipeline.watch(stop)


def test_a_disk_that_fills_is_told_before_it_is_full(
    works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=150_000_000))
    assert "only 150 MB are left on the disk" in works.trouble()
    assert "no old history is deleted while this machine's clock" in works.trouble()


def test_offsets_of_clocks_outlive_a_restart(works: Works) -> None:
    works.made(ClockPolicy.CORRECTED)
    works.pipeline._decoder.decode([packet(body(NOW - HOUR))], NOW)
    works.pipeline.stop()
    assert MemoryFile(works.folder / "ingest.json").now.offsets == {"karachi/hall/p1": HOUR}
    assert works.made(ClockPolicy.CORRECTED).status().offsets == {"karachi/hall/p1": HOUR}


def test_a_local_hour_is_taken_up_from_the_history(
    works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoder = works.pipeline._decoder
    said = packet(body("2026-10-25T02:10:00"), "berlin/hall/p3")
    first = decoder.decode([said], NOW).readings[0].at[0]
    later = Reading("berlin/hall/p3", int(first) + HOUR // 2, {"vibration": 1})
    block = Readings.of("pump", PUMP.channel_names, [later], NOW)
    works.history.write([block], 1)
    assert works.made()._decoder.decode([said], NOW).readings[0].at[0] == first + HOUR

    def latest(_: str) -> None:
        raise Unavailable("the database is away")

    monkeypatch.setattr(works.history, "latest", latest)
    assert works.made()._decoder.decode([said], NOW).readings[0].at[0] == first


def test_a_thread_that_does_not_end_is_logged(
    works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.pipeline._STOP_WITHIN", 0.01)
    works.history.free.clear()
    works.pipeline.start()
    works.journal.append([draft(NOW, Tick(connected=True))])
    assert works.history.held.wait(10)
    with capture_logs() as logs:
        works.pipeline.stop()
    works.history.free.set()
    assert {"event": "thread_did_not_end", "thread": "history", "log_level": "warning"} in logs
    monkeypatch.setattr("ingest.pipeline._STOP_WITHIN", 10.0)
    works.pipeline.stop()
