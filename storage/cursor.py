"""Where a page of cases ends: the sort key of its last case, as opaque text."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, TypeAlias

import msgspec

from core.alert import Alert, AlertQuery
from core.errors import Refused

Place: TypeAlias = tuple[int, int, int, str]
"""Closed (0 or 1), mildness, how long ago it opened, id: ascending is the order of the feed."""

_Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
_decoder: msgspec.json.Decoder[Place] = msgspec.json.Decoder(tuple[_Int64, _Int64, _Int64, str])


def place(alert: Alert) -> Place:
    """Return where a case stands in the feed: open first, most severe, newest, then by id."""
    return (int(not alert.state.is_open), -alert.severity.rank, -alert.opened_at, alert.id)


def site_of(asset: str) -> str:
    """Return the site of an asset id; empty for the service itself."""
    site, slash, _ = asset.partition("/")
    return site if slash else ""


def write(last: Place) -> str:
    """Turn a place into a cursor."""
    return base64.urlsafe_b64encode(msgspec.json.encode(last)).decode().rstrip("=")


def read(query: AlertQuery) -> Place | None:
    """Return the place that a query goes on from; `Refused` where the cursor is none of ours."""
    if query.cursor is None:
        return None
    try:
        padded = query.cursor + "=" * (-len(query.cursor) % 4)
        return _decoder.decode(base64.b64decode(padded.encode("ascii"), b"-_", validate=True))
    except (msgspec.DecodeError, UnicodeError, binascii.Error) as error:
        msg = f"unknown cursor {query.cursor[:60]!r}: take it from the page before"
        raise Refused(msg) from error
