"""The host as a state machine: sessions, sequences, deaths that overtake births, storms."""

from __future__ import annotations

import pytest

from core.journal import DeviceChanged
from core.proposal import Observed
from core.readings import Quality
from core.rejection import Reason
from ingest.sparkplug import account
from ingest.sparkplug.effect import Ignored, Proposed
from ingest.sparkplug.metric import DataType
from tests.edge import Edge, add, later, speed
from tests.messages import NOW
from tests.sparkplug import (
    Bench,
    born,
    changes,
    lost,
    published,
    refused,
    samples,
    speeds,
)

P1 = "karachi/hall/p1"


def test_births_bring_node_and_device_online_with_their_values() -> None:
    bench, _ = born()
    assert changes(bench.effects) == [("karachi/hall", True), (P1, True)]
    device = [each for each in bench.effects if isinstance(each, DeviceChanged)][1]
    assert device.assets == (P1,) and device.on_change == ("speed",) and device.at == NOW
    assert speeds(bench.effects) == [7.0]


def test_channels_stay_periodic_where_it_is_so_configured() -> None:
    bench, _ = born(reporting="periodic")
    assert [e.on_change for e in bench.effects if isinstance(e, DeviceChanged)] == [(), ()]


def test_an_alias_stands_for_the_name_of_the_birth() -> None:
    bench, edge = Bench(), Edge()
    number = {"name": "vibration", "alias": 9, "datatype": DataType.INT16, "value": 5}
    bench.send(edge.nbirth(), edge.dbirth(speed(1.0, alias=8), number))
    by_alias = [{"alias": 8, "value": 2.0}, {"alias": 9, "value": 0xFFFF, "field": "int_value"}]
    (sample,) = samples(bench.send(edge.ddata(*by_alias)))
    assert sample.values == {"speed": 2.0, "vibration": -1.0}


def test_an_unknown_alias_is_refused_and_the_rest_is_kept() -> None:
    bench, edge = born()
    effects = bench.send(edge.ddata({"alias": 77, "value": 1.0}, speed(3.0)))
    assert speeds(effects) == [3.0]
    (rejection,) = refused(effects)
    assert rejection.reason is Reason.UNKNOWN_CHANNEL
    assert rejection.detail.startswith("alias 77 is in no birth of karachi/hall/p1")
    assert "its births do not have all its metrics" in bench.host.wanting.values()


def test_an_alias_of_another_device_is_not_taken() -> None:
    bench, edge = Bench(), Edge()
    bench.send(edge.nbirth(), edge.dbirth(speed(1.0, alias=8)), edge.dbirth(device="p2"))
    effects = bench.send(edge.ddata({"alias": 8, "value": 2.0}, device="p2"))
    assert not speeds(effects) and refused(effects)


def test_an_alias_that_stands_for_two_metrics_stands_for_none() -> None:
    bench, edge = Bench(), Edge()
    bench.send(edge.nbirth())
    effects = bench.send(edge.dbirth(speed(1.0, alias=8), speed(2.0, name="vibration", alias=8)))
    assert refused(effects)[0].reason is Reason.DUPLICATE_KEY
    assert not samples(bench.send(edge.ddata({"alias": 8, "value": 3.0})))


def test_a_birth_replaces_the_aliases_of_the_one_before() -> None:
    bench, edge = Bench(), Edge()
    bench.send(edge.nbirth(), edge.dbirth(speed(1.0, alias=8)))
    bench.send(edge.dbirth(speed(1.0, alias=9)))
    assert speeds(bench.send(edge.ddata({"alias": 9, "value": 3.0}))) == [3.0]
    assert not samples(bench.send(edge.ddata({"alias": 8, "value": 4.0})))


def test_each_time_in_a_message_is_a_sample_of_its_own() -> None:
    bench, edge = born()
    both = edge.ddata(speed(1.0, at=NOW), speed(2.0, at=later(1)), speed(3.0, at=later(1)))
    assert [(s.at, s.values["speed"]) for s in samples(bench.send(both))] == [
        (NOW, 1.0),
        (later(1), 3.0),
    ]


