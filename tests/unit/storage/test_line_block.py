"""Lines written many at once are those written one by one, and what cannot be a line is told."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.readings import Reading, Readings
from storage import line_block
from storage.history_block import Block, blocks
from storage.line_block import LineWriter, asset_of, tags_of

AWKWARD = (
    "v",
    "flow rate",
    "a,b",
    "x=y",
    'say "hi"',
    "k:1",
    "~",
    "{}",
    "ünï",
    "back\\slash",
    "温度",
)
names = st.sampled_from(AWKWARD)


def block_of(*readings: Reading, asset_class: str = "pump") -> Block:
    channels = tuple(dict.fromkeys(c for r in readings for c in r.values))
    return blocks([Readings.of(asset_class, channels, readings, arrived=0)])[0]


def lines(block: Block) -> list[bytes]:
    return sorted(LineWriter().write(block, None).splitlines())


def parsed(line: bytes) -> tuple[bytes, list[tuple[bytes, float]], int]:
    """Take a line with plain channels apart, from its end."""
    begin, fields, at = line.rsplit(b" ", 2)
    pairs = [field.split(b"=") for field in fields.split(b",")]
    return begin, [(key, float(value)) for key, value in pairs], int(at)


def test_a_line_has_class_tags_fields_and_nanoseconds() -> None:
    block = block_of(Reading("lahore/press/p1", 1_700_000_000_000_000_001, {"v": 2.5, "w": 1e-300}))
    assert lines(block) == [
        b"pump,area=press,asset=p1,site=lahore v=2.5,w=1e-300 1700000000000000001"
    ]


@pytest.mark.parametrize("asset", ["p1", "a/b/c", "a/b", "a//c", "a/b/c/d", "/"])
def test_the_tags_of_an_asset_give_its_id_back(asset: str) -> None:
    assert asset_of(dict(tags_of(asset))) == asset


@given(
    rows=st.lists(
        st.dictionaries(
            st.sampled_from("uvw"),
            st.floats(allow_nan=False, allow_infinity=False),
            min_size=1,
        ),
        min_size=1,
        max_size=80,
    ),
    asset_class=names,
    asset=names,
)
def test_many_at_once_are_as_one_by_one(
    rows: list[dict[str, float]], asset_class: str, asset: str
) -> None:
    readings = [Reading(asset, at, values) for at, values in enumerate(rows)]
    block = block_of(*readings, asset_class=asset_class)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(line_block, "_FEW", 1)
        fast = lines(block)
        patch.setattr(line_block, "_FEW", 10**9)
        slow = lines(block)
    assert sorted(map(parsed, fast)) == sorted(map(parsed, slow))


@given(channels=st.lists(names, min_size=1, unique=True), asset=names)
def test_channels_of_any_name_are_written_alike(channels: list[str], asset: str) -> None:
    readings = [Reading(asset, at, dict.fromkeys(channels, 1.5)) for at in range(30)]
    block = block_of(*readings)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(line_block, "_FEW", 1)
        fast = lines(block)
        patch.setattr(line_block, "_FEW", 10**9)
        assert lines(block) == fast


@pytest.mark.parametrize(
    ("asset_class", "asset", "channel", "said"),
    [
        ("pump", "p\n1", "v", "asset 'p\\n1': InfluxDB holds no name with a line break"),
        ("pump", "p1\\", "v", "or with a backslash at its end"),
        ("pump", "p1", "a\\ b", "or before a space, comma or ="),
        ("pump", "", "v", "asset: InfluxDB holds no empty name"),
        ("#pump", "p1", "v", "takes a line that begins with # for a comment"),
        ("pump", "p1", "time", "channel 'time': InfluxDB keeps that name for itself"),
        ("pump", "p1", "v\r", "channel 'v\\r': InfluxDB holds no name with a line break"),
    ],
)
def test_a_name_that_cannot_be_stored_is_refused_with_its_row(
    asset_class: str, asset: str, channel: str, said: str
) -> None:
    block = block_of(Reading(asset, 7, {channel: 1.0}), asset_class=asset_class)
    kept, refused = LineWriter().storable(block)
    assert len(kept.at) == 0
    assert said in refused[0].why
    assert b'"at":7' in refused[0].text


def test_of_a_row_only_what_cannot_be_stored_is_left_out() -> None:
    block = block_of(Reading("p1", 7, {"v": np.inf, "w": 2.0}), Reading("p1", 8, {"v": 1.0}))
    kept, refused = LineWriter().storable(block)
    assert lines(kept) == [b"pump,asset=p1 v=1.0 8", b"pump,asset=p1 w=2.0 7"]
    assert [row.why for row in refused] == ["channel 'v': inf is not a number"]


@pytest.mark.parametrize("at", [-(2**63), -(2**63) + 1, 2**63 - 1])
def test_a_time_beyond_what_can_be_stored_is_refused(at: int) -> None:
    kept, refused = LineWriter().storable(block_of(Reading("p1", at, {"v": 1.0})))
    assert len(kept.at) == 0
    assert "InfluxDB holds 1677 to 2262" in refused[0].why


def test_rows_of_one_key_become_one_with_the_last_of_each_channel() -> None:
    block = block_of(
        Reading("p1", 7, {"v": 1.0, "w": 1.0}),
        Reading("p1", 7, {"v": 2.0}),
        Reading("p2", 7, {"v": 3.0}),
    ).single()
    assert lines(block) == [b"pump,asset=p1 v=2.0,w=1.0 7", b"pump,asset=p2 v=3.0 7"]
