"""Sources: messages of any form find their asset, channels, units, times and quality."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from core.clock import MINUTE, SECOND, Instant, iso
from core.ledger import Fate
from core.plant import Asset, AssetClass, Channel, Plant, Site
from core.readings import Quality, Reading
from core.rejection import Reason
from ingest.decode import Batch, Decoder
from ingest.packets import Packet
from ingest.settings import IngestSettings
from tests.messages import FRESH, NOW, RETAINED, readings

FAN = AssetClass(
    "fan",
    (
        Channel("vibration", "mm/s", low=0, high=100),
        Channel("temperature", "degC", low=-40, high=200),
        Channel("door", low=0, high=1, states={"open": 1.0, "shut": 0.0, "true": 1.0}),
    ),
)
MAPPING = {
    "kind": "mapping",
    "timestamp_path": "t",
    "timestamp_format": "unix",
    "objects": [{"path": "data"}],
}


def plant() -> Plant:
    assets = [Asset("lahore", "hall", name, "fan") for name in ("f1", "f2", "line-7-f3")]
    return Plant(
        {"lahore": Site("lahore", "Asia/Karachi")}, {a.id: a for a in assets}, {"fan": FAN}
    )


def decoder(**source: Any) -> Decoder:
    given = {
        "name": "mapped",
        "topic": "m/{site}/{area}/{asset}",
        "decoder": MAPPING,
        **source,
    }
    return Decoder(plant(), IngestSettings.model_validate({"sources": [given]}))


def said(at: Instant = NOW, **data: Any) -> bytes:
    return json.dumps({"t": at // SECOND, "data": data or {"vibration": 2.5}}).encode()


def sent(payload: bytes, topic: str = "m/lahore/hall/f1", head: int = FRESH) -> Packet:
    return topic.encode(), payload, head, 1


def decoded(payload: bytes, came_as: str = "m/lahore/hall/f1", **source: Any) -> Batch:
    return decoder(**source).decode([sent(payload, came_as)], NOW)


def only(batch: Batch) -> Reading:
    assert batch.rejections == ()
    (reading,) = readings(batch)
    return reading


def counts(batch: Batch) -> Counter[tuple[str, str, str]]:
    return Counter({(s, str(fate), why): n for (s, fate, why), n in batch.account.items()})


def test_both_the_default_topic_and_those_of_sources_are_subscribed_to() -> None:
    assert decoder().topic_filters == ("plant/+/+/+/telemetry", "m/+/+/+")


def test_without_the_default_topic_only_sources_are_subscribed_to() -> None:
    source = {"name": "a", "topic": "m/{site}/{area}/{asset}/#", "decoder": {"kind": "value"}}
    found = Decoder(plant(), IngestSettings.model_validate({"topic": None, "sources": [source]}))
    assert found.topic_filters == ("m/+/+/+/#",)


def test_a_message_becomes_a_reading_of_the_asset_in_its_topic() -> None:
    batch = decoded(said(vibration=2.5, temperature=61))
    assert only(batch) == Reading("lahore/hall/f1", NOW, {"vibration": 2.5, "temperature": 61.0})
    assert (batch.readings[0].source, batch.readings[0].messages) == ("mapped", 1)
    assert counts(batch) == {("mapped", "received", ""): 1}


def test_an_asset_may_go_by_another_name() -> None:
    batch = decoded(said(), "m/lahore/hall/DVES_12", assets={"DVES_12": "f2"})
    assert only(batch).asset == "lahore/hall/f2"
    batch = decoded(said(), "m/x/y/DVES_12", assets={"DVES_12": "lahore/hall/f2"})
    assert only(batch).asset == "lahore/hall/f2"


def test_an_assets_name_may_be_made_of_several_levels() -> None:
    source = {"topic": "m/{enterprise}/{line}/{machine}", "site": "lahore", "area": "hall"}
    batch = decoded(said(), "m/mill/line-7/f3", asset="{line}-{machine}", **source)
    assert only(batch).asset == "lahore/hall/line-7-f3"


@pytest.mark.parametrize(
    ("source", "topic", "words"),
    [
        ({}, "m/lahore/hall/f9", 'unknown asset "lahore/hall/f9"'),
        (
            {"topic": "m/{asset}"},
            "m/f1",
            'nothing says the site of "f1"; set site in source mapped',
        ),
        ({"topic": "m/{a}/{b}"}, "m/f1/x", "neither topic nor payload names an asset"),
    ],
)
def test_an_asset_that_cannot_be_found_is_told(
    source: dict[str, Any], topic: str, words: str
) -> None:
    batch = decoded(said(), topic, **source)
    assert batch.readings == ()
    (rejection,) = batch.rejections
    assert rejection.reason is Reason.UNKNOWN_ASSET
    assert words in rejection.detail
    assert (rejection.source, rejection.messages) == ("mapped", 1)


def test_a_payload_may_speak_of_several_assets_and_counts_once() -> None:
    objects = [{"path": "data", "asset_is_key": True}]
    source = {"decoder": MAPPING | {"objects": objects}, "topic": "all/{site}/{area}"}
    body = said(f1={"vibration": 1.0}, f2={"vibration": 2.0})
    batch = decoded(body, "all/lahore/hall", **source)
    assert [r.asset for r in readings(batch)] == ["lahore/hall/f1", "lahore/hall/f2"]
    assert sum(block.messages for block in batch.readings) == 1


def test_channels_go_by_the_payloads_names() -> None:
    batch = decoded(said(vib=2.5), channels={"vib": "vibration"})
    assert only(batch).values == {"vibration": 2.5}


def test_what_is_no_channel_is_refused_by_name_and_the_rest_is_taken() -> None:
    batch = decoded(said(vibration=1.0, colour="red"))
    assert [r.values for r in readings(batch)] == [{"vibration": 1.0}]
    (rejection,) = batch.rejections
    assert rejection.reason is Reason.UNKNOWN_CHANNEL
    assert '"colour"' in rejection.detail
    assert rejection.messages == 0
    assert counts(batch)["mapped", "received", ""] == 1


def test_what_is_no_channel_may_be_passed_over() -> None:
    batch = decoded(said(vibration=1.0, colour="red"), others="ignore")
    assert only(batch).values == {"vibration": 1.0}


@pytest.mark.parametrize(
    "source",
    [
        {"units": {"temperature": "degF"}},
        {"decoder": MAPPING | {"fields": [{"path": "data.temperature", "unit": "degF"}]}},
    ],
)
def test_units_are_converted(source: dict[str, Any]) -> None:
    source = {**source, "others": "ignore"}
    if "decoder" in source:
        source["decoder"] = {k: v for k, v in source["decoder"].items() if k != "objects"}
    batch = decoded(said(temperature=212.0), **source)
    assert only(batch).values["temperature"] == pytest.approx(100.0)


def test_a_unit_that_does_not_fit_is_told() -> None:
    batch = decoded(said(temperature=212.0), units={"temperature": "bar"})
    (rejection,) = batch.rejections
    assert rejection.reason is Reason.BAD_UNIT
    assert '"bar" cannot be turned into "degC"' in rejection.detail


@pytest.mark.parametrize(("state", "value"), [("open", 1.0), ("shut", 0.0), (True, 1.0)])
def test_states_become_numbers(state: object, value: float) -> None:
    assert only(decoded(said(door=state))).values == {"door": value}


@pytest.mark.parametrize(("state", "value"), [("open", 1.0), ("shut", 0.0), (True, 1.0)])
def test_states_become_numbers_in_the_default_form_too(state: object, value: float) -> None:
    text = json.dumps({"ts": iso(NOW), "values": {"door": state, "vibration": 2.0}})
    batch = decoder().decode([sent(text.encode(), "plant/lahore/hall/f1/telemetry")], NOW)
    assert only(batch).values == {"door": value, "vibration": 2.0}


@pytest.mark.parametrize("state", ["ajar", False, [1]])
def test_a_state_that_nobody_mapped_is_told_in_the_default_form_too(state: object) -> None:
    text = json.dumps({"ts": iso(NOW), "values": {"door": state, "vibration": 2.0}})
    batch = decoder().decode([sent(text.encode(), "plant/lahore/hall/f1/telemetry")], NOW)
    (rejection,) = batch.rejections
    assert "known states: open, shut, true" in rejection.detail
    assert [reading.values for reading in readings(batch)] == [{"vibration": 2.0}]


@pytest.mark.parametrize("state", ["ajar", False])
def test_a_state_that_nobody_mapped_is_told(state: object) -> None:
    (rejection,) = decoded(said(door=state)).rejections
    assert rejection.reason is Reason.NOT_A_NUMBER
    assert "known states: open, shut, true" in rejection.detail


def test_a_value_out_of_range_is_refused_and_the_rest_is_taken() -> None:
    batch = decoded(said(vibration=101.0, temperature=20.0))
    assert [r.values for r in readings(batch)] == [{"temperature": 20.0}]
    assert batch.rejections[0].reason is Reason.OUT_OF_RANGE


def test_a_message_without_a_time_is_refused_unless_arrival_counts() -> None:
    untimed = {k: v for k, v in MAPPING.items() if not k.startswith("timestamp")}
    payload = json.dumps({"data": {"vibration": 1.0}}).encode()
    (rejection,) = decoded(payload, decoder=untimed).rejections
    assert rejection.reason is Reason.BAD_TIME
    assert "set time: arrival in source mapped" in rejection.detail
    assert only(decoded(payload, decoder=untimed, time="arrival")).at == NOW


@pytest.mark.parametrize(
    ("at", "reason"),
    [(NOW + 6 * MINUTE, Reason.TOO_EARLY), (0, Reason.BAD_TIME), (10**9 * SECOND, Reason.BAD_TIME)],
)
def test_times_are_held_to_bounds(at: Instant, reason: Reason) -> None:
    (rejection,) = decoded(said(at)).rejections
    assert rejection.reason is reason


def test_local_times_are_those_of_the_site() -> None:
    source = {"decoder": MAPPING | {"timestamp_format": "iso"}}
    payload = json.dumps({"t": "2026-11-23T13:00:00", "data": {"vibration": 1.0}}).encode()
    assert only(decoded(payload, **source)).at == NOW


def test_quality_travels_with_its_value() -> None:
    fields = [
        {"path": "data.vibration", "quality_path": "data.q"},
        {"path": "data.temperature"},
    ]
    source = {"decoder": {k: v for k, v in MAPPING.items() if k != "objects"} | {"fields": fields}}
    batch = decoded(said(vibration=1.0, temperature=20.0, q="bad"), **source)
    assert only(batch).quality == {"vibration": Quality.BAD}


def test_retained_messages_say_nothing_of_now() -> None:
    batch = decoder().decode([sent(said(), head=RETAINED)], NOW)
    assert [block.retained for block in batch.readings] == [True]
    assert batch.readings[0].messages == 1


def test_values_that_come_one_by_one_are_joined() -> None:
    source = {
        "topic": "v/{site}/{area}/{asset}/{channel}",
        "decoder": {"kind": "value", "join": "2s"},
    }
    found = decoder(**source)
    second = SECOND
    packets = [
        sent(json.dumps({"value": value, "ts": iso(at)}).encode(), f"v/lahore/hall/f1/{channel}")
        for channel, value, at in [
            ("vibration", 1.0, NOW - 4 * second),
            ("temperature", 20.0, NOW - 3 * second),
            ("vibration", 2.0, NOW - 2 * second),
            ("vibration", 3.0, NOW - second),
        ]
    ]
    batch = found.decode(packets, NOW)
    assert [(r.at, r.values) for r in readings(batch)] == [
        (NOW - 4 * second, {"vibration": 1.0, "temperature": 20.0}),
        (NOW - 2 * second, {"vibration": 3.0}),
    ]
    assert batch.readings[0].messages == 4


def test_a_bad_message_does_not_keep_the_next_one_out() -> None:
    hostile = [b"", b"\xff", b"[" * 500, b'{"t": 1e999}', b"null", said(vibration="x")]
    found = decoder()
    for each in hostile:
        batch = found.decode([sent(each), sent(said())], NOW)
        assert [r.values for r in readings(batch)] == [{"vibration": 2.5}]
        assert len(batch.rejections) == 1
        assert counts(batch) == {("mapped", "received", ""): 2}


def test_a_long_message_is_refused_as_such() -> None:
    (rejection,) = decoded(said() + b" " * 300_000).rejections
    assert rejection.reason is Reason.OVERSIZED


def test_batches_of_any_size_come_to_the_same() -> None:
    rng = np.random.default_rng(3)
    packets = []
    for number in range(60):
        data = {"vibration": float(rng.uniform(-10, 110))}
        if number % 3:
            data["temperature"] = float(rng.uniform(-60, 220))
        if number % 7 == 0:
            data["colour"] = 1.0
        packets.append(
            sent(said(NOW - (60 - number) * SECOND, **data), f"m/lahore/hall/f{number % 3}")
        )
    whole = decoder().decode(packets, NOW)
    found = decoder()
    single = [found.decode([packet], NOW) for packet in packets]
    assert sorted(map(repr, readings(whole))) == sorted(
        repr(r) for batch in single for r in readings(batch)
    )
    assert list(whole.rejections) == [r for batch in single for r in batch.rejections]
    assert counts(whole) == sum((counts(batch) for batch in single), Counter())
    assert counts(whole)["mapped", str(Fate.RECEIVED), ""] == 60


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"topic": "m/{asset}/#/x"}, "# may only be the last level"),
        ({"topic": "m/{asset}/{asset}"}, "names asset twice"),
        ({"topic": "m/x{asset}"}, "must be plain text"),
        ({"topic": "m//{asset}"}, "must be plain text"),
        ({"name": "telemetry"}, "two are called 'telemetry'"),
    ],
)
def test_a_source_that_cannot_work_is_refused(changes: dict[str, str], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        decoder(**changes)


def test_what_has_no_value_since_it_is_bad_is_called_bad() -> None:
    source = {"decoder": {"kind": "opcua"}, "time": "arrival", "channels": {"t": "temperature"}}
    bad = {"Value": None, "StatusCode": 0x80000000}
    batch = decoded(json.dumps({"t": bad, "vibration": {"Value": 2.0}}).encode(), **source)
    reading = only(batch)
    assert reading.values == {"vibration": 2.0}
    assert reading.quality == {"temperature": Quality.BAD}
    alone = only(decoded(json.dumps({"t": bad}).encode(), **source))
    assert (alone.values, alone.quality) == ({}, {"temperature": Quality.BAD})
    batch = decoded(json.dumps({"zzz": bad}).encode(), **source)
    assert [one.reason for one in batch.rejections] == [Reason.UNKNOWN_CHANNEL]
    good = decoded(json.dumps({"t": {"Value": None, "StatusCode": 0}}).encode(), **source)
    assert [one.reason for one in good.rejections] == [Reason.NO_VALUES]


@pytest.mark.parametrize(("mark", "quality"), [("bad", Quality.BAD), ("Uncertain", Quality.BAD)])
def test_null_that_is_called_bad_is_bad_in_the_default_form_too(
    mark: str, quality: Quality
) -> None:
    values = {"vibration": 2.0, "temperature": None}
    body = {"ts": iso(NOW), "values": values, "quality": {"temperature": mark}}
    topic = "plant/lahore/hall/f1/telemetry"
    reading = only(decoder().decode([sent(json.dumps(body).encode(), topic)], NOW))
    assert (reading.values, reading.quality) == ({"vibration": 2.0}, {"temperature": quality})


def test_of_two_names_of_one_channel_the_later_is_taken_with_its_own_quality() -> None:
    fields = [{"path": "data.vib", "quality_path": "data.q"}, {"path": "data.vibration"}]
    source = {
        "decoder": {k: v for k, v in MAPPING.items() if k != "objects"} | {"fields": fields},
        "channels": {"vib": "vibration"},
    }
    reading = only(decoded(said(vib=1.0, vibration=2.0, q="bad"), **source))
    assert (reading.values, reading.quality) == ({"vibration": 2.0}, {})
    batch = decoded(said(vib=101.0, vibration=2.0), **source)
    assert [one.reason for one in batch.rejections] == [Reason.OUT_OF_RANGE]
    assert [one.values for one in readings(batch)] == [{"vibration": 2.0}]
