"""MessagePack, read by the same mapping as JSON; without one, in the default shape."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

import msgspec

from core.rejection import Reason
from ingest.decoders.body import deep
from ingest.decoders.mapped_object import MappedObject
from ingest.decoders.mapping import Mapped, Mapper
from ingest.payload import DEEPEST, Bad
from ingest.sample import Sample

_decode = msgspec.msgpack.Decoder().decode
_UNREADABLE = (msgspec.MsgspecError, RecursionError, UnicodeError, TypeError, ValueError)


class MsgpackSettings(Mapped):
    """How MessagePack is read: as `mapping` reads JSON.

    Without paths it is in the default shape, `{"ts": …, "values": {…}}`. A time may also be of
    MessagePack's own kind.
    """

    kind: Literal["msgpack"] = "msgpack"


class MsgpackDecoder:
    """Reads MessagePack by a mapping."""

    def __init__(self, settings: MsgpackSettings) -> None:
        if not settings.fields and not settings.objects and settings.timestamp_path is None:
            update = {"timestamp_path": "ts", "objects": (MappedObject(path="values"),)}
            settings = settings.model_copy(update=update)
        self._mapper = Mapper(settings)

    def decode(self, captured: Mapping[str, str], payload: bytes) -> list[Sample]:
        """Read one message; Bad where nothing in it can be used."""
        try:
            body = _decode(payload)
        except _UNREADABLE as error:
            detail = f"not MessagePack: {error}" if payload else "the payload is empty"
            raise Bad(Reason.MALFORMED, detail[:200]) from None
        if deep(body):
            detail = f"nested deeper than {DEEPEST} levels"
            raise Bad(Reason.TOO_DEEP, detail)
        return self._mapper.map(_plain(body))


_KNOWN = {str, int, float, bool, datetime, type(None)}


def _plain(body: Any) -> Any:
    """Make of it what JSON could hold, and of its own times datetimes."""
    kind = type(body)
    if kind is dict:
        return {_key(key): _plain(each) for key, each in body.items()}
    if kind is list:
        return [_plain(each) for each in body]
    if kind is bytes:
        return body.decode("utf-8", "backslashreplace")
    return body if kind in _KNOWN else f"({kind.__name__})"


def _key(key: Any) -> str:
    return key.decode("utf-8", "backslashreplace") if isinstance(key, bytes) else str(key)
