"""Similar cases: ended cases of like machines with like evidence, and what was found then."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from core.alert import Alert, AlertQuery, AlertState, ChannelEvidence
from core.casefile import CaseFile
from core.clock import DAY, Span
from core.plant import Plant
from core.work import Work, WorkEvent
from service.finding import SENSOR, mended_by_work

MOST = 3
"""So many are told, the likest first."""

LOOKED_AT = 200
"""So many ended cases are looked at: of the machine itself, and of all."""

LEAST = 0.6
"""From which likeness on a case is like another."""

OTHER_KIND, OTHER_WAY = 0.7, 0.3
"""How far cases are alike that deviate in another kind, or the other way."""

AFTER: Span = 3 * DAY
"""How long after a case has ended work is still taken to belong to it."""


@dataclass(frozen=True, slots=True)
class Similar:
    """An ended case, how like it is (0 to 1), and the work that told what it was, if any did."""

    alert: Alert
    likeness: float
    work: WorkEvent | None


def similar(alert: Alert, plant: Plant, casefile: CaseFile) -> list[Similar]:
    """Find the cases most like this one, among those of the same class that have ended."""
    if alert.asset not in plant.assets or not _comparable(alert):
        return []
    kind = plant.assets[alert.asset].asset_class
    found = {
        one.id: one
        for one in _ended(alert.asset, casefile)
        if one.id != alert.id
        and _comparable(one)
        and one.asset in plant.assets
        and plant.assets[one.asset].asset_class == kind
        and one.opened_at < alert.opened_at
    }
    alike = [(likeness(alert, one), one) for one in found.values()]
    best = sorted(
        ((how, one) for how, one in alike if how >= LEAST),
        key=lambda pair: (-round(pair[0], 2), -pair[1].opened_at, pair[1].id),
    )
    return [Similar(one, how, outcome(one, casefile)) for how, one in best[:MOST]]


def likeness(one: Alert, other: Alert) -> float:
    """Tell how like two cases are: the cosine of their blame, less where kind or way differ."""
    first, second = one.evidence, other.evidence
    mine = {channel.channel: channel for channel in first.channels}
    theirs = {channel.channel: channel for channel in second.channels}
    both = mine.keys() & theirs.keys()
    length = math.hypot(*(c.share for c in mine.values()))
    length *= math.hypot(*(c.share for c in theirs.values()))
    if not both or length <= 0:
        return 0.0
    alike = sum(mine[name].share * theirs[name].share for name in sorted(both)) / length
    if first.kind and second.kind and first.kind != second.kind:
        alike *= OTHER_KIND
    top = first.channels[0].channel
    if top in both and _way(mine[top]) * _way(theirs[top]) < 0:
        alike *= OTHER_WAY
    return min(1.0, alike)


def outcome(alert: Alert, casefile: CaseFile) -> WorkEvent | None:
    """Find the work that told what a case was: what names a failure, else what mended, newest."""
    ended = alert.ended_at or alert.changed_at
    done = [
        one
        for one in casefile.work(alert.asset, LOOKED_AT)
        if alert.opened_at <= one.at <= ended + AFTER and not one.routine
    ]
    done.sort(key=lambda one: (bool(one.failure_mode), one.work is not Work.INSPECTED, one.at))
    return done[-1] if done else None


def _ended(asset: str, casefile: CaseFile) -> Iterable[Alert]:
    ended = frozenset({AlertState.NORMAL})
    for query in (
        AlertQuery(states=ended, asset=asset, limit=LOOKED_AT),
        AlertQuery(states=ended, limit=LOOKED_AT),
    ):
        yield from casefile.alerts(query).alerts


def _comparable(alert: Alert) -> bool:
    about_machine = mended_by_work(alert.group) and not alert.group.startswith(SENSOR)
    return about_machine and bool(alert.evidence.channels)


def _way(channel: ChannelEvidence) -> int:
    if channel.direction or not channel.outside or channel.value is None:
        return channel.direction
    return 1 if channel.high is not None and channel.value > channel.high else -1
