"""Decoding: what is good gets in, what is bad is refused by name, and nothing stops the next."""

from __future__ import annotations

import json

import numpy as np
import pytest

from core.clock import DAY, HOUR, MINUTE, SECOND, ManualClock, iso
from core.journal import RejectionsSeen
from core.plant import ClockPolicy
from core.readings import Quality, Reading
from core.rejection import Reason
from ingest.decode import SOURCES_TOLD, Decoder
from ingest.settings import IngestSettings
from tests.messages import (
    AGAIN,
    FRESH,
    NOW,
    QOS_0,
    RETAINED,
    body,
    decoder,
    packet,
    plant,
    readings,
)

DIGITS = b"7" * 5000


def values(text: bytes) -> bytes:
    return b'{"ts": "2026-11-23T08:00:00Z", "values": {' + text + b"}}"


HOSTILE = {
    "an empty payload": (b"", Reason.MALFORMED),
    "no JSON": (b"temperature=3", Reason.MALFORMED),
    "JSON that is cut off": (b'{"ts": "2026-11-23T08', Reason.MALFORMED),
    "two documents": (body() + body(), Reason.MALFORMED),
    "a list": (b"[1, 2]", Reason.MALFORMED),
    "a number alone": (b"17", Reason.MALFORMED),
    "null": (b"null", Reason.MALFORMED),
    "a text alone": (b'"hello"', Reason.MALFORMED),
    "binary": (bytes(range(256)), Reason.NOT_UTF8),
    "broken UTF-8": (values(b'"vibration\xff": 1'), Reason.NOT_UTF8),
    "a broken surrogate": (values(b'"\\ud800": 1'), Reason.UNKNOWN_CHANNEL),
    "deep nesting": (values(b'"vibration": ' + b"[" * 100_000), Reason.TOO_DEEP),
    "deep objects": (b'{"a":' * 17 + b"1" + b"}" * 17, Reason.TOO_DEEP),
    "a key twice": (values(b'"vibration": 1, "vibration": 2'), Reason.DUPLICATE_KEY),
    "a time twice": (b'{"ts": "x", ' + body()[1:], Reason.DUPLICATE_KEY),
    "values twice": (body()[:-1] + b', "values": {}}', Reason.DUPLICATE_KEY),
    "NaN": (values(b'"vibration": NaN'), Reason.NOT_FINITE),
    "an infinity": (values(b'"vibration": -Infinity'), Reason.NOT_FINITE),
    "1e999": (values(b'"vibration": 1e999'), Reason.NOT_FINITE),
    "a number of 5,000 digits": (values(b'"vibration": ' + DIGITS), Reason.NOT_FINITE),
    "a time of 5,000 digits": (b'{"ts": ' + DIGITS + b', "values": {"speed": 1}}', Reason.BAD_TIME),
    "a text for a number": (values(b'"vibration": "2.5"'), Reason.NOT_A_NUMBER),
    "a truth for a number": (values(b'"vibration": true'), Reason.NOT_A_NUMBER),
    "a list for a number": (values(b'"vibration": [1]'), Reason.NOT_A_NUMBER),
    "an object for a number": (values(b'"vibration": {"value": 1}'), Reason.NOT_A_NUMBER),
    "what cannot be": (values(b'"vibration": 100.5'), Reason.OUT_OF_RANGE),
    "what cannot be, below": (values(b'"temperature": -274'), Reason.OUT_OF_RANGE),
    "an unknown channel": (values(b'"vibratoin": 1'), Reason.UNKNOWN_CHANNEL),
    "no values": (b'{"ts": "2026-11-23T08:00:00Z"}', Reason.NO_VALUES),
    "values that are none": (b'{"ts": "2026-11-23T08:00:00Z", "values": 3}', Reason.NO_VALUES),
    "values that are empty": (values(b""), Reason.NO_VALUES),
    "values that are null": (values(b'"vibration": null'), Reason.NO_VALUES),
    "no time": (body(None), Reason.BAD_TIME),
    "a time in words": (body("yesterday"), Reason.BAD_TIME),
    "a time as a number": (b'{"ts": 1795420800, "values": {"speed": 1}}', Reason.BAD_TIME),
    "a time that is null": (b'{"ts": null, "values": {"speed": 1}}', Reason.BAD_TIME),
    "a day that is not": (body("2026-02-30T08:00:00Z"), Reason.BAD_TIME),
    "an hour that is not": (body("2026-11-23T24:00:00Z"), Reason.BAD_TIME),
    "an offset that cannot be": (body("2026-11-23T08:00:00+24:00"), Reason.BAD_TIME),
    "a clock before 2020": (body("2019-12-31T23:59:59Z"), Reason.BAD_TIME),
    "a clock in 1970": (body("1970-01-01T00:00:12Z"), Reason.BAD_TIME),
    "the year 9999": (body("9999-12-31T23:59:59Z"), Reason.BAD_TIME),
    "too far ahead": (body(NOW + 6 * MINUTE), Reason.TOO_EARLY),
    "older than retention": (body(NOW - 401 * DAY), Reason.TOO_OLD),
    "oversized": (body() + b" " * 300_000, Reason.OVERSIZED),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_bad_message_is_refused_by_name_and_the_next_is_taken(name: str) -> None:
    payload, reason = HOSTILE[name]
    batch = decoder().decode([packet(payload), packet(body(vibration=3.5))], NOW)
    (rejection,) = batch.rejections
    assert rejection.reason is reason, rejection.detail
    assert (rejection.payload, rejection.at) == (payload, NOW)
    assert rejection.topic == "plant/karachi/hall/p1/telemetry"
    assert rejection.detail.isprintable() and 0 < len(rejection.detail) < 1000
    assert readings(batch) == [Reading("karachi/hall/p1", NOW, {"vibration": 3.5})]
    assert batch.seen == (RejectionsSeen("karachi/hall/p1", reason, 1),)


TOPICS = {
    b"plant/karachi/hall/p9/telemetry": Reason.UNKNOWN_ASSET,
    b"plant/karachi/hall/p1": Reason.BAD_TOPIC,
    b"plant/karachi/hall/p1/telemetry/more": Reason.BAD_TOPIC,
    b"plant/karachi/hall/p1/status": Reason.BAD_TOPIC,
    b"plant/karachi//p1/telemetry": Reason.BAD_TOPIC,
    b"plant/karachi/hall/p\n1/telemetry": Reason.BAD_TOPIC,
    b"plant/karachi/hall/\xff/telemetry": Reason.BAD_TOPIC,
    b"": Reason.BAD_TOPIC,
}


@pytest.mark.parametrize("topic", TOPICS)
def test_a_topic_that_belongs_to_no_asset_is_refused(topic: bytes) -> None:
    batch = decoder().decode([(topic, body(), FRESH, 1), packet()], NOW)
    (rejection,) = batch.rejections
    assert rejection.reason is TOPICS[topic]
    assert rejection.topic.isprintable()
    assert len(readings(batch)) == 1


def test_an_unknown_asset_says_which_was_meant() -> None:
    batch = decoder().decode([packet(asset="karachi/hal/p1")], NOW)
    assert 'did you mean "karachi/hall/p1"?' in batch.rejections[0].detail


def test_a_flood_of_unknown_assets_is_told_without_guessing_for_each() -> None:
    packets = [packet(asset=f"karachi/hall/x{n}") for n in range(1500)]
    batch = decoder().decode(packets, NOW)
    assert {rejection.reason for rejection in batch.rejections} == {Reason.UNKNOWN_ASSET}
    assert "known:" in batch.rejections[0].detail
    assert batch.rejections[-1].detail == 'unknown asset "karachi/hall/x1499"'
    assert (
        batch.rejections[999].detail == decoder().decode([packets[999]], NOW).rejections[0].detail
    )
    assert sum(entry.count for entry in batch.seen) == 1500
    assert len(batch.seen) == SOURCES_TOLD + 1
    assert batch.seen[-1].asset == "(others)"


def test_a_template_puts_the_levels_where_the_plant_says() -> None:
    found = decoder(topic="a/{asset}/{area}/{site}")
    assert found.topic_filters == ("a/+/+/+",)
    batch = found.decode([(b"a/p1/hall/karachi", body(), FRESH, 1)], NOW)
    assert readings(batch)[0].asset == "karachi/hall/p1"


def test_the_default_topic_and_payload_are_taken_as_they_stand() -> None:
    payload = b'{"ts": "2026-11-23T08:00:00Z", "values": {"vibration": 2.1, "temperature": 61.5}}'
    batch = decoder().decode([(b"plant/karachi/hall/p1/telemetry", payload, FRESH, 1)], NOW)
    assert batch.rejections == () and batch.seen == ()
    assert readings(batch) == [
        Reading("karachi/hall/p1", NOW, {"vibration": 2.1, "temperature": 61.5})
    ]
    assert batch.accepted == 1


def test_messages_keep_their_order_of_arrival_whatever_way_they_were_judged() -> None:
    odd = body("2026-11-23T13:00:00+05:00", vibration=2)  # read by the inspector, not the fast path
    packets = [packet(body(vibration=1)), packet(odd), packet(body(vibration=3))]
    marked = {"ts": iso(NOW), "values": {"vibration": 4}, "quality": {"vibration": "Uncertain"}}
    packets.append(packet(json.dumps(marked).encode(), "karachi/hall/p2"))
    found = readings(decoder().decode(packets, NOW))
    assert [reading.values["vibration"] for reading in found] == [1, 2, 3, 4]
    assert [reading.at for reading in found] == [NOW] * 4
    assert [dict(reading.quality) for reading in found] == [
        {},
        {},
        {},
        {"vibration": Quality.UNCERTAIN},
    ]


def test_only_odd_messages_make_a_block_too() -> None:
    batch = decoder().decode([packet(body("2026-11-23 08:00:00,5Z"))], NOW)
    assert readings(batch)[0].at == NOW + SECOND // 2


def test_classes_come_in_blocks_of_their_own_in_canonical_units() -> None:
    batch = decoder().decode([packet(), packet(body(heat=212.0), "berlin/hall/oven")], NOW)
    assert {block.asset_class for block in batch.readings} == {"pump", "oven"}
    (oven,) = (block for block in batch.readings if block.asset_class == "oven")
    assert oven.values[0, 0] == pytest.approx(100)
    assert np.isnan(oven.values[0, 1])


def test_a_value_that_only_becomes_impossible_in_canonical_units_is_refused() -> None:
    batch = decoder().decode([packet(body(heat=1e308), "berlin/hall/oven")], NOW)
    assert batch.rejections[0].reason is Reason.OUT_OF_RANGE


def test_an_infinity_is_refused_where_a_channel_has_no_limits() -> None:
    for said in (b"1e999", b"-1e999", b"1e308"):  # the last only becomes one in its unit
        payload = values(b'"draught": ' + said)
        batch = decoder().decode([packet(payload, "berlin/hall/oven")], NOW)
        assert batch.rejections[0].reason is Reason.NOT_FINITE
        assert batch.accepted == 0


def test_the_two_zeros_are_one() -> None:
    batch = decoder().decode([packet(values(b'"vibration": -0.0'))], NOW)
    assert not np.signbit(batch.readings[0].values[0, 1])


def test_the_good_part_of_a_message_is_taken_and_the_bad_is_told() -> None:
    batch = decoder().decode([packet(body(vibration=2, temperature=900, pressure=1))], NOW)
    assert readings(batch) == [Reading("karachi/hall/p1", NOW, {"vibration": 2})]
    (rejection,) = batch.rejections
    assert rejection.reason is Reason.OUT_OF_RANGE
    assert "temperature is 900; possible: -40 to 200 °C" in rejection.detail
    assert 'unknown channel "pressure"' in rejection.detail


def test_of_many_bad_channels_the_first_are_told_and_the_rest_counted() -> None:
    batch = decoder().decode([packet(body(**{f"c{n}": 1 for n in range(20_000)}))], NOW)
    assert batch.rejections[0].detail.endswith("; and 19995 more")


QUALITY = {
    b'"quality": 3': "not an object",
    b'"quality": {"vibration": "fair"}': "known: good, uncertain, bad",
    b'"quality": {"vibration": 7}': "known: good, uncertain, bad",
}


@pytest.mark.parametrize("said", QUALITY)
def test_a_quality_that_is_not_known_is_told(said: bytes) -> None:
    payload = body()[:-1] + b", " + said + b"}"
    batch = decoder().decode([packet(payload)], NOW)
    assert batch.rejections[0].reason is Reason.MALFORMED
    assert QUALITY[said] in batch.rejections[0].detail


def test_a_good_quality_leaves_no_mark() -> None:
    payload = body()[:-1] + b', "quality": {"vibration": "good", "speed": "bad"}}'
    batch = decoder().decode([packet(payload)], NOW)
    assert not batch.rejections
    assert batch.readings[0].quality is None


SCALED = {"s": b"1795420800", "ms": b"1795420800000", "us": b"1795420800000000"}


@pytest.mark.parametrize("unit", [*SCALED, "ns"])
def test_epoch_times_are_read_in_the_unit_that_is_configured(unit: str) -> None:
    said = SCALED.get(unit, str(NOW).encode())
    found = decoder(time=unit).decode([packet(b'{"ts": %s, "values": {"speed": 1}}' % said)], NOW)
    assert [reading.at for reading in readings(found)] == [NOW]
    assert not found.rejections


def test_epoch_fractions_and_exponents_are_exact() -> None:
    said = (b"1795420800.000000001", b"1.7954208e9", b"1795420799.9999999999")
    packets = [packet(b'{"ts": %s, "values": {"speed": 1}}' % each) for each in said]
    found = readings(decoder(time="s").decode(packets, NOW))
    assert [reading.at - NOW for reading in found] == [1, 0, -1]


@pytest.mark.parametrize("said", [b'"2026-11-23T08:00:00Z"', b"null", b"1e400", b"[1]"])
def test_what_is_no_epoch_number_is_refused_where_one_is_configured(said: bytes) -> None:
    batch = decoder(time="s").decode([packet(b'{"ts": %s, "values": {"speed": 1}}' % said)], NOW)
    assert batch.rejections[0].reason is Reason.BAD_TIME


def test_an_exponent_beyond_all_bounds_is_a_bad_time() -> None:
    payload = b'{"ts": 1e-99999999999999999999, "values": {"speed": 1}}'
    batch = decoder(time="s").decode([packet(payload)], NOW)
    assert batch.rejections[0].reason is Reason.BAD_TIME


def test_what_is_old_but_kept_is_taken() -> None:
    batch = decoder().decode([packet(body(NOW - 399 * DAY)), packet(body(NOW + 4 * MINUTE))], NOW)
    assert len(readings(batch)) == 2 and not batch.rejections


def test_nothing_is_refused_for_its_time_while_our_clock_is_not_trusted() -> None:
    moments = ("1970-01-01T00:00:12Z", "2019-12-31T23:59:59Z", "2200-01-01T00:00:00Z")
    packets = [packet(body(said)) for said in moments]
    batch = decoder().decode(packets, 12 * SECOND, trusted=False)
    assert len(readings(batch)) == 3 and not batch.rejections


def test_a_retained_message_is_a_state_and_no_fresh_sample() -> None:
    packets = [packet(body(vibration=1), head=RETAINED), packet(body(vibration=2))]
    batch = decoder().decode(packets, NOW)
    marks = {block.retained: [r.values["vibration"] for r in block] for block in batch.readings}
    assert marks == {False: [2], True: [1]}


def test_a_message_of_qos_0_is_taken_like_any_other() -> None:
    assert decoder().decode([packet(head=QOS_0, mid=0)], NOW).accepted == 1


def test_arrival_stamps_a_source_that_has_no_clock() -> None:
    found = decoder(plant(ClockPolicy.ARRIVAL))
    packets = [packet(body(None)), packet(body("1999-01-01T00:00:00Z")), packet(body(None))]
    batch = found.decode(packets, NOW)
    assert [reading.at for reading in readings(batch)] == [NOW, NOW + 1, NOW + 2]
    assert not batch.rejections


def test_a_retained_message_from_a_source_without_a_clock_is_refused() -> None:
    batch = decoder(plant(ClockPolicy.ARRIVAL)).decode([packet(body(None), head=RETAINED)], NOW)
    assert batch.rejections[0].reason is Reason.BAD_TIME


def test_a_clock_that_is_off_is_corrected_where_so_configured() -> None:
    found = decoder(plant(ClockPolicy.CORRECTED))
    batch = found.decode([packet(body(NOW - 3 * HOUR))], NOW)
    assert [reading.at for reading in readings(batch)] == [NOW]


def test_a_slip_of_a_corrected_clock_is_refused_and_the_messages_after_it_keep_their_time() -> None:
    found = decoder(plant(ClockPolicy.CORRECTED))
    found.decode([packet(body(NOW - HOUR))], NOW)
    slip = found.decode([packet(body(NOW + 300 * DAY))], NOW + SECOND)
    assert [rejection.reason for rejection in slip.rejections] == [Reason.TOO_EARLY]
    batch = found.decode([packet(body(NOW - HOUR + 2 * SECOND))], NOW + 2 * SECOND)
    assert [reading.at for reading in readings(batch)] == [NOW + 2 * SECOND]


def test_a_corrected_clock_is_not_learned_from_one_that_is_not_trusted() -> None:
    found = decoder(plant(ClockPolicy.CORRECTED))
    said = packet(body(NOW))
    assert readings(found.decode([said], 12 * SECOND, trusted=False))[0].at == NOW
    assert readings(found.decode([said], NOW + SECOND))[0].at == NOW + SECOND


@pytest.mark.parametrize("head", [RETAINED, AGAIN])
def test_a_message_out_of_its_time_teaches_nothing_about_a_clock(head: int) -> None:
    found = decoder(plant(ClockPolicy.CORRECTED))
    found.decode([packet(body(NOW - 3 * HOUR), head=head)], NOW)
    assert readings(found.decode([packet(body(NOW))], NOW))[0].at == NOW


def test_a_clock_that_goes_back_is_named_until_it_goes_on() -> None:
    found = decoder()
    found.decode([packet(body(NOW))], NOW)
    found.decode([packet(body(NOW - 2 * HOUR))], NOW + SECOND)
    assert found.jumped() == ["karachi/hall/p1"]
    found.decode([packet(body(NOW + 2 * SECOND))], NOW + 2 * SECOND)
    assert found.jumped() == []


def test_a_message_delivered_again_is_no_jump_of_a_clock() -> None:
    found = decoder()
    found.decode([packet(body(NOW))], NOW)
    found.decode([packet(body(NOW - 2 * HOUR), head=AGAIN)], NOW + SECOND)
    assert found.jumped() == []


def test_a_repeated_local_hour_goes_by_order_of_arrival() -> None:
    packets = [
        packet(body(f"2026-10-25T{said}"), "berlin/hall/p3")
        for said in ("01:59:00", "02:10:00", "02:50:00", "02:10:00", "02:50:00", "03:00:00")
    ]
    found = readings(decoder().decode(packets, NOW))
    minutes = [(reading.at - found[0].at) // MINUTE for reading in found]
    assert minutes == [0, 11, 51, 71, 111, 121]


def test_the_second_pass_of_an_hour_is_known_after_a_restart() -> None:
    def newest(asset: str) -> int:
        assert asset == "berlin/hall/p3"
        return packet_at("2026-10-25T00:50:00Z")

    found = Decoder(plant(), IngestSettings(), newest=newest)
    batch = found.decode([packet(body("2026-10-25T02:10:00"), "berlin/hall/p3")], NOW)
    assert iso(readings(batch)[0].at) == "2026-10-25T01:10:00Z"


def packet_at(said: str) -> int:
    return readings(decoder().decode([packet(body(said))], NOW))[0].at


def test_a_skipped_local_hour_is_refused() -> None:
    batch = decoder().decode([packet(body("2026-03-29T02:30:00"), "berlin/hall/p3")], NOW)
    assert batch.rejections[0].reason is Reason.SKIPPED_HOUR
    assert "Europe/Berlin" in batch.rejections[0].detail


def test_a_local_time_is_that_of_the_site() -> None:
    assert packet_at("2026-11-23T13:00:00.000000001") == NOW + 1


def test_the_topics_that_are_remembered_are_bounded() -> None:
    found, clock = decoder(), ManualClock(NOW)
    for n in range(3):
        topics = [(f"plant/x/y/{n}-{k}/telemetry".encode(), b"", FRESH, 1) for k in range(900)]
        found.decode([*topics, packet()], clock())
        assert len(found._plain._places) <= found._plain._most_places
    assert found.decode([packet()], NOW).accepted == 1
