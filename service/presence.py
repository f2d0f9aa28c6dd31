"""Presence: whether what speaks for an asset is there, as far as anything is known of it."""

from __future__ import annotations

from enum import IntEnum


class Presence(IntEnum):
    """How it stands with the devices that speak for an asset; the integer is what columns carry.

    From `GONE` on, what they last said of the asset no longer holds. `OFFLINE` is told in the feed.
    """

    UNKNOWN = 0
    HERE = 1
    GONE = 2
    OFFLINE = 3
