"""Times as scenarios write them: `now`, `-16d`, `+36h`, or ISO 8601 with a zone."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator

from core.clock import Instant, from_datetime
from core.quantity import span


def instant(text: str, now: Instant) -> Instant:
    """Turn a written time into an instant; ValueError where it is none."""
    text = text.strip()
    if text == "now":
        return now
    if text[:1] in {"+", "-"}:
        length = span(text[1:])
        return now + length if text[0] == "+" else now - length
    try:
        return from_datetime(datetime.fromisoformat(text))
    except ValueError:
        msg = f"{text!r} is not a time; write now, -16d, +36h, or 2026-11-23T08:00:00Z"
        raise ValueError(msg) from None


def _checked(text: str) -> str:
    instant(text, 0)
    return text


When = Annotated[str, AfterValidator(_checked)]
"""A settings field that holds a time, relative to now or absolute."""
