"""Reads the times that devices send: ISO 8601 text or an epoch number, exact to the nanosecond.

`utc_instants` and `epoch_instants` read a whole batch of the plain forms at once and leave
everything else unread; `text_instant` and `number_instant` read any form, one at a time.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from core.clock import Instant
from core.readings import Bools, Instants

FURTHEST: Instant = 2**63 - 1
SCALES = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1}

_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:[.,](\d+))?"
    r"(?:([Zz])|([+-])(\d\d):?(\d\d)?)?",
    re.ASCII,
)
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_PLAIN = len('"2026-11-23T08:00:00Z"')
_SHORTEST_FRACTION, _LONGEST_FRACTION = _PLAIN + 2, _PLAIN + 10
_FORM = np.frombuffer(b'"....-..-..T..:..:..', np.uint8)
_FIXED = np.flatnonzero(ord(".") != _FORM)
_DIGITS = np.flatnonzero(ord(".") == _FORM)
_DATE = np.array([10**k for k in range(7, -1, -1)], np.int64)
_CLOCK = np.array([10, 1], np.int64)


@dataclass(frozen=True, slots=True)
class WallTime:
    """A time without an offset, and the nanoseconds below its last microsecond."""

    wall: datetime
    below: int


def text_instant(text: str) -> Instant | WallTime:
    """Read ISO 8601; ValueError says in words why it cannot be."""
    found = _ISO.fullmatch(text)
    if found is None:
        msg = "not an ISO 8601 time such as 2026-11-23T08:00:00Z"
        raise ValueError(msg)
    year, month, day, hour, minute, second = (int(found[k]) for k in range(1, 7))
    fraction = int((found[7] or "")[:9].ljust(9, "0"))
    wall = datetime(year, month, day, hour, minute, second, fraction // 1000)  # noqa: DTZ001
    if found[8] is None and found[9] is None:
        return WallTime(wall, fraction % 1000)
    ahead = 0
    if found[9] is not None:
        hours, minutes = int(found[10]), int(found[11] or 0)
        if hours > 23 or minutes > 59:
            msg = "an offset from UTC that cannot be"
            raise ValueError(msg)
        ahead = (hours * 60 + minutes) * (60 if found[9] == "+" else -60)
    seconds = (wall.toordinal() - _EPOCH_DAY) * 86_400 + hour * 3600 + minute * 60 + second - ahead
    return _held(seconds * 1_000_000_000 + fraction)


def number_instant(text: str, scale: int) -> Instant:
    """Read an epoch number, where `scale` nanoseconds are one; ValueError where it cannot be."""
    if text.lstrip("-").isdigit() and len(text) <= 20:
        return _held(int(text) * scale)
    if not abs(float(text)) * scale < 2 * FURTHEST:
        return _held(2 * FURTHEST)
    from decimal import Decimal, InvalidOperation, localcontext

    with localcontext() as context:
        context.prec = 60
        try:
            return _held(int(Decimal(text) * scale // 1))
        except InvalidOperation:
            msg = "a number whose exponent is beyond all bounds"
            raise ValueError(msg) from None


def _held(at: int) -> Instant:
    if abs(at) > FURTHEST:
        msg = "a time too far away to be kept"
        raise ValueError(msg)
    return at


def epoch_instants(raws: Sequence[bytes], scale: int) -> tuple[Instants, Bools]:
    """Read plain whole numbers; where it is false, the text is something else."""
    most = FURTHEST // scale
    digits = len(str(most))
    texts = [bytes(raw) for raw in raws]
    numbers = [int(text) if len(text) <= digits and text.isdigit() else -1 for text in texts]
    plain = np.array([0 <= number <= most for number in numbers], np.bool_)
    held = [number * scale if ok else 0 for number, ok in zip(numbers, plain, strict=True)]
    return np.array(held, np.int64), plain


def utc_instants(raws: Sequence[bytes]) -> tuple[Instants, Bools]:
    """Read quoted UTC times such as `"2026-11-23T08:00:00.125Z"`; elsewhere it is false."""
    count = len(raws)
    at, known = np.zeros(count, np.int64), np.zeros(count, np.bool_)
    lengths = np.fromiter(map(len, raws), np.int64, count)
    for length in set(lengths.tolist()):
        if length != _PLAIN and not _SHORTEST_FRACTION <= length <= _LONGEST_FRACTION:
            continue
        which = np.flatnonzero(lengths == length)
        whole = len(which) == count
        text = b"".join(raws if whole else [raws[i] for i in which.tolist()])
        at[which], known[which] = _read(np.frombuffer(text, np.uint8).reshape(-1, length))
    return at, known


def _read(text: NDArray[np.uint8]) -> tuple[Instants, Bools]:
    """Read rows of equal length, each a quoted time."""
    length = text.shape[1]
    good = (text[:, _FIXED] == _FORM[_FIXED]).all(1)
    good &= (text[:, -2] == ord("Z")) & (text[:, -1] == ord('"'))
    places = _DIGITS
    if length > _PLAIN:
        good &= text[:, 20] == ord(".")
        places = np.concatenate((_DIGITS, np.arange(21, length - 2)))
    digits = text[:, places] - np.uint8(48)
    good &= (digits <= 9).all(1)
    numbers = digits.astype(np.int64)
    hours, minutes, seconds = (numbers[:, k : k + 2] @ _CLOCK for k in (8, 10, 12))
    good &= (hours < 24) & (minutes < 60) & (seconds < 60)
    days, dates_good = _days(numbers[:, :8] @ _DATE, good)
    good &= dates_good
    at = (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1_000_000_000
    if length > _PLAIN:
        weights = np.array([10 ** (8 - k) for k in range(numbers.shape[1] - 14)], np.int64)
        at += numbers[:, 14:] @ weights
    return at, good


def _days(dates: Instants, good: Bools) -> tuple[Instants, Bools]:
    """Turn numbers like 20261123 into days since 1970; false where there is no such day."""
    first = int(dates[0])
    if (dates == first).all():
        day = _day(first)
        return np.full(len(dates), day or 0, np.int64), np.full(len(dates), day is not None)
    found, where = np.unique(np.where(good, dates, 0), return_inverse=True)
    days = [_day(number) for number in found.tolist()]
    known = np.array([day is not None for day in days], np.bool_)
    return np.array([day or 0 for day in days], np.int64)[where], known[where]


@lru_cache(maxsize=4096)
def _day(number: int) -> int | None:
    try:
        day = date(number // 10_000, number // 100 % 100, number % 100)
    except ValueError:
        return None
    # What is beyond the range of int64 nanoseconds is left to the exact reader.
    return day.toordinal() - _EPOCH_DAY if 1680 <= day.year <= 2260 else None
