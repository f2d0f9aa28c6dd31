"""Plain words: what is wrong, since when, how sure, how long it can wait and what to do."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from core.alert import Alert, AlertState, ChannelEvidence, Evidence, FailureMatch
from core.clock import HOUR, MINUTE, Instant, to_datetime
from core.life import CannotSay, LifeEstimate
from core.plant import SERVICE_ASSET, Asset, Plant, RuleSpec, Severity
from models.signature import PARTLY, WELL
from service import explanation
from service.advice import advised, as_of, in_words, to_weigh
from service.before_stop import before_stop, weekday
from service.finding import (
    BEHIND,
    CENTRE,
    DATA,
    DEVICE,
    HISTORY,
    LINK,
    NEW_REGIME,
    SENSOR,
    SITE,
    mended_by_work,
)
from service.lengths import hours
from service.similar import Similar

BASIS = " Rests on: "

_MORE_DIGITS = 4
"""So many more digits than three a number may need to be told from its neighbours."""


@dataclass(frozen=True, slots=True)
class Description:
    """A case in sentences, for the page, the terminal and messages alike."""

    title: str
    what: str
    since: str
    channels: tuple[str, ...]
    certainty: str
    wait: str
    actions: tuple[str, ...]
    kind: str = ""
    failure_modes: tuple[str, ...] = ()
    advice: str = ""


def number(value: float, *others: float | None) -> str:
    """Write a number with three digits that matter, or as many as tell it from `others`."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    least = min(9, max(0, 2 - math.floor(math.log10(abs(value)))))
    near = [other for other in others if other is not None and other != value]
    for decimals in range(least, least + _MORE_DIGITS):
        if all(round(other, decimals) != round(value, decimals) for other in near):
            break
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def quantity(value: float, unit: str, *others: float | None) -> str:
    """Write a number with its unit, told from `others`."""
    return f"{number(value, *others)} {unit}".rstrip()


def local_time(at: Instant, timezone: str) -> str:
    """Write an instant in a site's civil time, with the zone."""
    moment = to_datetime(at).astimezone(ZoneInfo(timezone))
    zone = moment.tzname() or ""
    return f"{moment:%Y-%m-%d %H:%M} {zone if zone[:1].isalpha() else timezone}"


def title(asset: Asset, rule: RuleSpec, evidence: Evidence) -> str:
    """Name a trouble of a machine in a few words; `{channel}` is the most blamed one."""
    words = rule.title or "readings outside their usual pattern"
    strongest = evidence.channels[0].label if evidence.channels else "a reading"
    return f"{asset.label}: {words.replace('{channel}', strongest)}"


def summary(evidence: Evidence) -> str:
    """Say in a sentence or two what was measured and what it points to."""
    strongest = evidence.channels[:1] + tuple(c for c in evidence.channels[1:2] if c.outside)
    said = []
    for channel in strongest:
        said += [channel_sentence(channel), explanation.course_sentence(channel, evidence)]
    said = [one for one in (*said, explanation.together(evidence)) if one]
    if evidence.matches and evidence.candidates:
        said.append(_fitting(evidence.matches))
    elif evidence.candidates:
        said.append(f"This fits {_either(evidence.candidates[:2])}.")
    return " ".join(said)


def channel_sentence(channel: ChannelEvidence) -> str:
    """Say what a channel read and what was expected."""
    name = channel.label[:1].upper() + channel.label[1:]
    if channel.value is None:
        return f"{name} was not measured."
    expected = band(channel)
    words = f"expected {expected}" if expected else "with no expectation for it alone"
    if usual(channel):
        words += f", usually {usual(channel)}"
    inside = channel.low is not None and channel.high is not None and not channel.outside
    return f"{name} is {measured(channel)}, {words}{'; its course is unusual' if inside else ''}."


def usual(channel: ChannelEvidence) -> str:
    """Write what was usual at that moment beside given lines; empty where it is not known."""
    low, high = channel.usual
    return band(replace(channel, low=low, high=high))


def measured(channel: ChannelEvidence) -> str:
    """Write what a channel read, in as many digits as tell it from its band."""
    if channel.value is None:
        return "not measured"
    return quantity(channel.value, channel.unit, channel.low, channel.high)


def band(channel: ChannelEvidence) -> str:
    """Write what was expected of a channel; empty where nothing was."""
    low, high, unit = channel.low, channel.high, channel.unit
    if low is not None and high is not None:
        return f"{number(low, channel.value)} to {quantity(high, unit, channel.value)}"
    if high is not None:
        return f"at most {quantity(high, unit, channel.value)}"
    return "" if low is None else f"at least {quantity(low, unit, channel.value)}"


