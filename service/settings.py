"""What an engineer can set about the feed and about where alerts go besides it."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field, model_validator

from core.broker_address import BrokerUrl
from core.clock import SECOND
from core.errors import Refused
from core.quantity import Duration
from core.secret import Secret
from core.settings import Settings
from core.tls import TlsFiles, check_sealed

LEAST_TOKEN = 16
"""So many characters a token must have at least."""

_HOST = re.compile(r"^[A-Za-z0-9.:_-]{1,253}$")
_LEVEL = re.compile(r"^[^+#\x00]+$")


def _check_host(host: str) -> str:
    if not _HOST.match(host):
        msg = f"{host!r} is not a host name or an address; write it like 127.0.0.1 or pdm.plant.lan"
        raise ValueError(msg)
    return host


def _check_prefix(prefix: str) -> str:
    if not _LEVEL.match(prefix) or prefix.startswith(("/", "$")) or prefix.endswith("/"):
        msg = f"{prefix!r} cannot begin a topic: no + or #, no / at its ends, no $ in front"
        raise ValueError(msg)
    return prefix


Host = Annotated[str, AfterValidator(_check_host)]


class FeedSettings(Settings):
    """Where the page and the API listen, and who may read them.

    Without a `token` only this machine may. `names` are further host names by which a browser may
    ask for the page, such as that of a reverse proxy. A command is answered at the latest after
    `decide_within`; `most_streams` bounds the clients that follow the event stream.
    """

    host: Host = "127.0.0.1"
    port: int = Field(8765, ge=0, le=65535)
    token: Secret | None = None
    names: tuple[Host, ...] = ()
    decide_within: Duration = Field(5 * SECOND, gt=0, le=60 * SECOND)
    most_streams: int = Field(100, ge=1, le=10_000)

    @property
    def local(self) -> bool:
        """Whether only this machine can reach the address."""
        return is_loopback(self.host)


class MqttNotifierSettings(TlsFiles):
    """Alerts as retained states and as an event stream on MQTT.

    What is left out is as for ingest: its broker with credentials and certificates, and its client
    id with `-alerts` behind it.
    """

    kind: Literal["mqtt"] = "mqtt"
    name: str = Field("mqtt", pattern=r"^[a-z0-9_-]{1,32}$")
    url: BrokerUrl | None = None
    client_id: str | None = Field(None, min_length=1, max_length=128)
    username: str | None = None
    password: Secret | None = None
    prefix: Annotated[str, AfterValidator(_check_prefix)] = "millwright"
    confirm_within: Duration = Field(10 * SECOND, gt=0)

    @model_validator(mode="after")
    def _sealed(self) -> MqttNotifierSettings:
        if self.url is not None:
            check_sealed(self.url, self)
        return self


NotifierSettings: TypeAlias = MqttNotifierSettings
"""One way in which alerts go out, told apart by `kind`; a union once there is more than one."""


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine only; a name that needs looking up never is."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_binding(settings: FeedSettings) -> str:
    """Return the token in force, or an empty one; Refused where the feed would stand open.

    Anyone who reaches the feed can acknowledge alerts, so an address that other machines can reach
    needs a token.
    """
    if settings.token is None:
        if settings.local:
            return ""
        msg = (
            f"feed.host {settings.host} can be reached from other machines and no feed.token is "
            "set; set feed.token to env:NAME or file:PATH, or feed.host to 127.0.0.1"
        )
        raise Refused(msg)
    try:
        token = settings.token.reveal().strip()
    except ValueError as error:
        msg = f"feed.token: {error}"
        raise Refused(msg) from error
    if len(token) < LEAST_TOKEN:
        msg = (
            f"feed.token has {len(token)} characters and needs at least {LEAST_TOKEN}; "
            "make one with: python -c 'import secrets; print(secrets.token_urlsafe(24))'"
        )
        raise Refused(msg)
    return token
