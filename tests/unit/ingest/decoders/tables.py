"""Payload decoders tried against tables: what a message says, or why it is refused."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from core.rejection import Reason
from ingest.decoders.registry import DecoderSettings, build
from ingest.payload import Bad
from ingest.sample import Said

_ADAPTER: TypeAdapter[Any] = TypeAdapter(DecoderSettings)


def decoded(payload: bytes | str, captured: dict[str, str] | None = None, **settings: Any) -> Said:
    """Decode a payload with settings as a file has them."""
    raw = payload.encode() if isinstance(payload, str) else payload
    return build(_ADAPTER.validate_python(settings)).decode(captured or {}, raw)


def refused(
    payload: bytes | str, captured: dict[str, str] | None = None, **settings: Any
) -> tuple[Reason, str]:
    """Decode a payload that cannot be used, and say why."""
    try:
        said = decoded(payload, captured, **settings)
    except Bad as bad:
        return bad.reason, bad.detail
    msg = f"it was taken: {said}"
    raise AssertionError(msg)
