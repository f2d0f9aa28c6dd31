from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from core.clock import SECOND, iso
from core.errors import Refused
from core.past import Chunk, PastRows
from storage.past_csv import CsvPast, PastCsvSettings

PLAIN = "time,temp,vib\n2026-11-23T08:00:00Z,61.5,2.1\n2026-11-23T08:00:10Z,61.6,\n"


def past(where: Path, **settings: Any) -> CsvPast:
    return CsvPast(PastCsvSettings.model_validate({"folder": ".", **settings}), where)


def chunks(where: Path, after: str = "", **settings: Any) -> list[Chunk]:
    return list(past(where, **settings).read(after))


def rows(folder: Path, **settings: Any) -> list[PastRows]:
    return [one for chunk in chunks(folder, **settings) for one in chunk.rows]


def times(found: PastRows) -> list[str]:
    return [iso(at) for at in found.at.tolist()]


def one(folder: Path, text: str, **settings: Any) -> PastRows:
    (folder / "one.csv").write_text(text, encoding="utf-8")
    (found,) = rows(folder, **settings)
    return found


def test_a_file_is_a_measurement_and_a_column_a_field(tmp_path: Path) -> None:
    found = one(tmp_path, PLAIN)
    assert (found.measurement, found.tags, found.fields) == ("one", {}, ("temp", "vib"))
    assert times(found) == ["2026-11-23T08:00:00Z", "2026-11-23T08:00:10Z"]
    np.testing.assert_array_equal(found.values, [[61.5, 2.1], [61.6, np.nan]])


def test_tags_stand_in_the_file_name_and_in_columns(tmp_path: Path) -> None:
    text = "time,side,vib\n2026-11-23T08:00:00Z,de,1\n2026-11-23T08:00:00Z,nde,2\n"
    (tmp_path / "water.pump-01.csv").write_text(text)
    found = rows(tmp_path, file_name="{area}.{machine}.csv", tags=["side"])
    assert [each.tags for each in found] == [
        {"area": "water", "machine": "pump-01", "side": side} for side in ("de", "nde")
    ]
    assert [each.values.tolist() for each in found] == [[[1]], [[2]]]


@pytest.mark.parametrize(
    ("said", "settings", "right"),
    [
        ("2026-11-23T13:00:00+05:00", {}, "2026-11-23T08:00:00Z"),
        ("2026-11-23 13:00:00", {"timezone": "Asia/Karachi"}, "2026-11-23T08:00:00Z"),
        ("2026-11-23", {"timezone": "Asia/Karachi"}, "2026-11-22T19:00:00Z"),
        ("2026-11-23T08:00:00Z", {"timezone": "Asia/Karachi"}, "2026-11-23T08:00:00Z"),
        ("2026-10-25 02:30:00", {"timezone": "Europe/Berlin"}, "2026-10-25T00:30:00Z"),
        ("23.11.2026 08:00", {"time_format": "%d.%m.%Y %H:%M"}, "2026-11-23T08:00:00Z"),
        ("1795420800", {"time_format": "s"}, "2026-11-23T08:00:00Z"),
        ("1795420800.25", {"time_format": "s"}, "2026-11-23T08:00:00.250Z"),
        ("1795420800000", {"time_format": "ms"}, "2026-11-23T08:00:00Z"),
    ],
)
def test_times_are_read_as_they_are_said_to_be(
    tmp_path: Path, said: str, settings: dict[str, Any], right: str
) -> None:
    assert times(one(tmp_path, f"time,v\n{said},1\n", **settings)) == [right]


def test_nanoseconds_are_kept_to_the_digit(tmp_path: Path) -> None:
    text = "time,v\n2026-11-23T08:00:00.123456789Z,1\n"
    assert one(tmp_path, text).at.tolist() == [1_795_420_800_123_456_789]
    text = "time,v\n1795420800123456789,1\n"
    assert one(tmp_path, text, time_format="ns").at.tolist() == [1_795_420_800_123_456_789]


