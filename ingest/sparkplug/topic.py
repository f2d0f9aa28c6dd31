"""Sparkplug topics: what kind of message, and which node or device it speaks of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from core.rejection import Reason
from ingest.payload import Bad

NAMESPACE = "spBv1.0"
_LONGEST = 256


class Verb(StrEnum):
    """The kinds of message that edge nodes send, and the two that are sent to them."""

    NBIRTH = "NBIRTH"
    NDEATH = "NDEATH"
    NDATA = "NDATA"
    NCMD = "NCMD"
    DBIRTH = "DBIRTH"
    DDEATH = "DDEATH"
    DDATA = "DDATA"
    DCMD = "DCMD"

    @property
    def of_device(self) -> bool:
        """Whether its topic ends with a device."""
        return self.value.startswith("D")


HEARD = tuple(verb for verb in Verb if not verb.endswith("CMD"))
"""What a host listens to."""


class Place(NamedTuple):
    """An edge node, or with `device` one of its devices; a tuple, since it is often a key."""

    group: str
    node: str
    device: str = ""

    @property
    def of_node(self) -> Place:
        """The node itself."""
        return Place(self.group, self.node) if self.device else self

    def __str__(self) -> str:
        return "/".join(level for level in self if level)


@dataclass(frozen=True, slots=True)
class Address:
    """What a topic says."""

    verb: Verb
    place: Place


@lru_cache(maxsize=8192)
def read_topic(topic: bytes) -> Address:
    """Read the topic of an edge node's message; Bad where it is none."""
    try:
        levels = topic.decode().split("/")
    except UnicodeDecodeError:
        raise Bad(Reason.BAD_TOPIC, "the topic is not UTF-8") from None
    if len(levels) not in {4, 5} or levels[0] != NAMESPACE or levels[2] not in list(Verb):
        detail = f"the topic does not look like {NAMESPACE}/GROUP/TYPE/NODE[/DEVICE]"
        raise Bad(Reason.BAD_TOPIC, detail)
    verb = Verb(levels[2])
    if verb.of_device != (len(levels) == 5):
        detail = f"{verb} {'has' if verb.of_device else 'has no'} device at the end of its topic"
        raise Bad(Reason.BAD_TOPIC, detail)
    for level in (levels[1], *levels[3:]):
        if not level or not level.isprintable() or len(level) > _LONGEST or set(level) & set("+#"):
            raise Bad(Reason.BAD_TOPIC, "a name in the topic is empty, too long or not plain text")
    return Address(verb, Place(levels[1], *levels[3:]))


def filters(groups: tuple[str, ...]) -> list[str]:
    """List what a host subscribes to, for every group where none is named."""
    return [
        f"{NAMESPACE}/{group}/{verb}/+{'/+' if verb.of_device else ''}"
        for group in groups or ("+",)
        for verb in HEARD
    ]


def command_topic(place: Place) -> str:
    """Tell where a command to a node goes."""
    return f"{NAMESPACE}/{place.group}/{Verb.NCMD}/{place.node}"


def state_topic(host_id: str) -> str:
    """Tell where a host says whether it is there."""
    return f"{NAMESPACE}/STATE/{host_id}"
