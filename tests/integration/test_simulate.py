"""Simulated telemetry over a real broker: all of it arrives, in order, whatever the broker does."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from paho.mqtt.client import Client, MQTTMessage, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion

from core.clock import DAY, SECOND, ManualClock, system_clock
from core.errors import Refused, Unavailable
from core.plant import Asset, AssetClass, Channel, Plant, Site
from simulators.broker import PrivateMosquitto, free_port
from simulators.machine import KINDS
from simulators.message import Message
from simulators.pace import Accelerated
from simulators.play import replay
from simulators.publisher import Progress, Publisher
from simulators.recording import read
from simulators.run import simulate
from simulators.scenario import parse
from tests.waiting import until

pytestmark = pytest.mark.mosquitto


class Listener:
    """Keeps what arrives on every topic."""

    def __init__(self, port: int) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self._ready = threading.Event()
        self._client = Client(
            CallbackAPIVersion.VERSION2, "listener", clean_session=False, protocol=MQTTv311
        )
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = lambda client, *_: client.subscribe("plant/#", 1)
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.on_message = self._hear
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert self._ready.wait(10)

    def _hear(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        self.heard.append((message.topic, message.payload))

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def listener(mosquitto: PrivateMosquitto) -> Iterator[Listener]:
    ears = Listener(mosquitto.port)
    yield ears
    ears.close()


@pytest.fixture
def plant() -> Plant:
    name = "centrifugal_pump"
    kind = AssetClass(name, tuple(Channel(channel) for channel in KINDS[name](0).sensors))
    assets = [Asset("here", "hall", f"pump-{number}", name) for number in range(3)]
    return Plant({"here": Site("here", "UTC")}, {a.id: a for a in assets}, {name: kind})


def numbered(count: int) -> list[Message]:
    return [Message(f"a{n % 5}", n, f"plant/a{n % 5}", b"%d" % n) for n in range(count)]


def test_a_scenario_arrives_whole_and_in_order_then_goes_on_live(
    mosquitto: PrivateMosquitto, listener: Listener, plant: Plant, tmp_path: Path
) -> None:
    scenario = parse("span: 1d\nlive_interval: 1s", "s.yaml")
    clock = ManualClock(20_000 * DAY)
    stop = threading.Event()
    past: list[int] = []

    def history_done(done: object) -> None:
        past.append(getattr(done, "acked", 0))
        clock.advance(3 * SECOND)

    def end_after_nine_live_messages() -> None:
        until(lambda: len(listener.heard) >= 3 * 288 + 9)
        stop.set()

    watcher = threading.Thread(target=end_after_nine_live_messages)
    watcher.start()
    with Publisher(port=mosquitto.port) as publisher:
        done = simulate(
            scenario,
            plant,
            publisher,
            clock,
            out=tmp_path,
            history_done=history_done,
            stop=stop,
        )
    watcher.join()
    assert past == [3 * 288]
    assert done.count == done.acked == 3 * 288 + 9
    times = [json.loads(payload)["ts"] for _, payload in listener.heard]
    assert times == sorted(times)
    assert (tmp_path / "truth.json").exists()


def test_history_alone_ends_by_itself(
    mosquitto: PrivateMosquitto, listener: Listener, plant: Plant
) -> None:
    with Publisher(port=mosquitto.port) as publisher:
        done = simulate(parse("span: 1d", "s"), plant, publisher, system_clock, live=False)
    assert done.count == done.acked == 3 * 288
    until(lambda: len(listener.heard) == done.count)


def test_nothing_is_lost_or_overtaken_when_the_broker_restarts(
    mosquitto: PrivateMosquitto, listener: Listener, tmp_path: Path
) -> None:
    messages = numbered(30_000)
    restarted = threading.Event()

    def restart(progress: Progress) -> None:
        if progress.sent > 3_000 and not restarted.is_set():
            restarted.set()
            mosquitto.stop()
            mosquitto.start()

    log = tmp_path / "acked"
    with Publisher(port=mosquitto.port, log=log, window=500) as publisher:
        done = publisher.publish(messages, Accelerated(1e-9 * 10_000), restart)
    assert restarted.is_set()
    assert done.count == done.acked == len(messages)
    until(lambda: len({payload for _, payload in listener.heard}) == len(messages), 60)
    first_heard = list(dict.fromkeys(int(payload) for _, payload in listener.heard))
    assert first_heard == sorted(first_heard)
    assert len(set(log.read_text().splitlines())) == len(messages)


def test_the_log_names_exactly_what_the_broker_confirmed(
    mosquitto: PrivateMosquitto, tmp_path: Path
) -> None:
    log = tmp_path / "acked"
    with Publisher(port=mosquitto.port, log=log) as publisher:
        publisher.publish(numbered(100))
        mosquitto.kill()
        stop = threading.Event()
        threading.Timer(0.3, stop.set).start()
        lost = [Message("late", n, "plant/late", b"x") for n in range(100, 110)]
        assert publisher.publish(lost, stop=stop, patience=0.2).acked == 0
    lines = [line.split("\t") for line in log.read_text().splitlines()]
    assert [(asset, int(at)) for asset, at in lines] == [(f"a{n % 5}", n) for n in range(100)]


def test_a_stop_ends_it_between_two_messages(mosquitto: PrivateMosquitto) -> None:
    stop = threading.Event()
    sent: list[Progress] = []

    def tell(progress: Progress) -> None:
        sent.append(progress)
        stop.set()

    with Publisher(port=mosquitto.port) as publisher:
        done = publisher.publish(numbered(100_000), progress=tell, stop=stop)
    assert 0 < done.count < 100_000
    assert done.acked == done.count == sent[-1].acked


def test_a_stop_is_heard_while_waiting_for_the_next_moment(mosquitto: PrivateMosquitto) -> None:
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    with Publisher(port=mosquitto.port) as publisher:
        began = time.monotonic()
        done = publisher.publish(numbered(3), Accelerated(1e-12), stop=stop)
    assert done.count == 1
    assert time.monotonic() - began < 5


def test_a_window_of_unconfirmed_messages_waits_while_the_broker_is_gone(
    mosquitto: PrivateMosquitto,
) -> None:
    stop = threading.Event()
    with Publisher(port=mosquitto.port, window=50) as publisher:
        mosquitto.stop()
        threading.Timer(1, stop.set).start()
        done = publisher.publish(numbered(1_000), stop=stop)
        assert done.count <= 50
        assert done.acked == 0


def test_many_messages_at_once_are_all_acknowledged(mosquitto: PrivateMosquitto) -> None:
    with Publisher(port=mosquitto.port) as publisher:
        done = publisher.publish(numbered(15_000))
    assert done.acked == 15_000


def test_a_recording_is_replayed_to_now(
    mosquitto: PrivateMosquitto, listener: Listener, tmp_path: Path
) -> None:
    path = tmp_path / "rig.csv"
    path.write_text("time;flow\n2020-01-01 00:00:00;1\n2020-01-01 00:00:01;2\n")
    recording = read(path).ending(20_000 * DAY)
    asset = Asset("here", "hall", "rig", "auto")
    with Publisher.to(f"mqtt://127.0.0.1:{mosquitto.port}") as publisher:
        with pytest.raises(Refused, match="has 1 assets, but 0 are named"):
            replay(recording, [], publisher)
        done = replay(recording, [asset], publisher)
    assert done.acked == 2
    until(lambda: len(listener.heard) == 2)
    topic, payload = listener.heard[-1]
    assert topic == "plant/here/hall/rig/telemetry"
    assert json.loads(payload) == {"ts": "2024-10-04T00:00:00Z", "values": {"flow": 2.0}}


def test_a_wrong_password_is_refused_at_once(tmp_path: Path) -> None:
    passwords = tmp_path / "passwords"
    passwords.write_text("")
    passwords.chmod(0o600)
    extra = ("allow_anonymous false", f"password_file {passwords}")
    with (
        PrivateMosquitto(tmp_path / "broker", extra=extra) as strict,
        pytest.raises(Refused, match="refused the connection"),
    ):
        Publisher.to(f"mqtt://user:wrong@127.0.0.1:{strict.port}").connect()


def test_no_broker_is_said_after_the_patience() -> None:
    port = free_port()
    with pytest.raises(Unavailable, match=f"no broker at 127.0.0.1:{port}"):
        Publisher(port=port).connect(timeout=0.3)


@pytest.mark.parametrize("url", ["http://x", "mqtt://", "mqtt:///", "wss://x:8883"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(Refused, match="write mqtt://HOST:PORT"):
        Publisher.to(url)
