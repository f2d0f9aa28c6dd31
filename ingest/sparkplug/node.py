"""One edge node as the host knows it: its births, its devices, and what waits for its turn."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum

from core.clock import Instant
from ingest.sparkplug.metric import Metric
from ingest.sparkplug.sequence import Sequence
from ingest.sparkplug.topic import Address, Place

_NAME_PER_HEFT = 64


class Phase(Enum):
    """Where a node stands.

    `NEW`: heard of, its birth may still come. `UNBORN`: it did not come. `ALIVE`. `SUSPECT`: born
    right after its death with the number of that death, so that the birth may be of before.
    `DEAD`.
    """

    NEW = "new"
    UNBORN = "unborn"
    ALIVE = "alive"
    SUSPECT = "suspect"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Definition:
    """What a birth says of a metric; `channel` is empty where it is none of the plant's."""

    name: str
    datatype: int
    channel: str


@dataclass(frozen=True, slots=True)
class Held:
    """A message as it came, to be read again when its turn comes."""

    number: int
    address: Address
    topic: bytes
    payload: bytes
    seq: int | None
    sent: Instant | None
    arrived: Instant


class Node:
    """The state of one edge node.

    `doubted` is when a death of another session came, `doubt_until` how long it may be silent then.
    `online` are the places that were said to be there, itself among them, `gone` the devices that
    went with it, and `awaited` those that must be born again, each with the time until when.
    """

    def __init__(self, place: Place) -> None:
        self.place = place
        self.phase = Phase.NEW
        self.sequence = Sequence()
        self.held: list[Held] = []
        self.deadline: Instant | None = None
        self.bdseq: int | None = None
        self.died: Instant = 0
        self.doubted: Instant | None = None
        self.doubt_until: Instant | None = None
        self.online: dict[Place, None] = {}
        self.gone: dict[Place, None] = {}
        self.awaited: dict[Place, Instant] = {}
        self._tables: dict[Place, dict[str, Definition]] = {}
        self._aliases: dict[int, tuple[Place, Definition] | None] = {}
        self.heft = 0

    def forget_births(self) -> None:
        """Let go of all that births said."""
        self._tables.clear()
        self._aliases.clear()
        self.heft = 0

    def has_table(self, place: Place) -> bool:
        """Tell whether the place was born in this session."""
        return place in self._tables

    def believe(self) -> None:
        """Doubt it no longer."""
        self.doubted = self.doubt_until = None

    @property
    def places(self) -> list[Place]:
        """The node and the devices that were born in this session."""
        return list(self._tables)

    def channels(self, place: Place) -> tuple[str, ...]:
        """List the plant's channels among the metrics of a place."""
        table = self._tables.get(place, {}).values()
        return tuple(dict.fromkeys(each.channel for each in table if each.channel))

    def define(
        self, place: Place, metrics: list[Metric], channel: Callable[[str], str]
    ) -> list[str]:
        """Take over the metrics of a birth; returns the aliases that stand for two things."""
        self._undefine(place)
        table: dict[str, Definition] = {}
        twice = []
        for metric in metrics:
            if not metric.name:
                continue
            definition = Definition(metric.name, metric.datatype, channel(metric.name))
            table[metric.name] = definition
            if metric.alias is None:
                continue
            if metric.alias in self._aliases:
                twice.append(f"alias {metric.alias} of {metric.said}")
                self._aliases[metric.alias] = None
            else:
                self._aliases[metric.alias] = place, definition
        self._tables[place] = table
        self.heft += heft(table)
        return twice

    def _undefine(self, place: Place) -> None:
        old = self._tables.pop(place, None)
        if old is not None:
            self.heft -= heft(old)
            self._aliases = {
                alias: found
                for alias, found in self._aliases.items()
                if found is not None and found[0] != place
            }

    def definition(self, place: Place, metric: Metric) -> Definition | None:
        """Find what the births say of a metric; None where they do not know it."""
        if metric.name:
            return self._tables.get(place, {}).get(metric.name)
        found = self._aliases.get(metric.alias) if metric.alias is not None else None
        return found[1] if found is not None and found[0] == place else None


def heft(names: Iterable[str]) -> int:
    """Tell how much memory the definitions of a place take, in parts of about 250 bytes."""
    return 1 + sum(1 + len(name) // _NAME_PER_HEFT for name in names)
