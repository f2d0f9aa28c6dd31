from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from core.casefile import Advance, Status
from core.clock import SECOND, ManualClock
from core.errors import Unavailable
from core.journal import Tick, draft
from service.pulse import MOST_AGES, Pulse
from storage.casefile_memory import MemoryCaseFile
from storage.journal_memory import MemoryJournal
from tests.story import START


@dataclass
class IngestStands:
    connected: bool = False
    heartbeats: Mapping[str, float] = field(default_factory=dict)


def heard(asset: str, ago: int) -> Status:
    return Status(asset, START - ago * SECOND, START, "running", True, "", None, None)


@pytest.fixture
def pulse() -> Pulse:
    return Pulse(MemoryCaseFile(), MemoryJournal(), ManualClock(START))


def test_a_heartbeat_tells_how_old_each_assets_data_is(pulse: Pulse) -> None:
    silent = Status("c", None, None, "unknown", False, "no data", None, None)
    pulse.casefile.commit(Advance(1, statuses=(heard("a", 3), heard("b", 70), silent)))
    told = json.loads(pulse.beat())
    assert told["age_seconds"] == {"b": 70.0, "a": 3.0}
    assert told["now"] == "2023-11-14T22:13:20Z"


def test_in_a_large_plant_the_oldest_data_is_told(pulse: Pulse) -> None:
    statuses = tuple(heard(f"a{number}", number) for number in range(MOST_AGES + 10))
    pulse.casefile.commit(Advance(1, statuses=statuses))
    ages = json.loads(pulse.beat())["age_seconds"]
    assert len(ages) == MOST_AGES
    assert min(ages.values()) == 10.0


def test_where_ingest_is_elsewhere_nothing_is_said_of_the_broker(pulse: Pulse) -> None:
    assert json.loads(pulse.beat())["connected"] is None
    here = Pulse(pulse.casefile, pulse.journal, pulse.clock, IngestStands)
    assert json.loads(here.beat())["connected"] is False


def test_where_scoring_is_elsewhere_its_mark_tells_how_far_it_is(pulse: Pulse) -> None:
    for _ in range(5):
        pulse.journal.append([draft(START, Tick(connected=True))])
    assert pulse.behind() == 5
    pulse.journal.mark("scoring", 3)
    assert json.loads(pulse.beat())["behind"] == 2


def test_what_cannot_be_looked_up_is_null(pulse: Pulse, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone() -> object:
        raise Unavailable("the file is gone")

    monkeypatch.setattr(pulse.casefile, "statuses", gone)
    assert json.loads(pulse.beat())["age_seconds"] is None
