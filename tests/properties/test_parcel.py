"""Parcels: whatever readings are packed, the same come out, bit for bit; and they are small."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core.clock import SECOND, iso
from core.parcel import Parcel, pack, unpack
from core.readings import Quality, Reading, Readings

T = 1_795_420_800 * SECOND
CHANNELS = ("a", "b", "c")
_VALUES = st.one_of(
    st.floats(allow_nan=False),
    st.decimals(-1000, 1000, places=3).map(float),
    st.integers(-(2**60), 2**60).map(float),
)
_READING = st.builds(
    Reading,
    st.sampled_from(["s/a/1", "s/a/2", "s/b/泵"]),
    st.integers(-(2**62), 2**62),
    st.dictionaries(st.sampled_from(CHANNELS), _VALUES),
    st.just({}),
)


def block(rows: list[Reading], source: str = "x") -> Readings:
    return Readings.of("pump", CHANNELS, rows, T, source=source, messages=len(rows))


def by_asset(blocks: tuple[Readings, ...]) -> dict[tuple[str, str], list[str]]:
    """List the readings of each source and asset in their order, floats by their bits."""
    found: dict[tuple[str, str], list[str]] = {}
    for each in blocks:
        for r in each:
            said = {name: value.hex() for name, value in r.values.items()}
            key = (each.source, r.asset)
            found.setdefault(key, []).append(repr((r.at, said, dict(r.quality))))
    return found


@settings(max_examples=120)
@example([[Reading("s/a/1", 0, {"a": -0.0})]])
@given(st.lists(st.lists(_READING, max_size=8), max_size=4))
def test_what_is_packed_comes_out_in_the_order_of_each_asset(groups: list[list[Reading]]) -> None:
    blocks = tuple(block(rows, f"source-{k % 2}") for k, rows in enumerate(groups))
    found = unpack(pack(Parcel("site", 3, 9, blocks)), T + 1)
    assert (found.journal, found.first, found.last) == ("site", 3, 9)
    assert by_asset(found.readings) == by_asset(blocks)
    assert sum(b.messages for b in found.readings) == sum(b.messages for b in blocks)
    assert all(b.arrived == T + 1 for b in found.readings)


def test_quality_and_what_is_retained_travel_along() -> None:
    marked = Reading("s/a/1", T, {"a": 1.0, "b": 2.0}, {"b": Quality.BAD})
    plain = Readings.of("pump", CHANNELS, [Reading("s/a/1", T, {"a": 1.5})], T)
    kept = Readings.of("pump", CHANNELS, [marked], T, retained=True)
    found = unpack(pack(Parcel("s", 1, 1, (plain, kept))), T)
    assert [(b.retained, list(b)) for b in found.readings] == [
        (False, list(plain)),
        (True, [marked]),
    ]


@settings(max_examples=300)
@given(st.binary(max_size=300))
def test_no_bytes_do_any_harm(body: bytes) -> None:
    with pytest.raises(ValueError, match="parcel"):
        unpack(body, T)


@settings(max_examples=300)
@given(st.data())
def test_a_parcel_that_was_changed_is_read_or_refused(data: st.DataObject) -> None:
    body = bytearray(pack(Parcel("s", 1, 1, (block([Reading("s/a/1", T, {"a": 1.0})]),))))
    place = data.draw(st.integers(0, len(body) - 1))
    body[place] ^= data.draw(st.integers(1, 255))
    try:
        unpack(bytes(body), T)
    except ValueError as error:
        assert "parcel" in str(error)


def test_ordinary_readings_take_a_tenth_of_their_json() -> None:
    rng = np.random.default_rng(5)
    rows = [
        Reading(f"s/a/{k % 50}", T + k // 50 * SECOND, dict(zip(CHANNELS, values, strict=True)))
        for k, values in enumerate(rng.normal(50, 10, (3000, 3)).round(2).tolist())
    ]
    plain = sum(len(json.dumps({"ts": iso(r.at), "values": dict(r.values)})) for r in rows)
    assert len(pack(Parcel("s", 1, 30, (block(rows),)))) < plain / 10
