"""Decoding, whatever comes: it never raises, says what is wrong, and agrees with its slow twin."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from core.clock import DAY, MINUTE, iso
from core.plant import ClockPolicy
from core.readings import Quality, Reading
from ingest.inspect import Arrival, Inspector
from ingest.settings import IngestSettings
from tests.messages import AGAIN, FRESH, NOW, PUMP, RETAINED, decoder, packet, plant, readings

_CHANNELS = st.sampled_from([*PUMP.channel_names, "speed2", "", "vibr\u00e4tion"])
_NUMBERS = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True),
    st.floats(-50, 250),
    st.integers(-(10**30), 10**30),
)
_JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), _NUMBERS, st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(_CHANNELS, inner, max_size=3)
    ),
    max_leaves=6,
)
_MOMENTS = st.integers(NOW - 500 * DAY, NOW + 10 * MINUTE)
_TIMES = st.one_of(
    _MOMENTS.map(iso),
    _MOMENTS.map(lambda at: iso(at).replace("Z", "+05:00")),
    _MOMENTS.map(lambda at: iso(at).replace("Z", "")),
    _MOMENTS.map(lambda at: iso(at).replace("T", " ")),
    st.text("0123456789-:.TZ+", max_size=25),
    st.integers(),
    st.floats(),
    _JSON,
)
_OBJECTS = st.fixed_dictionaries(
    {},
    optional={
        "ts": _TIMES,
        "values": st.one_of(
            st.dictionaries(_CHANNELS, _NUMBERS, max_size=4),
            st.dictionaries(_CHANNELS, _JSON, max_size=3),
            _JSON,
        ),
        "quality": _JSON,
        "extra": _JSON,
    },
)


@st.composite
def _payloads(draw: st.DrawFn) -> bytes:
    """A payload that is nearly right: JSON of the form, sometimes bent by a few bytes."""
    text = json.dumps(draw(_OBJECTS), ensure_ascii=draw(st.booleans()))
    raw = text.encode("utf-8", "surrogatepass")
    if draw(st.integers(0, 3)) == 0 and raw:
        at = draw(st.integers(0, len(raw)))
        raw = raw[:at] + draw(st.binary(max_size=3)) + raw[at + draw(st.integers(0, 2)) :]
    return raw


_TOPICS = st.one_of(
    st.sampled_from(
        [
            b"plant/karachi/hall/p1/telemetry",
            b"plant/berlin/hall/p3/telemetry",
            b"plant/berlin/hall/oven/telemetry",
        ]
    ),
    st.binary(max_size=40),
)
_PACKETS = st.tuples(
    _TOPICS,
    st.one_of(_payloads(), st.binary(max_size=60)),
    st.sampled_from([FRESH, FRESH, RETAINED, AGAIN]),
    st.integers(0, 65_535),
)
_UNITS = st.sampled_from(["iso", "s", "ms", "us", "ns"])


def _key(reading: Reading) -> Any:
    values, quality = sorted(reading.values.items()), sorted(reading.quality.items())
    return reading.asset, reading.at, values, quality


@settings(max_examples=200)
@given(st.lists(_PACKETS, max_size=8), _UNITS, st.booleans(), st.sampled_from(ClockPolicy))
def test_every_message_gets_its_verdict(
    packets: list[Any], unit: str, trusted: bool, policy: ClockPolicy
) -> None:
    batch = decoder(plant(policy), time=unit).decode(packets, NOW, trusted=trusted)
    assert batch.accepted + len(batch.rejections) >= len(packets)
    assert batch.accepted <= len(packets)
    for rejection in batch.rejections:
        assert rejection.topic.isprintable() and rejection.detail.isprintable()
        assert rejection.payload in {packet[1] for packet in packets}
    assert sum(entry.count for entry in batch.seen) == len(batch.rejections)


@settings(max_examples=200)
@given(st.lists(_PACKETS, max_size=8), _UNITS, st.booleans())
def test_a_batch_is_judged_as_its_slow_twin_judges_each_message(
    packets: list[Any], unit: str, trusted: bool
) -> None:
    batch = decoder(time=unit).decode(packets, NOW, trusted=trusted)
    twin = Inspector(plant(), IngestSettings(time=unit))
    verdicts = [
        twin.inspect(each, Arrival(NOW, number, trusted)) for number, each in enumerate(packets)
    ]
    expected = [
        _key(reading) for verdict in verdicts for reading in (*verdict.readings, *verdict.past)
    ]
    assert sorted(map(repr, map(_key, readings(batch)))) == sorted(map(repr, expected))
    refused = [verdict.rejection for verdict in verdicts if verdict.rejection is not None]
    assert list(batch.rejections) == refused


_GOOD = st.fixed_dictionaries(
    {},
    optional={
        "speed": st.floats(0, 6000),
        "vibration": st.floats(0, 100),
        "temperature": st.floats(-40, 200) | st.integers(-40, 200),
    },
).filter(bool)


@settings(max_examples=150)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["karachi/hall/p1", "karachi/hall/p2", "berlin/hall/p3"]),
            st.integers(NOW - DAY, NOW + MINUTE),
            _GOOD,
            st.dictionaries(st.sampled_from(PUMP.channel_names), st.sampled_from(Quality)),
        ),
        min_size=1,
        max_size=8,
    ),
    st.sampled_from(["iso", "ns"]),
)
def test_a_reading_that_was_written_comes_back(said: list[Any], unit: str) -> None:
    packets, expected = [], []
    for asset, at, values, marks in said:
        whole = at if unit == "ns" else at // 1_000_000 * 1_000_000
        quality = {name: mark for name, mark in marks.items() if name in values}
        text = {"ts": whole if unit == "ns" else iso(whole), "values": values}
        if quality:
            text["quality"] = {name: mark.name.lower() for name, mark in quality.items()}
        packets.append(packet(json.dumps(text).encode(), asset))
        marked = {name: mark for name, mark in quality.items() if mark}
        said_values = {name: float(value) for name, value in values.items()}
        expected.append(_key(Reading(asset, whole, said_values, marked)))
    batch = decoder(time=unit).decode(packets, NOW)
    assert batch.rejections == ()
    assert [_key(reading) for reading in readings(batch)] == expected
