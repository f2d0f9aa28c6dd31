"""OPC UA PubSub in JSON: network messages, data-set messages, or a data set alone.

The headers are optional in the standard (Part 14, 7.2.5), so a message is told by what it holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from core.readings import Quality
from core.rejection import Reason
from ingest.decoders.body import read
from ingest.decoders.bounds import Bounded, short, usable
from ingest.decoders.data_values import samples, when
from ingest.decoders.qualities import status_quality
from ingest.payload import Bad, Number, described
from ingest.sample import DeviceState, Said, Sample

_KEEP_ALIVE = "ua-keepalive"
_VALUES = ("ua-data", "ua-keyframe", "ua-deltaframe", _KEEP_ALIVE)
_OTHERS = ("ua-event", "ua-metadata", "ua-status", "ua-connection", "ua-application")
_OTHERS_END = ("ua-endpoints", "ua-action-request", "ua-action-response")
_HEADER = {"DataSetWriterId", "DataSetWriterName", "SequenceNumber", "MetaDataVersion", "Status"}


class OpcUaSettings(Bounded):
    """How OPC UA's messages are read: `asset_from` says what names the asset."""

    kind: Literal["opcua"] = "opcua"
    asset_from: Literal["topic", "publisher", "writer"] = "topic"


class OpcUaDecoder:
    """Reads data sets with their times, qualities and numbers.

    Keep-alives, events and descriptions say nothing of a machine's condition, but that their sender
    is there.
    """

    numbered = True

    def __init__(self, settings: OpcUaSettings) -> None:
        self._settings = settings

    def decode(self, captured: Mapping[str, str], payload: bytes) -> Said:
        """Read one message; Bad where nothing in it can be used."""
        body = read(payload)
        publisher = ""
        if type(body) is dict and "Messages" in body:
            kind = _kind(body, "ua-data")
            publisher = _name(body.get("PublisherId", ""))
            if kind not in _VALUES:
                return [self._alive(publisher, body, kind)]
            body = body["Messages"]
        messages = body if type(body) is list else [body]
        self._settings.check(len(messages))
        found: list[Sample] = []
        states: list[DeviceState] = []
        for each in messages:
            try:
                more = self._message(each, publisher)
            except Bad as bad:
                more = [Sample({}, bad=[bad])]
            states += [one for one in more if isinstance(one, DeviceState)]
            found += [one for one in more if isinstance(one, Sample)]
            self._settings.check(len(found))
        if states and not found:
            return states
        return [*states, *usable(found)]

    def _message(self, message: Any, publisher: str) -> list[Sample | DeviceState]:
        if type(message) is not dict:
            detail = f"a data-set message is {described(message)}, not an object"
            raise Bad(Reason.MALFORMED, detail)
        if not ("Payload" in message or _HEADER & message.keys() or _is_kind(message)):
            return [
                *samples(message, self._asset(publisher, ""), None, Quality.GOOD, self._settings)
            ]
        kind = _kind(message, "ua-keyframe")
        publisher = _name(message.get("PublisherId", publisher))
        if kind == _KEEP_ALIVE or kind not in _VALUES:
            return [self._alive(publisher, message, kind)]
        asset = self._asset(publisher, _writer(message))
        payload = message.get("Payload")
        if type(payload) is not dict:
            detail = f'"Payload" is {described(payload)}, not an object'
            raise Bad(Reason.NO_VALUES, detail)
        at = when("Timestamp", message.get("Timestamp"))
        quality = status_quality("the message", message.get("Status"))
        found = samples(payload, asset, at, quality, self._settings)
        found[0].sequence = _sequence(
            f"{publisher}/{_writer(message)}", message.get("SequenceNumber")
        )
        return [*found]

    def _alive(self, publisher: str, message: dict[str, Any], kind: str) -> DeviceState:
        asset = self._asset(publisher, _writer(message))
        return DeviceState(online=True, asset=asset, detail=kind.removeprefix("ua-"))

    def _asset(self, publisher: str, writer: str) -> str:
        wanted = self._settings.asset_from
        if wanted == "topic":
            return ""
        asset = publisher if wanted == "publisher" else writer
        if not asset:
            what = "PublisherId" if wanted == "publisher" else "DataSetWriterName"
            detail = f'there is no "{what}", which should name the asset'
            raise Bad(Reason.UNKNOWN_ASSET, detail)
        return asset


def _is_kind(message: dict[str, Any]) -> bool:
    kind = message.get("MessageType")
    return isinstance(kind, str) and kind.startswith("ua-")


def _kind(message: dict[str, Any], usual: str) -> str:
    kind = message.get("MessageType", usual)
    known = (*_VALUES, *_OTHERS, *_OTHERS_END)
    if kind not in known:
        detail = f'"MessageType" is {described(kind)}; known: {", ".join(known)}'
        raise Bad(Reason.MALFORMED, detail)
    return str(kind)


def _writer(message: dict[str, Any]) -> str:
    return _name(message.get("DataSetWriterName", message.get("DataSetWriterId", "")))


def _name(said: Any) -> str:
    if isinstance(said, str | int) and not isinstance(said, bool):
        return short("the name", str(said))
    detail = f"a publisher or writer is {described(said)}, not a name or a number"
    raise Bad(Reason.MALFORMED, detail)


def _sequence(sender: str, said: Any) -> tuple[str, int] | None:
    """Read a sequence number; one that is none counts nothing."""
    if isinstance(said, Number) and said.isascii() and said.isdigit() and len(said) <= 20:
        return sender, int(said)
    return (sender, said) if type(said) is int and 0 <= said < 2**64 else None
