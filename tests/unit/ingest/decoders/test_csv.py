"""Rows as loggers and exports write them."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from core.clock import SECOND
from core.rejection import Reason
from ingest.sample import Sample
from tests.unit.ingest.decoders.tables import decoded, refused

AT = 1_795_420_800 * SECOND  # 2026-11-23T08:00:00Z
TIMED = {"timestamp_column": "time"}

TABLE: list[tuple[str, dict[str, Any], list[Sample]]] = [
    (
        "time,temp,state\n2026-11-23T08:00:00Z,61.5,RUN\r\n2026-11-23T08:00:01Z,,true\n",
        TIMED,
        [
            Sample({"temp": 61.5, "state": "RUN"}, at=AT),
            Sample({"state": True}, at=AT + SECOND),
        ],
    ),
    (
        "\ufeff23.11.2026 13:00:00;P1;61,5;-4\n",
        {
            "delimiter": ";",
            "columns": ["time", "asset", "temp", ""],
            "timestamp_column": "time",
            "timestamp_format": "%d.%m.%Y %H:%M:%S",
            "timestamp_timezone": "Asia/Karachi",
            "asset_column": "asset",
            "decimal_comma": True,
        },
        [Sample({"temp": 61.5}, "P1", AT)],
    ),
    (
        "logger 17\nserial 5\na\tb\n1\tn/a\n",
        {"delimiter": "\t", "skip_rows": 2, "skip_values": ["n/a"]},
        [Sample({"a": 1.0})],
    ),
    ('a,b\n"1","x, ""y"""\n\n', {}, [Sample({"a": 1.0, "b": 'x, "y"'})]),
    ("1,2", {"columns": ["a", "b"]}, [Sample({"a": 1.0, "b": 2.0})]),
]


@pytest.mark.parametrize(("payload", "settings", "said"), TABLE)
def test_a_row_is_a_sample(payload: str, settings: dict[str, Any], said: list[Sample]) -> None:
    assert decoded(payload, kind="csv", **settings) == said


@pytest.mark.parametrize(
    ("payload", "settings", "why", "says"),
    [
        (b" \n", {}, Reason.MALFORMED, "empty"),
        (b"a\n\xff", {}, Reason.NOT_UTF8, "byte 2"),
        ("a,b\n", {}, Reason.NO_VALUES, "no value"),
        ("a,b\n1,2,3", {}, Reason.MALFORMED, "line 2: it has 3 cells, not 2"),
        ("a,a\n1,2", {}, Reason.DUPLICATE_KEY, '"a" comes twice'),
        ("a\n1", TIMED, Reason.MALFORMED, 'no column "time"; known: a'),
        ("time,a\nsoon,1", TIMED, Reason.BAD_TIME, 'line 2: "time" is the text "soon"'),
        ("a\nnan", {}, Reason.NOT_FINITE, "line 2: a is nan"),
        ('a\n"1"2', {}, Reason.MALFORMED, "line 2"),
        ("a\n" + "x" * 300, {}, Reason.OVERSIZED, "at most 256"),
        ("a,b\n,1", {"asset_column": "a"}, Reason.UNKNOWN_ASSET, "no asset is named"),
        ("a\n1\n2", {"max_samples": 1}, Reason.OVERSIZED, "more than 1 samples"),
    ],
)
def test_what_is_no_row_is_refused_with_its_reason(
    payload: bytes | str, settings: dict[str, Any], why: Reason, says: str
) -> None:
    reason, detail = refused(payload, kind="csv", **settings)
    assert reason is why
    assert says in detail


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"delimiter": '"'}, "cannot be told"),
        ({"decimal_comma": True}, "cannot be told"),
        ({"columns": ["a"], "asset_column": "b"}, 'no column "b"; known: a'),
    ],
)
def test_settings_that_cannot_be_are_refused(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        decoded("", kind="csv", **settings)
