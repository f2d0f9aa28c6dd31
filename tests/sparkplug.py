"""A host over the plant of `tests/messages.py`, and what came of messages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from core.clock import Instant
from core.journal import DeviceChanged
from core.plant import Plant
from core.rejection import Rejection
from ingest.sample import Sample
from ingest.sparkplug.effect import Effect, Heard, Lost, Publish, Turned
from ingest.sparkplug.host import Host
from ingest.sparkplug.layout import Layout
from ingest.sparkplug.settings import SparkplugSettings
from tests.edge import Edge, Message, later
from tests.messages import NOW, plant

ALLOWED = {"rebirth": {"allowed": True}}


class Bench:
    """A host, its clock, and all effects so far."""

    def __init__(self, of: Plant | None = None, **settings: Any) -> None:
        self.settings = SparkplugSettings.model_validate(settings)
        self.host = Host(self.settings, Layout(of or plant(), self.settings))
        self.now: Instant = NOW
        self.effects: list[Effect] = []

    def send(self, *messages: Message, at: float | None = None) -> list[Effect]:
        """Let messages come in, `at` seconds after the beginning."""
        if at is not None:
            self.now = later(at)
        found = [
            e for topic, payload in messages for e in self.host.receive(topic, payload, self.now)
        ]
        self.effects += found
        return found

    def tick(self, at: float) -> list[Effect]:
        self.now = later(at)
        found = self.host.tick(self.now)
        self.effects += found
        return found


def born(**settings: Any) -> tuple[Bench, Edge]:
    """Begin with a node and its pump p1, both born."""
    bench, edge = Bench(**settings), Edge()
    bench.send(edge.nbirth(), edge.dbirth())
    return bench, edge


def samples(effects: Iterable[Effect]) -> list[Sample]:
    return [each for effect in effects if isinstance(effect, Heard) for each in effect.samples]


def speeds(effects: Iterable[Effect]) -> list[object]:
    return [each.values["speed"] for each in samples(effects) if "speed" in each.values]


def changes(effects: Iterable[Effect]) -> list[tuple[str, bool]]:
    return [(each.device, each.online) for each in effects if isinstance(each, DeviceChanged)]


def refused(effects: Iterable[Effect]) -> list[Rejection]:
    return [each.rejection for each in effects if isinstance(each, Turned)]


def published(effects: Iterable[Effect]) -> list[Publish]:
    return [each for each in effects if isinstance(each, Publish)]


def lost(effects: Iterable[Effect]) -> int:
    return sum(each.count for each in effects if isinstance(each, Lost))
