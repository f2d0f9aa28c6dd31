"""The benchmark on the Azure logs cuts them into lives, looks at no future, and reports."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

import benchmarks.azure
from benchmarks.azure import main
from benchmarks.rig import azure
from benchmarks.rig.azure_fit import GRID, outcomes_by_age


def written(folder: Path, **rows: list[tuple[float, int, str]]) -> Path:
    """Write the four files; rows are (day, machine, what)."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in azure.FILES:
        if name == "machines":
            known = sorted({row[1] for each in rows.values() for row in each})
            lines = [f"{one},model{1 + one % 4},{one % 20}" for one in known]
            head = "machineID,model,age"
        else:
            what = {"errors": "errorID", "failures": "failure", "maint": "comp"}[name]
            head = f"datetime,machineID,{what}"
            lines = [
                f"{azure.FIRST + timedelta(days=day)},{machine},{what}"
                for day, machine, what in rows.get(name, [])
            ]
        (folder / f"PdM_{name}.csv").write_text("\n".join([head, *lines]), encoding="utf-8")
    return folder


def plant(folder: Path, machines: int) -> Path:
    """Write a year of machines: parts wear out, visits come each 15 days, errors a day before."""
    rng = np.random.default_rng(1)
    rows: dict[str, list[tuple[float, int, str]]] = {"failures": [], "maint": [], "errors": []}
    for machine in range(1, machines + 1):
        born = dict.fromkeys(azure.COMPONENTS, -15.0)
        rows["maint"] += [(-15.0, machine, name) for name in born]
        for day in np.arange(0.25, 366, 15):
            for k, name in enumerate(born):
                wear = ((day - born[name]) / 90) ** 2 * (1 + machine % 2)
                fails = rng.random() < 1 - np.exp(-wear / 3)
                if fails:
                    rows["failures"].append((day, machine, name))
                    rows["errors"].append((day - 1, machine, azure.ERRORS[k]))
                if fails or rng.random() < 0.3:
                    rows["maint"].append((day, machine, name))
                    born[name] = day
    return written(folder, **rows)


def test_lives_end_by_failure_by_replacement_or_run_on(tmp_path: Path) -> None:
    """What fails unreplaced is taken to be replaced; what was replaced in vain is censored."""
    log = azure.read(
        written(
            tmp_path,
            maint=[(-40, 1, "comp1"), (30, 1, "comp1"), (50, 1, "comp1"), (200, 1, "comp2")],
            failures=[(29.9, 1, "comp1"), (120, 1, "comp1")],
            errors=[(1, 1, "error1")],
        )
    )
    found = [
        (life.born, life.entry, life.end, life.failed, life.taken)
        for life in azure.lives(log)
        if life.component == 0
    ]
    assert found == [
        (-40, 0, 29.9, True, False),
        (29.9, 29.9, 50, False, True),
        (50, 50, 120, True, False),
        (120, 120, 200, False, False),
    ]


def test_nothing_that_came_after_a_moment_changes_what_was_known_then(tmp_path: Path) -> None:
    """Two logs alike up to day 100 show the same to every moment up to then."""
    logs = []
    for name, until in (("whole", 1e9), ("short", 100.0)):
        folder = plant(tmp_path / name, 6)
        for kind in ("failures", "maint", "errors"):
            path = folder / f"PdM_{kind}.csv"
            head, *lines = path.read_text().splitlines()
            end = str(azure.FIRST + timedelta(days=min(until, 1000)))
            kept = [line for line in lines if line.split(",")[0] < end]
            path.write_text("\n".join([head, *kept]))
        logs.append(azure.read(folder))
    times = np.arange(3.0, 99.0, 7)
    whole, short = (azure.moments(log, azure.lives(log), times) for log in logs)
    early = whole.at <= logs[1].last
    cut = short.at <= logs[1].last
    order = [
        np.lexsort((one.at, one.component, one.machine))
        for one in (whole.rows(early), short.rows(cut))
    ]
    for field in ("machine", "component", "at", "age", "now", "later"):
        both = [
            getattr(one, field)[o]
            for one, o in zip((whole.rows(early), short.rows(cut)), order, strict=True)
        ]
        assert np.array_equal(*both), field


def test_rows_to_learn_from_cover_the_watched_time_once(tmp_path: Path) -> None:
    log = azure.read(plant(tmp_path, 4))
    known = azure.lives(log)
    times = np.arange(7.0, log.last, 7.0)
    seen = azure.moments(log, known, times)
    rows = azure.table(seen, 7.0, seen.failed)
    watched = sum(
        life.end - max(times[times >= life.entry][0], life.entry)
        for life in known
        if life.end > times[times >= life.entry][0]
    )
    assert (rows.stop - rows.start).sum() == pytest.approx(watched)
    assert rows.failures == sum(life.failed for life in known if life.end > 14)


def test_weights_make_up_for_preventive_replacement(tmp_path: Path) -> None:
    """Weights of all moments sum to about as many as there are, at each time."""
    log = azure.read(plant(tmp_path, 24))
    known = azure.lives(log)
    seen = azure.moments(log, known, np.arange(7.0, log.last, 7.0))
    asked = seen.rows(seen.judged)
    for day in (20.0, 40.0, 60.0):
        failed, whole = outcomes_by_age(asked, known).weights(np.array([day]))
        assert (failed + whole).sum() / len(asked.age) == pytest.approx(1.0, abs=0.1)


def test_it_reports_ours_beside_the_baseline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(benchmarks.azure, "GRID", GRID[::4])
    monkeypatch.setattr(benchmarks.azure, "OUTER", 2)
    plant(tmp_path / "azure_pdm", 24)
    result = tmp_path / "result.json"
    assert main(["--data", str(tmp_path), "--json", str(result)]) == 0
    figures = {figure["name"]: figure for figure in json.loads(result.read_text())["figures"]}
    assert figures["concordance at 60 days"]["value"] > 0.6
    assert "Kaplan-Meier on age" in capsys.readouterr().out


def test_where_the_data_is_missing_it_says_which(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--data", str(tmp_path)])
    assert ended.value.code == 2
    assert "PdM_machines.csv is missing" in capsys.readouterr().err
