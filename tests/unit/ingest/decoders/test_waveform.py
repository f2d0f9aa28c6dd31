from __future__ import annotations

import base64
import json
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from core.clock import SECOND
from core.readings import Floats
from core.rejection import Reason
from core.units import scale
from ingest.decoders.waveform import WaveformDecoder, WaveformSettings
from ingest.payload import Bad
from ingest.sample import Sample
from models.bearing import Bearing
from models.vibration import FEATURES
from simulators.bearing import acceleration

AT = "2026-11-23T08:00:00Z"
GEOMETRY = {"balls": 9, "ball_diameter": 7.94, "pitch_diameter": 39.04}
BEARING = Bearing(9, 7.94, 39.04)
LEVELS = {"vibration_" + name for name in ("rms", "peak", "crest", "kurtosis", "velocity")}


def decoder(**settings: Any) -> WaveformDecoder:
    return WaveformDecoder(WaveformSettings.model_validate(settings))


def only(decoder: WaveformDecoder, payload: bytes) -> Sample:
    (sample,) = decoder.decode({}, payload)
    return sample


def refusal(decoder: WaveformDecoder, payload: bytes) -> Bad:
    with pytest.raises(Bad) as caught:
        decoder.decode({}, payload)
    return caught.value


def block(fault: str | None = None, count: int = 8192, seed: int = 1) -> Floats:
    rng = np.random.default_rng(seed)
    return acceleration(BEARING, 1480, 25_600, count, rng, fault=fault)


def said(samples: Any, **more: Any) -> bytes:
    return json.dumps({"ts": AT, "rate": 25_600, "samples": samples} | more).encode()


PLAIN = decoder()
GOOD = said(block(count=4096).round(3).tolist())


def test_a_list_of_samples_becomes_its_features_with_their_units() -> None:
    sample = only(PLAIN, GOOD)
    assert set(sample.values) == LEVELS
    assert sample.at == 1_795_420_800 * SECOND
    assert sample.bad == []
    assert sample.values["vibration_rms"] == pytest.approx(float(block(count=4096).std()), rel=1e-3)
    assert sample.units["vibration_velocity"] == "mm/s"
    assert "vibration_crest" not in sample.units


def test_every_unit_of_a_feature_is_one_that_channels_can_have() -> None:
    assert scale("g_0", FEATURES["rms"]).factor == pytest.approx(1 / 9.80665)
    assert scale("g_0**2", FEATURES["bpfo"]).factor == pytest.approx(1 / 9.80665**2)


def test_the_raw_block_comes_along_in_metres_per_second_squared() -> None:
    wave = only(decoder(unit="g"), said([0.0, 1.0] * 64)).waveforms["vibration"]
    assert wave.samples.dtype == np.float32
    assert wave.samples[:2].tolist() == pytest.approx([0, 9.80665])
    assert (len(wave.samples), wave.rate, wave.speed) == (128, 25_600, None)


@pytest.mark.parametrize(
    ("encoding", "form", "count"),
    [("int16", "<i2", 0.01), ("float32", "<f4", 1), ("int32", "<i4", 1e-6)],
)
@pytest.mark.parametrize("kept", ["base64", "bytes", "text in MessagePack"])
def test_packed_samples_say_the_same_as_a_list(
    encoding: str, form: str, count: float, kept: str
) -> None:
    samples = (block(count=1024) / count).round() if count < 1 else block(count=1024)
    packed = samples.astype(form).tobytes()
    text = base64.b64encode(packed).decode()
    body = {"ts": AT, "rate": 25_600.0, "samples": packed if kept == "bytes" else text}
    form_of = "json" if kept == "base64" else "msgpack"
    found = only(
        decoder(encoding=encoding, scale=count, format=form_of),
        json.dumps(body).encode() if form_of == "json" else msgspec.msgpack.encode(body),
    )
    same = only(PLAIN, said((samples * count).tolist()))
    assert found.at == same.at
    assert found.values == pytest.approx(same.values, rel=1e-5)


def test_several_sensors_in_one_message_are_one_sample() -> None:
    body = {"ts": AT, "rate": 10_000, "x": [0.0, 1.0] * 64, "y": {"a": [0.0, 2.0] * 64}}
    several = decoder(samples={"de_x": "x", "de_y": "y.a"}, features=["rms"])
    sample = only(several, json.dumps(body).encode())
    assert sample.values == pytest.approx({"de_x_rms": 0.5, "de_y_rms": 1.0})
    assert set(sample.waveforms) == {"de_x", "de_y"}