def test_history_is_marked_and_what_is_transient_is_not_kept() -> None:
    bench, edge = born()
    past = speed(1.0, at=later(-60), is_historical=True)
    effects = bench.send(
        edge.ddata(past, speed(2.0), speed(9.0, name="vibration", is_transient=True))
    )
    assert [(s.historical, s.values) for s in samples(effects)] == [
        (True, {"speed": 1.0}),
        (False, {"speed": 2.0}),
    ]


def test_null_says_that_there_is_no_value() -> None:
    bench, edge = born()
    (sample,) = samples(bench.send(edge.ddata(speed(is_null=True))))
    assert sample.values == {} and sample.quality == {"speed": Quality.BAD}


def test_quality_travels_with_its_value() -> None:
    bench, edge = born()
    (sample,) = samples(bench.send(edge.ddata(speed(3.0, quality=500))))
    assert sample.quality == {"speed": Quality.UNCERTAIN}


def test_rows_of_a_data_set_become_samples_or_are_refused() -> None:
    def log(edge: Edge) -> tuple[bytes, bytes]:
        made = edge.payload()
        data = add(made, name="log", datatype=DataType.DATA_SET).dataset_value
        data.columns.extend(["when", "v"])
        data.types.extend([DataType.DATE_TIME, DataType.DOUBLE])
        data.num_of_columns = 2
        for k in range(3):
            row = data.rows.add()
            row.elements.add(long_value=NOW // 1_000_000 + k)
            row.elements.add(double_value=float(k))
        return edge.topic("DDATA", "p1"), made.SerializeToString()

    for datasets, found in (("rows", [0.0, 1.0, 2.0]), ("refuse", [])):
        bench, edge = born(channels={"log/v": "speed"}, datasets=datasets)
        bench.send(edge.dbirth({"name": "log", "datatype": DataType.DATA_SET}))
        effects = bench.send(log(edge))
        assert speeds(effects) == found
        assert bool(refused(effects)) is (not found)


def test_a_template_that_is_a_channel_is_refused_with_the_reason() -> None:
    bench, edge = born()
    made = edge.payload()
    add(made, name="speed", datatype=DataType.TEMPLATE).template_value.version = "1"
    (rejection,) = refused(bench.send((edge.topic("DDATA", "p1"), made.SerializeToString())))
    assert rejection.detail == "speed is template in template_value: no single value"


def test_metrics_that_are_no_channels_are_passed_over() -> None:
    bench, edge = born()
    bench.send(edge.dbirth(speed(1.0), {"name": "Properties/OS", "datatype": 12, "value": "x"}))
    effects = bench.send(edge.ddata({"name": "Properties/OS", "datatype": 12, "value": "y"}))
    assert [type(effect) for effect in effects] == [Ignored]


def test_an_unknown_device_is_refused_and_its_birth_proposed() -> None:
    bench, edge = Bench(), Edge()
    bench.send(edge.nbirth())
    effects = bench.send(edge.dbirth(speed(1.0, unit="rpm"), device="p9"))
    assert next(e for e in effects if isinstance(e, Proposed)).metrics == {
        "speed": Observed.of(1.0, "rpm")
    }
    assert [r.reason for r in refused(effects)] == [Reason.UNKNOWN_ASSET]


def test_sequence_numbers_wrap_after_255() -> None:
    bench, edge = born()
    for k in range(600):
        assert speeds(bench.send(edge.ddata(speed(float(k))))) == [float(k)]
    assert lost(bench.effects) == 0 and not bench.host.wanting


def test_a_message_that_overtook_another_waits_for_it() -> None:
    bench, edge = born()
    first, second, third = (edge.ddata(speed(float(k))) for k in range(3))
    assert bench.send(third, second) == []
    assert speeds(bench.send(first, at=1.0)) == [0.0, 1.0, 2.0]
    assert bench.tick(10) == [] and lost(bench.effects) == 0


def test_what_never_came_is_counted_and_what_waited_is_kept_in_order() -> None:
    bench, edge = born()
    edge.seq += 2
    messages = [edge.ddata(speed(float(k))) for k in range(3)]
    bench.send(*reversed(messages))
    assert bench.tick(1.9) == []
    effects = bench.tick(2.0)
    assert lost(effects) == 2 and speeds(effects) == [0.0, 1.0, 2.0]
    assert bench.host.wanting
    assert speeds(bench.send(edge.ddata(speed(3.0)))) == [3.0]


def test_a_message_that_comes_after_it_was_given_up_is_kept_as_history() -> None:
    bench, edge = born()
    missed, second = edge.ddata(speed(1.0)), edge.ddata(speed(2.0))
    bench.send(second)
    bench.tick(2)
    (sample,) = samples(bench.send(missed, at=3))
    assert sample.historical and sample.values == {"speed": 1.0}
    assert lost(bench.effects) == 0


def test_an_edge_that_counts_wrongly_is_heard_all_the_same() -> None:
    bench, edge = born()
    for k in range(5):
        bench.send(edge.ddata(speed(float(k)), seq=0), at=10 * k)
        bench.tick(10 * k + 5)
    assert speeds(bench.effects) == [7.0, 0.0, 1.0, 2.0, 3.0, 4.0]


def test_with_a_reorder_timeout_of_none_nothing_waits() -> None:
    bench, edge = born(reorder_timeout=0)
    edge.seq += 1
    effects = bench.send(edge.ddata(speed(1.0)))
    assert speeds(effects) == [1.0] and lost(effects) == 1


def test_so_many_wait_and_no_more() -> None:
    bench, edge = born()
    edge.seq += 1
    for k in range(70):
        bench.send(edge.ddata(speed(float(k))))
    assert speeds(bench.effects)[1:] == [float(k) for k in range(70)]


def test_a_device_birth_that_comes_before_its_node_s_waits_for_it() -> None:
    bench, edge = Bench(), Edge()
    birth, device, data = edge.nbirth(), edge.dbirth(), edge.ddata(speed(8.0))
    assert bench.send(device, data) == []
    bench.send(birth, at=0.5)
    assert changes(bench.effects) == [("karachi/hall", True), (P1, True)]
    assert speeds(bench.effects) == [7.0, 8.0]
    assert not bench.host.wanting and lost(bench.effects) == 0


def test_a_device_birth_of_a_new_session_is_not_taken_for_the_old_one() -> None:
    bench, edge = born()
    for _ in range(40):
        bench.send(edge.ddata(speed(1.0)))
    edge.now, edge.bdseq = later(5), 1
    birth, device = edge.nbirth(), edge.dbirth(speed(2.0, alias=4))
    data = edge.ddata({"alias": 4, "value": 3.0})
    bench.send(device, data, birth, at=5)
    assert speeds(bench.effects)[-2:] == [2.0, 3.0] and lost(bench.effects) == 0


def test_what_waited_from_before_a_birth_is_kept_before_it() -> None:
    bench, edge = born()
    edge.seq += 1
    old = edge.ddata(speed(1.0))
    edge.now = later(1)
    effects = bench.send(old, edge.nbirth(), edge.dbirth(speed(2.0)), at=1)
    assert speeds(effects) == [1.0, 2.0] and lost(effects) == 1


def test_what_waited_for_too_long_is_not_taken_for_a_birth_s_whatever_its_clock_says() -> None:
    bench, edge = Bench(), Edge()
    edge.now, edge.seq = later(100), 1
    bench.send(edge.ddata(speed(9.0)))
    edge = Edge()
    edge.now = later(100)
    effects = bench.send(edge.nbirth(), edge.dbirth(speed(1.0)), at=100)
    effects += bench.send(edge.ddata(speed(2.0)))
    assert speeds(effects)[-2:] == [1.0, 2.0]


def test_data_of_a_node_that_was_never_born_is_taken_by_its_names() -> None:
    bench, edge = Bench(), Edge()
    bench.send(edge.ddata(speed(1.0), {"alias": 3, "value": 1.0}))
    effects = bench.tick(2)
    assert speeds(effects) == [1.0]
    assert [r.reason for r in refused(effects)] == [Reason.UNKNOWN_CHANNEL]
    assert bench.host.wanting
    assert speeds(bench.send(edge.ddata(speed(2.0)))) == [2.0]


def test_our_own_connection_lost_makes_everything_stale() -> None:
    bench, edge = born()
    edge.seq += 1
    bench.send(edge.ddata(speed(5.0)))
    effects = bench.host.lost(later(9), "the connection to the broker is lost")
    assert changes(effects) == [("karachi/hall", False)]
    assert speeds(effects) == [5.0]
    assert speeds(bench.send(edge.nbirth(), edge.dbirth(), at=20)) == [7.0]


def test_a_retained_message_is_nothing_new() -> None:
    bench, edge = Bench(), Edge()
    (rejection,) = refused(bench.host.receive(*edge.nbirth(), NOW, retained=True))
    assert rejection.retained and len(bench.host._nodes) == 0


def test_a_clock_that_is_set_back_holds_nothing_up() -> None:
    bench, edge = born()
    edge.seq += 1
    bench.send(edge.ddata(speed(5.0)))
    bench.tick(-3600)
    assert speeds(bench.tick(-3597)) == [5.0]


def test_commands_of_other_hosts_are_ignored() -> None:
    bench, edge = Bench(), Edge()
    effects = bench.send((edge.topic("NCMD"), b"x"), (edge.topic("DCMD", "p1"), b"x"))
    assert [type(effect) for effect in effects] == [Ignored, Ignored]


def test_a_thousand_nodes_at_once_are_asked_slowly_and_held_in_bounds() -> None:
    bench = Bench(rebirth={"allowed": True, "per_minute": 60}, max_nodes=1500)
    edges = [Edge(node=f"n{k}") for k in range(1000)]
    for k, edge in enumerate(edges):
        bench.send(edge.ddata(speed(1.0)), at=k / 1000)
    asked = published(bench.tick(3))
    assert len(asked) == 10
    for second in range(4, 63):
        for edge in edges[:50]:
            bench.send(edge.ddata(speed(1.0)))
        asked += published(bench.tick(second))
    assert 60 <= len(asked) <= 70
    assert len({each.topic for each in asked}) == len(asked)  # none twice within its minute
    assert len(bench.host._nodes) == 1000 and bench.host._held_bytes == 0


def test_strangers_are_asked_after_the_nodes_of_the_plant() -> None:
    bench = Bench(rebirth={"allowed": True, "per_minute": 6})
    for k in range(30):
        bench.send(Edge(node=f"n{k}").ddata(speed(1.0)))
    bench.send(Edge().ddata(speed(1.0)))
    assert [each.topic for each in published(bench.tick(2))] == ["spBv1.0/karachi/NCMD/hall"]


def test_invented_nodes_push_out_each_other_but_none_of_the_plant() -> None:
    bench, edge = born(max_nodes=50)
    for k in range(5000):
        bench.send(Edge(node=f"invented{k}").nbirth())
    assert len(bench.host._nodes) == 50
    assert speeds(bench.send(edge.ddata(speed(1.0)))) == [1.0]


def test_births_without_measure_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account, "MOST_HEFT", 300)
    bench, edge = born()
    many = [speed(1.0, name=f"m{k}") for k in range(400)]
    effects = bench.send(edge.dbirth(*many, device="p2"))
    assert refused(effects)[0].reason is Reason.OVERSIZED
    assert speeds(bench.send(edge.ddata(speed(1.0)))) == [1.0]


def test_what_cannot_be_read_is_refused_and_the_next_good_message_taken() -> None:
    bench, edge = born()
    effects = bench.send((edge.topic("DDATA", "p1"), b"\xff"), edge.ddata(speed(1.0)))
    assert refused(effects) and speeds(effects) == [1.0]


@pytest.mark.parametrize(
    "topic", [b"", b"spBv1.0/a/NDATA", b"spBv1.0/a/XDATA/b", b"spBv1.0/a/NDATA/b/c", b"\xff" * 9]
)
def test_other_topics_are_refused(topic: bytes) -> None:
    assert refused(Bench().host.receive(topic, b"", NOW))[0].reason is Reason.BAD_TOPIC
