"""Words for how a channel leaves what was expected of it, shared by cases and class files."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """The kinds of deviation that are told apart."""

    STEP = "step"
    DRIFT = "drift"
    OSCILLATION = "oscillation"
    NOISE = "noise"
    CORRELATION = "correlation break"
    STUCK = "stuck"
    SPIKE = "spike"


class Movement(StrEnum):
    """Which way a channel goes when a machine fails in a certain way."""

    RISES = "rises"
    FALLS = "falls"
    MOVES = "moves"
    STEADY = "steady"
