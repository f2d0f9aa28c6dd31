"""What Azure IoT Operations sends: `{"temperature": {"SourceTimestamp": …, "Value": 61.5}}`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from core.readings import Quality
from core.rejection import Reason
from ingest.decoders.body import read
from ingest.decoders.bounds import Bounded, usable
from ingest.decoders.data_values import samples
from ingest.payload import Bad, described
from ingest.sample import Sample


class AzureSettings(Bounded):
    """How its messages are read: there is nothing to choose."""

    kind: Literal["azure"] = "azure"


class AzureDecoder:
    """Reads values that each have their own time and status; those of one moment are a sample."""

    def __init__(self, settings: AzureSettings) -> None:
        self._settings = settings

    def decode(self, captured: Mapping[str, str], payload: bytes) -> list[Sample]:
        """Read one message; Bad where nothing in it can be used."""
        body = read(payload)
        if type(body) is not dict:
            detail = f"the payload is {described(body)}, not an object"
            raise Bad(Reason.MALFORMED, detail)
        return usable(samples(body, "", None, Quality.GOOD, self._settings))
