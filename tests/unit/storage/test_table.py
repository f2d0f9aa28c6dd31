from __future__ import annotations

import gzip
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.clock import MINUTE
from core.errors import ConfigError
from storage.table import Asked, Table
from storage.table_column import Kind
from tests.recordings import ROWS, csv, frame

BEGIN = int(pd.Timestamp("2026-01-01", tz="UTC").value)


def values(table: Table) -> np.ndarray:
    return np.concatenate([piece.values for piece in table.pieces()])


def times(table: Table) -> np.ndarray:
    return np.concatenate([piece.at for piece in table.pieces()])


@pytest.mark.parametrize("sign", [",", ";", "\t", "|", "^", "~"])
def test_a_separator_is_recognised(tmp_path: Path, sign: str) -> None:
    table = Table(csv(tmp_path, sep=sign))
    assert table.channels == ("a", "b")
    np.testing.assert_allclose(values(table), frame()[["a", "b"]])


def test_decimal_commas_are_recognised(tmp_path: Path) -> None:
    table = Table(csv(tmp_path, sep=";", decimal=","))
    np.testing.assert_allclose(values(table), frame()[["a", "b"]])


@pytest.mark.parametrize(
    "form",
    ["%Y-%m-%dT%H:%M:%SZ", "%d.%m.%Y %H:%M", "%m/%d/%Y %I:%M:%S %p", "%Y/%m/%d %H:%M:%S"],
)
def test_dates_are_read_in_many_forms(tmp_path: Path, form: str) -> None:
    data = frame(3000)
    data["time"] = pd.date_range("2026-01-01", periods=3000, freq="min").strftime(form)
    at = times(Table(csv(tmp_path, data)))
    assert at.tolist() == [BEGIN + k * MINUTE for k in range(3000)]


@pytest.mark.parametrize("scale", [10**9, 10**6, 10**3, 1])
def test_counts_since_1970_are_read_by_their_size(tmp_path: Path, scale: int) -> None:
    data = frame()
    data["time"] = (BEGIN + np.arange(ROWS) * MINUTE) // scale
    assert times(Table(csv(tmp_path, data))).tolist() == [BEGIN + k * MINUTE for k in range(ROWS)]


def test_a_counter_is_a_time_and_so_are_the_rows(tmp_path: Path) -> None:
    data = frame()
    data["time"] = np.arange(ROWS) * 5
    counted = Table(csv(tmp_path, data))
    assert counted.time.counts
    assert np.diff(times(counted))[0] == 5 * 10**9
    bare = Table(csv(tmp_path, frame()[["a", "b"]]))
    assert bare.time.columns == ()
    assert next(bare.pieces()).told[:2] == ["0", "1"]


def test_a_column_of_measurements_is_not_taken_for_a_counter(tmp_path: Path) -> None:
    table = Table(csv(tmp_path, frame().rename(columns={"a": "t"})[["t", "b"]]))
    assert table.channels == ("t", "b")


def test_a_date_beside_a_time_is_one_time(tmp_path: Path) -> None:
    data = frame()
    parts = data["time"].str.split(" ", expand=True)
    data = data.drop(columns="time").assign(Date=parts[0], Time=parts[1])
    assert times(Table(csv(tmp_path, data)))[1] == BEGIN + MINUTE


def test_columns_are_told_apart(tmp_path: Path) -> None:
    data = frame().assign(
        on=np.where(np.arange(ROWS) % 2, "true", "false"), word="x", empty="", anomaly=0
    )
    table = Table(csv(tmp_path, data), Asked(ignore=("b",)))
    kinds = {column.name: column.kind for column in table.columns}
    assert kinds == {
        "time": Kind.TIME, "a": Kind.NUMBER, "b": Kind.IGNORED, "on": Kind.BOOLEAN,
        "word": Kind.TEXT, "empty": Kind.EMPTY, "anomaly": Kind.LABEL,
    }  # fmt: skip
    assert table.channels == ("a", "on", "empty")
    assert set(values(table)[:, 1]) == {0.0, 1.0}


def test_a_file_without_a_header_gets_names(tmp_path: Path) -> None:
    table = Table(csv(tmp_path, header=False))
    assert table.channels == ("column 2", "column 3")
    assert table.survey().count == ROWS


def test_cells_that_are_no_numbers_are_counted_with_the_place_of_the_first(tmp_path: Path) -> None:
    data = frame().astype(object)
    data.loc[3, "a"] = "12 bar"
    table = Table(csv(tmp_path, data))
    assert np.isnan(values(table)[3, 0])
    file, row, text = table.unread.first["a"]
    assert (table.unread.cells["a"], text, file.line(row)) == (1, "12 bar", 5)


def test_a_row_with_too_many_cells_is_kept_without_its_values(tmp_path: Path) -> None:
    path = csv(tmp_path)
    lines = path.read_text().splitlines()
    lines[10] += ",7,8"
    lines[20] = lines[20].rsplit(",", 1)[0]
    path.write_text("\n".join(lines) + "\n")
    table = Table(path)
    read = values(table)
    assert len(read) == ROWS
    assert np.isnan(read[9]).all()
    assert np.isnan(read[19]).tolist() == [False, True]
    assert table.unread.ragged == 1


def test_assets_are_told_apart_by_a_column_and_counted(tmp_path: Path) -> None:
    data = pd.concat([frame(50, None).assign(machine=name) for name in ("m1", "m2")])
    table = Table(csv(tmp_path, data.sort_values("time")), Asked(asset="Machine"))
    survey = table.survey()
    assert dict(survey.rows) == {"m1": 50, "m2": 50}
    assert survey.backward == survey.repeated == 0


