"""`millwright backtest` over a folder of CSV, over the store, and against another configuration."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cli.adapters import open_casefile, open_history
from cli.configuration import load
from core.casefile import Advance
from core.clock import DAY, MINUTE, SECOND, iso
from core.ledger import ASIDE
from core.readings import Readings
from core.work import Work, WorkEvent
from tests import folders
from tests.processes import here, millwright

START = 1_700_006_400 * SECOND
ROWS, ONSET = 1_200, 900
FAILED = START + ROWS * MINUTE


def values(number: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Make a pump's rows; p1 begins to shake and p2 does not."""
    rng = np.random.default_rng(number)
    made = np.stack(
        [
            1500 + rng.normal(0, 5, ROWS),
            2 + rng.normal(0, 0.1, ROWS),
            50 + rng.normal(0, 0.5, ROWS),
        ],
        axis=1,
    )
    if number == 1:
        made[ONSET:, 1] += 3
    return made


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    folder = tmp_path / "recordings"
    folder.mkdir()
    for number in (1, 2):
        lines = ["time,speed,vibration,temperature,anomaly"]
        for row, (speed, shake, warm) in enumerate(values(number)):
            wrong = int(number == 1 and row >= ONSET)
            at = iso(START + row * MINUTE)
            lines.append(f"{at},{speed:.2f},{shake:.4f},{warm:.3f},{wrong}")
        (folder / f"p{number}.csv").write_text("\n".join(lines) + "\n")
    return folder


def result(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(out.with_suffix(".json").read_text(encoding="utf-8"))
    return found


def test_labels_tell_found_failures_from_false_alerts_in_a_report_that_stands_by_itself(
    recordings: Path, tmp_path: Path
) -> None:
    plant, out = folders.write(tmp_path / "plant"), tmp_path / "report.html"
    done = millwright("backtest", "-c", plant, "--data", recordings, "--out", out)
    assert done.returncode == 0, done.stderr
    assert "1 of 1 failures found, 0 missed" in done.stdout
    found = result(out)
    assert found["readings"] == 2 * ROWS
    (failure,) = found["failures"]
    assert (failure["asset"], failure["rules"]) == ("site/hall/p1", ["high"])
    assert failure["first_alert"] == iso(START + ONSET * MINUTE)
    assert failure["lead_days"] == pytest.approx((ROWS - ONSET - 1) / 1440)
    assert found["figures"]["false_alerts"] == 0
    low, high = found["figures"]["interval_95"]
    assert low == 0
    assert high == pytest.approx(3.6889 / found["figures"]["healthy_asset_months"], rel=1e-3)
    page = out.read_text(encoding="utf-8")
    assert page.count("<svg") >= 2
    assert "<script" not in page
    assert not re.search(r"(src|href)=[\"']https?:", page)
    assert "site/hall/p1" in page


def test_machines_of_a_made_up_class_need_no_plant(recordings: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    done = here("backtest", "--data", recordings, "--class", "auto", "--out", out)
    assert done.returncode == 0, done.stderr
    found = result(out)
    assert [one["asset"] for one in found["failures"]] == ["replay/recordings/p1"]
    assert found["failures"][0]["first_alert"] is not None


def test_work_beside_the_readings_confirms_a_failure(recordings: Path, tmp_path: Path) -> None:
    for path in recordings.glob("*.csv"):
        lines = [line.rpartition(",")[0] for line in path.read_text().splitlines()]
        path.write_text("\n".join(lines) + "\n")
    work = f"asset,at,work,failure_mode,routine\np1,{iso(FAILED - MINUTE)},replaced,bearing,\n"
    (recordings / "work.csv").write_text(work + f"p2,{iso(FAILED - MINUTE)},inspected,,yes\n")
    plant, out = folders.write(tmp_path / "plant"), tmp_path / "report.html"
    done = here(
        "backtest", "-c", plant, "--data", recordings, "--horizon", "1d", "--out", out, "--json"
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["found"] == 1
    assert result(out)["failures"][0]["what"] == "bearing"


def test_a_change_that_would_lose_a_failure_ends_with_one(recordings: Path, tmp_path: Path) -> None:
    plant, other = folders.write(tmp_path / "plant"), folders.write(tmp_path / "other")
    pump = other / "classes" / "pump.yaml"
    pump.write_text(pump.read_text(encoding="utf-8").replace("warning: 4", "warning: 7"), "utf-8")
    out = tmp_path / "report.html"
    words = ("backtest", "-c", plant, "--data", recordings, "--out", out)
    done = here(*words, "--compare", other)
    assert done.returncode == 1, done.stderr
    assert "it would lose site/hall/p1" in done.stdout
    compared = result(out)["compared"]
    assert len(compared["removed"]) == 1
    assert not compared["added"]
    assert "would be lost" in out.read_text(encoding="utf-8")
    same = here(*words, "--compare", plant)
    assert same.returncode == 0, same.stderr


def test_the_store_and_the_recorded_work_are_read(tmp_path: Path) -> None:
    config = load(folders.write(tmp_path / "plant"))
    history, casefile = open_history(config), open_casefile(config)
    channels = ("speed", "vibration", "temperature")
    for number in (1, 2):
        at = START + np.arange(ROWS, dtype=np.int64) * MINUTE
        rows = Readings(
            "pump", (f"site/hall/p{number}",), channels, np.zeros(ROWS, np.int32), at,
            values(number), FAILED,
        )  # fmt: skip
        history.write([rows], ASIDE)
    done = WorkEvent("site/hall/p1", FAILED - MINUTE, Work.REPLACED, "Bilal", id="w1")
    casefile.commit(Advance(1, work=(done,)))
    history.close()
    casefile.close()
    out = tmp_path / "report.html"
    ran = here("backtest", "-c", config.folder, "--horizon", "1d", "--out", out)
    assert ran.returncode == 0, ran.stderr
    found = result(out)
    assert found["readings"] == 2 * ROWS
    assert found["figures"]["found"] == 1
    assert found["failures"][0]["lead_days"] == pytest.approx((ROWS - 1 - ONSET) * MINUTE / DAY)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--class", "auto"), "give --data too"),
        (("--horizon", "soon"), "--horizon"),
        (("--data", "nowhere"), "no such folder"),
        (("--since", "yesterday"), "--since"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_name(
    tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    plant = folders.write(tmp_path / "plant")
    done = here("backtest", "-c", plant, *words)
    assert done.returncode == 3
    assert said in done.stderr
