"""What an engineer can set about the feed and about where alerts go besides it."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field, model_validator

from core.broker_address import BrokerUrl
from core.clock import DAY, SECOND
from core.errors import Refused
from core.quantity import Duration, within
from core.secret import Secret
from core.settings import Settings
from core.site import Prefix, Sender
from core.tls import TlsFiles, check_sealed

LEAST_TOKEN = 16
"""So many characters a token must have at least."""

_HOST = re.compile(r"^[A-Za-z0-9.:_-]{1,253}$")


def _check_host(host: str) -> str:
    if not _HOST.match(host):
        msg = f"{host!r} is not a host name or an address; write it like 127.0.0.1 or pdm.plant.lan"
        raise ValueError(msg)
    return host


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
    prefix: Prefix = "millwright"
    confirm_within: Duration = Field(10 * SECOND, gt=0)

    @model_validator(mode="after")
    def _sealed(self) -> MqttNotifierSettings:
        if self.url is not None:
            check_sealed(self.url, self)
        return self


class ForwardSettings(TlsFiles):
    """How this site's journal goes to a centre, over a link that may be thin or away for days.

    `site` is what the centre calls us. Readings wait `every` for others, so that more are packed
    together, up to `most` journal entries in one parcel. At least each `heartbeat` the centre hears
    that we are there.
    """

    site: Sender
    url: BrokerUrl
    client_id: str | None = Field(None, min_length=1, max_length=128)
    username: str | None = None
    password: Secret | None = None
    prefix: Prefix = "millwright"
    every: Annotated[Duration, within("100ms", "1h")] = 5 * SECOND
    most: int = Field(2000, ge=1, le=20_000)
    heartbeat: Annotated[Duration, within("1s", "1h")] = 30 * SECOND
    confirm_within: Annotated[Duration, within("1s", "10min")] = 30 * SECOND

    @model_validator(mode="after")
    def _sealed(self) -> ForwardSettings:
        check_sealed(self.url, self)
        if self.password is not None and self.username is None:
            msg = "forward: a password without a username is never sent; give both"
            raise ValueError(msg)
        return self


class ModelSettings(Settings):
    """When models are learned anew from history by themselves: each `relearn`, from `since` back.

    Whatever it says, what no longer opens is learned anew. Each `drill` every asset is drilled.
    """

    relearn: Annotated[Duration, within("1d", "3650d")] | None = None
    since: Annotated[Duration, within("1d", "3650d")] = 90 * DAY
    drill: Annotated[Duration, within("1d", "3650d")] = 7 * DAY


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
