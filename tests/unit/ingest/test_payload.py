"""The exact reading of payloads: every oddity has a name, and none takes long."""

from __future__ import annotations

import pytest

from core.rejection import Reason
from ingest.payload import DEEPEST, Bad, Constant, Number, described, parse


def test_numbers_stay_as_they_were_written() -> None:
    found = parse(b'{"a": 1.50, "b": -0, "c": NaN, "d": "1"}')
    assert found == {"a": "1.50", "b": "-0", "c": "NaN", "d": "1"}
    assert [type(value) for value in found.values()] == [Number, Number, Constant, str]


def test_brackets_within_a_text_are_no_levels() -> None:
    assert parse(b'{"a": "' + b'[{\\"[' * 50 + b'"}')["a"] == '[{"[' * 50


def test_as_deep_as_allowed_is_taken() -> None:
    assert parse(b'{"a":' * DEEPEST + b"1" + b"}" * DEEPEST)
    assert parse(b'{"a": [' + b"[]," * 40 + b"[]]}")


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "payload",
    [
        b'"' + b'\\"' * 128_000,
        b'{"a":"' + b"\\" * 255_999,
        b'"a' * 85_001,
        b'{"a":' + b"9" * 250_000,
    ],
)
def test_no_payload_takes_the_square_of_its_length(payload: bytes) -> None:
    with pytest.raises(Bad) as refused:
        parse(payload)
    assert refused.value.reason is Reason.MALFORMED


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "null"),
        (True, "true"),
        (Number("9" * 50), "the number " + "9" * 40 + "…"),
        (Number("12"), "the number 12"),
        (Constant("NaN"), "the number NaN"),
        ("on", 'the text "on"'),
        ({}, "an object"),
        ([], "a list"),
    ],
)
def test_values_are_described_in_words(value: object, words: str) -> None:
    assert described(value) == words
