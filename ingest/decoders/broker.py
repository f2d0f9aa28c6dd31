"""What the broker says of itself under `$SYS/`: `12`, `60 seconds`, `mosquitto version 2.0.11`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from core.rejection import Reason
from core.settings import Settings
from ingest.decoders.body import number
from ingest.decoders.bounds import short
from ingest.payload import Bad, Number
from ingest.sample import BrokerSaid

_COUNTED = re.compile(r"([-+]?\d{1,30}(?:\.\d{1,30})?)(?: [A-Za-z/%]{1,20})?", re.ASCII)


class BrokerStateSettings(Settings):
    """How the broker's own figures are read.

    A figure is called by the levels that the topic's template names, and by those that its `#`
    stands for: of `$SYS/broker/#` it is `clients/connected`.
    """

    kind: Literal["broker"] = "broker"


class BrokerStateDecoder:
    """Reads a number, with or without its unit, or a text. Stateless: what rises is for others."""

    def __init__(self, settings: BrokerStateSettings) -> None:
        self._settings = settings

    def decode(self, captured: Mapping[str, str], payload: bytes) -> list[BrokerSaid]:
        """Read one message; Bad where it is no short text."""
        name = "/".join(captured.values())
        if not name:
            detail = "the topic does not name a figure: end its template in #"
            raise Bad(Reason.BAD_TOPIC, detail)
        try:
            text = payload.decode().strip()
        except UnicodeDecodeError as error:
            detail = f"byte {error.start} is not UTF-8"
            raise Bad(Reason.NOT_UTF8, detail) from None
        if not text or not text.isprintable():
            detail = "the payload is empty or has control characters"
            raise Bad(Reason.MALFORMED, detail)
        counted = _COUNTED.fullmatch(text)
        if counted is not None:
            return [BrokerSaid(name, number(name, Number(counted[1])))]
        return [BrokerSaid(name, short(f"the text of {name[:60]},", text))]