def describe(alert: Alert, plant: Plant, now: Instant | None = None) -> Description:
    """Say a case in plain words; what is to come as of `now`, else as of when it moved."""
    evidence = alert.evidence
    return Description(
        title=alert.title,
        what=alert.summary,
        since=_since(alert, timezone_of(alert.asset, plant)),
        channels=tuple(_with_share(channel) for channel in evidence.channels),
        certainty=_certainty(alert),
        wait=_wait(alert, plant, as_of(alert, now)),
        actions=evidence.actions or (_default_action(alert),),
        kind=explanation.trouble(kind_of_trouble(alert)),
        failure_modes=_failure_modes(alert, plant),
        advice=in_words(advised(alert, plant, now)) if to_weigh(alert) else "",
    )


def kind_of_trouble(alert: Alert) -> str:
    """Tell the kind of deviation of a case; of a sensor's, by the rule that found it."""
    kind = alert.evidence.kind
    if kind or not alert.group.startswith(SENSOR):
        return kind
    return next((known for rule in alert.rules if (known := explanation.lie(rule))), "")


def similar_sentence(one: Similar, plant: Plant) -> str:
    """Say which past case another is like, and what was found then."""
    alert = one.alert
    asset = plant.assets.get(alert.asset)
    day = local_time(alert.opened_at, timezone_of(alert.asset, plant)).partition(" ")[0]
    label = alert.asset if asset is None else asset.label
    return f"Like the case of {day} on {label}: {outcome_words(one, plant)}."


def outcome_words(one: Similar, plant: Plant) -> str:
    """Say what was found in a past case."""
    done = one.work
    if done is None:
        return "ended without work recorded"
    known = {
        mode.name: mode.title or mode.name for mode in plant.class_of(done.asset).failure_modes
    }
    found = known.get(done.failure_mode, done.failure_mode)
    said = f"{done.work.value}, {found[:1].lower() + found[1:]} found" if found else done.work.value
    return said if found or not done.note else f"{said} ({done.note})"


def timezone_of(asset_id: str, plant: Plant) -> str:
    """Find the zone in which an asset's times are shown; the only site's where it has none."""
    asset = plant.assets.get(asset_id)
    if asset is not None and asset.site in plant.sites:
        return plant.sites[asset.site].timezone
    zones = {site.timezone for site in plant.sites.values()}
    return zones.pop() if len(zones) == 1 else "UTC"


def _failure_modes(alert: Alert, plant: Plant) -> tuple[str, ...]:
    """Say which known failure modes fit how well, or that none does."""
    evidence = alert.evidence
    if alert.group.startswith(SENSOR):
        return ()
    if evidence.matches:
        return tuple(explanation.match_sentence(one) for one in evidence.matches)
    asset = plant.assets.get(alert.asset)
    judged = evidence.channels and not evidence.candidates and mended_by_work(alert.group)
    known = asset is not None and plant.class_of(alert.asset).failure_modes
    return (explanation.NO_MATCH,) if judged and known else ()


def _fitting(matches: Sequence[FailureMatch]) -> str:
    """Say which failure modes fit well; where none does, which fit partly."""
    well = [one.title for one in matches if one.fit >= WELL]
    partly = [one.title for one in matches if one.fit >= PARTLY]
    return (
        f"This fits {_either(well[:2])}." if well else f"In part this fits {_either(partly[:2])}."
    )


def _either(names: Sequence[str]) -> str:
    return " or ".join(name[:1].lower() + name[1:] for name in names)


def _with_share(channel: ChannelEvidence) -> str:
    return f"{channel_sentence(channel)[:-1]} ({round(100 * channel.share)} % of the blame)."


def _since(alert: Alert, timezone: str) -> str:
    began = local_time(alert.opened_at, timezone)
    if alert.ended_at is not None:
        return f"{began}, ended {local_time(alert.ended_at, timezone)}"
    if alert.state is AlertState.RETURNED and alert.returned_at is not None:
        return f"{began}, back to normal since {local_time(alert.returned_at, timezone)}"
    return began


def _certainty(alert: Alert) -> str:
    evidence = alert.evidence
    if _only_rule(alert) == NEW_REGIME:
        return "Certain that it runs as it never did while learned; not whether that is a fault."
    if not mended_by_work(alert.group):
        return "Certain: this is about the data, not a judgement of the machine."
    if evidence.score is None:
        return "Fairly sure: seen over many readings."
    level = {"high": "Quite sure", "fair": "Fairly sure"}.get(evidence.confidence, "Not sure")
    said = f"{level}: the score is {number(evidence.score)}, where 1 is the alarm line"
    if len(alert.rules) > 1:
        said += f", and {len(alert.rules)} rules agree"
    return f"{said}."


def _wait(alert: Alert, plant: Plant, now: Instant) -> str:
    life = alert.evidence.life
    if not mended_by_work(alert.group):
        return _meanwhile(alert)
    if alert.group.startswith(SENSOR):
        return "The machine is watched by its other channels meanwhile."
    if life is None:
        return "Cannot say: no remaining-life model is set up for this class."
    if isinstance(life, CannotSay):
        return f"Cannot say: {life.words}"
    return life_sentence(life, plant, now)


