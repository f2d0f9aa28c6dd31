"""How far this machine's clock is from that of the machine that InfluxDB runs on."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cli.footing import Examined
from core.clock import SECOND, Clock, Instant, from_datetime
from core.tls import path_of

if TYPE_CHECKING:
    from cli.configuration import Configuration
    from storage.settings import HistorySettings

_TOO_FAR = 5.0
_WITHIN = 5.0
_MEND = "let both machines follow the same time server; readings of the future are refused"


def skew(config: Configuration, clock: Clock) -> Iterator[Examined]:
    """Compare clocks, where history is in an InfluxDB, by the date with which it answers."""
    history = config.service.history
    if history.kind != "influxdb" or history.url is None:
        return
    asked = clock()
    try:
        told = _date_of(history)
    except (OSError, HTTPException, ValueError) as error:
        yield Examined("clock skew", "unknown", f"{history.url} does not say its time: {error}")
        return
    yield judged(told, asked, clock())


def judged(told: Instant, asked: Instant, answered: Instant) -> Examined:
    """Judge another clock's time, told in whole seconds between two looks at ours."""
    ahead = (told + SECOND // 2 - (asked + answered) // 2) / SECOND
    if abs(ahead) <= _TOO_FAR:
        return Examined("clock skew", "ok", "InfluxDB's clock agrees with this machine's")
    way = "ahead of" if ahead > 0 else "behind"
    words = f"InfluxDB's clock is {abs(ahead):,.0f} s {way} this machine's"
    return Examined("clock skew", "warning", words, _MEND)


def _date_of(history: HistorySettings) -> Instant:
    parts = urlsplit(history.url or "")
    host = parts.hostname or ""
    link: HTTPConnection
    if parts.scheme == "https":
        context = ssl.create_default_context(
            cafile=None if history.ca is None else path_of(history.ca)
        )
        link = HTTPSConnection(host, parts.port, timeout=_WITHIN, context=context)
    else:
        link = HTTPConnection(host, parts.port, timeout=_WITHIN)
    try:
        link.request("HEAD", f"{parts.path.rstrip('/')}/ping")
        date = link.getresponse().headers.get("Date", "")
    finally:
        link.close()
    return from_datetime(parsedate_to_datetime(date))