def test_times_that_step_back_or_repeat_are_counted(tmp_path: Path) -> None:
    data = frame(10, None)
    data.loc[4, "time"] = data["time"][1]
    data.loc[7, "time"] = data["time"][6]
    survey = Table(csv(tmp_path, data)).survey()
    assert (survey.backward, survey.repeated) == (1, 1)
    assert survey.first_backward is not None
    assert survey.first_backward[0].line(survey.first_backward[1]) == 6


def test_parquet_is_read_as_csv_is(tmp_path: Path) -> None:
    data = frame().assign(time=pd.date_range("2026-01-01", periods=ROWS, freq="min", tz="UTC"))
    data.to_parquet(tmp_path / "pump.parquet")
    table = Table(tmp_path / "pump.parquet")
    np.testing.assert_array_equal(values(table), frame()[["a", "b"]])
    assert times(table)[1] == BEGIN + MINUTE
    assert next(table.pieces()).told[1] == "2026-01-01T00:01:00Z"


def test_packed_csv_is_read(tmp_path: Path) -> None:
    path = csv(tmp_path)
    packed = tmp_path / "pump.csv.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert Table(packed).survey().count == ROWS


def test_files_that_follow_each_other_are_one_recording(tmp_path: Path) -> None:
    for number in (9, 10, 11):
        part = frame().iloc[(number - 9) * 100 : (number - 8) * 100]
        csv(tmp_path, part, f"part-{number}.csv")
    table = Table(tmp_path)
    survey = table.survey()
    assert dict(survey.rows) == {tmp_path.name: 300}
    assert survey.backward == 0
    np.testing.assert_allclose(values(table), frame()[["a", "b"]][:300])


def test_files_of_the_same_time_are_assets_of_their_own(tmp_path: Path) -> None:
    for name in ("m1.csv", "m2.csv"):
        csv(tmp_path, frame(50, None), name)
    table = Table(tmp_path)
    assert dict(table.survey().rows) == {"m1": 50, "m2": 50}
    assert [piece.asset[0] for piece in table.pieces()] == ["m1", "m2"]


def test_files_are_named_by_their_folders_too(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        csv(tmp_path / folder, frame(50, None), "0.csv")
    (tmp_path / "README.txt").write_text("Not a table.")
    assert dict(Table(tmp_path).survey().rows) == {"one/0": 50, "two/0": 50}


@pytest.mark.parametrize("lines", [["# by hand", "# of pump 7"], ["Report of pump 7", "", "May"]])
def test_lines_before_the_header_are_passed_over(tmp_path: Path, lines: list[str]) -> None:
    path = csv(tmp_path)
    path.write_text("\n".join([*lines, path.read_text()]))
    table = Table(path)
    assert table.channels == ("a", "b")
    np.testing.assert_allclose(values(table), frame()[["a", "b"]])


@pytest.mark.parametrize(("sign", "decimal"), [(",", "."), (".", ",")])
def test_digits_grouped_by_thousands_are_read(tmp_path: Path, sign: str, decimal: str) -> None:
    data = frame()
    words = (data["a"] * 1000).map(lambda value: f"{value:,.2f}")
    swap = str.maketrans({",": sign, ".": decimal})
    path = csv(tmp_path, data.assign(a=words.str.translate(swap)), sep=";", decimal=decimal)
    np.testing.assert_allclose(values(Table(path))[:, 0], data["a"] * 1000, atol=0.006)


def test_a_name_that_is_given_twice_is_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "twice.csv"
    path.write_text("x,x\n1,2\n3,4\n")
    table = Table(path)
    assert table.channels == ("x", "x (2)")
    assert 'column 2 is called "x" again' in table.files[0].notes[0]


def refusal(path: Path, asked: Asked | None = None) -> str:
    with pytest.raises(ConfigError) as told:
        list(Table(path, asked).pieces())
    return str(told.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty; a header and at least one row are needed"),
        (b"time,a,b\n", "1: no row of data; at least one is needed below the header"),
        (b"PK\x03\x04zip", "an Excel workbook"),
        (b"\x00\x01\x02", "not a text file"),
        (b"PAR1broken", "cannot be read as Parquet"),
        (b"a,b\nx,y\n", '1: no column holds numbers cut at ","; columns: a (text), b (text)'),
        (b'a,b\n1,2\n3,"4\n5,6\n', "2: cannot be read as a table: EOF inside string"),
    ],
)
def test_what_is_no_table_is_told_with_its_place(
    tmp_path: Path, content: bytes, words: str
) -> None:
    path = tmp_path / "odd.csv"
    path.write_bytes(content)
    assert words in refusal(path)


def test_an_unknown_column_is_told_with_those_there_are(tmp_path: Path) -> None:
    path = csv(tmp_path)
    told = refusal(path, Asked(asset="mashine"))
    assert told.startswith(f'{path}:1: --asset: no column "mashine"')
    assert told.endswith("columns: time, a, b")


def test_a_column_of_no_times_is_told_with_what_is_allowed(tmp_path: Path) -> None:
    path = csv(tmp_path, frame().assign(word="soon"))
    told = refusal(path, Asked(time="word"))
    assert told.startswith(f'{path}:2: column "word": "soon" is no time; allowed: ISO 8601')


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    assert "no such file or folder" in refusal(tmp_path / "none.csv")
    (tmp_path / "folder").mkdir()
    assert "no file in it ends with .csv" in refusal(tmp_path / "folder")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_told(tmp_path: Path) -> None:
    path = csv(tmp_path)
    path.chmod(0)
    assert "cannot be read: Permission denied" in refusal(path)
