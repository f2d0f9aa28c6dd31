"""Lives by wear, and by age and load, come out the same live, with restarts, in a backtest."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.age_settings import AgeSettings
from core.clock import DAY, HOUR, MINUTE
from core.history import Columns
from core.work import Work, WorkEvent
from models.threshold import ThresholdSettings
from service.backtest import backtest
from service.backtest_past import Past
from service.endings import name_of
from service.estimates import names_of
from service.scoring import Scoring
from storage.casefile_memory import MemoryCaseFile
from storage.journal_memory import MemoryJournal
from storage.settings import JournalSettings
from tests.pasts import START, end, eventful, journalled
from tests.plants import plant, pump_class

pytestmark = pytest.mark.timeout(300)  # compiled loops are made at their first use

MODE = "bearing"


def work() -> list[WorkEvent]:
    """Three machines fail in turn before the past begins, and two within it."""
    law = np.random.default_rng(2)
    at = {f"site/hall/p{n}": START - 400 * DAY for n in (1, 2, 3)}
    done = []
    for number, asset in enumerate([*at] * 5):
        at[asset] += round(1000 * law.weibull(3.0) * HOUR)
        done.append((asset, at[asset], MODE if number > 2 else ""))
    done += [("site/hall/p2", START + DAY, MODE), ("site/hall/p3", START + 2 * DAY, "")]
    return [
        WorkEvent(asset, when, Work.REPLACED, "Bilal", "", mode, not mode, f"w{number}")
        for number, (asset, when, mode) in enumerate(done)
    ]


def every(count: int, known: Columns) -> Columns:
    assert known.quality is not None
    return Columns(known.channels, known.at[::count], known.values[::count], known.quality[::count])


def test_live_with_restarts_and_in_a_backtest_the_same_lives_are_kept() -> None:
    health = ThresholdSettings(channel="vibration", end=9.0, failure_mode=MODE)
    by = AgeSettings(by=("load",), repairs=True)
    pumps = replace(plant(3, pump_class(health=health, ages=by)), tick_every=10 * MINUTE)
    for number, (asset, one) in enumerate(pumps.assets.items()):
        pumps.assets[asset] = replace(one, attributes={"load": 0.5 + number})
    rows, done = eventful(pumps), work()
    rows.columns = {asset: every(5, known) for asset, known in rows.columns.items()}
    told = backtest(Past(rows, pumps, tuple(pumps.assets), START, end(), DAY), done)
    journal, casefile = MemoryJournal(JournalSettings()), MemoryCaseFile()
    journalled(rows, pumps, journal, done, end())
    scoring = Scoring(pumps, journal, casefile)
    while scoring.step(200):
        scoring = Scoring(pumps, journal, casefile)
    lives = scoring._casework.fleets["pump"].lives
    assert "age since it was last renewed and load; 1" in lives._sources.ages.basis(MODE)
    for asset in pumps.assets:
        found = (name_of(MODE),) if asset.endswith(("p2", "p3")) else ()
        for name in (*names_of(MODE), *found):
            kept = casefile.conditions(asset, [name], 0, end() + 1)
            assert len(kept)
            assert (
                dict(zip(kept.at.tolist(), kept.values[:, 0].tolist(), strict=True))
                == (told.lives[asset][name])
            )
