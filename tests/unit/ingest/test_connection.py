"""One connection, against a broker that plays a script."""

from __future__ import annotations

import threading

import pytest
from structlog.testing import capture_logs

from core.clock import SECOND
from core.secret import Secret
from ingest import connection as connection_module
from ingest.connection import Connection, _TappedClient, slow_path
from ingest.settings import BrokerSettings
from tests.messages import AGAIN, QOS_0, RETAINED
from tests.scripted_broker import TAKEN_OVER, Caller, Script, ScriptedBroker
from tests.waiting import until


def connect(
    broker: ScriptedBroker, *, version_5: bool = True, longest: int = 10_000, **changes: object
) -> Connection:
    given = {"url": f"mqtt://127.0.0.1:{broker.port}", "client_id": "me", **changes}
    settings = BrokerSettings.model_validate(given)
    found = Connection(settings, ("plant/+/+/+/telemetry",), longest, version_5=version_5)
    found.open()
    return found


def turn_until_ready(connection: Connection) -> None:
    until(lambda: connection.turn(0.05) and connection.ready)


def turn_until_ended(connection: Connection) -> None:
    until(lambda: not connection.turn(0.05))


@pytest.fixture(params=["tap", "without the seam"])
def seam(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the test with the fast path, and without."""
    if request.param != "tap":
        monkeypatch.delattr(_TappedClient, "_create_socket")
        monkeypatch.setattr(connection_module, "SEAM", "_no_longer_there")


@pytest.mark.usefixtures("seam")
@pytest.mark.parametrize("version_5", [True, False])
def test_messages_come_as_they_were_sent_and_are_acknowledged_in_order(version_5: bool) -> None:
    def script(caller: Caller) -> None:
        caller.welcome(session_present=True)
        caller.publish(b"plant/a/b/c/telemetry", b"1", 11)
        caller.publish("plant/泵/b/c/telemetry".encode(), b"\x00\xff", 12, RETAINED)
        caller.publish(b"plant/a/b/c/telemetry", b"", 13, AGAIN)
        caller.publish(b"plant/a/b/c/telemetry", b"at most once", 0, QOS_0)
        caller.until(3)

    with ScriptedBroker(script) as broker:
        connection = connect(broker, version_5=version_5)
        turn_until_ready(connection)
        assert connection.standing.session_present
        packets: list[tuple[bytes, bytes, int, int]] = []
        while len(packets) < 4:
            connection.turn(0.05)
            packets += connection.take()
        assert connection.waiting == 0 and connection.take() == []
        assert packets == [
            (b"plant/a/b/c/telemetry", b"1", 0x32, 11),
            ("plant/泵/b/c/telemetry".encode(), b"\x00\xff", RETAINED, 12),
            (b"plant/a/b/c/telemetry", b"", AGAIN, 13),
            (b"plant/a/b/c/telemetry", b"at most once", QOS_0, 0),
        ]
        assert connection.acknowledge([11, 12, 13])
        until(lambda: len(broker.callers[0].acknowledged) == 3)
        connection.close()
    assert broker.callers[0].acknowledged == [11, 12, 13]
    assert broker.callers[0].version_5 is version_5
    assert b"me" in broker.callers[0].connect


@pytest.mark.parametrize(("version_5", "options"), [(True, 0x11), (False, 0x01)])
def test_retained_messages_are_asked_for_once_where_the_broker_can(
    version_5: bool, options: int
) -> None:
    with ScriptedBroker(Caller.welcome) as broker:
        connection = connect(broker, version_5=version_5)
        turn_until_ready(connection)
        connection.close()
    assert broker.callers[0].subscribe.endswith(b"plant/+/+/+/telemetry" + bytes((options,)))


def test_the_seam_is_there_in_the_client_that_is_installed() -> None:
    with capture_logs() as logs, ScriptedBroker(Caller.greet) as broker:
        connection = connect(broker)
        assert connection._tap is not None
        connection.close()
    assert logs == []


def test_a_slower_path_has_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    assert slow_path(BrokerSettings()) == ""
    assert slow_path(BrokerSettings(url="mqtts://here")) == ""
    assert "WebSocket" in slow_path(BrokerSettings(url="wss://here"))
    monkeypatch.setattr(connection_module, "SEAM", "_no_longer_there")
    assert slow_path(BrokerSettings()) == "the MQTT client has no _no_longer_there"


@pytest.mark.parametrize("answer", [b"\x20\x03\x00\x84\x00", b"\x20\x02\x00\x01"])
def test_a_version_that_is_refused_is_told_apart_in_the_words_of_either(answer: bytes) -> None:
    def script(caller: Caller) -> None:
        caller.read_connect()
        caller.send(answer)

    with ScriptedBroker(script) as broker:
        connection = connect(broker)
        turn_until_ended(connection)
        assert connection.standing.version_refused and connection.standing.answered
        assert not connection.ready
        connection.close()


def test_credentials_are_sent_and_a_refusal_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROKER_WORD", "open sesame")
    with ScriptedBroker(lambda caller: caller.greet(0x87)) as broker:
        connection = connect(broker, username="ali", password=Secret("env:BROKER_WORD").reference)
        turn_until_ended(connection)
        assert "refused us: Not authorized" in connection.standing.why
        assert not connection.standing.version_refused
        connection.close()
    assert b"ali" in broker.callers[0].connect and b"open sesame" in broker.callers[0].connect


def test_a_user_without_a_password_is_possible() -> None:
    with ScriptedBroker(Caller.welcome) as broker:
        connection = connect(broker, username="ali")
        turn_until_ready(connection)
        connection.close()
    assert b"ali" in broker.callers[0].connect


def test_a_subscription_that_is_refused_is_told() -> None:
    def script(caller: Caller) -> None:
        caller.greet()
        caller.grant(0x87)
        caller.listen(20)

    with ScriptedBroker(script) as broker:
        connection = connect(broker)
        until(lambda: connection.turn(0.05) and connection.standing.unsubscribable)
        assert not connection.ready
        assert "subscription to plant/+/+/+/telemetry: Not authorized" in connection.standing.why
        connection.close()


def test_a_take_over_by_the_broker_is_told() -> None:
    def script(caller: Caller) -> None:
        caller.welcome()
        caller.send(TAKEN_OVER)
        caller.listen(20)

    with ScriptedBroker(script) as broker:
        connection = connect(broker)
        turn_until_ended(connection)
        assert connection.standing.taken_over and connection.standing.ended_by_broker
        assert connection.standing.why == "Session taken over"
        connection.close()


def test_nothing_can_be_sent_on_a_connection_that_is_closed() -> None:
    with ScriptedBroker(Caller.welcome) as broker:
        connection = connect(broker)
        turn_until_ready(connection)
        connection.close()
        assert not connection.acknowledge([1])
        assert not connection.keep_alive()


@pytest.mark.usefixtures("seam")
def test_a_ping_can_be_sent_while_nothing_is_read() -> None:
    pinged = threading.Event()

    def script(caller: Caller) -> None:
        caller.welcome()
        while 12 not in caller.heard:
            caller.packet()
        pinged.set()

    with ScriptedBroker(script) as broker:
        connection = connect(broker)
        turn_until_ready(connection)
        assert connection.keep_alive()
        assert pinged.wait(10)
        connection.close()


def test_leaving_is_said_so_that_the_broker_sends_no_will() -> None:
    def script(caller: Caller) -> None:
        caller.welcome()
        caller.listen(20)

    with ScriptedBroker(script) as broker:
        connection = connect(broker)
        turn_until_ready(connection)
        connection.close()
        until(lambda: 14 in broker.callers[0].heard)


GARBAGE: dict[str, Script] = {
    "no MQTT": lambda caller: caller.send(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 50),
    "a torn greeting": lambda caller: caller.send(b"\x20\x03\x00\x00\xff\xff\xff"),
    "an answer before the question": lambda caller: caller.send(b"\x90\x03\x00\x01\x01"),
    "an impossible length": lambda caller: caller.send(b"\x30\xff\xff\xff\xff\xff"),
    "a message that is cut off": lambda caller: caller.send(b"\x32\x03\x00\xffa"),
    "nothing": lambda _: None,
}


@pytest.mark.parametrize("name", GARBAGE)
def test_whatever_a_broker_says_the_connection_just_ends(name: str) -> None:
    def script(caller: Caller) -> None:
        caller.read_connect()
        GARBAGE[name](caller)

    with ScriptedBroker(script) as broker:
        connection = connect(broker)
        turn_until_ended(connection)
        assert not connection.ready
        connection.close()


def test_a_failure_within_the_client_ends_the_connection_and_not_the_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("bug")

    with ScriptedBroker(Caller.greet) as broker:
        connection = connect(broker)
        monkeypatch.setattr(connection._client, "on_connect", fail)
        turn_until_ended(connection)
        assert connection.standing.why == "the client failed: bug"
        connection.close()


def test_nobody_there_is_an_error_of_the_system() -> None:
    with ScriptedBroker(Caller.welcome) as broker:
        settings = BrokerSettings(url=f"mqtt://127.0.0.1:{broker.port}", keepalive=SECOND)
    for version_5 in (True, False):
        connection = Connection(settings, ("a",), 1000, version_5=version_5)
        with pytest.raises(OSError, match="refused"):
            connection.open()
        assert not connection.standing.opened
        connection.close()
