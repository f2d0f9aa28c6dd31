from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import Refused
from simulators.layout import look, names_from, renames_from


def put(folder: Path, content: str | bytes) -> Path:
    path = folder / "file.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize(
    ("content", "separator"),
    [
        ("a,b\n1,2\n", ","),
        ("a;b\n1;2\n", ";"),
        ("a\tb\n1\t2\n", "\t"),
        ("a|b\n1|2\n", "|"),
        ("a b\n1  2\n", None),
        ("a;b\n1,5;2,5\n", ";"),
        ('a,b\n"x, y",2\nz,3\n', ","),
        ("1 2 \n3 4 \n", None),
    ],
)
def test_the_separator_is_what_cuts_every_line_alike(
    tmp_path: Path, content: str, separator: str | None
) -> None:
    assert look(put(tmp_path, content)).separator == separator


def test_a_given_separator_is_taken(tmp_path: Path) -> None:
    assert look(put(tmp_path, "a,b:c\n1,2:3\n"), ":").separator == ":"


def test_decimal_commas_are_seen(tmp_path: Path) -> None:
    assert look(put(tmp_path, "a;b\n1,5;2\n")).decimal == ","
    assert look(put(tmp_path, "a;b\n1.5;2\n")).decimal == "."
    assert look(put(tmp_path, "a,b\n1,5\n")).decimal == "."


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_usual_encodings_are_read(tmp_path: Path, encoding: str) -> None:
    form = look(put(tmp_path, "Öl;b\n1;2\n".encode(encoding)))
    assert form.split(form.head[0]) == ["Öl", "b"]


def test_a_letter_far_down_the_file_still_decides_the_encoding(tmp_path: Path) -> None:
    content = b"a;b\n" + b"1;2\n" * 100_000 + "3;Öl\n".encode("latin-1")
    assert look(put(tmp_path, content)).encoding == "latin-1"


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "is empty"), (b"\n \n", "is empty"), (b"a\0b", "is not a text file")],
)
def test_what_is_no_table_is_said(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(Refused, match=words):
        look(put(tmp_path, content))


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"none\.csv: No such file"):
        look(tmp_path / "none.csv")


def test_names_come_as_a_list_a_count_or_a_file(tmp_path: Path) -> None:
    assert names_from("unit, cycle,s1..s3") == ("unit", "cycle", "s1", "s2", "s3")
    (tmp_path / "names").write_text("unit\nVolume Flow\n\n")
    assert names_from(str(tmp_path / "names")) == ("unit", "Volume Flow")
    assert names_from("a b") == ("a", "b")


@pytest.mark.parametrize(("text", "words"), [("a,b,a", "more than once: a"), (" , ", "no column")])
def test_names_that_cannot_be_are_refused(text: str, words: str) -> None:
    with pytest.raises(Refused, match=words):
        names_from(text)


def test_a_mapping_is_old_equals_new() -> None:
    assert renames_from(("Volume Flow=flow", "a = b")) == (("Volume Flow", "flow"), ("a", "b"))
    for odd in ("flow", "=flow", "flow="):
        with pytest.raises(Refused, match="write it as COLUMN=CHANNEL"):
            renames_from((odd,))
