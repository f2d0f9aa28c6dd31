"""Finds the way of a message by its topic: the plain one, or that of a configured source."""

from __future__ import annotations

from core.plant import Asset
from core.rejection import Reason
from ingest.directory import Directory
from ingest.payload import Bad
from ingest.settings import IngestSettings
from ingest.sources import Route, Source
from ingest.topics import TopicTemplate

_MOST = 4096
_LONGEST = 256


class Router:
    """Goes through the sources in their order; the plain topic comes first."""

    def __init__(self, settings: IngestSettings, directory: Directory) -> None:
        self._directory = directory
        self._astray: dict[bytes, Bad] = {}
        self._plain = None if settings.topic is None else TopicTemplate(settings.topic)
        self.sources = tuple(Source(one, directory) for one in settings.sources)

    @property
    def filters(self) -> tuple[str, ...]:
        """What to subscribe to, each filter once."""
        plain = [] if self._plain is None else [self._plain.filter]
        return tuple(dict.fromkeys([*plain, *(one.template.filter for one in self.sources)]))

    def topics(self) -> frozenset[bytes] | None:
        """List every topic that leads anywhere; None where they cannot be listed."""
        if self._plain is None or self.sources:
            return None
        names = (
            {"site": a.site, "area": a.area, "asset": a.name} for a in self._directory.assets()
        )
        topics = [self._plain.filled(each) for each in names]
        return frozenset(topic for topic in topics if topic) if all(topics) else None

    def way(self, topic: bytes) -> Asset | Route | Bad:
        """Find the asset of a plain topic, the route of another, or say why there is neither."""
        bad = self._astray.get(topic)
        if bad is not None:
            return bad
        named = self.named(topic)
        found = self._directory.find(named) if isinstance(named, str) else named
        if isinstance(found, Bad) and len(topic) <= _LONGEST:
            if len(self._astray) >= _MOST:
                self._astray.clear()
            self._astray[topic] = found  # it is asked for again when the message is looked at
        return found

    def named(self, topic: bytes) -> str | Route | Bad:
        """Read the asset's id from a plain topic, known or not, or find the route of another."""
        bad = Bad(Reason.BAD_TOPIC, "no source has such a topic")
        if self._plain is not None:
            found = self._plain.captured(topic)
            if not isinstance(found, Bad):
                return f"{found['site']}/{found['area']}/{found['asset']}"
            bad = found
        for source in self.sources:
            found = source.template.captured(topic)
            if not isinstance(found, Bad):
                return Route(source, found)
        if len(self.sources) > (self._plain is None):
            return Bad(Reason.BAD_TOPIC, f"{bad.detail}, nor like that of any source")
        return bad
