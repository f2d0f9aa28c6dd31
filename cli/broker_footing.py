"""What the service stands on at the broker: its certificate, its queue, what it sends at once."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from cli.footing import Examined
from core.errors import Unavailable

if TYPE_CHECKING:
    from ingest.probe import Kept
    from ingest.settings import BrokerSettings

_QUEUE = (
    "in mosquitto.conf set max_queued_messages to as many as come in a long outage and bound them"
    " by max_queued_bytes, with persistence true; configs/mosquitto/ has an example"
)
_ALLOW = (
    "allow broker.username `topic readwrite millwright/doctor/#` while you measure, or look for"
    " yourself at the settings that configs/mosquitto/ has"
)
_IN_FLIGHT = "in mosquitto.conf set max_inflight_messages 1000; each batch waits for the last one"
_FEW_IN_FLIGHT = 100
_RENEW_WITHIN = 30
_PERSIST = "in mosquitto.conf set persistence true, with autosave_interval 60; then restart it"
MOSQUITTO = Path("/etc/mosquitto")


def broker(settings: BrokerSettings, assets: int, *, probe: bool) -> Iterator[Examined]:
    """Tell whether the broker is there, how it is verified, and with `probe` what it keeps."""
    from ingest.probe import kept_while_away, reach

    try:
        reach(settings)
        yield Examined("broker", "ok", f"reachable at {settings.url}")
        if settings.address.tls:
            yield from certificates(settings)
        yield persistence(settings)
        if not probe:
            return
        if sys.stderr.isatty():
            print("measuring what the broker keeps …", end="\r", file=sys.stderr, flush=True)
        kept = kept_while_away(settings)
    except (Unavailable, ValueError) as error:
        yield Examined("broker", "fault", str(error), _mend(str(error)))
        return
    yield queue(kept, assets)
    if kept.received:
        yield in_flight(kept)


def queue(kept: Kept, assets: int) -> Examined:
    """Tell whether the broker keeps what comes while we are away."""
    if not kept.received:
        none = f"nothing came back of {kept.published:,} messages: not kept, or not allowed"
        return Examined("broker queue", "warning", none, _ALLOW)
    said = f"kept {kept.received:,} of {kept.published:,} messages while we were away"
    if kept.received == kept.published:
        return Examined("broker queue", "ok", said)
    each = f"; that is {kept.received // max(assets, 1):,} for each asset, later ones are lost"
    return Examined("broker queue", "warning", said + each, _QUEUE)


def in_flight(kept: Kept) -> Examined:
    """Tell how many messages the broker sends before it waits for an acknowledgement."""
    if kept.in_flight >= kept.received:
        return Examined("in flight", "ok", f"at least {kept.in_flight:,} messages at once")
    said = f"{kept.in_flight:,} messages at once"
    if kept.in_flight >= _FEW_IN_FLIGHT:
        return Examined("in flight", "ok", said)
    return Examined("in flight", "warning", f"{said}, so a backlog drains slowly", _IN_FLIGHT)


def certificates(settings: BrokerSettings) -> Iterator[Examined]:
    """Tell how long the broker's certificate is valid, and ours."""
    from core.certificate import valid_until
    from core.tls_words import inspect

    try:
        seen = inspect(settings.address, settings)
    except OSError as error:
        yield Examined("broker TLS", "warning", f"could not be looked at: {error}", "try again")
        return
    said = f"{seen.version}, verified; the broker's certificate"
    yield _lasting("broker TLS", said, seen.until)
    if settings.certificate is not None:
        own = valid_until(Path(settings.certificate.removeprefix("file:")))
        yield _lasting("certificate", "ours", own)


def _lasting(what: str, said: str, until: datetime) -> Examined:
    days = (until - datetime.now(UTC)).days
    words = f"{said} is valid until {until:%Y-%m-%d}, for {days} more days"
    if days >= _RENEW_WITHIN:
        return Examined(what, "ok", words)
    return Examined(what, "warning", words, "renew it in time; files are read with each connection")


def persistence(settings: BrokerSettings, folder: Path = MOSQUITTO) -> Examined:
    """Tell whether the broker writes its queue to disk, as far as that can be seen."""
    unseen = "cannot be seen from here: whether the broker's queue outlives its restart"
    if settings.host not in {"localhost", "127.0.0.1", "::1"} or not folder.is_dir():
        return Examined("persistence", "unknown", f"{unseen} (persistence true in mosquitto.conf)")
    found = None
    try:
        for path in (folder / "mosquitto.conf", *sorted((folder / "conf.d").glob("*.conf"))):
            for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
                key, _, value = line.strip().partition(" ")
                found = value.strip() if key == "persistence" else found
    except OSError as error:
        return Examined("persistence", "unknown", f"{unseen}: {error}")
    if found == "true":
        return Examined("persistence", "ok", f"{folder} says that the queue is written to disk")
    words = f"by {folder} a restart of the broker loses its queue, if that is its configuration"
    return Examined("persistence", "warning", words, _PERSIST)


def _mend(words: str) -> str:
    if "certificate" in words or "TLS" in words:
        return "see docs/how-to/secure-the-broker.md, which lists these words with what to do"
    if "refused:" in words:
        return "correct broker.username and broker.password, or what the broker lets them do"
    return "start the broker, or correct broker.url in service.yaml"
