"""How long a certificate is valid, read from its file."""

from __future__ import annotations

import re
import ssl
from datetime import UTC, datetime
from pathlib import Path

_TIME = rb"(\x17\x0d\d{12}Z|\x18\x0f\d{14}Z)"
"""A time in DER: UTCTime with two digits for the year, or GeneralizedTime with four."""

_VALIDITY = re.compile(rb"\x30." + _TIME + _TIME, re.DOTALL)
_FIRST = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


def valid_until(path: Path) -> datetime:
    """Tell until when a PEM file's first certificate is valid; ValueError where it has none."""
    found = _FIRST.search(path.read_text(encoding="ascii", errors="replace"))
    validity = _VALIDITY.search(ssl.PEM_cert_to_DER_cert(found[0])) if found else None
    if validity is None:
        msg = f"{path} holds no certificate in PEM form"
        raise ValueError(msg)
    digits = validity[2][2:].decode()
    if validity[2][0] == 0x17:  # RFC 5280: 50 to 99 are of the last century
        digits = ("19" if digits[:2] >= "50" else "20") + digits
    return datetime.strptime(digits, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
