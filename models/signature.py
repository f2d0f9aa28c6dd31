"""Signature: how well what is seen of a machine fits the ways in which its like are known to fail.

A failure mode says of some channels which way they go. It fits as far as these do that, and as far
as they carry the blame: the product of both, 0 to 1. A sign that points the other way counts
against it. See docs/decisions/0029-explanation.md.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.deviation import Kind, Movement
from core.plant import FailureMode, Sign

WELL, PARTLY, HARDLY = 0.7, 0.4, 0.2
"""From which fit on a failure mode fits well, partly, hardly; below, not at all."""

LATER = 0.7
"""How much less each further sign weighs than the one before: the strongest come first."""

NOT, FULLY = 0.25, 0.75
"""Up to so many halves of its band a channel has not moved, from so many on it has."""

OTHER_KIND = 0.5
"""How far a sign is met that goes the right way in another kind."""

SHARED = 4.0
"""A channel of which only its share of the blame is known has moved fully from 1/`SHARED` on."""

RESTLESS = frozenset({Kind.OSCILLATION, Kind.NOISE, Kind.SPIKE, Kind.CORRELATION})
"""Kinds in which a channel deviates though its level stays."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What is seen of one channel.

    `moved` is by how many halves of its band its level has moved, up positive, NaN where that is
    not known; `share` is its part of the blame.
    """

    moved: float = math.nan
    kind: Kind | None = None
    share: float = 0.0


@dataclass(frozen=True, slots=True)
class Match:
    """How well one failure mode fits, 0 to 1; the channels that go as it says, and that do not."""

    mode: FailureMode
    fit: float
    shown: tuple[str, ...]
    missing: tuple[str, ...]


def matches(modes: Sequence[FailureMode], seen: Mapping[str, Seen]) -> list[Match]:
    """List the failure modes that fit at all, best first.

    Of two that fit as well, the one that needs fewer channels comes first.
    """
    found = [_match(mode, seen) for mode in modes]
    likely = [one for one in found if one.fit >= HARDLY]
    return sorted(likely, key=lambda one: (-round(one.fit, 2), len(one.mode.channels)))


def met(sign: Sign, seen: Seen) -> float | None:
    """Tell how far a sign is met, -1 (the opposite) to 1; None where nothing is known of it."""
    restless = 1.0 if seen.kind in RESTLESS else 0.0
    if math.isnan(seen.moved):
        strength = min(1.0, SHARED * seen.share)
        known = seen.share > 0 or seen.kind is not None
        found = max(strength, restless) if known else None
        return found if found is None or sign.movement is not Movement.STEADY else -found
    strength = min(1.0, max(0.0, (abs(seen.moved) - NOT) / (FULLY - NOT)))
    if sign.movement is Movement.STEADY:
        return -max(strength, restless)
    right = sign.movement is Movement.MOVES or (sign.movement is Movement.RISES) == (seen.moved > 0)
    if sign.kinds:
        if seen.kind in sign.kinds and seen.kind in RESTLESS:
            return 1.0
        other = seen.kind is not None and seen.kind not in sign.kinds
        return (OTHER_KIND if other and right else 1.0) * (strength if right else -strength)
    return (
        max(strength, restless)
        if sign.movement is Movement.MOVES
        else (strength if right else -strength)
    )


def _match(mode: FailureMode, seen: Mapping[str, Seen]) -> Match:
    weight, total, reached, explained = 1.0, 0.0, 0.0, 0.0
    shown: list[str] = []
    missing: list[str] = []
    for sign in mode.signature:
        one = seen.get(sign.channel, Seen())
        agreement = met(sign, one)
        if agreement is None:
            continue
        if sign.movement is Movement.STEADY:
            reached += weight * agreement
            if agreement <= -0.5:
                missing.append(sign.channel)
            continue
        total += weight
        reached += weight * agreement
        (shown if agreement >= 0.5 else missing).append(sign.channel)
        explained += one.share if agreement > 0 else 0.0
        weight *= LATER
    blamed = sum(one.share for one in seen.values())
    share = explained / blamed if blamed > 0 else 0.0
    fit = max(0.0, reached / total) * share if total > 0 else 0.0
    return Match(mode, min(1.0, fit), tuple(shown), tuple(missing))
