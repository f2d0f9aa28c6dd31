"""A running subscriber over a journal that can be made to fail."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from core.clock import SECOND, ManualClock
from core.journal import Kind, LinkChanged, decode
from core.readings import Readings
from ingest.intake import Intake
from ingest.memory import MemoryFile
from ingest.settings import BrokerSettings, IngestSettings
from ingest.subscriber import Subscriber
from tests.messages import NOW, body, decoder
from tests.scripted_broker import Caller
from tests.stubborn import StubbornJournal

TOPIC = b"plant/karachi/hall/p1/telemetry"


class Receiver:
    """A running subscriber over a journal that can be made to fail."""

    def __init__(self) -> None:
        self.journal = StubbornJournal()
        self.decoder = decoder()
        self.intake = Intake(self.decoder, self.journal, ManualClock(NOW), lambda: True)
        self.memory = MemoryFile()
        self.stop = threading.Event()
        self.beats = 0
        self._thread: threading.Thread | None = None

    def _beat(self) -> None:
        self.beats += 1

    def start(self, port: int, batch: int = 20_000, **changes: Any) -> Subscriber:
        given = {
            "url": f"mqtt://127.0.0.1:{port}",
            "client_id": "me",
            "reconnect_max": "20ms",
            **changes,
        }
        subscriber = Subscriber(
            BrokerSettings.model_validate(given),
            IngestSettings(batch=batch),
            self.decoder.topic_filters,
            self.intake,
            self.memory,
            commit_every=SECOND // 500,
        )
        self._thread = threading.Thread(target=subscriber.run, args=(self.stop, self._beat))
        self._thread.start()
        return subscriber

    def end(self) -> None:
        self.stop.set()
        if self._thread is not None:
            self._thread.join(20)
            assert not self._thread.is_alive()

    def values(self) -> list[float]:
        """List what the journal has of the first pump's vibration."""
        found = [decode(entry) for entry in self.journal.read(0, 99_999)]
        blocks = [each for each in found if isinstance(each, Readings)]
        return [reading.values["vibration"] for block in blocks for reading in block]

    def links(self) -> list[LinkChanged]:
        entries = [entry for entry in self.journal.read(0, 99_999) if entry.kind is Kind.LINK]
        return [decode(entry) for entry in entries]  # type: ignore[misc]


def sends(*numbers: int) -> Callable[[Caller], None]:
    """Welcome the subscriber, send numbered messages, and read what it answers."""

    def script(caller: Caller) -> None:
        caller.welcome()
        for number in numbers:
            caller.publish(TOPIC, body(NOW + number, vibration=number), number)
        caller.listen(20)

    return script
