"""The subscriber, against a broker that plays a script: what is promised whatever happens."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from core.clock import SECOND
from core.errors import Unavailable
from core.journal import Link, LinkChanged
from ingest import subscriber
from ingest.settings import BrokerSettings, IngestSettings
from ingest.subscriber import Subscriber
from simulators.broker import free_port
from tests.messages import NOW, body
from tests.receiver import TOPIC, Receiver, sends
from tests.scripted_broker import TAKEN_OVER, Caller, ScriptedBroker
from tests.streams import publish
from tests.waiting import until


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    yield found
    found.end()


def test_what_comes_is_journaled_and_then_acknowledged(receiver: Receiver) -> None:
    with ScriptedBroker(sends(*range(1, 51))) as broker:
        subscriber = receiver.start(broker.port)
        until(lambda: broker.callers and len(broker.callers[0].acknowledged) == 50)
        assert subscriber.connected and subscriber.trouble == ""
        receiver.end()
    assert broker.callers[0].acknowledged == list(range(1, 51))
    assert receiver.values() == list(range(1, 51))
    assert receiver.intake.counts.acknowledged == receiver.intake.counts.received == 50
    (link,) = receiver.links()
    assert link == LinkChanged(Link.CONNECTED, f"mqtt://127.0.0.1:{broker.port}, MQTT 5")


def test_a_full_disk_stops_acknowledging_keeps_the_link_and_resumes(receiver: Receiver) -> None:
    receiver.journal.trouble = Unavailable("the disk is full", retry_after=0.01)
    with ScriptedBroker(sends(1, 2, 3)) as broker:
        subscriber = receiver.start(broker.port, keepalive="1s")
        until(lambda: broker.callers and 12 in broker.callers[0].heard)  # a ping, meanwhile
        assert broker.callers[0].acknowledged == [] and receiver.values() == []
        assert subscriber.connected and receiver.intake.outage.lasts
        receiver.journal.trouble = None
        until(lambda: broker.callers[0].acknowledged == [1, 2, 3])
        receiver.end()
    assert receiver.values() == [1, 2, 3]
    assert len(broker.callers) == 1


def test_where_nothing_can_be_kept_reading_stops_and_nothing_is_dropped(
    receiver: Receiver,
) -> None:
    count, padding = 3000, b" " * 3000

    def flood(caller: Caller) -> None:
        caller.welcome()
        with caller.listening():
            for number in range(1, count + 1):
                payload = body(NOW + number, vibration=number / count) + padding
                caller.publish(TOPIC, payload, number)

    receiver.journal.trouble = Unavailable("the disk is full", retry_after=0.01)
    with ScriptedBroker(flood) as broker:
        receiver.start(broker.port)
        until(lambda: receiver.intake.counts.received)
        beats = receiver.beats
        until(lambda: receiver.beats > beats + 20)
        assert 0 < receiver.intake.counts.received < 100
        receiver.journal.trouble = None
        until(lambda: len(broker.callers[0].acknowledged) == count)
        receiver.end()
    assert receiver.values() == [number / count for number in range(1, count + 1)]


def test_acknowledgements_never_go_to_another_connection(receiver: Receiver) -> None:
    ended = threading.Event()

    def first(caller: Caller) -> None:
        caller.welcome()
        caller.publish(TOPIC, body(vibration=1), 7)
        assert ended.wait(20)

    def second(caller: Caller) -> None:
        caller.welcome(session_present=True)
        caller.publish(TOPIC, body(NOW + 1, vibration=2), 8)
        caller.listen(20)

    receiver.journal.trouble = Unavailable("the disk is full", retry_after=0.01)
    with ScriptedBroker(first, second) as broker:
        receiver.start(broker.port)
        until(lambda: receiver.intake.outage.lasts)
        ended.set()
        receiver.journal.trouble = None
        until(lambda: len(broker.callers) == 2 and broker.callers[1].acknowledged)
        receiver.end()
    assert broker.callers[0].acknowledged == []
    assert broker.callers[1].acknowledged == [8]
    assert receiver.values() == [1, 2]


def test_stopping_while_nothing_can_be_kept_acknowledges_nothing(receiver: Receiver) -> None:
    receiver.journal.trouble = Unavailable("the disk is full")
    with ScriptedBroker(sends(1)) as broker:
        receiver.start(broker.port)
        until(lambda: receiver.intake.outage.lasts)
        receiver.end()
        assert broker.callers[0].acknowledged == []
    assert receiver.values() == []


def test_hostile_messages_are_acknowledged_too_and_the_next_good_one_is_kept(
    receiver: Receiver,
) -> None:
    def script(caller: Caller) -> None:
        caller.welcome()
        for number, payload in enumerate([b"", b"\xff", b"[" * 9000, b" " * 400_000], start=1):
            caller.publish(TOPIC, payload, number)
        caller.publish(b"plant/\xff//telemetry", b"{}", 5)
        caller.publish(TOPIC, body(vibration=9), 6)
        caller.listen(20)

    with ScriptedBroker(script) as broker:
        receiver.start(broker.port)
        until(lambda: broker.callers and len(broker.callers[0].acknowledged) == 6)
        receiver.end()
    assert receiver.values() == [9]
    assert len(receiver.journal.rejected()) == 5
    assert len(broker.callers) == 1


def test_every_connection_subscribes_anew(receiver: Receiver) -> None:
    def once(caller: Caller) -> None:
        caller.welcome(session_present=True)

    with ScriptedBroker(once, once, sends(1)) as broker:
        receiver.start(broker.port)
        until(lambda: receiver.values() == [1])
        receiver.end()
    assert [8 in caller.heard for caller in broker.callers] == [True] * 3
    kinds = [link.link for link in receiver.links()]
    assert kinds.count(Link.CONNECTED) == 3 and kinds.count(Link.DISCONNECTED) >= 2


def test_a_take_over_is_named_with_the_client_id(receiver: Receiver) -> None:
    def script(caller: Caller) -> None:
        caller.welcome()
        caller.send(TAKEN_OVER)
        caller.listen(20)

    with ScriptedBroker(script, sends(1)) as broker:
        receiver.start(broker.port)
        until(lambda: receiver.values() == [1])
        receiver.end()
    (taken,) = [link for link in receiver.links() if link.link is Link.TAKEN_OVER]
    assert taken.detail == (f'another client connected to mqtt://127.0.0.1:{broker.port} as "me"')


def test_a_broker_that_keeps_ending_the_connection_hints_at_a_take_over(
    receiver: Receiver,
) -> None:
    def once(caller: Caller) -> None:
        caller.welcome(session_present=True)

    with ScriptedBroker(once, once, once, sends(1)) as broker:
        receiver.start(broker.port, protocol="3.1.1")
        until(lambda: receiver.values() == [1])
        receiver.end()
    (taken,) = [link for link in receiver.links() if link.link is Link.TAKEN_OVER]
    assert "probably another client" in taken.detail


@pytest.mark.parametrize("refusal", [b"\x20\x03\x00\x84\x00", b"\x20\x02\x00\x01", b""])
def test_a_broker_of_the_older_version_is_spoken_to_in_that(
    receiver: Receiver, refusal: bytes
) -> None:
    def older(caller: Caller) -> None:
        caller.read_connect()
        if caller.version_5:
            caller.send(refusal)
            return
        caller.send(b"\x20\x02\x00\x00")
        caller.grant()
        caller.publish(TOPIC, body(vibration=1), 1)
        caller.listen(20)

    with ScriptedBroker(older) as broker:
        receiver.start(broker.port)
        until(lambda: receiver.values() == [1])
        receiver.end()
    assert receiver.links()[0].detail.endswith("MQTT 3.1.1")


def test_one_silent_end_between_successes_is_no_reason_for_the_older_version(
    receiver: Receiver,
) -> None:
    def once(caller: Caller) -> None:
        caller.welcome(session_present=True)

    with ScriptedBroker(Caller.read_connect, once, Caller.read_connect, sends(1)) as broker:
        receiver.start(broker.port)
        until(lambda: receiver.values() == [1])
        receiver.end()
    assert [caller.version_5 for caller in broker.callers] == [True] * 4


def test_a_broker_that_never_answers_is_given_up_and_tried_with_the_older_version(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriber, "_ANSWER_WITHIN", 0.1)

    def mute(caller: Caller) -> None:
        caller.read_connect()
        caller.listen(20)

    with ScriptedBroker(mute, mute, sends(1)) as broker, capture_logs() as logs:
        receiver.start(broker.port)
        until(lambda: receiver.values() == [1])
        receiver.end()
    assert [caller.version_5 for caller in broker.callers] == [True, True, False]
    assert logs[0]["why"] == "the broker took the connection and does not answer"


def test_a_commit_waits_for_time_and_never_for_a_count(receiver: Receiver) -> None:
    burst = publish(TOPIC, body(), properties=b"") * 500
    enough = 400
    sent = 0

    def never_silent(caller: Caller) -> None:
        nonlocal sent
        caller.welcome()
        with caller.listening():
            while not caller.acknowledged and sent < enough:
                sent += 1
                caller.send(burst)

    with ScriptedBroker(never_silent) as broker:
        receiver.start(broker.port, batch=100_000_000)
        until(lambda: broker.callers and broker.callers[0].acknowledged)
        receiver.end()
    assert 0 < sent < enough


def test_a_subscription_that_is_refused_is_said_and_tried_again(receiver: Receiver) -> None:
    def refusing(caller: Caller) -> None:
        caller.greet()
        caller.grant(0x87)
        caller.listen(20)

    with ScriptedBroker(refusing, refusing, sends(1)) as broker, capture_logs() as logs:
        subscriber = receiver.start(broker.port)
        until(lambda: subscriber.trouble)
        assert "subscription to plant/+/+/+/telemetry" in subscriber.trouble
        until(lambda: receiver.values() == [1])
        receiver.end()
    events = [entry["event"] for entry in logs]
    assert events == ["broker_unavailable", "broker_connected"]


def test_an_absent_broker_is_said_once_and_found_when_it_comes(receiver: Receiver) -> None:
    port = free_port()
    with capture_logs() as logs:
        subscriber = receiver.start(port)
        until(lambda: subscriber._back_off.failures > 5)
    assert [entry["event"] for entry in logs] == ["broker_unavailable"]
    assert "refused" in subscriber.trouble and not subscriber.connected


def test_a_secret_that_cannot_be_read_is_told_and_read_again(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BROKER_WORD", raising=False)
    with ScriptedBroker(sends(1)) as broker:
        subscriber = receiver.start(broker.port, username="ali", password="env:BROKER_WORD")
        until(lambda: subscriber.trouble == "environment variable BROKER_WORD is not set")
        monkeypatch.setenv("BROKER_WORD", "x")
        until(lambda: receiver.values() == [1])
        receiver.end()


def test_waits_grow_and_are_capped(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random, "uniform", lambda _, high: high)
    subscriber = Subscriber(
        BrokerSettings(reconnect_max=3 * SECOND),
        IngestSettings(),
        "a",
        receiver.intake,
        receiver.memory,
        commit_every=0,
    )
    waits = [subscriber._back_off.failed() for _ in range(2000)]
    assert waits[:5] == [0.25, 0.5, 1.0, 2.0, 3.0]
    assert set(waits[5:]) == {3.0}


def test_a_connection_that_lasted_makes_the_waits_short_again(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.subscriber._SETTLED", 0.0)
    lasting = threading.Event()

    def first(caller: Caller) -> None:
        caller.welcome(session_present=True)
        lasting.wait(20)

    with ScriptedBroker(first, sends(1)) as broker:
        subscriber = receiver.start(broker.port)
        until(lambda: subscriber.connected)
        subscriber._back_off.failures = 15
        time.sleep(0.01)
        lasting.set()
        until(lambda: receiver.values() == [1])
        receiver.end()
    assert subscriber._back_off.failures == 1


def test_a_slower_path_is_said_once_however_often_it_connects(receiver: Receiver) -> None:
    with capture_logs() as logs:
        receiver.start(free_port(), url=f"ws://127.0.0.1:{free_port()}", reconnect_max="1s")
        until(lambda: receiver.beats > 3)
        receiver.end()
    told = [entry["why"] for entry in logs if entry["event"] == "fast_path_missing"]
    assert told == ["WebSocket is received by the MQTT client itself"]
