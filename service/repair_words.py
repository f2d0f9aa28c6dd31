"""What repairs came to, in words, and as a case where one did not restore its machine."""

from __future__ import annotations

from collections.abc import Iterator

from core.alert import Evidence
from core.life import CannotSay
from core.plant import Plant, Severity
from models.repair_verdict import FEWEST, HEALTHY, Repair
from models.running_hours import NEWEST
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
    """Say after how much running a verdict was given: no more hours than are kept are counted."""
    return f"after {hours} hours of running{' or more' if hours >= NEWEST else ''}"


def why_words(reason: str, known: float) -> str:
    """Say why work cannot be judged, and what it takes; `known` hours were seen before the work.

    NaN stands where it is not hours that are wanting, or where it is not known how many.
    """
    if known == known:  # noqa: PLR0124 - not NaN
        return _COUNTED.get(reason, _WHY[reason]).format(known=int(known))
    return _WHY[reason]


def then_words(repair: Repair | None, reason: str, *, replaced: bool, given: bool) -> str:
    """Say what follows from what the newest work came to; None stands where that is not known.

    `reason` is then why not; `given` tells that the healthy level is configured.
    """
    if repair is Repair.NOT_RESTORED:
        return (
            "Nothing is learned from how it runs now until it is judged to be restored, or newer"
            " work is recorded that is on this failure mode or names none."
        )
    if repair is Repair.PARTLY:
        return (
            "Health goes on by the healthy level from before the work, so it is not full again;"
            " alerts take how it runs now as usual."
        )
    if repair is Repair.RESTORED:
        level = "level at which it has run since" if replaced else "healthy level from before"
        return _GIVEN if given else f"Health goes on by the {level} the work."
    return " ".join(
        one
        for one in (
            "This work is not judged again.",
            _unjudged(reason, replaced=replaced, given=given),
            "Alerts take how the machine runs now as usual: make sure that it is healthy.",
        )
        if one
    )


def _unjudged(reason: str, *, replaced: bool, given: bool) -> str:
    """Say by what health goes on after work that cannot be judged; nothing where there is none."""
    if reason == "no_threshold":
        return ""
    if given:
        return _GIVEN
    if replaced and reason != "too_wide":
        return "Health takes how it has run since the work as healthy."
    return (
        "Health goes on by the healthy level from before the work, or, where that was not known,"
        " takes how it has run since as healthy."
    )


_GIVEN = "Health goes on by the healthy level that is configured."


_BEFORE = (
    f"only {{known}} of {FEWEST} hours of running that it takes were seen before the work, so how"
    " it then was is not known"
)
_COUNTED = {
    "learning": (
        f"only {{known}} of {HEALTHY} hours of healthy running that it takes were seen before the"
        " work; the last hours before it count as the trouble, not as healthy"
    ),
    "too_short": _BEFORE,
    "no_threshold": (
        "its healthy level is where its end-of-life threshold is, so there is no way between them"
        " to measure on; it takes a right `healthy` and `end` under `health` of its class"
    ),
}
_WHY = {
    "no_threshold": (
        "no end-of-life threshold is set for it in the configuration, and what work brings back is"
        " measured on the way there; that says nothing about the work. It takes `end` under"
        " `health` of its class"
    ),
    "learning": (
        "its healthy level was not known yet when the work was done: it takes as many readings of"
        " healthy running before work as `min_rows` under `health` of its class says"
    ),
    "too_short": "too few hours of running were seen before the work",
    "not_falling": (
        "nothing was to be seen of the trouble before the work, so there is nothing that the work"
        " could be seen to bring back"
    ),
    "too_wide": "too close to call between restored, partly restored and not restored",
}
"""Why work cannot be judged, by reason; `_COUNTED` where it is known how many hours there were."""


def percent(sure: float) -> str:
    """Write how sure a verdict is."""
    return "over 99 %" if sure > 0.99 else f"{round(100 * sure)} %"


def mode_title(asset: str, failure_mode: str, plant: Plant) -> str:
    """Name a failure mode as people know it."""
    known = {one.name: one.title for one in plant.class_of(asset).failure_modes}
    return known.get(failure_mode) or failure_mode.replace("_", " ").capitalize()


def verdict_findings(repair: RepairJudged, plant: Plant) -> Iterator[Finding]:
    """Open a case where work did not restore a machine, and let it return once it has."""
    given = (repair.asset, REPAIR, repair.failure_mode)
    if repair.lifted:
        why = f"the machine has come to be restored: {verdict_words(repair, plant)}"
        yield Finding(*given, False, repair.at, why=why, catching_up=repair.catching_up)
    elif repair.failed:
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
