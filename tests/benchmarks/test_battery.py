"""The benchmark on battery cells reads what they look like, and asks as its protocol says."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.battery import CELLS, Cell, Said, aged, cells, line, main, play
from core.life import Remaining

FILE = "nasa_pcoe_capacity.csv"


def write(folder: Path) -> Path:
    """Make four cells that fade; B0007 never falls to 1.4 Ah."""
    rows = ["cell,cycle,capacity_Ah"]
    for number, name in enumerate(CELLS):
        rng = np.random.default_rng(number)
        last = 1.45 if name == "B0007" else 1.3
        faded = np.linspace(1.9, last, 60) + rng.normal(0, 0.003, 60)
        rows += [f"{name},{n + 1},{value}" for n, value in enumerate(faded)]
    (folder / "battery").mkdir()
    (folder / "battery" / FILE).write_text("\n".join(rows), encoding="utf-8")
    return folder


def test_a_cell_ends_where_it_first_falls_so_far(tmp_path: Path) -> None:
    known = cells(write(tmp_path) / "battery" / FILE)
    assert [cell.name for cell in known] == list(CELLS)
    for cell in known:
        if cell.end is None:
            assert cell.name == "B0007"
        else:
            assert cell.capacity[cell.end] <= 1.4 < cell.capacity[: cell.end].min()


def test_a_cell_shows_nothing_beyond_the_share_asked() -> None:
    cell = Cell("x", np.linspace(1.9, 1.3, 61), 50)
    seen = cell.until(0.5)
    assert len(seen) == 25
    assert seen[0] == pytest.approx(0, abs=0.05)
    assert (np.diff(seen) > 0).all()


def test_straight_fades_are_told_by_a_straight_line(tmp_path: Path) -> None:
    known = [Cell("x", np.linspace(1.9, 1.3, 61), 50), Cell("y", np.linspace(1.9, 1.5, 60), None)]
    drawn, old = play(known, line), play(known, aged)
    assert [abs(one.error) < 1.5 for one in drawn[:4]] == [True] * 4
    assert old[0].left.p50 == 20


def test_an_interval_holds_what_lies_in_it_and_a_censored_one_must_reach_beyond() -> None:
    left = Remaining(10.0, 20.0, 30.0)
    assert Said("x", 0.5, left, 25, 50, 100).holds
    assert not Said("x", 0.5, left, 31, 50, 100).holds
    assert not Said("y", 0.5, left, None, 50, 100).holds
    assert Said("y", 0.5, left, None, 50, 79).holds


def test_it_tells_its_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = tmp_path / "kept.json"
    assert main(["--data", str(write(tmp_path)), "--json", str(kept)]) == 0
    figures = {one["name"]: one["value"] for one in json.loads(kept.read_text())["figures"]}
    assert figures["error, alone"] == figures["error"] < 6
    assert figures["held by its 90 %"] >= 10
    assert "B0005 40%" in capsys.readouterr().out


def test_where_the_data_is_missing_it_says_how_to_get_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--data", str(tmp_path)])
    assert ended.value.code == 2
    assert "https://www.nasa.gov" in capsys.readouterr().err
