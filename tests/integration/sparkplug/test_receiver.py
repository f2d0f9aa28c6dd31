"""The Sparkplug host at a real broker: from births to journal and history, and through outages."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors import Unavailable
from core.ledger import Fate
from core.proposal import Observed, Proposal
from simulators.broker import PrivateMosquitto
from tests.edge import Edge, speed
from tests.integration.sparkplug.stand import Stand, Watcher
from tests.waiting import until

pytestmark = pytest.mark.mosquitto
P1 = "karachi/hall/p1"


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_births_and_data_reach_journal_and_history(stand: Stand, protocol: str) -> None:
    stand.connect(broker={"protocol": protocol})
    edge = stand.edge()
    edge.send(
        edge.nbirth(), edge.dbirth(speed(1.0, alias=5)), edge.ddata({"alias": 5, "value": 2.0})
    )
    until(lambda: stand.speeds() == [1.0, 2.0])
    until(lambda: stand.history.count(P1) == 1)
    assert stand.changes() == [(P1, True)]


def test_a_node_that_vanishes_takes_its_devices_with_it(stand: Stand) -> None:
    stand.connect()
    edge = stand.edge()
    edge.send(edge.nbirth(), edge.dbirth())
    until(lambda: stand.changes() == [(P1, True)])
    edge.vanish()
    until(lambda: stand.changes() == [(P1, True), ("karachi/hall", False)])
    edge.bdseq += 1
    edge.send(edge.nbirth(), edge.dbirth())
    until(lambda: stand.changes()[2:] == [("karachi/hall", True), (P1, True)])


def test_hostile_messages_stop_nothing(stand: Stand) -> None:
    stand.connect()
    edge = stand.edge()
    edge.send(edge.nbirth(), edge.dbirth())
    for payload in (b"", b"\xff", b"\x12\x00" * 400_000, b"\x00" * 2_000_000):
        edge.send((edge.topic("DDATA", "p1"), payload))
    edge.send((b"spBv1.0/karachi/DDATA/hall/p9", b"\xff"), edge.ddata(speed(2.0)))
    until(lambda: stand.speeds() == [7.0, 2.0])
    assert stand.pipeline is not None and stand.pipeline.status().restarts["sparkplug"] == 0


def test_a_broker_that_restarts_makes_all_stale_until_they_are_born_again(
    stand: Stand, mosquitto: PrivateMosquitto
) -> None:
    pipeline = stand.connect()
    edge = stand.edge()
    edge.send(edge.nbirth(), edge.dbirth())
    until(lambda: stand.changes() == [(P1, True)])
    edge.close()
    mosquitto.stop()
    until(lambda: stand.changes()[-1] == ("karachi/hall", False))
    until(lambda: any("no Sparkplug connection" in each for each in pipeline.status().trouble))
    mosquitto.start()
    until(lambda: pipeline._sparkplug is not None and pipeline._sparkplug.connected)
    edge.send(edge.nbirth(), edge.dbirth())
    until(lambda: stand.changes()[-2:] == [("karachi/hall", True), (P1, True)])


def test_a_restart_knows_nobody_until_they_speak(stand: Stand) -> None:
    stand.connect()
    edge = stand.edge()
    edge.send(edge.nbirth(), edge.dbirth())
    until(lambda: stand.changes() == [(P1, True)])
    stand.stop()
    assert stand.changes()[-1] == ("karachi/hall", False)
    stand.connect(reorder_timeout="100ms")
    edge.send(edge.ddata(speed(3.0)))
    until(lambda: stand.speeds() == [7.0, 3.0])
    assert stand.changes()[-2:] == [("karachi/hall", True), (P1, True)]
    pipeline = stand.pipeline
    assert pipeline is not None
    until(lambda: any("must be born again" in each for each in pipeline.status().trouble))


def test_a_journal_that_is_full_loses_nothing_that_was_taken(stand: Stand) -> None:
    stand.connect()
    edge = stand.edge()
    edge.send(edge.nbirth(), edge.dbirth())
    until(lambda: stand.speeds() == [7.0])
    stand.journal.trouble = Unavailable("the disk is full", retry_after=0.01)
    edge.send(*[edge.ddata(speed(float(k))) for k in range(50)])
    receiver = stand.pipeline._sparkplug if stand.pipeline else None
    assert receiver is not None
    until(lambda: receiver.outage.lasts)
    stand.journal.trouble = None
    until(lambda: stand.speeds() == [7.0, *map(float, range(50))])


def test_the_account_is_even(stand: Stand) -> None:
    stand.connect(reorder_timeout="50ms")
    edge = stand.edge()
    edge.send(edge.nbirth(), edge.dbirth(), edge.ddata(speed(99_999.0)))
    edge.seq += 2
    edge.send(edge.ddata(speed(3.0)))
    until(lambda: stand.speeds() == [7.0, 3.0])
    counts = {
        fate: n
        for (source, fate, _), n in stand.journal.booked(0).counts.items()
        if source == "sparkplug"
    }
    assert counts[Fate.RECEIVED] == 4 and counts[Fate.TOLD] == 1
    assert counts[Fate.REJECTED] == 1 and counts[Fate.LOST] == 2


def test_groups_that_are_not_ours_are_not_heard(stand: Stand) -> None:
    pipeline = stand.connect(groups=["karachi"])
    other, edge = stand.edge(group="berlin"), stand.edge()
    other.send(other.nbirth(), other.dbirth())
    edge.send(edge.nbirth(), edge.dbirth())
    until(lambda: stand.speeds() == [7.0])
    assert pipeline.status().received == 2


def test_without_leave_no_rebirth_is_asked_for(stand: Stand, watcher: Watcher) -> None:
    stand.connect(reorder_timeout="50ms")
    edge = stand.edge()
    edge.send(edge.ddata(speed(3.0)), edge.ddata({"alias": 4, "value": 1.0}))
    until(lambda: stand.speeds() == [3.0])
    until(stand.journal.rejected)
    assert watcher.commands() == []


def test_a_thousand_nodes_that_speak_at_once_are_asked_slowly(
    stand: Stand, watcher: Watcher
) -> None:
    rebirth = {"allowed": True, "per_minute": 60}
    pipeline = stand.connect(reorder_timeout="100ms", rebirth=rebirth)
    storm = stand.edge()
    storm.send(*[Edge(node=f"n{k}").ddata(speed(1.0), device=f"d{k}") for k in range(1000)])
    until(lambda: pipeline.status().received == 1000)
    until(lambda: len(watcher.commands()) >= 10)
    receiver = pipeline._sparkplug
    assert receiver is not None
    until(lambda: receiver._wanting[0] >= 900)
    assert len(watcher.commands()) < 40


def test_another_host_of_the_same_name_is_told(stand: Stand, watcher: Watcher) -> None:
    pipeline = stand.connect()
    rival = b'{"online": true, "timestamp": 5}'
    watcher.publish("spBv1.0/STATE/millwright", rival, qos=1)
    until(lambda: any("another Sparkplug host" in each for each in pipeline.status().trouble))


def test_what_births_say_of_unknown_assets_is_proposed(stand: Stand) -> None:
    stand.connect()
    edge = stand.edge()
    edge.send(edge.nbirth(), edge.dbirth(speed(2.0, unit="rpm"), device="p9"))

    def noted() -> list[Proposal]:
        assert stand.pipeline is not None and stand.pipeline._strangers is not None
        stand.pipeline._strangers.flush()
        return stand.proposals.listed()

    until(noted)
    (proposal,) = noted()
    assert proposal.asset == "karachi/hall/p9" and proposal.on_change
    assert proposal.channels == {"speed": Observed.of(2.0, "rpm")}


def test_a_fault_of_our_own_in_one_message_stops_nothing(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = stand.connect()
    receiver = pipeline._sparkplug
    assert receiver is not None
    receive = receiver._host.receive

    def failing(topic: bytes, *given: Any, **named: Any) -> Any:
        if b"p9" in topic:
            raise ZeroDivisionError
        return receive(topic, *given, **named)

    monkeypatch.setattr(receiver._host, "receive", failing)
    edge = stand.edge()
    edge.send((b"spBv1.0/karachi/DDATA/hall/p9", b""), edge.nbirth(), edge.dbirth())
    until(lambda: stand.speeds() == [7.0])
    (letter,) = stand.journal.rejected()
    assert letter.detail == "the host failed on it: ZeroDivisionError"
    assert pipeline.status().restarts["sparkplug"] == 0


def test_a_thread_that_failed_forgets_what_its_connection_knew(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = stand.connect()
    receiver = pipeline._sparkplug
    assert receiver is not None
    edge = stand.edge()
    edge.send(edge.nbirth(), edge.dbirth())
    until(lambda: stand.changes() == [(P1, True)])
    gather = receiver._harvester.gather
    failures = [RuntimeError("once")]

    def failing(*given: Any, **named: Any) -> Any:
        if failures:
            raise failures.pop()
        return gather(*given, **named)

    monkeypatch.setattr(receiver._harvester, "gather", failing)
    edge.send(edge.ddata(speed(8.0)))
    until(lambda: stand.changes()[-1] == ("karachi/hall", False))
    until(lambda: receiver.connected)
    edge.send(edge.nbirth(), edge.dbirth(speed(9.0)))
    until(lambda: stand.speeds()[-1] == 9.0)
    assert pipeline.status().restarts["sparkplug"] == 1
