"""A year of a hall of machines through the live code, and what was told held against the truth."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.rig.machines import Hall, Ill, configure, hall
from core.clock import DAY, Instant
from core.work import Work, WorkEvent
from service.backtest import Told, backtest
from service.backtest_figures import figures
from service.backtest_past import Past
from service.backtest_truth import Episode, Failure, false_alerts
from service.finding import SENSOR, mended_by_work

START: Instant = 1_700_000_000 // 86_400 * DAY
LEAD = 7 * DAY
AFTER = 3 * DAY
"""So long after a fault was mended, what is told still counts as about it."""

HELD = 30 * DAY
FIRST = 2
HALF = "half"
"""The name of a part: the first half of the machines."""

PER_MONTH = 30 / 30.4375
"""A promise is for thirty days; a month is a twelfth of a year."""


@dataclass(frozen=True, slots=True)
class Play:
    """What is played: so many machines for so many days under a budget.

    Where it is `spoiled`, a part of what is learned from is anomalous. `settings` are laid over
    those of the shipped classes' learned detectors. Plays of one seed and as many days may share a
    `shelf` for what is simulated.
    """

    budget: float
    machines: int
    days: int
    seed: int
    fixed: bool = False
    spoiled: bool = False
    settings: tuple[tuple[str, Any], ...] = ()
    shelf: Path | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a play. Shares are of faults, or of alerts about them.

    `delivered` counts false alerts about machines and sensors, `aside` those about sensors alone,
    both by asset and thirty days; `early` are wear faults told in time, `told` all faults told.
    `named` and `apart` are of the `firsts`, the first alert about each fault. `parts` are the same
    of the first half of the machines (as `half`), and of each class.
    """

    delivered: float
    aside: float
    months: float
    early: float
    wears: int
    told: float
    lead: float
    named: float
    apart: float
    firsts: int
    held: float
    seconds: float
    readings: int
    parts: dict[str, Outcome] = field(default_factory=dict)


def play(one: Play) -> Outcome:
    """Play a year, and hold what was told against what is known: of all, and by class."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as made:
        change = {"false_alerts": one.budget}
        settings = dict(one.settings)
        plant = configure(Path(made), one.machines, change, fixed=one.fixed, settings=settings)
        given = hall(plant, START, one.days * DAY, one.seed, spoiled=one.spoiled, shelf=one.shelf)
        past = Past(given, plant, tuple(plant.assets), given.start, given.stop)
        told = backtest(past, mended(given), known(given.ills))
    seconds = time.monotonic() - begun
    whole = outcome(given, told, given.ills, seconds)
    half = set(list(plant.assets)[: half_of(one.machines)])
    return replace(whole, parts=_by_class(given, told, half, seconds))


def half_of(machines: int) -> int:
    """Tell how many machines the smaller plays have: the same as the first of the larger."""
    return (machines + 1) // 2


def _by_class(given: Hall, told: Told, half: set[str], seconds: float) -> dict[str, Outcome]:
    """Work out the figures of the first half of the machines, and of each class."""
    parts = {HALF: _of(given, told, half, seconds)}
    for name in given.plant.classes:
        ours = {asset.id for asset in given.plant.assets_of(name)}
        parts[name] = _of(given, told, ours, seconds)
    return parts


def _of(given: Hall, told: Told, ours: set[str], seconds: float) -> Outcome:
    part = replace(
        told,
        episodes=[one for one in told.episodes if one.asset in ours],
        seen={asset: seen for asset, seen in told.seen.items() if asset in ours},
    )
    return outcome(given, part, [ill for ill in given.ills if ill.asset in ours], seconds)


def mended(given: Hall) -> list[WorkEvent]:
    """Let each fault be mended when it ends."""
    return [
        WorkEvent(asset=ill.asset, at=ill.end, work=Work.REPLACED, by="bench", failure_mode="")
        for ill in given.ills
    ]


def known(ills: Sequence[Ill]) -> list[Failure]:
    """List the faults, as what alerts may be about."""
    return [
        Failure(ill.asset, ill.begin, ill.end + AFTER, ill.end, ill.kind, "work") for ill in ills
    ]


def outcome(given: Hall, told: Told, ills: Sequence[Ill], seconds: float) -> Outcome:
    """Work out the figures."""
    found = figures(told, known(ills))
    aside = [one for one in told.episodes if one.group.startswith(SENSOR)]
    astray = len(false_alerts(aside, known(ills))) / found.months if found.months else 0.0
    about = {ill: _about(ill, told.episodes) for ill in ills}
    wears = [ill for ill in ills if ill.wears]
    leads = [(ill.end - about[ill][0].began) / DAY for ill in wears if about[ill]]
    early = sum(lead >= LEAD / DAY for lead in leads)
    firsts = [(ill, some[0]) for ill, some in about.items() if some]
    named = sum(given.truth(ill) in _blamed(alert)[:FIRST] for ill, alert in firsts)
    grown = [ill for ill in ills if not ill.wears and not ill.channel]
    held = sum(_held(ill, about[ill]) for ill in grown)
    others = sum(bool(about[ill]) for ill in ills if not ill.wears)
    return Outcome(
        ((found.rate or 0.0) + astray) * PER_MONTH,
        astray * PER_MONTH,
        found.months,
        _share(early, len(wears)),
        len(wears),
        _share(early + others, len(ills)),
        median(leads) if leads else 0.0,
        _share(named, len(firsts)),
        _share(sum(_apart(*one) for one in firsts), len(firsts)),
        len(firsts),
        _share(held, len(grown)),
        seconds,
        told.readings,
    )


def _about(ill: Ill, alerts: Sequence[Episode]) -> list[Episode]:
    """List the alerts that began while a fault was there, the first first."""
    found = [
        alert
        for alert in alerts
        if alert.asset == ill.asset
        and ill.begin <= alert.began < ill.end
        and mended_by_work(alert.group)
    ]
    return sorted(found, key=lambda alert: alert.began)


def _apart(ill: Ill, alert: Episode) -> bool:
    """Tell whether a sensor's fault was told as a sensor's, and a machine's as a machine's."""
    return alert.group.startswith(SENSOR) == bool(ill.channel)


def _blamed(alert: Episode) -> tuple[str, ...]:
    return (alert.group.removeprefix(SENSOR),) if alert.group.startswith(SENSOR) else alert.channels


def _held(ill: Ill, alerts: Sequence[Episode]) -> bool:
    """Tell whether a fault was alarmed for most of its thirtieth day; two at once count once."""
    end = ill.begin + HELD
    told, stood = end - DAY, 0
    for alert in alerts:  # in order of their beginning
        last = end if alert.ended is None else min(alert.ended, end)
        stood += max(last - max(alert.began, told), 0)
        told = max(told, last)
    return stood > DAY // 2


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")