def _meanwhile(alert: Alert) -> str:
    """Say what a trouble of the data or of the service means until it is mended."""
    if alert.group == HISTORY:
        return "As long as the journal has room. Machines are judged meanwhile."
    if _nobodys(alert):
        return "As long as you like. The machines of the plant are judged meanwhile."
    if _about_link(alert):
        return "Machines are judged at their site meanwhile, and what waits is kept there."
    if _only_rule(alert) == NEW_REGIME:
        learned = "work on it is recorded" if _doubted(alert) else "this is learned"
        return f"Only fixed limits watch the machine until it runs as before, or {learned}."
    if _only_rule(alert) == BEHIND:
        return "The machine is judged as its readings come, by the times that they carry."
    return "Until it is mended, nothing can be judged by what is missing."


def life_sentence(life: LifeEstimate, plant: Plant, now: Instant | None = None) -> str:
    """Say how long a machine lasts and what that rests on, or why that cannot be said."""
    left = life.remaining
    if isinstance(left, CannotSay):
        return f"Cannot say: {left.words}"
    earliest = "now" if left.p05 * HOUR < MINUTE else hours(left.p05)
    if left.p50 * HOUR < MINUTE:
        return f"Its end is due now; 19 in 20 within {hours(left.p95)}.{BASIS}{life.basis}"
    used = life.usage
    about = hours(left.p50)
    if used is not None:
        about = f"{quantity(used.p50, used.unit)}, that is {about} at its present duty,"
    return (
        f"About {about} are left; 9 in 10 chance of between "
        f"{earliest} and {hours(left.p95)}.{_stop_sentence(life, plant, now)}{BASIS}{life.basis}"
    )


def _stop_sentence(life: LifeEstimate, plant: Plant, now: Instant | None) -> str:
    """Say how likely a machine fails before the next planned stop; empty where none is planned."""
    found = before_stop(life, plant, now)
    if found is None:
        return ""
    begins = local_time(found.at, found.stop.timezone)
    return (
        f" Fails before the stop on {weekday(found)} ({found.stop.name}, {begins}): {found.words}."
    )


def basis_apart(said: str) -> tuple[str, str]:
    """Part what is said of a life from what that rests on."""
    words, _, basis = said.partition(BASIS)
    return words, basis


_ACTIONS = {
    DATA: "Check the machine's gateway, its network and its power.",
    HISTORY: "Bring the telemetry store back, or mend what it says.",
    LINK: "Check the broker and the network between it and this box.",
}


_RULE_ACTIONS = {
    BEHIND: "Check the machine's clock, the clock of this box, and the way between.",
    NEW_REGIME: (
        "If its load was changed on purpose, do nothing. If nobody changed it, inspect the machine."
    ),
}
_DOUBTED = (
    "Look at the machine. If it is healthy as it runs now, record work on it as repaired: "
    "it is then learned anew."
)
"""What to do where a case about data rests on one of these rules alone."""


def _about_link(alert: Alert) -> bool:
    """Tell whether a case is about the link between a site and its centre."""
    return alert.group.startswith(SITE) or alert.group == CENTRE


_FROM_OUTSIDE = "See under Messages who reports; an engineer accepts it into the plant or stops it."
"""What to do about messages that are of no asset of the plant."""


def _nobodys(alert: Alert) -> bool:
    """Tell whether a case is about messages that belong to no asset."""
    refused = any(rule.startswith("refused") for rule in alert.rules)
    return refused and alert.group == DATA and alert.asset == SERVICE_ASSET


def _doubted(alert: Alert) -> bool:
    """Tell whether a new regime has lasted so long that a person is asked."""
    return _only_rule(alert) == NEW_REGIME and alert.severity is not Severity.INFO


def _only_rule(alert: Alert) -> str | None:
    """Name the rule that a case rests on, where it is one."""
    rules = alert.active or alert.rules
    return rules[0] if len(rules) == 1 else None


def _default_action(alert: Alert) -> str:
    known = _FROM_OUTSIDE if _nobodys(alert) else _ACTIONS.get(alert.group)
    if _doubted(alert):
        known = _DOUBTED
    elif alert.group == DATA and (alone := _only_rule(alert)) is not None:
        known = _RULE_ACTIONS.get(alone, known)
    if known is not None:
        return known
    if _about_link(alert):
        return "Check the link between site and centre, and the power at its other end."
    if alert.group.startswith(DEVICE):
        return "Check the device, its power and its network."
    if alert.group.startswith(SENSOR):
        return "Check the sensor, its cable and its mounting."
    if mended_by_work(alert.group):
        return "Inspect the machine, and record what was found."
    return "Read the summary; no machine needs attention."
