"""The broker configuration that ships: everyone can do their work, and nothing else."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client, MQTTMessage, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

from core.clock import SECOND, iso, system_clock
from core.errors import Unavailable
from core.journal import Kind
from core.tls import TlsFiles, make_context
from ingest.pipeline import IngestPipeline
from ingest.probe import kept_while_away, reach
from ingest.settings import BrokerSettings, IngestSettings
from service.notify_mqtt import MqttNotifier, MqttTarget
from storage.history_memory import MemoryHistory
from storage.journal_memory import MemoryJournal
from tests.messages import plant
from tests.plants import plant as service_plant
from tests.shipped_mosquitto import ShippedMosquitto, password
from tests.waiting import until

pytestmark = pytest.mark.mosquitto
NOT_AUTHORISED = "Not authorized"
TELEMETRY = "plant/karachi/hall/p1/telemetry"


class User:
    """Somebody at the broker, who hears what is delivered and learns what is refused."""

    def __init__(self, shipped: ShippedMosquitto, name: str) -> None:
        self.heard: list[str] = []
        self._answers: dict[int, str] = {}
        self._connected, self._subscribed = threading.Event(), threading.Event()
        self.client = Client(CallbackAPIVersion.VERSION2, f"test-{name}", protocol=MQTTv5)
        self.client.username_pw_set(name, password(name))
        files = TlsFiles.model_validate(shipped.authority.settings)
        self.client.tls_set_context(make_context(files))
        self.client.on_connect = lambda *_: self._connected.set()
        self.client.on_subscribe = lambda *_: self._subscribed.set()
        self.client.on_publish = self._answered
        self.client.on_message = self._hear
        self.client.connect("127.0.0.1", shipped.port)
        self.client.loop_start()
        assert self._connected.wait(10)

    def _answered(self, _client: Any, _data: Any, mid: int, reason: Any, _properties: Any) -> None:
        self._answers[mid] = str(reason)

    def _hear(self, _client: Any, _data: Any, message: MQTTMessage) -> None:
        self.heard.append(message.topic)

    def publishes(self, topic: str, payload: bytes = b"{}") -> bool:
        """Publish, and tell whether the broker took it."""
        mid = self.client.publish(topic, payload, qos=1).mid
        until(lambda: mid in self._answers)
        assert self._answers[mid] in {"Success", "No matching subscribers", NOT_AUTHORISED}
        return self._answers[mid] != NOT_AUTHORISED

    def listens(self, *filters: str) -> None:
        for each in filters:
            self._subscribed.clear()
            self.client.subscribe(each, qos=1)
            assert self._subscribed.wait(10)

    def leave(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShippedMosquitto]:
    made = ShippedMosquitto(tmp_path_factory.mktemp("shipped"))
    with made.broker:
        yield made


@pytest.fixture
def users(shipped: ShippedMosquitto) -> Iterator[dict[str, User]]:
    names = ("ingest", "alerts", "karachi", "lahore", "edge-1", "display")
    made = {name: User(shipped, name) for name in names}
    yield made
    for user in made.values():
        user.leave()


MAY_WRITE = {
    "ingest": ["spBv1.0/STATE/millwright"],
    "alerts": ["millwright/alerts/karachi/hall/p1/machine", "millwright/events"],
    "karachi": [TELEMETRY],
    "lahore": ["plant/lahore/hall/p1/telemetry"],
    "edge-1": [
        *("spBv1.0/g/NBIRTH/edge-1", "spBv1.0/g/NDATA/edge-1", "spBv1.0/g/NDEATH/edge-1"),
        *("spBv1.0/g/DBIRTH/edge-1/d", "spBv1.0/g/DDATA/edge-1/d", "spBv1.0/g/DDEATH/edge-1/d"),
    ],
    "display": [],
}
NOBODY_MAY = [
    *("plant/ingest/hall/p1/telemetry", "plant/alerts/hall/p1/telemetry", "plant/karachi/x"),
    *("spBv1.0/STATE/other", "spBv1.0/g/NCMD/edge-1", "spBv1.0/g/DCMD/edge-1/d"),
    *("spBv1.0/g/NDATA/ingest", "spBv1.0/g/NBIRTH/alerts", "spBv1.0/g/DDATA/ingest/d"),
    *("$SYS/broker/uptime", "somewhere/else", "spBv1.0/g/NDATA/edge-2"),
    *("millwright/sites/lahore/commands", "millwright/sites/lahore/cases"),
]


@pytest.mark.parametrize("name", MAY_WRITE)
def test_everyone_may_write_their_own_and_nothing_else(users: dict[str, User], name: str) -> None:
    topics = [*NOBODY_MAY, *(topic for own in MAY_WRITE.values() for topic in own)]
    taken = [topic for topic in topics if users[name].publishes(topic)]
    assert taken == MAY_WRITE[name]


MAY_READ = {
    "ingest": [
        *MAY_WRITE["karachi"],
        *MAY_WRITE["lahore"],
        *MAY_WRITE["edge-1"],
        "spBv1.0/STATE/millwright",
    ],
    "alerts": ["spBv1.0/STATE/millwright"],  # which every Sparkplug node must see
    "karachi": ["spBv1.0/STATE/millwright"],
    "display": [*MAY_WRITE["alerts"], "spBv1.0/STATE/millwright"],
}


@pytest.mark.parametrize("name", MAY_READ)
def test_everyone_hears_what_they_need_and_nothing_else(users: dict[str, User], name: str) -> None:
    users[name].listens("#", "plant/#", "millwright/#", "spBv1.0/#", "$SYS/#")
    for writer, topics in MAY_WRITE.items():
        for topic in topics:
            assert users[writer].publishes(topic)
    assert users["ingest"].publishes("spBv1.0/STATE/millwright", b"last")
    until(lambda: users[name].heard.count("spBv1.0/STATE/millwright") >= 2)
    assert sorted(set(users[name].heard)) == sorted(MAY_READ[name])


def test_nobody_gets_in_without_a_password(shipped: ShippedMosquitto) -> None:
    for given in ({}, {"username": "ingest"}):
        settings = {"url": shipped.url, **shipped.authority.settings, **given}
        with pytest.raises(Unavailable, match="(?i)not authori"):
            reach(BrokerSettings.model_validate(settings))


def test_ingest_and_the_notifier_do_their_work(
    shipped: ShippedMosquitto, users: dict[str, User], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INGEST_WORD", password("ingest"))
    ours = {"username": "ingest", "password": "env:INGEST_WORD", **shipped.authority.settings}
    broker = BrokerSettings.model_validate({"url": shipped.url, **ours})
    journal = MemoryJournal()
    pipeline = IngestPipeline(
        plant(), broker, IngestSettings(), journal, MemoryHistory(), system_clock
    )
    pipeline.start()
    until(lambda: pipeline.status().connected)
    now = iso(system_clock() // SECOND * SECOND)
    body = json.dumps({"ts": now, "values": {"speed": 1}}).encode()
    assert users["karachi"].publishes(TELEMETRY, body)
    until(lambda: any(e.kind is Kind.READINGS for e in journal.read(0, 99)))
    pipeline.stop()
    files = TlsFiles.model_validate(shipped.authority.settings)
    where = ("mqtt", shipped.url, "notifier", "alerts", password("alerts"), "millwright")
    notifier = MqttNotifier(MqttTarget(*where, 5 * SECOND, files), service_plant(1))
    notifier.send(())
    notifier.close()


def test_the_queue_is_not_measured_by_one_who_may_not(
    shipped: ShippedMosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INGEST_WORD", password("ingest"))
    ours = {"username": "ingest", "password": "env:INGEST_WORD", **shipped.authority.settings}
    broker = BrokerSettings.model_validate({"url": shipped.url, **ours})
    assert kept_while_away(broker, probes=5, wait=0.1).received == 0


def test_what_ships_bounds_the_queue_by_bytes_and_keeps_it(shipped: ShippedMosquitto) -> None:
    text = (Path(__file__).parents[2] / "configs/mosquitto/millwright.conf").read_text()
    assert "\nmax_queued_bytes " in text and "\npersistence true\n" in text
    assert "\nmax_queued_messages 0" not in text  # a refused publish would end the connection
    assert "allow_anonymous false\n" in text and "tls_version tlsv1.2\n" in text
