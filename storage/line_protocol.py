"""InfluxDB's line protocol: names as it can hold them, and single lines.

Source: docs.influxdata.com, line protocol; what it cannot hold was tried on InfluxDB 2.7. A
backslash is itself, except before what it escapes, so a name cannot have one there or at its end.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from core.errors import Refused

MARK = "_quality"
"""What the name of a channel's mark of quality ends with."""

EARLIEST, LATEST = -(2**63) + 2, 2**63 - 2
"""The first and the last time that InfluxDB can hold, in nanoseconds."""

_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]|\\(?=[,= ]|$)")
_FIELDS_KEPT = {"time", "_field", "_measurement"}


def prefix(asset_class: str, tags: Iterable[tuple[str, str]]) -> bytes:
    """Write the beginning of a line: measurement and tags; `Refused` where a name cannot be."""
    if asset_class.startswith("#"):
        msg = f"class {asset_class!r}: InfluxDB takes a line that begins with # for a comment"
        raise Refused(msg)
    name = re.sub(r"([, ])", r"\\\1", _checked("class", asset_class))
    return ",".join((name, *(f"{key}={_escaped(key, value)}" for key, value in tags))).encode()


def field_key(channel: str) -> bytes:
    """Write a channel's name as a field; `Refused` where InfluxDB has no such."""
    if channel in _FIELDS_KEPT:
        msg = f"channel {channel!r}: InfluxDB keeps that name for itself"
        raise Refused(msg)
    return _escaped("channel", channel).encode()


def line(begin: bytes, fields: Iterable[tuple[bytes, float]], marks: bytes, at: int) -> bytes:
    """Write one line; `marks` are further fields, with a comma before each."""
    body = b",".join(b"%s=%s" % (key, repr(value).encode()) for key, value in fields)
    return b"%s %s%s %d" % (begin, body, marks, at)


def _escaped(what: str, name: str) -> str:
    return re.sub(r"([,= ])", r"\\\1", _checked(what, name))


def _checked(what: str, name: str) -> str:
    if not name:
        msg = f"{what}: InfluxDB holds no empty name"
        raise Refused(msg)
    if _FORBIDDEN.search(name):
        msg = (
            f"{what} {name!r}: InfluxDB holds no name with a line break or another control"
            " character in it, or with a backslash at its end or before a space, comma or ="
        )
        raise Refused(msg)
    return name
