"""What the page shows of how long a machine lasts: in words, and whether there is a fan to draw."""

from __future__ import annotations

from dataclasses import dataclass

from core.casefile import CaseFile
from core.clock import Instant
from core.life import CannotSay, LifeEstimate
from core.plant import Plant
from service.fan import fan, lives_of
from service.words import basis_apart, life_sentence


@dataclass(frozen=True, slots=True)
class Life:
    """How long one machine lasts in one failure mode.

    `drawn` tells whether anything was said that can be shown.
    """

    asset: str
    failure_mode: str
    title: str
    words: str
    basis: str
    declined: bool
    drawn: bool


def lives(asset_id: str, plant: Plant, casefile: CaseFile, now: Instant) -> list[Life]:
    """Lay out the lives of a machine, the soonest end first."""
    if asset_id not in plant.assets:
        return []
    return [_life(one, plant, casefile, now) for one in lives_of(asset_id, casefile)]


def _life(found: LifeEstimate, plant: Plant, casefile: CaseFile, now: Instant) -> Life:
    words, basis = basis_apart(life_sentence(found, plant, now))
    known = {one.name: one.title for one in plant.class_of(found.asset).failure_modes}
    return Life(
        asset=found.asset,
        failure_mode=found.failure_mode,
        title=known.get(found.failure_mode) or found.failure_mode.replace("_", " "),
        words=words,
        basis=basis or found.basis,
        declined=isinstance(found.remaining, CannotSay),
        drawn=len(fan(found.asset, found.failure_mode, casefile, now).told) > 0,
    )
