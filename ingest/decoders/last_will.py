"""A device's last will and its birth: `Online`, and what the broker says when it is gone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from core.rejection import Reason
from core.settings import Settings
from core.suggestion import listed, quoted
from ingest.decoders.body import read
from ingest.decoders.paths import MISSING, Path, PathText
from ingest.payload import Bad, described
from ingest.sample import DeviceState

_Words = Annotated[tuple[str, ...], Field(min_length=1)]
_LONGEST = 1000


class StateSettings(Settings):
    """Which words say that a device is there, and which that it is gone, in any letters.

    With `state_path` the word, or true or false, stands there in an object.
    """

    kind: Literal["state"] = "state"
    online: _Words = ("online", "1", "true", "on", "connected", "alive")
    offline: _Words = ("offline", "0", "false", "off", "disconnected", "lost")
    state_path: PathText | None = None


class StateDecoder:
    """Reads whether a device is there."""

    def __init__(self, settings: StateSettings) -> None:
        self._known = dict.fromkeys(map(str.casefold, settings.offline), False)
        self._known |= dict.fromkeys(map(str.casefold, settings.online), True)
        self._path = None if settings.state_path is None else Path(settings.state_path)

    def decode(self, captured: Mapping[str, str], payload: bytes) -> list[DeviceState]:
        """Read one message; Bad where it is none of the words."""
        if self._path is None:
            try:
                word = payload[:_LONGEST].decode().strip().strip('"')
            except UnicodeDecodeError as error:
                detail = f"byte {error.start} is not UTF-8"
                raise Bad(Reason.NOT_UTF8, detail) from None
        else:
            body = read(payload)
            said = self._path.find(body, body)
            if said is MISSING or not isinstance(said, str | int):
                what = "nothing" if said is MISSING else described(said)
                detail = f'{what} stands at "{self._path.text}", where the state should be'
                raise Bad(Reason.MALFORMED, detail)
            word = str(said)
        online = self._known.get(word.casefold())
        if online is None:
            detail = f"{quoted(word)} is no state of a device; known: {listed(self._known)}"
            raise Bad(Reason.MALFORMED, detail)
        return [DeviceState(online)]
