"""A host under test at a real broker, and edge nodes that connect to the same one."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from core.clock import SECOND, system_clock
from core.journal import DeviceChanged, decode
from core.readings import Readings
from ingest.pipeline import IngestPipeline
from ingest.settings import BrokerSettings, IngestSettings
from ingest.sparkplug.payload import Message as Payload
from ingest.sparkplug.payload import read_payload
from storage.history_memory import MemoryHistory
from storage.proposals_memory import MemoryProposals
from tests.edge import Edge, Message
from tests.messages import plant
from tests.stubborn import StubbornJournal
from tests.waiting import until

STATE = "spBv1.0/STATE/millwright"


class Stand:
    """Ingest with a Sparkplug host, started and stopped as often as needed."""

    def __init__(self, port: int, folder: Path) -> None:
        self.port, self.folder = port, folder
        self.journal: Any = StubbornJournal()
        self.history = MemoryHistory()
        self.proposals = MemoryProposals()
        self.pipeline: IngestPipeline | None = None
        self.edges: list[LiveEdge] = []

    def start(self, *, broker: dict[str, Any] | None = None, **sparkplug: Any) -> IngestPipeline:
        given = {"url": f"mqtt://127.0.0.1:{self.port}", "reconnect_max": "100ms", **(broker or {})}
        self.pipeline = IngestPipeline(
            plant(tick_every=SECOND // 5),
            BrokerSettings.model_validate(given),
            IngestSettings.model_validate({"sparkplug": sparkplug}),
            self.journal,
            self.history,
            system_clock,
            memory=self.folder / "ingest.json",
            proposals=self.proposals,
        )
        self.pipeline.start()
        return self.pipeline

    def connect(self, **given: Any) -> IngestPipeline:
        pipeline = self.start(**given)
        until(lambda: pipeline._sparkplug is not None and pipeline._sparkplug.connected)
        return pipeline

    def stop(self) -> None:
        if self.pipeline is not None:
            self.pipeline.stop()
        self.pipeline = None

    def close(self) -> None:
        self.stop()
        for edge in self.edges:
            edge.close()

    def edge(self, **given: Any) -> LiveEdge:
        edge = LiveEdge(self.port, **given)
        self.edges.append(edge)
        return edge

    def bodies(self) -> list[Any]:
        return [decode(entry) for entry in self.journal.read(0, 99_999)]

    def changes(self) -> list[tuple[str, bool]]:
        return [(c.device, c.online) for c in self.bodies() if isinstance(c, DeviceChanged)]

    def speeds(self) -> list[float]:
        blocks = [each for each in self.bodies() if isinstance(each, Readings)]
        return [reading.values["speed"] for block in blocks for reading in block]


class Watcher:
    """Another client that hears what the host publishes, in order."""

    def __init__(self, port: int, *topics: str) -> None:
        self.heard: list[MQTTMessage] = []
        self._client = Client(CallbackAPIVersion.VERSION2, "")
        self._client.on_message = lambda _c, _d, message: self.heard.append(message)
        ready = threading.Event()
        self._client.on_subscribe = lambda *_: ready.set()
        self._client.on_connect = lambda c, *_: c.subscribe([(topic, 1) for topic in topics])
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        assert ready.wait(10)

    def states(self) -> list[dict[str, Any]]:
        return [json.loads(each.payload) for each in self.heard if each.topic == STATE]

    def commands(self) -> list[tuple[str, Payload]]:
        return [
            (each.topic, read_payload(each.payload, longest=10_000, most=10))
            for each in self.heard
            if "CMD" in each.topic
        ]

    def publish(self, topic: str, payload: bytes, **how: Any) -> None:
        self._client.publish(topic, payload, **how).wait_for_publish(10)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


class LiveEdge(Edge):
    """An edge node with a connection of its own and a will."""

    def __init__(self, port: int, **given: Any) -> None:
        super().__init__(**given)
        self.now = system_clock()
        self._port = port
        self._client: Client | None = None

    def connect(self) -> None:
        client = Client(CallbackAPIVersion.VERSION2, "", protocol=MQTTProtocolVersion.MQTTv311)
        topic, payload = self.ndeath()
        client.will_set(topic.decode(), payload, 1)
        ready = threading.Event()
        client.on_connect = lambda *_: ready.set()
        client.connect("127.0.0.1", self._port)
        client.loop_start()
        assert ready.wait(10)
        self._client = client

    def send(self, *messages: Message) -> None:
        if self._client is None:
            self.connect()
        assert self._client is not None
        for topic, payload in messages:
            self._client.publish(topic.decode(), payload).wait_for_publish(10)

    def vanish(self) -> None:
        """End without a word, so that the broker publishes the will."""
        assert self._client is not None
        link = self._client.socket()
        self._client.on_disconnect = None
        self._client._thread_terminate = True
        if link is not None:
            link.close()
        self._client.loop_stop()
        self._client = None

    def close(self) -> None:
        if self._client is not None:
            self._client.disconnect()
            self._client.loop_stop()
            self._client = None
