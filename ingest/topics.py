"""Which topics are telemetry, and which asset a topic belongs to."""

from __future__ import annotations

from core.rejection import Reason
from ingest.payload import Bad

LONGEST_SHOWN = 200


class TopicTemplate:
    """A template such as `plant/{site}/{area}/{asset}/telemetry`."""

    def __init__(self, template: str) -> None:
        self.template = template
        self._levels = template.split("/")

    @property
    def filter(self) -> str:
        """What to subscribe to."""
        return "/".join("+" if level.startswith("{") else level for level in self._levels)

    def asset_id(self, topic: bytes) -> str | Bad:
        """Read the asset's id from a topic, or say what is wrong with it."""
        try:
            text = topic.decode()
        except UnicodeDecodeError:
            return Bad(Reason.BAD_TOPIC, "the topic is not UTF-8")
        if not text.isprintable():
            return Bad(Reason.BAD_TOPIC, "the topic has control characters")
        levels = text.split("/")
        if not all(levels):
            return Bad(Reason.BAD_TOPIC, "the topic has an empty level")
        found: dict[str, str] = {}
        if len(levels) == len(self._levels):
            for wanted, level in zip(self._levels, levels, strict=True):
                if wanted.startswith("{"):
                    found[wanted[1:-1]] = level
                elif wanted != level:
                    break
            else:
                return f"{found['site']}/{found['area']}/{found['asset']}"
        detail = f"the topic does not look like {self.template}"
        return Bad(Reason.BAD_TOPIC, detail)


def shown(topic: bytes) -> str:
    """Write a topic so that it is safe to store and to show, whatever is in it."""
    text = topic[: 4 * LONGEST_SHOWN].decode("utf-8", "backslashreplace")
    safe = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
    return safe if len(safe) <= LONGEST_SHOWN else safe[: LONGEST_SHOWN - 1] + "…"
