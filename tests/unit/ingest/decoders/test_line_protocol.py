"""Influx line protocol as agents and devices write it."""

from __future__ import annotations

from typing import Any

import pytest

from core.clock import SECOND
from core.rejection import Reason
from ingest.sample import Sample
from tests.unit.ingest.decoders.tables import decoded, refused

AT = 1_795_420_800 * SECOND  # 2026-11-23T08:00:00Z

TABLE: list[tuple[str, dict[str, Any], list[Sample]]] = [
    ("pump temp=61.5 1795420800000000000", {}, [Sample({"temp": 61.5}, at=AT)]),
    ("pump temp=61.5", {}, [Sample({"temp": 61.5})]),
    (
        "pump,site=lhr,asset=p1 temp=61.5,rpm=1480i,starts=7u,run=t,alarm=False 1795420800",
        {"asset_tag": "asset", "precision": "s"},
        [
            Sample(
                {"temp": 61.5, "rpm": 1480.0, "starts": 7.0, "run": True, "alarm": False},
                "p1",
                AT,
            )
        ],
    ),
    (
        'pump state="running, \\"hot\\" \\\\ =",x=-1.5e-3 1795420800000',
        {"precision": "ms"},
        [Sample({"state": 'running, "hot" \\ =', "x": -0.0015}, at=AT)],
    ),
    (
        "my\\ pump\\,1,as\\ set=p\\=1\\,a te\\ mp\\=de=1,back\\slash=2",
        {"asset_tag": "as set"},
        [Sample({"te mp=de": 1.0, "back\\slash": 2.0}, "p=1,a")],
    ),
    (
        "# a remark\n\npump temp=1 1\r\npump temp=2 2\n  # another\npump temp=3\n",
        {},
        [Sample({"temp": 1.0}, at=1), Sample({"temp": 2.0}, at=2), Sample({"temp": 3.0})],
    ),
    ("cpu value=0.64", {"prepend_measurement": True}, [Sample({"cpu_value": 0.64})]),
    ('m text="two\nlines"', {}, [Sample({"text": "two\nlines"})]),
    ("m v=1   -5  ", {}, [Sample({"v": 1.0}, at=-5)]),
    ("m v=1.,w=.5,x=1E3", {}, [Sample({"v": 1.0, "w": 0.5, "x": 1000.0})]),
    ("温度,asset=ポンプ 値=1", {"asset_tag": "asset"}, [Sample({"値": 1.0}, "ポンプ")]),
]


@pytest.mark.parametrize(("payload", "settings", "said"), TABLE)
def test_a_line_is_a_sample(payload: str, settings: dict[str, Any], said: list[Sample]) -> None:
    assert decoded(payload, kind="line_protocol", **settings) == said


@pytest.mark.parametrize(
    ("payload", "settings", "why", "says"),
    [
        (b"", {}, Reason.NO_VALUES, "no value"),
        ("# only a remark", {}, Reason.NO_VALUES, "no value"),
        (b"m v=\xff", {}, Reason.NOT_UTF8, "byte 4"),
        ("pump", {}, Reason.MALFORMED, 'line 1: "pump": no measurement'),
        ("pump ", {}, Reason.MALFORMED, "no field such as"),
        ("pump,asset temp=1", {}, Reason.MALFORMED, "no measurement with its tags"),
        ("pump,asset= temp=1", {}, Reason.MALFORMED, "no measurement with its tags"),
        ("pump temp=", {}, Reason.MALFORMED, "no field such as"),
        ("pump temp=1,", {}, Reason.MALFORMED, "no field such as"),
        ("pump temp=1 1.5", {}, Reason.MALFORMED, "nor a time in whole numbers"),
        ('pump temp="open', {}, Reason.MALFORMED, "no field such as"),
        ('pump temp="a"b', {}, Reason.MALFORMED, "neither a comma"),
        ("pump temp=hot", {}, Reason.NOT_A_NUMBER, 'temp is the text "hot"'),
        ("pump temp=1_0", {}, Reason.NOT_A_NUMBER, "not a number"),
        ("pump temp=NaN", {}, Reason.NOT_FINITE, "temp is NaN"),
        ("pump temp=-inf", {}, Reason.NOT_FINITE, "temp is -inf"),
        ("pump temp=1e999", {}, Reason.NOT_FINITE, "beyond any real value"),
        ("pump temp=1,temp=2", {}, Reason.DUPLICATE_KEY, '"temp" comes twice'),
        ("pump temp=1", {"asset_tag": "asset"}, Reason.UNKNOWN_ASSET, 'no tag "asset"'),
        ("pump temp=1 99999999999999999999", {}, Reason.BAD_TIME, "too far away"),
        ("p a=1\np a=2", {"max_samples": 1}, Reason.OVERSIZED, "more than 1 samples"),
        ("p a=1,b=2", {"max_values": 1}, Reason.OVERSIZED, "more than 1 values"),
    ],
)
def test_what_is_no_line_is_refused_with_its_reason(
    payload: bytes | str, settings: dict[str, Any], why: Reason, says: str
) -> None:
    reason, detail = refused(payload, kind="line_protocol", **settings)
    assert reason is why
    assert says in detail


def test_a_bad_line_does_not_take_the_others_with_it() -> None:
    good, bad, after = decoded("p a=1\np a\np a=3", kind="line_protocol")
    assert good == Sample({"a": 1.0})
    assert isinstance(bad, Sample)
    assert bad.bad[0].detail.startswith("line 2: ")
    assert after == Sample({"a": 3.0})


def test_each_bad_line_is_told_by_its_number() -> None:
    said = decoded("p\np a=1\n\np b\n# c\np a=2\np c", kind="line_protocol")
    told = [
        bad.detail.split(":")[0] for each in said if isinstance(each, Sample) for bad in each.bad
    ]
    assert told == ["line 1", "line 4", "line 7"]
