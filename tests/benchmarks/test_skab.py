"""The benchmark on SKAB reads what SKAB looks like, and counts rows as its protocol says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.skab import LEARNED, File, always, figures, files, main

HEAD = "datetime;Current;Pressure;anomaly;changepoint"


def a_file(path: Path, rows: int, faulty: slice) -> None:
    rng = np.random.default_rng(1)
    label = np.zeros(rows)
    label[faulty] = 1
    lines = [
        f"2020-03-09 10:14:{i % 60:02d};{rng.normal():.4f};{rng.normal() + 9 * label[i]:.4f};"
        f"{label[i]};0.0"
        for i in range(rows)
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([HEAD, *lines]), encoding="utf-8")


def test_a_file_is_read_with_its_labels(tmp_path: Path) -> None:
    a_file(tmp_path / "valve1" / "0.csv", 500, slice(450, 480))
    (file,) = files(tmp_path)
    assert file.part == "valve1"
    assert file.names == ("Current", "Pressure")
    assert file.values.shape == (500, 2)
    assert np.flatnonzero(file.faulty).tolist() == list(range(450, 480))


def test_rows_are_counted_after_those_learned_from() -> None:
    faulty = np.zeros(LEARNED + 100, np.bool_)
    faulty[:50] = faulty[LEARNED : LEARNED + 40] = True
    file = File("other", ("a",), np.zeros((len(faulty), 1)), faulty)
    alarm = np.zeros(100, np.bool_)
    alarm[20:70] = True
    found = figures([file], [alarm])
    assert (found.far, found.mar) == (50.0, 50.0)
    assert found.f1 == pytest.approx(2 * 20 / (2 * 20 + 30 + 20))
    assert figures([file], [always(file)]).far == 100


def test_where_the_data_is_missing_it_says_how_to_get_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--data", str(tmp_path)])
    assert ended.value.code == 2
    assert "https://github.com/waico/SKAB" in capsys.readouterr().err