def test_one_sensor_that_is_bad_leaves_the_other() -> None:
    body = {"ts": AT, "rate": 10_000, "x": [0.0, 1.0] * 64, "y": ["0"] * 64}
    sample = only(decoder(samples={"x": "x", "y": "y", "z": "z"}), json.dumps(body).encode())
    assert set(sample.waveforms) == {"x"}
    assert [bad.reason for bad in sample.bad] == [Reason.NOT_A_NUMBER, Reason.NO_VALUES]


def test_a_struck_outer_race_raises_its_own_energy_five_times() -> None:
    reading = decoder(bearing=GEOMETRY, speed="rpm", speed_name="speed")
    healthy = only(reading, said(block().tolist(), rpm=1480)).values
    struck = only(reading, said(block("bpfo", seed=2).tolist(), rpm=1480)).values
    assert struck["vibration_bpfo"] > 5 * healthy["vibration_bpfo"]
    assert struck["speed"] == 1480


@pytest.mark.parametrize("rpm", [None, "fast", 1e9, 0])
def test_without_a_speed_all_but_the_faults_is_read(rpm: Any) -> None:
    sample = only(decoder(bearing=GEOMETRY, speed="rpm"), said(block().tolist(), rpm=rpm))
    assert set(sample.values) == LEVELS
    assert len(sample.bad) == (0 if rpm == 0 else 1)


def test_a_speed_backwards_counts_as_forwards() -> None:
    reading = decoder(bearing=GEOMETRY, speed="rpm")
    there, back = (
        only(reading, said(block("bpfo").tolist(), rpm=rpm)).values for rpm in (1480, -1480)
    )
    assert there == back


def test_rate_and_speed_may_be_set() -> None:
    fixed = decoder(rate=25_600, speed=1480, bearing=GEOMETRY, features=["bpfo"])
    body = json.dumps({"ts": AT, "samples": block("bpfo").tolist()}).encode()
    assert only(fixed, body).values["vibration_bpfo"] > 0.1


def test_asset_and_time_come_from_where_they_are_said_to_stand() -> None:
    reading = decoder(asset_path="id", timestamp_path="t", timestamp_format="unix_ms")
    body = json.dumps({"id": "p1", "t": 1_700_000_000_123, "rate": 100, "samples": [1, 2] * 32})
    sample = only(reading, body.encode())
    assert (sample.asset, sample.at) == ("p1", 1_700_000_000_123_000_000)


def test_a_machine_that_stands_still_has_no_shape() -> None:
    sample = only(PLAIN, said([9.81] * 128))
    assert set(sample.values) == {"vibration_rms", "vibration_peak", "vibration_velocity"}


@pytest.mark.parametrize(
    ("payload", "reason", "words"),
    [
        (b"", Reason.MALFORMED, "empty"),
        (b"[", Reason.MALFORMED, "JSON"),
        (b"[1,2]", Reason.BAD_TIME, '"ts"'),
        (said([0.0] * 128, ts="yesterday"), Reason.BAD_TIME, "yesterday"),
        (said([0.0] * 63), Reason.NO_VALUES, "63 samples"),
        (said([0.0] * 1025), Reason.OVERSIZED, "1,025"),
        (said(None), Reason.NO_VALUES, "samples"),
        (said(5), Reason.MALFORMED, "the number 5"),
        (said("AAAA"), Reason.MALFORMED, "not a list"),
        (said([0.0] * 99 + [True]), Reason.NOT_A_NUMBER, "true"),
        (said([0.0] * 99 + [None]), Reason.NOT_A_NUMBER, "null"),
        (said([[0.0]] * 99), Reason.NOT_A_NUMBER, "a list"),
        (said([0.0] * 99 + [float("nan")]), Reason.NOT_FINITE, "finite"),
        (said([0.0] * 99 + [1e400]), Reason.NOT_FINITE, "finite"),
        (said([0] * 99 + [10**400]), Reason.NOT_FINITE, "beyond"),
        (said([0.0] * 99 + [1e7]), Reason.OUT_OF_RANGE, "1e+07"),
        (said([0.0] * 99 + [1e308]), Reason.OUT_OF_RANGE, "1e+308"),
        (said([0.0] * 99, rate=0), Reason.OUT_OF_RANGE, "rate"),
        (said([0.0] * 99, rate=-5), Reason.OUT_OF_RANGE, "rate"),
        (said([0.0] * 99, rate="fast"), Reason.NOT_A_NUMBER, "rate"),
        (said([0.0] * 99, rate=None), Reason.NO_VALUES, "rate"),
    ],
)
def test_what_cannot_be_a_block_is_refused_by_its_reason(
    payload: bytes, reason: Reason, words: str
) -> None:
    reading = decoder(max_length=1024)
    bad = refusal(reading, payload)
    assert bad.reason is reason
    assert words in bad.detail
    only(PLAIN, GOOD)


