from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.document import MAX_BYTES, MAX_DEPTH, parse, read
from core.errors import Fault

TEXT = """\
title: no
sites:
  lahore:
    on: 1
    ratio: 0.5
    list: [a, {b: 2}]
"""


def data(text: str) -> object:
    document, faults = parse(text, "x.yaml")
    assert faults == []
    assert document is not None
    return document.data


def broken(text: str) -> str:
    document, faults = parse(text, "x.yaml")
    assert document is None
    (fault,) = faults
    return str(fault)


def test_every_place_knows_its_line() -> None:
    document, _ = parse(TEXT, "x.yaml")

    assert document is not None
    assert document.line(("sites", "lahore", "ratio")) == 5
    assert document.line(("sites", "lahore", "list", 1, "b")) == 6
    assert document.line(("sites", "lahore", "gone", "b")) == 3
    assert document.get("sites", "lahore", "list", 1, "b") == 2
    assert document.get("sites", "lahore", "list", 7) is None
    assert document.get("title", "deeper") is None
    assert document.block("sites", "lahore", "ratio") == {}
    assert document.fault(("sites", "lahore"), "odd") == Fault("x.yaml", 3, "sites.lahore: odd")
    assert document.fault((), "odd") == Fault("x.yaml", 1, "odd")


def test_only_true_and_false_are_truths_and_keys_are_always_text() -> None:
    assert data("title: no\non: 1\n1: yes\ny: True\nn: false") == {
        "title": "no",
        "on": 1,
        "1": "yes",
        "y": True,
        "n": False,
    }


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("12", 12),
        ("-12", -12),
        ("+3", 3),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("0x10", "0x10"),
        ("0o17", "0o17"),
        ("007", "007"),
        ("00.5", "00.5"),
        ("1_000", "1_000"),
        ("12:30:45", "12:30:45"),
        ("2026-11-23", "2026-11-23"),
        ("'4'", "4"),
        ("!!str 4", "4"),
        ("~", None),
        ("null", None),
        ("", None),
        (".inf", float("inf")),
        ("-.INF", float("-inf")),
        ("1" * 30, float("1" * 30)),
    ],
)
def test_numbers_are_only_what_a_person_would_read_as_one(written: str, value: object) -> None:
    found = data(f"x: {written}")
    assert found == {"x": value}
    assert type(found["x"]) is type(value)


def test_an_empty_file_is_nothing_at_its_first_line() -> None:
    document, faults = parse("# nothing\n", "x.yaml")

    assert document is not None
    assert (document.data, faults, document.line(("sites",))) == (None, [], 1)


