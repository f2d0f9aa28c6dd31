"""Lets detectors learn from a machine's past, through the code that runs live.

The past runs through a fleet of its own, with its own modes, sensors and rules, so that it teaches
what the same readings would have taught had the service been there: only from a running machine,
by sensors that are believed, and never while a rule's condition holds. All that stays of it is
what the detectors have learned. A lesson is one entry of the journal and needs no other, so that
it gives the same however often scoring was started.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

import numpy as np

from core.clock import Span
from core.readings import Readings
from models import registry
from service.fleet import Fleet

_AT_ONCE = 500


def teach(
    fleet: Fleet,
    past: Readings,
    too_early: Span,
    barred: Collection[str] = (),
    beat: Callable[[], None] = lambda: None,
) -> list[str]:
    """Teach the assets of a fleet that have not learned yet; returns their ids.

    One that has learned in any part stays as it is, and so does one that is `barred` or of which
    a condition stands. What was learned of the others so far is begun anew. `beat` is called while
    it lasts, which is seconds.
    """
    fresh = {
        named.name: registry.build(named, fleet.asset_class, fleet.assets)
        for named in fleet.asset_class.detectors
    }
    learners = [name for name, blank in fresh.items() if (blank.readiness() < 1).any()]
    if not learners:
        return []
    ready = [fleet.detectors[name].readiness() >= 1 for name in learners]
    barred_here = np.array([asset.id in barred for asset in fleet.assets], np.bool_)
    everyone = np.arange(len(fleet.assets))
    closed = np.any(ready, axis=0) | barred_here | fleet.rules.locked(everyone)
    number = np.array([fleet.number.get(asset, -1) for asset in past.assets], np.intp)
    rows = number[past.asset]
    taught = (rows >= 0) & ~closed[rows]
    if not taught.any():
        return []
    pupils = np.unique(rows[taught]).tolist()
    for pupil in pupils:
        for name in learners:
            fleet.detectors[name].forget(pupil)
        if fleet.crosscheck is not None:
            fleet.crosscheck.forget(pupil)
        fleet.regimes.forget(pupil)
        fleet.tally.dirty[pupil] = True
    detectors = fresh | {name: fleet.detectors[name] for name in learners}
    school = Fleet(fleet.asset_class, fleet.assets, detectors, (), {}, too_early)
    school.watch(beat)
    if fleet.crosscheck is not None:
        school.share(fleet.crosscheck)
    lines = np.flatnonzero(taught)
    for first in range(0, len(lines), _AT_ONCE):
        school.apply(past.take(lines[first : first + _AT_ONCE]), int(past.at.max()))
        beat()
    if fleet.crosscheck is not None:
        fleet.crosscheck.clear(pupils)
    for pupil in pupils:
        fleet.regimes.adopt(school.regimes, pupil)
    return [fleet.assets[pupil].id for pupil in pupils]