@pytest.mark.parametrize(
    ("text", "reason", "words"),
    [
        ("no base64!", Reason.MALFORMED, "not base64"),
        ("AAA=", Reason.MALFORMED, "whole number of float32"),
        ("A" * 100_000, Reason.OVERSIZED, "allowed: 1,024"),
        (base64.b64encode(np.full(99, np.nan, "<f4").tobytes()).decode(), Reason.NOT_FINITE, "nan"),
        (base64.b64encode(np.full(99, np.inf, "<f4").tobytes()).decode(), Reason.NOT_FINITE, "inf"),
        (["AAAA"], Reason.MALFORMED, "a list"),
    ],
)
def test_packed_samples_that_cannot_be_are_refused_by_their_reason(
    text: Any, reason: Reason, words: str
) -> None:
    bad = refusal(decoder(encoding="float32", max_length=1024), said(text))
    assert bad.reason is reason
    assert words in bad.detail


@pytest.mark.parametrize(
    "payload",
    [b"\x91" * 100_000, b"\xdd\xff\xff\xff\xff", b"\xc1", b"\x81\xc4\x01a\x00", GOOD, b""],
)
def test_hostile_message_pack_is_refused(payload: bytes) -> None:
    refusal(decoder(format="msgpack"), payload)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"features": ["bpfo"]}, "set bearing"),
        ({"features": ["bpfo"], "bearing": GEOMETRY}, "set speed"),
        ({"bearing": GEOMETRY}, "set speed"),
        ({"bearing": GEOMETRY | {"ball_diameter": 40}, "speed": 1500}, "must be below"),
        ({"velocity_band": [1000, 10]}, "lower to its upper"),
        ({"samples": {}}, "at least 1"),
        ({"rate": 0}, "greater than 0"),
        ({"unit": "furlong"}, "m/s2"),
    ],
)
def test_settings_that_cannot_work_say_what_is_allowed(settings: Any, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        WaveformSettings.model_validate(settings)


SETTINGS = [
    decoder(bearing=GEOMETRY, speed="rpm", max_length=4096),
    decoder(encoding="int16", max_length=4096),
    decoder(encoding="float32", format="msgpack", bearing=GEOMETRY, speed="rpm", max_length=4096),
]
ODD: Any = st.sampled_from(
    [None, True, "", "x", b"", b"abc", [], [[]], {}, {"a": 1}, 2**63, -1, 1e308, 5e-324, 10**400]
)
NUMBERS = st.floats() | st.integers(-(2**40), 2**40) | st.sampled_from([0, 1.5, 1e-300, 1e6])
FEW = st.lists(NUMBERS | ODD, min_size=1, max_size=4).map(lambda few: few * 32)
PLAINS = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=6).map(lambda few: few * 64)
PACKED = st.binary(min_size=4, max_size=24).map(lambda few: few * 64)
BODIES = st.fixed_dictionaries(
    {
        "ts": st.just(AT) | ODD,
        "rate": st.sampled_from([25_600, 1, 1e-300, 1e7]) | NUMBERS | ODD,
        "samples": PLAINS | FEW | PACKED | PACKED.map(lambda raw: base64.b64encode(raw).decode()),
        "rpm": st.sampled_from([1480, 0, 1e-9]) | NUMBERS | ODD,
    }
)


@given(st.sampled_from(SETTINGS), st.binary() | BODIES)
def test_whatever_comes_is_read_or_refused_and_what_is_read_is_finite(
    reading: WaveformDecoder, body: Any
) -> None:
    if isinstance(body, bytes):
        payload = body
    elif reading is SETTINGS[2]:
        payload = encoded(body)
    else:
        payload = json.dumps(body, default=repr).encode()
    try:
        found = reading.decode({}, payload)
    except Bad as bad:
        assert bad.detail
        return
    assert all(np.isfinite(value) for sample in found for value in sample.values.values())


def encoded(body: Any) -> bytes:
    try:
        return msgspec.msgpack.encode(body)
    except (
        OverflowError,
        UnicodeEncodeError,
    ):  # no integer of more than 64 bits, no lone surrogate
        return b"\xc0"
