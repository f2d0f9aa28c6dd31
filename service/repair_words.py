"""What repairs came to, in words, and as a case where one did not restore its machine."""

from __future__ import annotations

from collections.abc import Iterator

from core.alert import Evidence
from core.life import CannotSay
from core.plant import Plant, Severity
from models.repair_verdict import Repair, RepairVerdict
from service.finding import REPAIR, Finding, RepairJudged
from service.words import local_time, timezone_of

AGAIN = "Look at the machine again, and record the work that mends it."


def verdict_words(repair: RepairJudged, plant: Plant) -> str:
    """Say what work came to: by which failure mode, before and after, how sure, after how long."""
    said, mode = repair.said, mode_title(repair.asset, repair.failure_mode, plant)
    if isinstance(said, CannotSay):
        return f"{mode}: cannot say, {after_words(repair.hours)}: {said.words}"
    return f"{mode}: {said.words}; {percent(said.sure)} sure, {after_words(repair.hours)}"


def after_words(hours: int) -> str:
    """Say after how much running a verdict was given."""
    return f"after {hours} hours of running"


def percent(sure: float) -> str:
    """Write how sure a verdict is."""
    return "over 99 %" if sure > 0.99 else f"{round(100 * sure)} %"


def mode_title(asset: str, failure_mode: str, plant: Plant) -> str:
    """Name a failure mode as people know it."""
    known = {one.name: one.title for one in plant.class_of(asset).failure_modes}
    return known.get(failure_mode) or failure_mode.replace("_", " ").capitalize()


def verdict_findings(repair: RepairJudged, plant: Plant) -> Iterator[Finding]:
    """Open a case where work did not restore a machine, and let it return once it has."""
    said, given = repair.said, (repair.asset, REPAIR, repair.failure_mode)
    if repair.lifted:
        why = f"the machine has come to be restored: {verdict_words(repair, plant)}"
        yield Finding(*given, False, repair.at, why=why, catching_up=repair.catching_up)
    elif isinstance(said, RepairVerdict) and said.repair is Repair.NOT_RESTORED:
        label = plant.assets[repair.asset].label
        when = local_time(repair.work_at, timezone_of(repair.asset, plant))
        yield Finding(
            *given, True, repair.at, Severity.WARNING,
            title=f"{label}: the work did not restore it",
            summary=(
                f"{verdict_words(repair, plant)}, since the work of {when}. Health and remaining "
                "life go on by the healthy level from before it, and nothing is learned from how "
                "it runs now."
            ),
            evidence=Evidence(repair.at, REPAIR, None, actions=(AGAIN,), life=repair.life),
            catching_up=repair.catching_up,
        )  # fmt: skip
    else:
        why = f"judged anew since the work: {verdict_words(repair, plant)}"
        yield Finding(*given, False, repair.at, why=why, catching_up=repair.catching_up)
