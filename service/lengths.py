"""Lengths of time in words."""

from __future__ import annotations

from core.clock import DAY, HOUR, MINUTE, SECOND, Span


def length(span: Span) -> str:
    """Write a length of time in its largest fitting unit."""
    for size, word in ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute")):
        if span >= 2 * size or (size is MINUTE and span >= size):
            count = round(span / size)
            return f"{count} {word}{'' if count == 1 else 's'}"
    return f"{max(0, round(span / SECOND))} seconds"


def hours(count: float) -> str:
    """Write a number of hours in its largest fitting unit; in days only from four on.

    So "about 48 hours" is not followed by "at most 2 days" for 59 hours.
    """
    if 2 <= count < 4 * DAY / HOUR:
        return f"{round(count)} hours"
    return length(round(min(count, 1e6) * HOUR))
