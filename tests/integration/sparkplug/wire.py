"""One whole session of the host, read off the wire by a broker that plays a script."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from core.clock import system_clock
from ingest.memory import MemoryFile
from ingest.settings import BrokerSettings
from ingest.sparkplug.receiver import SparkplugReceiver
from ingest.sparkplug.settings import SparkplugSettings
from ingest.worker import Worker
from storage.journal_memory import MemoryJournal
from tests.edge import Edge, speed
from tests.messages import plant
from tests.scripted_broker import Caller, ScriptedBroker
from tests.streams import wire
from tests.waiting import until

STATE = "spBv1.0/STATE/millwright"
OFFLINE = b'{"online": false, "timestamp": 5}'


class Reader:
    """Reads the fields of a packet one after the other."""

    def __init__(self, data: bytes) -> None:
        self._data, self._place = data, 0

    @property
    def left(self) -> bytes:
        return self._data[self._place :]

    def some(self, count: int) -> bytes:
        found = self._data[self._place : self._place + count]
        self._place += count
        return found

    def number(self, count: int = 2) -> int:
        return int.from_bytes(self.some(count), "big")

    def text(self) -> bytes:
        return self.some(self.number())

    def properties(self) -> bytes:
        length, place = 0, 0
        while True:
            byte = self.number(1)
            length |= (byte & 127) << place
            place += 7
            if byte < 128:
                return self.some(length)


@dataclass
class Connect:
    """What CONNECT says."""

    version: int = 0
    clean: bool = False
    has_will: bool = False
    will_qos: int = 0
    will_retain: bool = False
    properties: bytes = b""
    will_topic: str = ""
    will_payload: bytes = b""

    @classmethod
    def read(cls, data: bytes) -> Connect:
        reader = Reader(data)
        assert reader.text() == b"MQTT"
        version, flags = reader.number(1), reader.number(1)
        reader.number()
        properties = reader.properties() if version == 5 else b""
        reader.text()
        found = cls(
            version,
            bool(flags & 2),
            bool(flags & 4),
            flags >> 3 & 3,
            bool(flags & 32),
            properties,
        )
        if found.has_will:
            if version == 5:
                reader.properties()
            found.will_topic = reader.text().decode()
            found.will_payload = reader.text()
        return found


@dataclass(frozen=True)
class Sent:
    """A packet of the host: its kind, and what it says by kind."""

    kind: str
    topic: str = ""
    payload: bytes = b""
    qos: int = 0
    retain: bool = False
    filters: tuple[str, ...] = ()


@dataclass
class Session:
    """All that the host sent in one session, and when it began and ended."""

    connect: Connect = field(default_factory=Connect)
    packets: list[Sent] = field(default_factory=list)
    began: int = 0
    ending: int = 0
    ended: int = 0

    def published(self, topic: str) -> list[Sent]:
        return [each for each in self.packets if each.kind == "PUBLISH" and topic in each.topic]

    @property
    def states(self) -> list[Sent]:
        return self.published(STATE)

    @property
    def birth(self) -> Sent:
        return self.states[0]

    @property
    def death(self) -> Sent:
        return self.states[-1]

    @property
    def command(self) -> Sent:
        return self.published("CMD")[0]


def record(protocol: str, disturb: Callable[[Caller], None] | None = None) -> Session:
    """Let the host live through one session: births, a rebirth request, its death."""
    session = Session(began=system_clock() // 1_000_000)

    def play(caller: Caller) -> None:
        caller.read_connect()
        session.connect = Connect.read(caller.connect)
        five = session.connect.version == 5
        caller.send(wire(0x20, b"\x00\x00" + (b"\x00" if five else b"")))
        while True:
            head, rest = caller.packet()
            sent = read(head, rest, five=five)
            if sent is not None:
                session.packets.append(sent)
            if head >> 4 == 14:
                return
            answer(caller, head, rest, five=five)
            if sent == session.packets[-1] and sent.kind == "PUBLISH" and len(session.states) == 1:
                (disturb or speak)(caller)

    with ScriptedBroker(play) as broker:
        worker = Worker("sparkplug", receiver(broker.port, protocol).run)
        worker.start()
        until(lambda: session.published("CMD") or (disturb and len(session.states) > 1))
        session.ending = system_clock() // 1_000_000
        worker.stop()
        assert worker.join(20)
    session.ended = system_clock() // 1_000_000
    return session


def speak(caller: Caller) -> None:
    """Be an edge node that the host never saw born."""
    edge = Edge()
    topic, payload = edge.ddata(speed(1.0))
    caller.publish(topic, payload, head=0x30)


def receiver(port: int, protocol: str, **given: Any) -> SparkplugReceiver:
    settings = {"rebirth": {"allowed": True}, "reorder_timeout": "50ms", **given}
    return SparkplugReceiver(
        BrokerSettings.model_validate({"url": f"mqtt://127.0.0.1:{port}", "protocol": protocol}),
        SparkplugSettings.model_validate(settings),
        plant(),
        MemoryJournal(),
        system_clock,
        lambda: True,
        MemoryFile(),
    )


def read(head: int, rest: bytes, *, five: bool) -> Sent | None:
    reader = Reader(rest)
    if head >> 4 == 3:
        topic, qos = reader.text().decode(), head >> 1 & 3
        if qos:
            reader.number()
        if five:
            reader.properties()
        return Sent("PUBLISH", topic, reader.left, qos, bool(head & 1))
    if head >> 4 == 8:
        reader.number()
        if five:
            reader.properties()
        found = []
        while reader.left:
            found.append(reader.text().decode())
            reader.number(1)
        return Sent("SUBSCRIBE", filters=tuple(found))
    return Sent("DISCONNECT") if head >> 4 == 14 else None


def answer(caller: Caller, head: int, rest: bytes, *, five: bool) -> None:
    empty = b"\x00" if five else b""
    if head >> 4 == 8:
        sent = read(head, rest, five=five)
        assert sent is not None
        caller.send(wire(0x90, rest[:2] + empty + b"\x01" * len(sent.filters)))
    if head >> 4 == 3 and head & 6:
        place = 2 + int.from_bytes(rest[:2], "big")
        caller.send(wire(0x40, rest[place : place + 2]))


def certificate(payload: bytes, *, online: bool) -> int:
    """Check a certificate as the specification has it, and return its time."""
    said: dict[str, Any] = json.loads(payload.decode("utf-8"))
    assert set(said) == {"online", "timestamp"} and said["online"] is online
    assert type(said["timestamp"]) is int
    return int(said["timestamp"])
