"""Whatever edge nodes send, in whatever order: nothing escapes, and nothing grows without bound."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from core.clock import SECOND
from core.journal import DeviceChanged
from ingest.payload import Bad
from ingest.sparkplug.effect import Heard
from ingest.sparkplug.payload import read_payload
from ingest.sparkplug.schema import payload_class
from tests.edge import Edge, later, speed
from tests.messages import NOW
from tests.sparkplug import Bench, lost, speeds

VERBS = ("NBIRTH", "NDEATH", "NDATA", "DBIRTH", "DDEATH", "DDATA", "NCMD", "STATE")
FIELDS = ("int_value", "long_value", "float_value", "double_value", "boolean_value")


@st.composite
def payloads(draw: st.DrawFn) -> bytes:
    made = payload_class()()
    if draw(st.booleans()):
        made.seq = draw(st.integers(0, 300))
    if draw(st.booleans()):
        made.timestamp = draw(st.integers(0, 2**64 - 1))
    for _ in range(draw(st.integers(0, 4))):
        metric = made.metrics.add()
        name = draw(st.sampled_from(["", "bdSeq", "speed", "vibration", "\x00", "x"]))
        if name:
            metric.name = name
        metric.alias = draw(st.integers(0, 3))
        metric.datatype = draw(st.integers(0, 40))
        metric.is_historical = draw(st.booleans())
        metric.is_null = draw(st.booleans())
        fill(draw, metric)
    return bytes(made.SerializeToString())


def fill(draw: st.DrawFn, metric: Any) -> None:
    field = draw(st.sampled_from([*FIELDS, "string_value", "bytes_value", "dataset_value", ""]))
    if field in {"int_value", "long_value"}:
        setattr(metric, field, draw(st.integers(0, 2**32 - 1)))
    elif field in {"float_value", "double_value"}:
        setattr(metric, field, draw(st.floats(width=32)))
    elif field == "boolean_value":
        metric.boolean_value = draw(st.booleans())
    elif field == "string_value":
        metric.string_value = draw(st.text(max_size=5))
    elif field == "bytes_value":
        metric.bytes_value = draw(st.binary(max_size=5))
    elif field == "dataset_value":
        table(draw, metric.dataset_value)


def table(draw: st.DrawFn, data: Any) -> None:
    data.num_of_columns = draw(st.integers(0, 3))
    data.columns.extend(draw(st.lists(st.sampled_from(["speed", "t"]), max_size=3)))
    data.types.extend(draw(st.lists(st.integers(0, 20), max_size=3)))
    for _ in range(draw(st.integers(0, 2))):
        row = data.rows.add()
        for _ in range(draw(st.integers(0, 3))):
            row.elements.add(long_value=draw(st.integers(0, 2**64 - 1)))


def mutated(draw: st.DrawFn, payload: bytes) -> bytes:
    if not payload or draw(st.booleans()):
        return payload
    place = draw(st.integers(0, len(payload) - 1))
    return payload[:place] + draw(st.binary(max_size=3)) + payload[place + 1 :]


@st.composite
def messages(draw: st.DrawFn) -> tuple[bytes, bytes]:
    verb = draw(st.sampled_from(VERBS))
    node, device = draw(st.sampled_from(["hall", "other"])), draw(st.sampled_from(["p1", "p9"]))
    topic = f"spBv1.0/karachi/{verb}/{node}" + (f"/{device}" if verb.startswith("D") else "")
    return topic.encode(), mutated(draw, draw(payloads()))


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_bad(payload: bytes) -> None:
    try:
        read_payload(payload, longest=100, most=10)
    except Bad as bad:
        assert bad.detail


@settings(max_examples=80)
@given(st.lists(st.tuples(messages(), st.integers(-3, 5)), max_size=25), st.data())
def test_whatever_comes_a_healthy_node_is_heard_afterwards(
    sent: list[tuple[tuple[bytes, bytes], int]], data: st.DataObject
) -> None:
    bench = Bench(channels={"x/speed": "speed"}, rebirth={"allowed": True}, max_nodes=5)
    at = 0
    for (topic, payload), pause in sent:
        at += pause
        bench.send((topic, payload), at=at)
        bench.tick(at)
        check(bench)
    bench.send(*[(each, b"\xff") for each in (b"", b"spBv1.0/karachi/NDATA/hall")], at=at)
    edge = Edge(bdseq=77)
    edge.now = later(at + 100)
    effects = bench.send(edge.nbirth(), edge.dbirth(speed(1.0)), at=at + 100)
    effects += bench.send(edge.ddata(speed(2.0)))
    assert speeds(effects)[-2:] == [1.0, 2.0]
    bench.host.lost(later(at + 101), "over")
    assert bench.host._held_bytes == 0 and bench.host._account.heft == 0


def check(bench: Bench) -> None:
    """Check what must always be so."""
    known = bench.host._nodes.values()
    assert bench.host._held_bytes == sum(len(h.payload) + 500 for n in known for h in n.held)
    assert bench.host._account.heft == sum(node.heft for node in known)
    online: dict[str, bool] = {}
    for effect in bench.effects:
        if isinstance(effect, Heard):
            assert all(sample.values or sample.quality for sample in effect.samples)
        if isinstance(effect, DeviceChanged):
            if not effect.online:
                assert online.get(effect.device), "gone only once, and only after it was there"
            online[effect.device] = effect.online


@settings(max_examples=50)
@given(st.permutations(range(12)), st.integers(0, 255))
def test_any_order_within_the_reorder_timeout_comes_out_in_order(
    order: list[int], first: int
) -> None:
    bench, edge = Bench(), Edge()
    bench.send(edge.nbirth(seq=first), edge.dbirth(speed(-1.0)))
    sent = [edge.ddata(speed(float(k)), at=NOW + k * SECOND) for k in range(12)]
    bench.send(*[sent[k] for k in order])
    assert speeds(bench.effects) == [-1.0, *[float(k) for k in range(12)]]
    assert lost(bench.effects) == 0


@settings(max_examples=50)
@given(st.lists(st.booleans(), min_size=1, max_size=40))
def test_every_message_that_did_not_come_is_counted(came: list[bool]) -> None:
    bench, edge = Bench(), Edge()
    bench.send(edge.nbirth(), edge.dbirth())
    for k, here in enumerate([*came, True]):
        message = edge.ddata(speed(float(k)))
        if here:
            bench.send(message, at=k)
    bench.tick(100)
    assert lost(bench.effects) == came.count(False)
