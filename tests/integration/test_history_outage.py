"""A store that is away for a while: one case in the feed, and machines are judged meanwhile."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.rig.load import queue
from core.alert import Alert, AlertState, Change
from core.clock import SECOND, iso, system_clock
from core.errors import Unavailable
from core.plant import SERVICE_ASSET
from ingest import drain
from ingest.pipeline import IngestPipeline
from ingest.settings import BrokerSettings, IngestSettings
from service.scoring import Scoring
from simulators.broker import PrivateMosquitto
from storage.casefile_memory import MemoryCaseFile
from tests.plants import plant
from tests.stubborn import StubbornHistory, StubbornJournal
from tests.waiting import until

pytestmark = pytest.mark.mosquitto
PUMP, TROUBLE = "site/hall/p1", "note:history unavailable"
LOCKED_OUT = Unavailable(
    "InfluxDB at http://db: 401 unauthorized; history.token is not known there"
)


class Site:
    """Ingest at a broker and scoring, over stores in memory."""

    def __init__(self, port: int, folder: Path) -> None:
        self.port = port
        self.journal, self.history = StubbornJournal(), StubbornHistory()
        self.casefile = MemoryCaseFile()
        self.said = 0
        self.stop = threading.Event()
        pumps = plant(1)
        object.__setattr__(pumps, "tick_every", SECOND // 10)
        self.pipeline = IngestPipeline(
            pumps,
            BrokerSettings.model_validate({"url": f"mqtt://127.0.0.1:{port}"}),
            IngestSettings(),
            self.journal,
            self.history,
            system_clock,
            memory=folder / "ingest.json",
        )
        scoring = Scoring(pumps, self.journal, self.casefile, ("mqtt",))
        self.thread = threading.Thread(target=lambda: scoring.run(self.stop))
        self.pipeline.start()
        self.thread.start()
        until(lambda: self.pipeline.status().connected)

    def says(self, count: int, **values: float) -> None:
        sent = []
        for _ in range(count):
            self.said += 1
            told = {"speed": 1500, "vibration": 2.0, "temperature": 50, **values}
            at = system_clock() - (100_000 - self.said) * SECOND // 1000
            text = json.dumps({"ts": iso(at), "values": told})
            sent.append((f"plant/{PUMP}/telemetry", text.encode()))
        queue(self.port, sent)

    def case(self, asset: str, group: str) -> Alert | None:
        found = [
            alert
            for _, alert in self.casefile.events(0)
            if (alert.asset, alert.group) == (asset, group)
        ]
        return found[-1] if found else None

    def changes(self, group: str) -> list[Change]:
        return [step.change for step, alert in self.casefile.events(0) if alert.group == group]

    def summary(self) -> str:
        case = self.case(SERVICE_ASSET, TROUBLE)
        return "" if case is None else case.summary


def waiting(words: str) -> int:
    """Read how many journal entries a summary says wait."""
    found = re.search(r"([\d,]+) journal entr", words)
    return int(found[1].replace(",", "")) if found else 0


@pytest.fixture
def site(
    mosquitto: PrivateMosquitto, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Site]:
    monkeypatch.setattr(drain, "TOLD_AFTER", 0.1)
    monkeypatch.setattr(drain, "DONE_WITHIN", SECOND // 2)
    found = Site(mosquitto.port, tmp_path)
    yield found
    found.stop.set()
    found.thread.join(20)
    found.pipeline.stop()


def test_a_store_that_is_away_is_one_case_and_machines_are_judged_meanwhile(site: Site) -> None:
    site.says(20)
    until(lambda: site.history.count() == 20)
    site.history.trouble = Unavailable("InfluxDB at http://db: no connection")
    site.says(30, vibration=9.0)
    until(lambda: site.case(PUMP, "machine") is not None)
    until(lambda: "30 readings (" in site.summary())
    first = site.summary()
    assert "InfluxDB at http://db: no connection" in first
    site.says(12, vibration=9.0)
    until(lambda: "42 readings (" in site.summary())
    assert waiting(site.summary()) > waiting(first)
    site.history.trouble = LOCKED_OUT
    until(lambda: "history.token is not known there" in site.summary())
    assert site.changes(TROUBLE) == [Change.OPENED]
    assert site.history.count() == 20

    site.history.trouble = None
    until(lambda: site.changes(TROUBLE) == [Change.OPENED, Change.RETURNED])
    until(lambda: site.history.count() == 62)
    case = site.case(SERVICE_ASSET, TROUBLE)
    assert case is not None and case.state is AlertState.RETURNED
    told = [one for one in site.casefile.pending("mqtt") if one.alert.group == TROUBLE]
    assert len(told) == 2
