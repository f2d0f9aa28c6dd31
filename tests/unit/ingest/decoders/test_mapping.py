"""JSON of shapes that plants have, read by a mapping."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from core.clock import HOUR, SECOND
from core.readings import Quality
from core.rejection import Reason
from ingest.sample import Sample
from tests.unit.ingest.decoders.tables import decoded, refused

AT = 1_795_420_800 * SECOND  # 2026-11-23T08:00:00Z

FLAT = '{"time": 1795420800000, "id": "p1", "temp": 61.5, "rpm": 1480, "state": "RUN"}'
NESTED = """{"meta": {"t": "2026-11-23T08:00:00Z", "dev": {"id": 17}},
  "data": {"bearing": {"de": {"temp": 61.5, "u": "degF"}, "nde": {"temp": 58}},
  "rms": [1, 2, 3]}}"""
GATEWAY = """{"gw": "g1", "at": "2026-11-23T08:00:00Z", "readings": [
  {"id": "p1", "temp": 61.5}, {"id": "p2", "temp": 58, "note": null}]}"""
HISTORY = """{"id": "p1", "samples": [
  {"t": 1795420800, "v": {"temp": 61}}, {"t": 1795420801.5, "v": {"temp": 62}}]}"""
KEYED = '{"p1": {"temp": 61}, "p2": {"temp": 58, "rpm": 990}}'

TABLE: list[tuple[str, dict[str, Any], list[Sample]]] = [
    (
        FLAT,
        {"timestamp_path": "time", "timestamp_format": "unix_ms", "asset_path": "id"},
        [Sample({"temp": 61.5, "rpm": 1480.0, "state": "RUN"}, "p1", AT)],
    ),
    (
        NESTED,
        {
            "timestamp_path": "meta.t",
            "asset_path": "meta.dev.id",
            "fields": [
                {
                    "path": "data.bearing.de.temp",
                    "rename": "bearing_temp",
                    "unit_path": "data.bearing.de.u",
                },
                {"path": "data.bearing.nde.temp", "unit": "degC"},
                {"path": "data.rms.1", "rename": "rms_y"},
                {"path": "data.flow", "optional": True},
            ],
        },
        [
            Sample(
                {"bearing_temp": 61.5, "temp": 58.0, "rms_y": 2.0},
                "17",
                AT,
                units={"bearing_temp": "degF", "temp": "degC"},
            )
        ],
    ),
    (
        NESTED,
        {
            "timestamp_path": "meta.t",
            "objects": [
                {
                    "path": "data",
                    "excluded_keys": ["bearing_de_u"],
                    "renames": {"bearing_de_temp": "hot"},
                }
            ],
        },
        [
            Sample(
                {"hot": 61.5, "bearing_nde_temp": 58.0, "rms_1": 1.0, "rms_2": 2.0, "rms_3": 3.0},
                at=AT,
            )
        ],
    ),
    (
        NESTED,
        {
            "objects": [
                {
                    "path": "data",
                    "included_keys": ["bearing.de"],
                    "separator": ".",
                    "disable_prepend_keys": True,
                }
            ]
        },
        [Sample({"temp": 61.5, "u": "degF"})],
    ),
    (
        GATEWAY,
        {"timestamp_path": "at", "objects": [{"path": "readings", "asset_key": "id"}]},
        [Sample({"temp": 61.5}, "p1", AT), Sample({"temp": 58.0}, "p2", AT)],
    ),
    (
        HISTORY,
        {
            "asset_path": "id",
            "objects": [
                {
                    "path": "samples",
                    "timestamp_key": "t",
                    "timestamp_format": "unix",
                    "fields_at": [{"path": "v.temp"}, {"path": "$.id", "rename": "who"}],
                }
            ],
        },
        [
            Sample({"temp": 61.0, "who": "p1"}, "p1", AT),
            Sample({"temp": 62.0, "who": "p1"}, "p1", AT + 1_500_000_000),
        ],
    ),
    (
        KEYED,
        {"objects": [{"asset_is_key": True}]},
        [Sample({"temp": 61.0}, "p1"), Sample({"temp": 58.0, "rpm": 990.0}, "p2")],
    ),
    (
        '[{"t": "61"}, {"t": "62"}]',
        {"objects": [{"path": "@this", "fields": {"t": "float"}}]},
        [Sample({"t": 61.0}), Sample({"t": 62.0})],
    ),
    (
        '{"m": [{"p": 1}, {"p": 2}, {}]}',
        {"fields": [{"path": "m.#.p", "rename": "power"}]},
        [Sample({"power_1": 1.0, "power_2": 2.0})],
    ),
    (
        r'{"a.b": {"#": 1, "0": 2}}',
        {"fields": [{"path": r"a\.b.\#", "rename": "x"}, {"path": r"a\.b.0", "rename": "y"}]},
        [Sample({"x": 1.0, "y": 2.0})],
    ),
    (
        '{"v": 1, "q": "Uncertain", "w": 2, "r": 0, "z": 3, "s": true}',
        {
            "fields": [
                {"path": "v", "quality_path": "q"},
                {"path": "w", "quality_path": "r"},
                {"path": "z", "quality_path": "s"},
            ]
        },
        [
            Sample(
                {"v": 1.0, "w": 2.0, "z": 3.0},
                quality={"v": Quality.UNCERTAIN, "w": Quality.BAD},
            )
        ],
    ),
    (
        '{"ts": null, "v": 1}',
        {"timestamp_path": "ts", "timestamp_optional": True},
        [Sample({"v": 1.0})],
    ),
]


@pytest.mark.parametrize(("payload", "settings", "said"), TABLE)
def test_a_shape_that_plants_have_is_read(
    payload: str, settings: dict[str, Any], said: list[Sample]
) -> None:
    assert decoded(payload, kind="mapping", **settings) == said


@pytest.mark.parametrize(
    ("written", "form", "zone", "at"),
    [
        ('"2026-11-23T08:00:00.123456789Z"', "rfc3339", None, AT + 123_456_789),
        ('"2026-11-23T13:00:00+05:00"', "iso", None, AT),
        ('"2026-11-23T13:00:00"', "iso", "Asia/Karachi", AT),
        ("1795420800.000000001", "unix", None, AT + 1),
        ('"1795420800"', "unix", None, AT),
        ("1795420800000001", "unix_us", None, AT + 1000),
        ("1795420800000000001", "unix_ns", None, AT + 1),
        ('"23.11.2026 13:00:00,5"', "%d.%m.%Y %H:%M:%S,%f", "Asia/Karachi", AT + SECOND // 2),
        ('"23.11.2026 13:00:00,25"', "02.01.2006 15:04:05,00", "Asia/Karachi", AT + SECOND // 4),
        ('"Nov 23 2026 08:00:00 AM +0000"', "Jan 02 2006 03:04:05 PM -0700", None, AT),
        ('"2026-11-23 20:00 Z"', "%Y-%m-%d %H:%M %z", None, AT + 12 * HOUR),
    ],
)
def test_a_time_is_read_in_the_form_that_is_named(
    written: str, form: str, zone: str | None, at: int
) -> None:
    payload = f'{{"t": {written}, "v": 1}}'
    how = {"timestamp_path": "t", "timestamp_format": form, "timestamp_timezone": zone}
    assert decoded(payload, kind="mapping", **how) == [Sample({"v": 1.0}, at=at)]


SIX = {"timestamp_path": "t", "fields": [{"path": "v"}, {"path": "w"}]}


@pytest.mark.parametrize(
    ("payload", "settings", "why", "says"),
    [
        ("", SIX, Reason.MALFORMED, "empty"),
        ("{", SIX, Reason.MALFORMED, "not JSON"),
        ('{"t": 5, "v": 1}', SIX, Reason.BAD_TIME, '"t" is the number 5: not a text'),
        ('{"v": 1}', SIX, Reason.BAD_TIME, 'no "t"'),
        ('{"t": "2026-11-23T08:00:00Z"}', SIX, Reason.NO_VALUES, 'no "v"; there is no "w"'),
        (
            '{"t": "2026-11-23T08:00:00Z", "v": {}, "w": NaN}',
            SIX,
            Reason.NOT_A_NUMBER,
            "v is an object",
        ),
        ('{"t": "2026-11-23T08:00:00Z", "v": 1, "v": 2}', SIX, Reason.DUPLICATE_KEY, '"v" comes'),
        (
            '{"t": "", "v": "\\u0022\\u0022", "a": 1, "a": 2}',
            SIX,
            Reason.DUPLICATE_KEY,
            '"a" comes',
        ),
        ('{"v":' * 16 + "[]" + "}" * 16, {}, Reason.TOO_DEEP, "16 levels"),
        ('{"v": 1e999}', {}, Reason.NOT_FINITE, "v is the number 1e999"),
        ('{"v": ' + "9" * 400 + "}", {}, Reason.NOT_FINITE, "beyond any real value"),
        ('{"a": true}', {"asset_path": "a"}, Reason.UNKNOWN_ASSET, 'true stands at "a"'),
        ("[1, 2]", {"objects": [{"path": ""}]}, Reason.MALFORMED, "the number 1, not an object"),
        (
            '{"v": 1, "q": "?"}',
            {"fields": [{"path": "v", "quality_path": "q"}]},
            Reason.MALFORMED,
            "known: good",
        ),
        (
            '[{"v": 1}, {"v": 1}]',
            {"objects": [{}], "max_samples": 1},
            Reason.OVERSIZED,
            "more than 1 samples",
        ),
        ('{"v": 1, "w": 2}', {"max_values": 1}, Reason.OVERSIZED, "more than 1 values"),
        (
            '{"t": "2026-03-29T02:30:00", "v": 1}',
            {"timestamp_path": "t", "timestamp_timezone": "Europe/Berlin"},
            Reason.SKIPPED_HOUR,
            "does not exist in Europe/Berlin",
        ),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(
    payload: str, settings: dict[str, Any], why: Reason, says: str
) -> None:
    reason, detail = refused(payload, kind="mapping", **settings)
    assert reason is why
    assert says in detail


def test_one_bad_value_does_not_take_the_others_with_it() -> None:
    fields = [{"path": "a"}, {"path": "b"}, {"path": "c"}]
    (sample,) = decoded('{"a": 1, "b": Infinity}', kind="mapping", fields=fields)
    assert isinstance(sample, Sample)
    assert sample.values == {"a": 1.0}
    assert [bad.reason for bad in sample.bad] == [Reason.NOT_FINITE, Reason.NO_VALUES]


def test_one_bad_element_does_not_take_the_others_with_it() -> None:
    how = {"objects": [{"timestamp_key": "t"}]}
    payload = '[{"t": 1, "v": 1}, {"t": "2026-11-23T08:00:00Z", "v": 2}]'
    first, second = decoded(payload, kind="mapping", **how)
    assert isinstance(first, Sample)
    assert [bad.reason for bad in first.bad] == [Reason.BAD_TIME]
    assert second == Sample({"v": 2.0}, at=AT)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"fields": [{"path": "a..b"}]}, "empty part"),
        ({"fields": [{"path": "a.*"}]}, "wildcards are not known"),
        ({"fields": [{"path": 'a.#(x=="y")'}]}, "queries are not known"),
        ({"fields": [{"path": "a|b"}]}, "pipes are not known"),
        ({"fields": [{"path": "a\\"}]}, "ends in"),
        ({"objects": [{"asset_key": "$.a.#"}]}, "leads to one value"),
        ({"timestamp_format": "%Y-%m-%d"}, "with year, month, day and hour"),
        ({"timestamp_format": "%Y-%m-%d %H %Q"}, "%Q in the layout"),
        ({"timestamp_format": "epoch"}, "allowed: unix"),
        ({"timestamp_timezone": "Asia/Karaci"}, "unknown time zone"),
    ],
)
def test_a_mapping_that_cannot_be_is_refused_when_it_is_read(
    settings: dict[str, Any], says: str
) -> None:
    with pytest.raises(ValidationError, match=says):
        decoded("{}", kind="mapping", **settings)
