"""What the page shows of work on a machine: what was done, and what it came to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from core.alert import Alert, Change, Transition
from core.casefile import CaseFile
from core.clock import Instant, iso
from core.plant import Plant
from models.repair_verdict import Repair
from service.finding import of_machine
from service.page_view import Moment, moment_of
from service.repair_record import Entry, recorded
from service.words import timezone_of

MOST = 10
"""So many works are shown."""


@dataclass(frozen=True, slots=True)
class Done:
    """One work: what, by whom, the fault found, a note, and what it came to; `bad` marks failure.

    Where that is not known yet, `waits`.
    """

    at: Moment
    what: str
    by: str
    note: str
    verdicts: tuple[tuple[str, bool], ...]
    waits: bool


def works(asset: str, plant: Plant, casefile: CaseFile, now: Instant) -> list[Done]:
    """Lay out the latest work on a machine, newest first."""
    zone = timezone_of(asset, plant)
    titles = {mode.name: mode.title or mode.name for mode in plant.class_of(asset).failure_modes}
    found = recorded(casefile.work(asset, MOST), plant, casefile)
    return [_done(entry, titles, zone, now) for entry in found]


def of_case(
    alert: Alert, history: Iterable[Transition], plant: Plant, casefile: CaseFile, now: Instant
) -> list[Done]:
    """Lay out the work that was recorded on a case of a machine, newest first."""
    if not of_machine(alert.group) or alert.asset not in plant.assets:
        return []
    at = {iso(step.at) for step in history if step.change is Change.WORK_RECORDED}
    return (
        [one for one in works(alert.asset, plant, casefile, now) if one.at.iso in at] if at else []
    )


def _done(entry: Entry, titles: dict[str, str], zone: str, now: Instant) -> Done:
    work = entry.work
    fault = titles.get(work.failure_mode, work.failure_mode)
    what = work.work.value.capitalize() + (
        f", {fault[:1].lower()}{fault[1:]} found" if fault else ""
    )
    what += ", as planned" if work.routine else ", had failed" if work.failed else ""
    verdicts = tuple((one.words, one.repair is Repair.NOT_RESTORED) for one in entry.verdicts)
    return Done(moment_of(work.at, zone, now), what, work.by, work.note, verdicts, entry.waits)
