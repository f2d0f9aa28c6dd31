"""Where an MQTT broker is: its address as text, and taken apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias
from urllib.parse import urlsplit

from pydantic import AfterValidator

PORTS = {"mqtt": 1883, "mqtts": 8883, "ws": 80, "wss": 443}
"""The schemes that an address may have, and the port of each where none is given."""

_EXAMPLES = "mqtt://127.0.0.1:1883 or mqtts://broker.plant.lan:8883"
_WEBSOCKET_PATH = "/mqtt"


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """A broker's host and port, and how it is spoken to. `path` is for WebSocket only."""

    host: str
    port: int
    tls: bool = False
    websocket: bool = False
    path: str = _WEBSOCKET_PATH

    @property
    def transport(self) -> Literal["tcp", "websockets"]:
        """What the MQTT client calls the way there."""
        return "websockets" if self.websocket else "tcp"


def broker_address(url: str) -> BrokerAddress:
    """Take an address apart; ValueError says how to write one."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = 0
    websocket = parts.scheme in {"ws", "wss"}
    odd = bool(parts.query or parts.fragment) or (not websocket and parts.path not in {"", "/"})
    if parts.scheme not in PORTS or not parts.hostname or port == 0 or odd:
        msg = f"{url!r} is not a broker's address; write it like {_EXAMPLES}"
        raise ValueError(msg)
    if parts.username or parts.password:
        msg = "a broker's address holds no user name; set username and password beside it"
        raise ValueError(msg)
    return BrokerAddress(
        parts.hostname,
        PORTS[parts.scheme] if port is None else port,
        parts.scheme in {"mqtts", "wss"},
        websocket,
        (websocket and parts.path) or _WEBSOCKET_PATH,
    )


def _checked(url: str) -> str:
    broker_address(url)
    return url


BrokerUrl: TypeAlias = Annotated[str, AfterValidator(_checked)]
"""A broker's address as it is configured."""
