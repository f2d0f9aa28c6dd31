"""Deaths of nodes and devices, and births that they overtake."""

from __future__ import annotations

import pytest

from core.journal import DeviceChanged
from ingest.sparkplug.effect import Ignored
from tests.edge import later, speed
from tests.sparkplug import ALLOWED, Bench, born, changes, published, refused, samples, speeds

P1 = "karachi/hall/p1"


def test_a_death_ends_node_and_devices_by_our_own_clock() -> None:
    bench, edge = born()
    effects = bench.send(edge.ndeath(), at=30)
    assert changes(effects) == [("karachi/hall", False)]
    (change,) = [e for e in effects if isinstance(e, DeviceChanged)]
    assert change.at == later(30) and change.assets == (P1,)


@pytest.mark.parametrize("bdseq", [1, 255])
def test_a_death_of_another_session_is_ignored(bdseq: int) -> None:
    bench, edge = born()
    effects = bench.send(edge.ndeath(bdseq), at=30)
    assert [type(effect) for effect in effects] == [Ignored]


def test_a_death_without_a_number_is_refused() -> None:
    bench, edge = born()
    made = edge.payload(seq=None)
    effects = bench.send((edge.topic("NDEATH"), made.SerializeToString()))
    assert refused(effects)[0].detail == "a death certificate without bdSeq"
    assert not changes(effects)


def test_a_late_death_does_not_end_the_next_session() -> None:
    bench, edge = born()
    edge.bdseq = 1
    bench.send(edge.nbirth(), edge.dbirth(), at=5)
    assert not changes(bench.send(edge.ndeath(0), at=6))
    assert changes(bench.send(edge.ndeath(1), at=7)) == [("karachi/hall", False)]


def test_a_birth_that_its_death_overtook_brings_nobody_back() -> None:
    bench, edge = born(**ALLOWED)
    birth, device, data = edge.nbirth(), edge.dbirth(speed(8.0)), edge.ddata(speed(9.0))
    bench.send(edge.ndeath(), at=10)
    effects = bench.send(birth, device, data, at=10.5)
    assert not changes(effects)
    assert [(s.historical, s.values["speed"]) for s in samples(effects)] == [
        (True, 8.0),
        (True, 9.0),
    ]
    assert [p.topic for p in published(bench.tick(13))] == ["spBv1.0/karachi/NCMD/hall"]


def test_a_node_that_was_born_as_it_died_is_believed_once_it_goes_on_speaking() -> None:
    bench, edge = born()
    bench.send(edge.ndeath(), at=10)
    bench.send(edge.nbirth(), edge.dbirth(), at=10.5)
    effects = bench.send(edge.ddata(speed(9.0)), at=13)
    assert changes(effects) == [("karachi/hall", True), (P1, True)]
    assert [(s.historical, s.values["speed"]) for s in samples(effects)] == [(False, 9.0)]


def test_an_edge_that_restarts_with_the_same_number_is_back_after_the_reorder_timeout() -> None:
    bench, edge = born()
    bench.send(edge.ndeath(), at=10)
    effects = bench.send(edge.nbirth(), edge.dbirth(), at=13)
    assert changes(effects) == [("karachi/hall", True), (P1, True)]


def test_data_that_a_death_overtook_is_kept_as_history() -> None:
    bench, edge = born()
    data = edge.ddata(speed(9.0))
    bench.send(edge.ndeath(), at=10)
    (sample,) = samples(bench.send(data, at=10.5))
    assert sample.historical


def test_a_dead_node_that_speaks_again_without_a_birth_is_unborn() -> None:
    bench, edge = born()
    bench.send(edge.ndeath(), at=10)
    assert bench.send(edge.ddata(speed(1.0)), at=100) == []
    assert speeds(bench.tick(102)) == [1.0] and bench.host.wanting


def test_a_device_that_a_new_birth_leaves_out_is_gone() -> None:
    bench, edge = born()
    effects = bench.send(edge.nbirth(), at=5)
    assert changes(effects) == [("karachi/hall", True)]
    assert changes(bench.tick(6)) == []
    assert changes(bench.tick(7)) == [(P1, False)]


def test_devices_come_back_with_their_node_and_must_be_born_soon() -> None:
    bench, edge = born()
    bench.send(edge.dbirth(device="p2"), edge.ndeath(), at=10)
    edge.bdseq = 1
    effects = bench.send(edge.nbirth(), edge.dbirth(), at=20)
    (node, device) = [e for e in effects if isinstance(e, DeviceChanged)]
    assert node.assets == (P1, "karachi/hall/p2") and device.assets == (P1,)
    assert changes(bench.tick(22)) == [("karachi/hall/p2", False)]


def test_a_host_that_was_away_knows_nobody_until_they_speak() -> None:
    bench, edge = born()
    present = bench.host.present()
    assert present == {"karachi/hall": ["p1"]}
    after = Bench()
    assert changes(after.host.recall(present, later(50))) == [("karachi/hall", False)]
    after.send(edge.ddata(speed(9.0)), at=60)
    effects = after.tick(62)
    assert changes(effects) == [("karachi/hall", True), (P1, True)]
    assert speeds(effects) == [9.0]


def test_a_death_ahead_of_the_birth_is_believed_once_nothing_more_is_heard() -> None:
    bench, edge = born()
    bench.send(edge.ndeath(1), at=10)
    assert not changes(bench.tick(39))
    assert changes(bench.tick(40)) == [("karachi/hall", False)]


def test_a_node_that_speaks_after_a_death_of_another_session_is_there() -> None:
    bench, edge = born()
    bench.send(edge.ndeath(1), at=10)
    bench.send(edge.ddata(speed(1.0)), at=20)
    assert not changes(bench.tick(100))


def test_what_was_on_its_way_when_a_node_died_proves_nothing() -> None:
    bench, edge = born()
    bench.send(edge.ndeath(1), at=10)
    bench.send(edge.ddata(speed(1.0)), at=11)
    assert changes(bench.tick(40)) == [("karachi/hall", False)]


def test_a_node_whose_numbers_never_match_is_asked_and_gone_if_it_does_not_answer() -> None:
    bench, edge = born(**ALLOWED)
    effects = bench.send(edge.ndeath(255), at=10)
    assert [each.topic for each in published(effects)] == ["spBv1.0/karachi/NCMD/hall"]
    assert not changes(bench.tick(39))
    assert changes(bench.tick(40)) == [("karachi/hall", False)]


def test_a_node_that_answers_is_there() -> None:
    bench, edge = born(**ALLOWED)
    bench.send(edge.ndeath(255), at=10)
    bench.send(edge.nbirth(), edge.dbirth(), at=13)
    assert ("karachi/hall", False) not in changes(bench.tick(100))


def test_without_leave_to_ask_an_old_death_is_just_late() -> None:
    bench, edge = born()
    bench.send(edge.ndeath(255), at=10)
    assert not changes(bench.tick(1000))
