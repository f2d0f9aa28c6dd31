"""What a case rests on is as of its own row, however many rows came with it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.alert import Alert, AlertQuery
from core.clock import DAY, HOUR, MINUTE
from core.history import Columns
from core.plant import Channel, FailureMode, NamedDetector, Plant, Role, RuleSpec
from models.limits import Limit, LimitsSettings
from models.mewma import LearnSettings, MewmaSettings
from models.threshold import ThresholdSettings
from service.backtest import backtest
from service.backtest_past import Past
from service.scoring import Scoring
from storage.casefile_memory import MemoryCaseFile
from storage.journal_memory import MemoryJournal
from storage.settings import JournalSettings
from tests.pasts import START, Rows, journalled
from tests.plants import plant, pump_class

pytestmark = pytest.mark.timeout(300)  # compiled loops are made at their first use

P1 = "site/hall/p1"
DAYS, STEP = 6, 10 * MINUTE
END = START + DAYS * DAY


def watched() -> Plant:
    """A pump that wears by its vibration, with limits on it and a pattern over all."""
    channels = (
        Channel("speed", "1/min", role=Role.OPERATING),
        Channel("vibration", "mm/s"),
        Channel("temperature", "°C"),
        Channel("pressure", "bar"),
    )
    lines = LimitsSettings(channels={"vibration": Limit(warning=4.6, alarm=30.0)})
    usual = MewmaSettings(learn=LearnSettings(rows=300, span=30 * DAY))
    kind = pump_class(
        channels=channels,
        detectors=(NamedDetector("zones", lines), NamedDetector("usual", usual)),
        rules=(RuleSpec("high", "zones"), RuleSpec("unusual", "usual", on_delay=30 * MINUTE)),
        failure_modes=(FailureMode("wear", "Wear", ("vibration",)),),
        health=ThresholdSettings(channel="vibration", healthy=1.5, end=8.0, failure_mode="wear"),
        false_alerts=1.0,
        silent_after=HOUR,
        stuck_after=2 * HOUR,
    )
    return replace(plant(1, kind), tick_every=STEP)


def story() -> Rows:
    """A pressure that drifts alone, then wear, at last a temperature that stands still.

    Vibration crosses its line in the hours before that.
    """
    rng, count = np.random.default_rng(3), DAYS * DAY // STEP
    day = np.arange(count) * STEP / DAY
    vibration = 2 + rng.normal(0, 0.1, count) + np.clip(day - 4, 0, None) * 1.7
    temperature = 50 + rng.normal(0, 0.5, count)
    temperature[day > 5.5] = 50.25
    pressure = 10 + rng.normal(0, 0.1, count) + np.clip(day - 2.9, 0, 0.8) * 3
    values = np.stack([1500 + rng.normal(0, 5, count), vibration, temperature, pressure], axis=1)
    names = ("speed", "vibration", "temperature", "pressure")
    at = START + np.arange(count) * STEP
    return Rows({P1: Columns(names, at, values, np.zeros(values.shape, np.uint8))})


def live(given: Plant, rows: Rows) -> dict[str, Alert]:
    """Judge row after row."""
    journal = MemoryJournal(JournalSettings())
    journalled(rows, given, journal, (), END)
    casefile = MemoryCaseFile()
    scoring = Scoring(given, journal, casefile)
    while scoring.step(1):
        pass
    return {one.id: one for one in casefile.alerts(AlertQuery(limit=1000)).alerts}


def test_evidence_is_the_same_row_by_row_and_days_together() -> None:
    given, rows = watched(), story()
    alone = live(given, rows)
    together = backtest(Past(rows, given, (P1,), START, END, 3 * DAY), ()).alerts
    groups = {one.group: one for one in alone.values()}
    assert {"machine", "sensor:pressure", "sensor:temperature"} <= set(groups)
    life = groups["sensor:pressure"].evidence.life
    assert life is not None
    assert life.health is not None
    assert "temperature" not in groups["machine"].summary
    assert together == alone
