"""What an engineer can set about the broker and about what comes in from it."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from core.broker_address import BrokerAddress, BrokerUrl, broker_address
from core.clock import DAY, MINUTE, SECOND, Span
from core.quantity import Duration, Size, within
from core.secret import Secret
from core.settings import Settings
from core.site import Prefix, Sender
from core.tls import TlsFiles, check_sealed
from ingest.sources import PLAIN, SourceSettings
from ingest.sparkplug.settings import SOURCE as SPARKPLUG
from ingest.sparkplug.settings import SparkplugSettings

TOPIC_FIELDS = ("site", "area", "asset")
"""What a topic template says about where a message belongs."""

DEFAULT_TOPIC = "plant/{site}/{area}/{asset}/telemetry"
"""Where machines of the default form publish."""

_SILENT_SITES = 5 * MINUTE
_FIELD = re.compile(r"\{[^{}]*\}")


def _check_topic(template: str) -> str:
    levels = template.split("/")
    fields = [level for level in levels if "{" in level or "}" in level]
    wanted = [f"{{{name}}}" for name in TOPIC_FIELDS]
    if sorted(fields) != sorted(wanted):
        msg = (
            f"topic template {template!r} must have each of {', '.join(wanted)} once, "
            "each as a whole level"
        )
        raise ValueError(msg)
    fixed = [level for level in levels if level not in fields]
    if any(not level or set(level) & set("+#$") or not level.isprintable() for level in fixed):
        msg = f"topic template {template!r} has an empty level, or one of + # $ in a level"
        raise ValueError(msg)
    return template


class BrokerSettings(TlsFiles):
    """How to reach the broker, by what it is verified, and the session it keeps for us."""

    url: BrokerUrl = "mqtt://127.0.0.1:1883"
    client_id: str = Field(default="millwright", min_length=1, max_length=128)
    username: str | None = None
    password: Secret | None = None
    keepalive: Annotated[Duration, within("5s", "18h")] = 60 * SECOND
    session_expiry: Annotated[Duration, within("1min")] = 7 * DAY
    protocol: Literal["auto", "5", "3.1.1"] = "auto"
    reconnect_max: Annotated[Duration, within("1s", "1h")] = 30 * SECOND

    @model_validator(mode="after")
    def _sealed(self) -> BrokerSettings:
        check_sealed(self.url, self)
        return self

    @property
    def address(self) -> BrokerAddress:
        """Where the broker is, taken apart."""
        return broker_address(self.url)

    @property
    def host(self) -> str:
        """The broker's host."""
        return self.address.host

    @property
    def port(self) -> int:
        """The broker's port."""
        return self.address.port


class SitesSettings(Settings):
    """What sites forward to this centre: from whom it is taken, and where it comes.

    `silent_after` is how long a site may say nothing before that is a case.
    """

    accept: tuple[Sender, ...] = Field(min_length=1)
    prefix: Prefix = "millwright"
    silent_after: Annotated[Duration, within("10s", "1d")] = _SILENT_SITES


class IngestSettings(Settings):
    """Which messages are telemetry, how they say their time, and what is held at once.

    With `time: iso` a number is refused as a time; where a number is set, text is. `batch` is the
    most that one commit waits for: while it runs nothing is read. `history_rows` is how many
    readings go to the history at once. `sources` are all other kinds of message; `sparkplug` is on
    where it is there.
    """

    topic: Annotated[str, AfterValidator(_check_topic)] | None = DEFAULT_TOPIC
    time: Literal["iso", "s", "ms", "us", "ns"] = "iso"
    max_payload: Annotated[Size, within("1kB", "16MB")] = 256_000
    batch: Annotated[Size, within("1kB", "100MB")] = 128_000
    history_rows: int = Field(default=20_000, ge=1)
    history_wait: Annotated[Duration, within("0s", "1min")] = 200 * SECOND // 1000
    sources: tuple[SourceSettings, ...] = ()
    sparkplug: SparkplugSettings | None = None
    sites: SitesSettings | None = None

    @property
    def senders(self) -> tuple[str, ...]:
        """The sites that forward to us."""
        return () if self.sites is None else self.sites.accept

    @property
    def silent_sites(self) -> Span:
        """How long a site may say nothing."""
        return _SILENT_SITES if self.sites is None else self.sites.silent_after

    @property
    def plain_topic(self) -> str:
        """Where simulated machines publish: the configured topic, or the default one."""
        return self.topic or DEFAULT_TOPIC

    @model_validator(mode="after")
    def _told_apart(self) -> IngestSettings:
        names = [PLAIN, SPARKPLUG, *(source.name for source in self.sources)]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            msg = f"sources: two are called {twice[0]!r}; give each a name of its own"
            raise ValueError(msg)
        if self.topic is None and not self.sources and self.sites is None:
            msg = "topic: null leaves nothing to receive; describe at least one of sources"
            raise ValueError(msg)
        return self
