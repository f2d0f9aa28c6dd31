"""Payload decoders, whatever comes: only `Bad` leaves them, and what is written is read back."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import msgspec
from hypothesis import example, given
from hypothesis import strategies as st
from influxdb_client import Point
from pydantic import TypeAdapter

from benchmarks.rig.corpus import EXAMPLES, HOSTILE
from core.clock import iso
from ingest.decoders.body import read
from ingest.decoders.mapping import MappingDecoder, MappingSettings
from ingest.decoders.registry import DecoderSettings, build
from ingest.decoders.times import Times
from ingest.instants import text_instant
from ingest.payload import Bad, Constant, Number, parse_any
from ingest.sample import Sample
from tests.unit.ingest.decoders.tables import decoded

_ADAPTER: TypeAdapter[Any] = TypeAdapter(DecoderSettings)
_DECODERS = [(build(_ADAPTER.validate_python(each.settings)), each) for each in EXAMPLES]
_NUMBERS = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53)
_NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\n\r"), min_size=1, max_size=12)
_MOMENTS = st.integers(-(10**18), 4 * 10**18)
_JSON = st.recursive(
    st.none() | st.booleans() | _NUMBERS | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=8,
)


@st.composite
def _bent(draw: st.DrawFn) -> bytes:
    """A message that is nearly right."""
    raw = draw(st.sampled_from([*(each.payload for each in EXAMPLES), *HOSTILE]))[:5_000]
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(raw)))
        gone = draw(st.integers(0, 8))
        raw = raw[:at] + draw(st.binary(max_size=4)) + raw[at + gone :]
    return raw


@given(
    st.sampled_from(_DECODERS), _bent() | st.binary(max_size=80) | _JSON.map(msgspec.json.encode)
)
def test_whatever_comes_only_bad_is_raised_and_a_good_message_still_read(
    pair: tuple[Any, Any], payload: bytes
) -> None:
    decoder, good = pair
    captured = {"asset": "p1", "channel": "temp"}
    try:
        decoder.decode(captured, payload)
    except Bad as bad:
        assert bad.detail
    assert decoder.decode(captured, good.payload)


def _as_float(body: Any) -> Any:
    """Make plain what was read exactly."""
    if isinstance(body, Number | int | float) and not isinstance(body, bool):
        return float(body)
    if isinstance(body, dict):
        return {key: _as_float(each) for key, each in body.items()}
    return [_as_float(each) for each in body] if isinstance(body, list) else body


@given(st.binary(max_size=40) | _JSON.map(lambda body: json.dumps(body).encode()))
@example(b'{"a": 1, "a": 2}')
@example(b'{"a": 1, "a": 2, "b": "\\u0022\\u0022"}')
@example(b'{"a": NaN}')
@example(b'"\\ud800"')
def test_fast_json_is_what_exact_json_is(payload: bytes) -> None:
    try:
        exact = parse_any(payload)
    except Bad:
        exact = None
        try:
            assert read(payload) is None
        except Bad:
            return
    fast = read(payload)
    assert isinstance(fast, Constant) or _as_float(fast) == _as_float(exact)


@given(st.dictionaries(_NAMES, _NUMBERS, min_size=1, max_size=8), _MOMENTS)
def test_a_flat_object_is_read_back(values: dict[str, float], at: int) -> None:
    values.pop("ts", None)
    payload = json.dumps({"ts": at, **values}, ensure_ascii=False)
    how = {"timestamp_path": "ts", "timestamp_format": "unix_ns"}
    if values:
        assert decoded(payload, kind="mapping", **how) == [Sample(values, at=at)]


_KEYS = st.sampled_from(["a", "b", "c"])


@given(
    st.dictionaries(_KEYS, _JSON | _NUMBERS | st.dictionaries(_KEYS, _NUMBERS, max_size=3)),
    st.lists(
        st.sampled_from(["a", "b", "a.b", "c.a", "b.0", "a.#"]), min_size=1, max_size=4, unique=True
    ),
    st.sampled_from([None, "c"]),
)
def test_the_plain_way_of_a_mapping_agrees_with_the_general_one(
    body: dict[str, Any], paths: list[str], time: str | None
) -> None:
    fields = [{"path": path, "rename": path} for path in paths]
    how = {"fields": fields, "timestamp_path": time, "timestamp_format": "unix_ms"}
    chosen = MappingSettings.model_validate(how)
    fast, slow = MappingDecoder(chosen), MappingDecoder(chosen)
    slow._plain = None
    payload = json.dumps(body).encode()

    def outcome(decoder: MappingDecoder) -> Any:
        try:
            return decoder.decode({}, payload)
        except Bad as bad:
            return bad.reason, bad.detail

    assert repr(outcome(fast)) == repr(outcome(slow))


@given(_MOMENTS, st.sampled_from(["%Y-%m-%dT%H:%M:%S.%fZ", "iso", "rfc3339"]))
def test_times_are_read_as_exactly_as_text_instant_does(at: int, form: str) -> None:
    text = iso(at)
    found = Times("iso").read("t", text)
    assert found == text_instant(text)
    if form == "iso" and "." in text:
        assert found == at // 1_000_000 * 1_000_000 or found == at // 1000 * 1000


@given(st.text("0123456789-:.,TZW+ t", min_size=18, max_size=28))
@example("2026-W48-1T08:00:00Z")
@example("2026-11-23T24:00:00Z")
@example("2026-11-23T08:00:00,125Z")
@example("2026-11-23T080000.10Z")
@example("2026-11-23T08:00:00.1234567Z")
@example("2026-11-23T08:00:00.Z")
@example("2026-11-23T08:00:0.12Z")
@example("1677-09-21T00:12:43.145224193Z")
@example("2262-04-11T23:47:16.854775808Z")
def test_no_other_text_is_taken_for_a_time(text: str) -> None:
    try:
        wanted: Any = text_instant(text)
    except (ValueError, OverflowError):
        wanted = None
    try:
        found: Any = Times("iso").read("t", text)
    except Bad:
        found = None
    assert found == wanted


_LINE_NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=8
).filter(lambda name: not name.endswith("\\") and "\\" not in name and not name.startswith("#"))
_LINE_VALUES = (
    st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=12)
)


def _escaped(name: str) -> str:
    return name.replace(",", "\\,").replace("=", "\\=").replace(" ", "\\ ")


def _written(value: Any) -> str:
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return str(value).lower() if isinstance(value, bool) else repr(value)


@given(
    st.lists(
        st.tuples(
            _LINE_NAMES,
            _LINE_NAMES,
            st.dictionaries(_LINE_NAMES, _LINE_VALUES, min_size=1, max_size=4),
            st.none() | _MOMENTS,
        ),
        min_size=1,
        max_size=4,
    )
)
def test_lines_are_read_back(lines: list[tuple[str, str, dict[str, Any], int | None]]) -> None:
    payload = "\n".join(
        f"{_escaped(name)},asset={_escaped(asset)} "
        + ",".join(f"{_escaped(key)}={_written(value)}" for key, value in values.items())
        + (f" {at}" if at is not None else "")
        for name, asset, values, at in lines
    )
    assert decoded(payload, kind="line_protocol", asset_tag="asset") == [
        Sample(values, asset, at) for _, asset, values, at in lines
    ]


@given(
    st.lists(_NAMES.map(str.strip).filter(bool), min_size=1, max_size=4, unique=True).flatmap(
        lambda names: st.tuples(
            st.just(names),
            st.lists(
                st.lists(_NUMBERS, min_size=len(names), max_size=len(names)), min_size=1, max_size=4
            ),
        )
    )
)
def test_rows_are_read_back(table: tuple[list[str], list[list[float]]]) -> None:
    names, rows = table
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(names)
    writer.writerows(rows)
    said = decoded(text.getvalue(), kind="csv")
    assert said == [Sample(dict(zip(names, map(float, row), strict=True))) for row in rows]


@given(
    st.dictionaries(_NAMES, _NUMBERS | st.booleans() | st.text(max_size=9), min_size=1), _MOMENTS
)
def test_packed_messages_are_read_back(values: dict[str, Any], at: int) -> None:
    payload = msgspec.msgpack.encode({"ts": at, "values": values})
    how = {"timestamp_path": "ts", "timestamp_format": "unix_ns", "objects": [{"path": "values"}]}
    assert decoded(payload, kind="msgpack", **how) == [Sample(values, at=at)]


@given(
    st.lists(
        st.tuples(
            _LINE_NAMES,
            st.dictionaries(_LINE_NAMES, _LINE_VALUES | st.integers(-(2**53), 2**53), min_size=1),
            _MOMENTS,
        ),
        min_size=1,
        max_size=3,
    )
)
def test_lines_that_influxdb_s_own_client_writes_are_read_back(
    points: list[tuple[str, dict[str, Any], int]],
) -> None:
    lines = []
    for asset, values, at in points:
        point = Point("pump").tag("asset", asset).time(at)
        for key, value in values.items():
            point.field(key, value)
        lines.append(point.to_line_protocol())
    said = decoded("\n".join(lines), kind="line_protocol", asset_tag="asset")
    assert said == [Sample(values, asset, at) for asset, values, at in points]


@given(
    st.integers(0, 9_000_000_000),
    st.text("0123456789", min_size=1, max_size=12),
    st.sampled_from(["unix", "unix_ms", "unix_us", "unix_ns"]),
)
@example(1_700_000_000, "1234567", "unix")
@example(1_700_000_000, "123456789", "unix")
@example(1_700_000_000, "0", "unix_ns")
def test_a_count_with_a_fraction_is_read_to_its_last_nanosecond(
    whole: int, part: str, form: str
) -> None:
    scale = {"unix": 9, "unix_ms": 6, "unix_us": 3, "unix_ns": 0}[form]
    payload = f'{{"t": {whole}.{part}, "v": 1, "w": {whole}.{part}9}}'
    (sample,) = decoded(payload, kind="mapping", timestamp_path="t", timestamp_format=form)
    assert isinstance(sample, Sample)
    assert sample.at == whole * 10**scale + int(part[:scale].ljust(scale, "0") or 0)
