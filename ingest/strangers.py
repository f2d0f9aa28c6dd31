"""Looks at a sample of what comes from assets that are not in the plant, and proposes them.

What this costs is bounded, however many names somebody invents: so many messages are looked at in
a second, and so many assets are kept in mind until the next time they are noted down.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence

import structlog

from core.clock import Instant
from core.errors import Refused, Unavailable
from core.ledger import DEFAULT_SOURCE
from core.proposal import LONGEST_NAME, KeptMessage, Observed, Proposal, Proposals, storable
from core.rejection import Reason, Rejection
from ingest.payload import Bad, Constant, Number, parse
from ingest.router import Router
from ingest.sample import Sample, Value
from ingest.sources import Route
from storage.pace import Pace

A_SECOND = 50
"""So many messages are looked at in a second."""

_IN_MIND = 200
_LONGEST_PAYLOAD = 65_536
_log = structlog.get_logger("ingest")


class Strangers:
    """Collects what is seen; `flush` notes it down, in whatever thread has the time."""

    def __init__(self, router: Router, proposals: Proposals) -> None:
        self._router = router
        self._proposals = proposals
        self._lock = threading.Lock()
        self._seen: dict[str, Proposal] = {}
        self._pace = Pace(A_SECOND, A_SECOND)

    def see(self, rejections: Sequence[Rejection], at: Instant) -> None:
        """Look at some of the messages that were refused because their asset is unknown."""
        unknown = [one for one in rejections if one.reason is Reason.UNKNOWN_ASSET]
        step = self._pace.step(len(unknown), at)
        if not step:
            return
        try:
            for rejection in unknown[::step]:
                self.propose(self._read(rejection))
        except Exception:  # a decoder that fails must not stop what is only for information
            _log.exception("stranger_not_read")

    def propose(self, found: Iterable[Proposal]) -> None:
        """Keep proposals in mind until they are noted down; beyond a bound, known ones only."""
        with self._lock:
            for one in found:
                before = self._seen.get(one.asset)
                if before is not None:
                    self._seen[one.asset] = before.merged(one)
                elif len(self._seen) < _IN_MIND:
                    self._seen[one.asset] = one.bounded()

    def flush(self) -> None:
        """Note down what was seen; where that cannot be done now, it is let go."""
        with self._lock:
            seen, self._seen = list(self._seen.values()), {}
        try:
            self._proposals.note(seen)
        except (Unavailable, Refused) as error:
            _log.warning("proposals_not_noted", assets=len(seen), why=str(error))
        except Exception:  # the heartbeat calls this, and must beat on
            _log.exception("proposals_not_noted", assets=len(seen))

    def _read(self, rejection: Rejection) -> Iterator[Proposal]:
        topic = rejection.topic.encode()
        way = self._router.named(topic)
        if isinstance(way, Bad) or len(rejection.payload) > _LONGEST_PAYLOAD:
            return
        kept = (KeptMessage(rejection.topic, rejection.payload, rejection.at),)
        if isinstance(way, str):
            channels = _plain(rejection.payload)
            yield _proposal(way, DEFAULT_SOURCE, rejection.at, channels, kept)
            return
        for asset, channels in _routed(way, rejection.payload):
            yield _proposal(asset, way.source.name, rejection.at, channels, kept)


def _proposal(
    asset: str,
    source: str,
    at: Instant,
    channels: Mapping[str, Observed],
    kept: tuple[KeptMessage, ...],
) -> Proposal:
    name = storable(asset)[: 3 * LONGEST_NAME]
    return Proposal(name, source, at, at, 1, channels, kept)


def _plain(payload: bytes) -> dict[str, Observed]:
    """Read what a message of the default form says, as far as it can be read."""
    try:
        values = parse(payload).get("values")
    except Bad:
        return {}
    said = values.items() if isinstance(values, dict) else ()
    return {name: Observed.of(value) for name, each in said if (value := _value(each)) is not None}


def _value(said: object) -> Value | None:
    if isinstance(said, Number):
        value = float(said)
        return value if abs(value) < float("inf") else None
    if isinstance(said, Constant) or not isinstance(said, bool | str):
        return None
    return said


def _routed(route: Route, payload: bytes) -> Iterator[tuple[str, dict[str, Observed]]]:
    """Read what a message of a source says of assets that are unknown."""
    try:
        said = route.source.decoder.decode(route.captured, payload)
    except Bad:
        return
    for sample in said:
        if isinstance(sample, Sample):
            asset = route.source.asset_id(route.captured, sample.asset)
            if not isinstance(asset, Bad) and not route.source.knows(asset):
                yield asset, _observed(route, sample)


def _observed(route: Route, sample: Sample) -> dict[str, Observed]:
    settings = route.source.settings
    return {
        settings.channels.get(name, name): Observed.of(
            value, sample.units.get(name) or settings.units.get(name, "")
        )
        for name, value in sample.values.items()
    }
