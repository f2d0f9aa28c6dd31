"""The page's own words: states, kinds and changes of cases, ages, and the language of a text."""

from __future__ import annotations

import unicodedata
from collections import Counter

from core.alert import Alert, AlertState, Change, Transition
from core.casefile import Status
from core.clock import DAY, HOUR, MINUTE, SECOND, Instant, Span
from core.life import CannotSay, LifeEstimate
from core.plant import SERVICE_ASSET, AssetClass, Place, Plant, Severity
from service.before_stop import before_stop, weekday
from service.finding import SENSOR, mended_by_work
from service.lengths import hours
from service.words import quantity

SEVERITIES = {Severity.CRITICAL: "Critical", Severity.WARNING: "Warning", Severity.INFO: "Notice"}

STATES = {
    AlertState.UNACKNOWLEDGED: "Not acknowledged",
    AlertState.ACKNOWLEDGED: "Acknowledged",
    AlertState.RETURNED: "Back to normal, not acknowledged",
    AlertState.NORMAL: "Ended",
}

KINDS = {
    "machine": "Machine",
    "sensor": "Sensor not believable",
    "data": "Cannot judge",
    "service": "About this service",
}

CHANGES = {
    Change.OPENED: "Case opened",
    Change.RULE_ADDED: "Another rule agrees",
    Change.SEVERITY_RAISED: "Became more urgent",
    Change.ACKNOWLEDGED: "Acknowledged",
    Change.RETURNED: "Condition went back to normal",
    Change.CAME_BACK: "Condition came back",
    Change.ENDED: "Case ended",
    Change.WORK_RECORDED: "Work recorded",
    Change.NOTE: "Note",
    Change.REPAIR_JUDGED: "Work judged",
}

_RESTING = frozenset({"off", "idle", "starting"})
_SCRIPTS = {"ARABIC": "ur", "CJK": "zh"}


def kind_of(alert: Alert) -> str:
    """Tell machine, sensor, data and service cases apart."""
    if alert.group.startswith(SENSOR):
        return "sensor"
    if mended_by_work(alert.group):
        return "machine"
    return "service" if alert.asset.partition("@")[0] == SERVICE_ASSET else "data"


def heading(alert: Alert, label: str) -> str:
    """Shorten a case's title where the machine's name stands beside it anyway."""
    text = alert.title.removeprefix(f"{label}: ")
    return text[:1].upper() + text[1:]


def reason(step: Transition, label: str) -> str:
    """Say why a case moved, without what stands beside it anyway: the machine, and who."""
    if step.why in {f"{verb} by {step.by}" for verb in ("acknowledge", "end", "note")}:
        return ""
    text = step.why.removeprefix(f"{label}: ")
    return text[:1].upper() + text[1:]


def place(asset_id: str, plant: Plant) -> str:
    """Say where an asset stands: its site and area."""
    asset = plant.assets.get(asset_id)
    if asset is None:
        return ""
    site = plant.sites.get(asset.site)
    return f"{(site and site.title) or asset.site} · {asset.area}"


def ago(span: Span) -> str:
    """Say how long ago something was, in its largest fitting unit; the script says it alike."""
    if span < 5 * SECOND:
        return "just now"
    for size, word, most in ((SECOND, "s", 90), (MINUTE, "min", 90), (HOUR, "h", 48)):
        if span < most * size:
            return f"{span // size} {word} ago"
    return f"{span // DAY} days ago"


def tongue(text: str) -> str:
    """Guess a text's language from its letters, for screen readers and fonts; empty for Latin."""
    letters = [unicodedata.name(sign, "").partition(" ")[0] for sign in text if sign.isalpha()]
    if not letters:
        return ""
    script, count = Counter(letters).most_common(1)[0]
    return _SCRIPTS.get(script, "") if 2 * count > len(letters) else ""


def judgement(status: Status | None) -> str:
    """Say whether a machine is judged, and if not, why."""
    if status is None:
        return "Cannot judge: no data yet"
    if status.judged:
        return f"Judged, {status.why}" if status.why else "Judged"
    if status.why in _RESTING:
        return f"Not judged while {status.why}"
    return f"Cannot judge: {status.why}" if status.why else "Cannot judge"


def judged_elsewhere(status: Status | None, where: Place) -> str:
    """Say how a machine stands that is judged at the centre, or at its site."""
    if where is Place.CENTRE:
        return "Judged at the centre"
    if status is None:
        return "Judged at its site, which has not told yet"
    said = judgement(status)
    return f"At its site: {said[:1].lower()}{said[1:]}"


def mode(status: Status | None, *, old: bool) -> str:
    """Say what a machine is doing, or was when it was last heard."""
    if status is None or status.mode == "unknown":
        return "unknown"
    return f"was {status.mode}" if old else status.mode


def blind(status: Status | None) -> bool:
    """Tell whether a machine cannot be judged although it should be."""
    resting = status is not None and (status.why in _RESTING or status.why.startswith("learning"))
    return not (resting or (status is not None and status.judged))


def quality(status: Status | None) -> str:
    """Say how many values were not good by the device's own word; empty where none was."""
    counts = {} if status is None else status.counts
    marked = [(counts.get(f"{mark} quality", 0), mark) for mark in ("bad", "uncertain")]
    said = ", ".join(f"{count:,} {mark}" for count, mark in marked if count)
    return f"Values marked by the device: {said}" if said else ""


def life_left(
    life: LifeEstimate | CannotSay | None,
    asset_class: AssetClass,
    plant: Plant | None = None,
    now: Instant | None = None,
) -> str:
    """Say remaining life in a few words, or why there is none; with the next stop of `plant`."""
    if life is None:
        if asset_class.health is None:
            return "Cannot say: no model is set up for this class"
        return "Cannot say yet: nothing measured"
    left = life if isinstance(life, CannotSay) else life.remaining
    if isinstance(left, CannotSay):
        return f"Cannot say: {left.words}"
    stop = None if plant is None else before_stop(life, plant, now)
    then = f"; fails before {weekday(stop)}'s stop: {stop.words}" if stop else ""
    if left.p50 * HOUR < MINUTE:
        return "Its end is due now"
    used = life.usage if isinstance(life, LifeEstimate) else None
    about = "" if used is None else f"{quantity(used.p50, used.unit)}, "
    about = f"About {about}{hours(left.p50)}"
    if left.p05 * HOUR < MINUTE:
        return f"{about} (at most {hours(left.p95)}){then}"
    return f"{about} ({hours(left.p05)} to {hours(left.p95)}){then}"
