"""Randomness without memory: a number for every moment, the same whenever it is asked for.

Each value is a hash of a key and a time, so a batch of thirty days and a live sample tomorrow
agree with each other, in any order and any step.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from core.clock import Span
from core.readings import Floats, Instants

Words: TypeAlias = NDArray[np.uint64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)


def key(*parts: object) -> int:
    """Derive a key from words; other words give an unrelated key."""
    text = "\x1f".join(str(part) for part in parts)
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little")


def _mix(words: Words) -> Words:
    words = (words ^ (words >> np.uint64(30))) * _MIX_1
    words = (words ^ (words >> np.uint64(27))) * _MIX_2
    return words ^ (words >> np.uint64(31))


def _hash(of: int, counter: NDArray[np.int64]) -> Words:
    start = np.atleast_1d(counter).astype(np.uint64) * _GOLDEN
    return _mix(_mix(start + np.uint64(of)) ^ np.uint64(of))


def uniform(of: int, counter: NDArray[np.int64]) -> Floats:
    """Give an even number in [0, 1) for each count."""
    return (_hash(of, counter) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def normal(of: int, counter: NDArray[np.int64]) -> Floats:
    """Give a standard normal number for each count."""
    first = 1.0 - uniform(of, counter)
    second = uniform(key(of, "angle"), counter)
    bell: Floats = np.sqrt(-2.0 * np.log(first)) * np.cos(2.0 * np.pi * second)
    return bell


def wander(of: int, at: Instants, period: Span) -> Floats:
    """Give a smooth curve within about ±1 that finds a new direction every `period`."""
    step = at // period
    part = (at - step * period) / period
    ease = part * part * (3.0 - 2.0 * part)
    before = 2.0 * uniform(of, step) - 1.0
    after = 2.0 * uniform(of, step + 1) - 1.0
    return before + (after - before) * ease