def test_a_duplicate_key_is_a_fault_that_names_both_lines_and_the_first_stays() -> None:
    document, faults = parse("a:\n  b: 1\n  b: 2\n  b: 3\n", "x.yaml")

    assert [str(fault) for fault in faults] == [
        "x.yaml:3: a.b: duplicate key; it is first given on line 2",
        "x.yaml:4: a.b: duplicate key; it is first given on line 2",
    ]
    assert document is not None
    assert document.get("a", "b") == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a:\n\tb: 1", "x.yaml:2: not YAML: "),
        ("a: [1, 2\nb: 3", "x.yaml:2: not YAML: "),
        ("a: {b: 1", "x.yaml:1: not YAML: "),
        ("b: 1\na: 'open\n\n", "x.yaml:2: not YAML: "),
        ("a: {b: 1,\nc: 2\nd: 3", "x.yaml:3: not YAML: while parsing a flow mapping"),
        ("a: {b: 1,\nc: 2\nd: 3", " for what begins on line 1"),
        ("a: 1\nb: @x", "x.yaml:2: not YAML: "),
        ("a: 1\nb: x\x00y", "x.yaml:2: not YAML: unacceptable character #x0000"),
        ('a: "\\ud800"', "x.yaml:1: not YAML: "),
        ("a: !!python/object/apply:os.system [ls]", "x.yaml:1: a: a tag is not allowed"),
        ("a:\n  b: !x tiger", "x.yaml:2: a.b: a tag is not allowed; put text that begins with !"),
        ("a: !x {b: 1}", "x.yaml:1: a: a tag is not allowed"),
        ("a: !!int 4", "x.yaml:1: a: a tag is not allowed"),
        ("a:\n  - *tiger", "x.yaml:2: a.0: an alias without its anchor; put text that begins wi"),
        ("a: &a\n  b: *a", "x.yaml:2: a.b: an alias without its anchor"),
        ("a: {<<: {b: 1}}", "x.yaml:1: a: merge keys (<<) are not allowed; repeat the keys"),
        ("a:\n  [b]: 1", "x.yaml:2: a: a key must be plain text"),
        ("'': 1", "x.yaml:1: a key must be plain text"),
        ("a: 1\n---\nb: 1", "x.yaml:2: a second document; one is allowed"),
        ("[" * 5000, f"x.yaml:1: nested deeper than {MAX_DEPTH} levels"),
        ("{a: " * 5000, f"x.yaml:1: nested deeper than {MAX_DEPTH} levels"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(text: str, words: str) -> None:
    said = broken(text)
    assert words in said
    assert "tiger" not in said


def test_tabs_are_told_how_to_be_mended() -> None:
    assert "; indent with spaces, not with tabs" in broken("a:\n\tb: 1")
    assert "; indent with spaces, not with tabs" in broken("a:\n  \tb: 1\n  c: 2")
    assert "tabs" not in broken("a: 1\nb: @x")


def test_aliases_unfold() -> None:
    assert data("a: &x {k: [1, 2]}\nb: *x") == {"a": {"k": [1, 2]}, "b": {"k": [1, 2]}}


@pytest.mark.parametrize("one", ["[{}]", "{{a: {}, b: {}}}"])
def test_an_alias_bomb_is_put_out(one: str) -> None:
    many = "a0: &a0 x\n" + "".join(
        f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 60)
    )
    assert "values, aliases unfolded" in broken(many)


def test_aliases_cannot_nest_deeper_than_is_allowed() -> None:
    text = "a0: &a0 x\n" + "".join(f"a{i}: &a{i} [*a{i - 1}]\n" for i in range(1, 60))
    assert f"nested deeper than {MAX_DEPTH} levels" in broken(text)


def test_a_file_with_a_byte_order_mark_reads(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(b"\xef\xbb\xbftitle: \xd9\xbe\xd9\x85\xd9\xbe\n")

    document, faults = read(path)

    assert faults == []
    assert document is not None
    assert document.data == {"title": "پمپ"}


def test_bytes_that_are_not_utf8_are_told_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(b"a: 1\nb: \xff\n")

    assert read(path, "x.yaml") == (None, [Fault("x.yaml", 2, "not UTF-8: byte 0xff")])


def test_files_that_cannot_be_opened_or_are_too_large_are_told(tmp_path: Path) -> None:
    (tmp_path / "big.yaml").write_bytes(b"#" * (MAX_BYTES + 1))
    os.mkfifo(tmp_path / "pipe.yaml")

    assert str(read(tmp_path / "gone.yaml", "gone")[1][0]) == (
        "gone: cannot be read: No such file or directory"
    )
    assert str(read(tmp_path, "dir")[1][0]) == "dir: cannot be read: not a file"
    assert str(read(tmp_path / "pipe.yaml", "pipe")[1][0]) == "pipe: cannot be read: not a file"
    assert str(read(tmp_path / "big.yaml", "big")[1][0]) == "big: larger than 1000 kB"


@settings(max_examples=200)
@given(st.text(alphabet="ab:-[]{},&*!#|>'\"\n\t %@0.1\x00\x1bپ", max_size=40))
def test_any_text_is_either_a_document_or_a_fault(text: str) -> None:
    document, faults = parse(text, "x.yaml")

    assert document is not None or len(faults) == 1
    assert all(fault.path == "x.yaml" and "\n" not in str(fault) for fault in faults)
