"""When the disk will be full, from how the data folder has grown."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cli.adapters import open_history, open_journal
from cli.disk_footing import Growth, forecast, judged
from core.clock import DAY, HOUR, MINUTE, Instant
from core.journal import Tick, draft
from core.readings import Readings
from tests import folders
from tests.messages import NOW

GB = 1e9


def test_what_still_comes_is_bounded_by_age_and_by_size() -> None:
    assert Growth(10 * GB, 10 * DAY, 40 * DAY).to_come == pytest.approx(30 * GB)
    assert Growth(10 * GB, 10 * DAY, 40 * DAY, most=12 * GB).to_come == pytest.approx(2 * GB)
    assert Growth(10 * GB, 40 * DAY, 40 * DAY).to_come == 0
    assert Growth(10 * GB, 10 * DAY, 40 * DAY).per_day == pytest.approx(GB)


@pytest.mark.parametrize(
    ("free", "verdict", "words"),
    [
        (50 * GB, "ok", "grows by 1,000.0 MB a day and by 30.0 GB in all; 50.0 GB are free"),
        (9 * GB, "fault", "full in 9 days"),
        (29.9 * GB, "fault", "full in 30 days"),
    ],
)
def test_the_day_on_which_it_is_full_is_told(free: float, verdict: str, words: str) -> None:
    found = judged([Growth(10 * GB, 10 * DAY, 40 * DAY), Growth(GB, DAY, DAY)], free)
    assert found.verdict == verdict and words in found.found
    assert bool(found.mend) == (verdict != "ok")


def test_a_full_disk_far_away_is_a_warning() -> None:
    found = judged([Growth(10 * GB, 10 * DAY, 400 * DAY)], 100 * GB)
    assert (found.verdict, found.found.partition(":")[0]) == ("warning", "full in 100 days")


def test_without_telemetry_nothing_is_foretold(tmp_path: Path) -> None:
    config = folders.written(tmp_path / "plant")
    assert forecast(config, NOW).verdict == "unknown"
    assert not config.data.exists()


def test_growth_is_read_from_the_files_of_the_folder(tmp_path: Path) -> None:
    config = folders.written(tmp_path / "plant")
    begin: Instant = NOW - 5 * HOUR
    journal, history = open_journal(config), open_history(config)
    journal.append([draft(begin, Tick(True, "ingest", True))])
    at = begin + np.arange(300) * MINUTE
    one = np.ones((300, 1))
    asset = np.zeros(300, np.int32)
    history.write([Readings("pump", ("site/hall/p1",), ("speed",), asset, at, one, NOW)], 1)
    journal.close()
    history.close()
    found = forecast(config, NOW)
    assert found.verdict == "ok" and "MB a day" in found.found
