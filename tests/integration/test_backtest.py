"""A backtest tells what the live path tells of the same data in order, byte for byte."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import msgspec
import pytest

from core.alert import Alert, AlertQuery
from core.clock import DAY, HOUR, MINUTE
from core.plant import ModeRule, NamedDetector, Plant, RuleSpec
from core.work import Work, WorkEvent
from models.ensemble import EnsembleSettings
from service.backtest import Told, backtest
from service.backtest_past import Past
from service.scoring import Scoring
from storage.casefile_memory import MemoryCaseFile
from storage.journal_memory import MemoryJournal
from storage.settings import JournalSettings
from tests.integration.test_determinism import watched_plant
from tests.pasts import START, Rows, end, eventful, journalled

pytestmark = pytest.mark.timeout(300)  # compiled loops are made at their first use

WORK = (
    WorkEvent("site/hall/p3", START + 3 * DAY - HOUR, Work.REPAIRED, "Bilal", failure_mode="x"),
)


@pytest.fixture(scope="module")
def plant() -> Plant:
    watched = watched_plant()
    (pump,) = watched.classes.values()
    channels = tuple(
        replace(one, max_rate=0.05) if one.name == "vibration" else one for one in pump.channels
    )
    starting = ModeRule("speed", off_below=10, running_above=100, starting_for=20 * MINUTE)
    more = NamedDetector("together", EnsembleSettings())
    rule = RuleSpec("together", "together", group="together", on_delay=5 * MINUTE)
    watched_more = replace(
        pump,
        channels=channels,
        modes=starting,
        detectors=(*pump.detectors, more),
        rules=(*pump.rules, rule),
    )
    three = dict(list(watched.assets.items())[:3])  # those of the past that come to grief
    pumps = {pump.name: watched_more}
    return replace(watched, classes=pumps, assets=three, tick_every=MINUTE)


@pytest.fixture(scope="module")
def rows(plant: Plant) -> Rows:
    return eventful(plant)


@pytest.fixture(scope="module")
def live(plant: Plant, rows: Rows) -> tuple[list[bytes], list[bytes]]:
    """Every transition that a service would have made, one entry after another, and every case."""
    journal = MemoryJournal(JournalSettings())
    journalled(rows, plant, journal, WORK, end())
    casefile = MemoryCaseFile()
    scoring = Scoring(plant, journal, casefile)
    while scoring.step(1000):
        pass
    found: list[bytes] = []
    while steps := casefile.events(len(found)):
        found += [msgspec.json.encode(replace(step, id=0)) for step, _ in steps]
    return found, written(casefile.alerts(AlertQuery(limit=10_000)).alerts)


def written(alerts: Iterable[Alert]) -> list[bytes]:
    return sorted(map(msgspec.json.encode, alerts))


def run(plant: Plant, rows: Rows, span: int) -> Told:
    assets = tuple(plant.assets)
    return backtest(Past(rows, plant, assets, START, end(), span), WORK)


def test_a_backtest_tells_what_live_told_byte_for_byte(
    plant: Plant, rows: Rows, live: tuple[list[bytes], list[bytes]]
) -> None:
    transitions, cases = live
    told = b"\n".join(transitions)
    for what in (b"stands still", b"jumps", b"is bad", b"no data since", b"work recorded"):
        assert what in told, what
    assert b"is missing" in told
    assert b"vibration" in told
    for span in (7 * HOUR, 30 * DAY):
        again = run(plant, rows, span)
        assert [msgspec.json.encode(step) for step in again.transitions] == transitions, span
        assert written(again.alerts.values()) == cases, span
        assert len(cases) > 1
