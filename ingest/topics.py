"""Which topics are telemetry, and what their levels say."""

from __future__ import annotations

import re
from collections.abc import Mapping

from core.rejection import Reason
from ingest.payload import Bad

LONGEST_SHOWN = 200
_CAPTURE = re.compile(r"\{([a-z_][a-z0-9_]{0,31})\}")


def check_template(template: str) -> str:
    """Return a template that can be subscribed to; ValueError says what is wrong with it."""
    levels = template.split("/")
    named = [found[1] for level in levels if (found := _CAPTURE.fullmatch(level))]
    for place, level in enumerate(levels):
        if level == "#" and place < len(levels) - 1:
            msg = f"topic template {template!r}: # may only be the last level"
            raise ValueError(msg)
        if level in {"+", "#"} or _CAPTURE.fullmatch(level):
            continue
        if not level or set(level) & set("{}+#") or not level.isprintable():
            msg = (
                f"topic template {template!r}: the level {level!r} must be plain text, a name such"
                " as {asset} as a whole level, +, or # at the end"
            )
            raise ValueError(msg)
    if twice := {name for name in named if named.count(name) > 1}:
        msg = f"topic template {template!r} names {', '.join(sorted(twice))} twice"
        raise ValueError(msg)
    return template


class TopicTemplate:
    """A template such as `plant/{site}/{area}/{asset}/telemetry`.

    `+` stands for any level, `#` at the end for any number of them, which are captured as one.
    """

    def __init__(self, template: str) -> None:
        self.template = template
        self._levels = template.split("/")
        self._open = self._levels[-1] == "#"
        if self._open:
            del self._levels[-1]
        self.names = tuple(
            found[1] for level in self._levels if (found := _CAPTURE.fullmatch(level))
        )
        self._wanted = tuple(
            (level[1:-1] if level.startswith("{") else "", level) for level in self._levels
        )

    @property
    def filter(self) -> str:
        """What to subscribe to."""
        levels = ["+" if level.startswith("{") else level for level in self._levels]
        return "/".join([*levels, "#"] if self._open else levels)

    def filled(self, names: Mapping[str, str]) -> bytes | None:
        """Write the topic that has these names as its levels; None where there are more of them."""
        if self._open or "+" in self._levels or set(self.names) - names.keys():
            return None
        return "/".join(names[name] if name else level for name, level in self._wanted).encode()

    def captured(self, topic: bytes) -> dict[str, str] | Bad:
        """Read the named levels of a topic, or say what is wrong with it."""
        try:
            text = topic.decode()
        except UnicodeDecodeError:
            return Bad(Reason.BAD_TOPIC, "the topic is not UTF-8")
        if not text.isprintable():
            return Bad(Reason.BAD_TOPIC, "the topic has control characters")
        levels = text.split("/")
        if not all(levels):
            return Bad(Reason.BAD_TOPIC, "the topic has an empty level")
        wanted = self._wanted
        if len(levels) < len(wanted) or (len(levels) > len(wanted) and not self._open):
            return self._other()
        found: dict[str, str] = {}
        for (name, want), level in zip(wanted, levels, strict=False):
            if name:
                found[name] = level
            elif want not in {level, "+"}:
                return self._other()
        if self._open and len(levels) > len(wanted):
            found["#"] = "/".join(levels[len(wanted) :])
        return found

    def _other(self) -> Bad:
        return Bad(Reason.BAD_TOPIC, f"the topic does not look like {self.template}")

    def asset_id(self, topic: bytes) -> str | Bad:
        """Read the asset's id from a topic whose template names site, area and asset."""
        found = self.captured(topic)
        if isinstance(found, Bad):
            return found
        return f"{found['site']}/{found['area']}/{found['asset']}"


def shown(topic: bytes) -> str:
    """Write a topic so that it is safe to store and to show, whatever is in it."""
    text = topic[: 4 * LONGEST_SHOWN].decode("utf-8", "backslashreplace")
    if len(text) <= LONGEST_SHOWN and text.isprintable():
        return text
    safe = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
    return safe if len(safe) <= LONGEST_SHOWN else safe[: LONGEST_SHOWN - 1] + "…"
