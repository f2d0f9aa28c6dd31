"""Settings of what must last: the journal and the telemetry history."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from core.clock import DAY, HOUR, MINUTE, SECOND, Span
from core.quantity import Duration, Size, within
from core.secret import Secret
from core.settings import Settings
from core.tls import FileReference

_MILLISECOND = SECOND // 1000


class JournalSettings(Settings):
    """How much the journal may hold, and what happens when that is used up.

    With `when_full: stop` nothing more is acknowledged to the broker; with `drop_unstored` the
    oldest entries that scoring has seen but history has not stored make room, and the ledger says
    which. `keep` is how long entries stay after every consumer has passed them.
    """

    max_size: Annotated[Size, within("10MB")] = 2_000_000_000
    when_full: Literal["stop", "drop_unstored"] = "stop"
    keep: Annotated[Duration, within("1min")] = 2 * DAY
    rejected_max_size: Annotated[Size, within("100kB")] = 64_000_000
    rejected_per_source: Annotated[Size, within("20kB")] = 4_000_000
    commit_every: Annotated[Duration, within("1ms", "10s")] = 10 * _MILLISECOND


def check_url(url: str) -> str:
    """Give back an address of InfluxDB; ValueError says how one is written."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = -1
    if parts.scheme not in {"http", "https"} or not parts.hostname or port in {-1, 0}:
        msg = f"{url!r} is not InfluxDB's address; write it like http://127.0.0.1:8086"
        raise ValueError(msg)
    if parts.username or parts.password or parts.query or parts.fragment:
        msg = (
            f"InfluxDB's address holds no user and no query; write it like http://{parts.hostname}"
        )
        raise ValueError(msg)
    return url.rstrip("/")


Bucket = Annotated[str, Field(max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]*$")]
"""The name of a bucket, of which we make others by adding to it."""


class HistorySettings(Settings):
    """Where telemetry is kept, and for how long.

    `keep` is for what was measured, `keep_minutes` and `keep_hours` for the mean, lowest and
    highest of each minute and hour; none of them goes before what it was made of.
    `kind: influxdb` needs `url`, `org` and `token`; those and what follows them are only for it.
    """

    kind: Literal["sqlite", "influxdb", "memory"] = "sqlite"
    keep: Annotated[Duration, within("1d")] = 400 * DAY
    keep_minutes: Annotated[Duration, within("1d")] = 1200 * DAY
    keep_hours: Annotated[Duration, within("1d")] = 3650 * DAY
    url: Annotated[str, AfterValidator(check_url)] | None = None
    org: Annotated[str, Field(min_length=1)] | None = None
    token: Secret | None = None
    bucket: Bucket = "telemetry"
    condition_bucket: Bucket = "condition"
    ca: FileReference | None = None
    timeout: Annotated[Duration, within("1s", "10min")] = 60 * SECOND

    @property
    def keep_steps(self) -> dict[Span, Span]:
        """How long steps of each width are kept."""
        minutes = max(self.keep, self.keep_minutes)
        return {MINUTE: minutes, HOUR: max(minutes, self.keep_hours)}

    @model_validator(mode="after")
    def _whole(self) -> HistorySettings:
        """Refuse an InfluxDB that cannot be reached, and settings of one that is not meant."""
        given = {"url": self.url, "org": self.org, "token": self.token}
        if self.kind == "influxdb":
            missing = [name for name, value in given.items() if value is None]
            if missing:
                msg = f"kind: influxdb also needs {', '.join(missing)}"
                raise ValueError(msg)
        elif any(value is not None for value in given.values()):
            msg = f"url, org and token are InfluxDB's; with kind: {self.kind} leave them out"
            raise ValueError(msg)
        return self


class BlockSettings(Settings):
    """How long the raw blocks of waveform sources are kept, and how much they may take in all.

    Whichever comes first lets the oldest go. With `max_size: 0B` none are kept.
    """

    keep: Annotated[Duration, within("1min")] = 7 * DAY
    max_size: Size = 1_000_000_000
