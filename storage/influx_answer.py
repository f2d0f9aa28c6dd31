"""What InfluxDB answers when it does not do as it was asked, and what to do about that.

Source: docs.influxdata.com, troubleshoot writing data. 422 stores what is right of a request and
tells how much it dropped; 400 stores nothing of it; 413 comes from what stands in front.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

from core.errors import Unavailable

T = TypeVar("T")
_REFUSALS = {400: "invalid", 422: "unprocessable entity"}
_LONGEST = 300.0
_SHOWN = 300


@dataclass(frozen=True, slots=True)
class Answer:
    """A request that failed: the HTTP status, 0 where none came, and why, in words.

    `ours` tells whether InfluxDB itself said so, not something that stands in front of it.
    """

    status: int
    why: str
    ours: bool = False
    retry_after: float | None = None

    @property
    def too_large(self) -> bool:
        """Whether the request was too large."""
        return self.status == 413

    @property
    def halves(self) -> bool:
        """Whether lines of the request are at fault, so that a part of it may be taken."""
        return self.too_large or (self.ours and self.status in _REFUSALS)

    def unavailable(self, url: str, bucket: str = "") -> Unavailable:
        """Say what is wrong and what to mend."""
        mend = {
            401: "history.token is not known there; give a valid one",
            403: "history.token may not do this; `millwright storage setup` makes one that may",
            404: f"set history.org and history.bucket right{_place(bucket)}, or run"
            " `millwright storage setup`",
        }.get(self.status, "")
        if 300 <= self.status < 400:
            mend = "history.url leads elsewhere; name InfluxDB's own address"
        said = f"InfluxDB at {url}: {self.why}"
        return Unavailable(f"{said}; {mend}" if mend else said, self.retry_after)


def answered(act: Callable[[], T]) -> T | Answer:
    """Do something with the client library; an error becomes an Answer."""
    from influxdb_client.rest import ApiException
    from urllib3.exceptions import HTTPError, NewConnectionError
    from urllib3.exceptions import TimeoutError as TimedOut

    try:
        return act()
    except ApiException as error:
        return _of(error.status or 0, error.reason, error.body, dict(error.headers or {}))
    except NewConnectionError as error:
        return Answer(0, f"no connection ({_last(error)})")
    except TimedOut:
        return Answer(0, "no answer in time")
    except HTTPError as error:
        return Answer(0, f"no connection ({_last(error)})")
    except (OSError, UnicodeDecodeError) as error:
        return Answer(0, f"no usable answer ({error})")


def _of(status: int, reason: object, body: object, headers: dict[str, str]) -> Answer:
    text = body.decode(errors="replace") if isinstance(body, bytes) else str(body or "")
    code, message = "", ""
    try:
        said = json.loads(text)
        code, message = str(said.get("code", "")), str(said.get("message", ""))
    except (ValueError, AttributeError, RecursionError):
        message = text.strip()
    why = message or str(reason or "")
    lower = {key.lower(): value for key, value in headers.items()}
    return Answer(
        status,
        f"{status} {why[:_SHOWN]}".strip() if status else why[:_SHOWN],
        ours=bool(code) and code == _REFUSALS.get(status, code),
        retry_after=_seconds(lower.get("retry-after")),
    )


def _seconds(said: str | None) -> float | None:
    """Read Retry-After, seconds or a date; None where it says nothing sensible."""
    if not said:
        return None
    try:
        seconds = float(said)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(said) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError):
            return None
    return min(max(seconds, 0.0), _LONGEST) if math.isfinite(seconds) else None


def _last(error: Exception) -> str:
    """Take what matters out of what urllib3 says."""
    return str(error).rsplit(": ", 1)[-1].strip("')\" ")


def _place(bucket: str) -> str:
    return f" (bucket {bucket!r})" if bucket else ""
