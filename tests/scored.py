"""What detectors said and what they keep, held against each other bit for bit."""

from __future__ import annotations

import numpy as np

from models.detector import Scored, State


def same(one: Scored, other: Scored) -> bool:
    pairs = (
        (one.value, other.value),
        (one.blame, other.blame),
        (one.low, other.low),
        (one.high, other.high),
    )
    return all(np.array_equal(a, b, equal_nan=True) for a, b in pairs)


def joined(parts: list[Scored], channels: int = 0) -> Scored:
    """Put what was said of rows after each other together; of no rows nothing is said."""
    if not parts:
        none = np.zeros((0, channels))
        return Scored(np.zeros(0), none, none, none)
    fields = ("value", "blame", "low", "high")
    return Scored(*(np.concatenate([getattr(part, name) for part in parts]) for name in fields))


def equal_states(one: State, other: State) -> bool:
    return one.keys() == other.keys() and all(
        np.array_equal(one[name], other[name], equal_nan=one[name].dtype.kind == "f")
        for name in one
    )