def test_what_cannot_be_read_is_counted_and_the_rest_is_taken(tmp_path: Path) -> None:
    found = one(
        tmp_path,
        "time,v,w\n2026-11-23T08:00:00Z,1,x\nyesterday,2,3\n2026-11-23T08:00:02Z,1,2,3\n"
        "1066-10-14T08:00:00Z,1,2\n2026-03-29 02:30:00,1,2\n2026-11-23T08:00:05Z,5,inf\n",
        timezone="Europe/Berlin",
    )
    assert times(found) == ["2026-11-23T08:00:00Z", "2026-11-23T08:00:05Z"]
    assert found.unread == {"broken row": 1, "time cannot be read": 3, "not a number": 1}


def test_rows_come_oldest_first_within_a_piece(tmp_path: Path) -> None:
    text = "time,v\n20,2\n10,1\n30,3\n"
    found = one(tmp_path, text, time_format="s")
    assert (found.at // SECOND).tolist() == [10, 20, 30]
    assert found.values[:, 0].tolist() == [1, 2, 3]


def test_files_are_read_in_pieces_and_from_any_position_on(tmp_path: Path) -> None:
    for name in "ab":
        lines = [f"{second},{second}" for second in range(25)]
        (tmp_path / f"{name}.csv").write_text("\n".join(["time,v", *lines, ""]))
    settings = {"time_format": "s", "rows": 10}
    whole = chunks(tmp_path, **settings)
    assert [len(chunk.rows[0].at) for chunk in whole] == [10, 10, 5, 10, 10, 5]
    assert whole[-1].share == 1
    assert [c.share for c in whole] == sorted(c.share for c in whole)
    for number, chunk in enumerate(whole):
        rest = chunks(tmp_path, chunk.position, **settings)
        assert [c.position for c in rest] == [c.position for c in whole[number + 1 :]]
        assert [c.rows[0].at.tolist() for c in rest] == [
            c.rows[0].at.tolist() for c in whole[number + 1 :]
        ]


def test_a_file_that_has_grown_is_read_on(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("time,v\n1,1\n2,2\n")
    (before,) = chunks(tmp_path, time_format="s")
    file.write_text("time,v\n1,1\n2,2\n3,3\n")
    (after,) = chunks(tmp_path, before.position, time_format="s")
    assert (after.rows[0].at // SECOND).tolist() == [3]


@pytest.mark.parametrize("text", ["", "time,v\n"])
def test_an_empty_file_says_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.csv").write_text(text)
    assert chunks(tmp_path) == []


def test_other_separators_and_signs_are_read(tmp_path: Path) -> None:
    found = one(tmp_path, "time;v\n10;1,5\n", separator=";", decimal=",", time_format="s")
    assert found.values.tolist() == [[1.5]]


@pytest.mark.parametrize(
    ("files", "settings", "words"),
    [
        ({}, {}, "no file in"),
        ({}, {"folder": "nowhere"}, "no such folder"),
        ({"a.csv": "when,v\n1,2\n"}, {}, 'unknown column "time"'),
        ({"a.csv": PLAIN}, {"tags": ["machine"]}, 'unknown column "machine"'),
        ({"a.csv": PLAIN}, {"file_name": "x{machine}.csv"}, "is not called like"),
        ({"a.csv": "time,v\n1,\xff\n"}, {"encoding": "ascii"}, "cannot be read as a table"),
    ],
)
def test_what_is_not_as_it_was_said_is_refused(
    tmp_path: Path, files: dict[str, str], settings: dict[str, Any], words: str
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(Refused, match=words):
        chunks(tmp_path, **settings)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"timezone": "Mars"}, "unknown time zone"),
        ({"time_format": "yesterday"}, "no form of times"),
        ({"file_name": "{a}-{a}.csv"}, "each {tag} once"),
    ],
)
def test_settings_say_what_is_allowed(settings: dict[str, str], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        PastCsvSettings.model_validate({"folder": ".", **settings})
