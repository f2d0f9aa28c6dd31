"""Findings in words: what a rule, the sensor watch and the silence watch have to say."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.alert import Evidence
from core.clock import Instant, Span
from core.plant import Asset, Channel, RuleSpec, Severity
from service.finding import BEHIND, DATA, NEW_REGIME, SENSOR, SILENT, Finding
from service.lengths import length
from service.sensors import FAULTS
from service.words import channel_sentence, local_time, quantity, summary, title

HOW_TO_ANSWER = (
    "If it is healthy so, record work on it as repaired: it is then learned anew as it runs now."
)
_SENSOR_WORDS = {
    "stuck": ("stands still", "has given exactly {value} while the machine's other readings moved"),
    "jumpy": ("jumps", "changes faster than it can; its last reading was {value}"),
    "silent": ("is missing", "is no longer delivered; it was last {value}"),
    "bad": ("is bad", "is bad, as the device itself says; its last good value was {value}"),
}
_LIES = {
    "drift": (
        "drifts",
        "has slowly gone where no other reading has gone with it; it shows {value}",
    ),
    "bias": ("is off", "has gone off at once, and no other reading has; it shows {value}"),
    "noise": ("is restless", "scatters more than it did, and no other reading does"),
    "spikes": ("spikes", "again and again shows what lasts for one reading; it shows {value}"),
    "gaps": ("has gaps", "is missing from many readings that carry the others"),
    "swapped": ("is exchanged", "shows what {mate} should, and {mate} what it should"),
}
_AGREES = "the sensor agrees with the other readings again"
_FOLLOWED = "other readings have gone with it: it is the machine"
_UNLEARNED = (
    "it was found by what was learned since the work, and that is forgotten: the work did not"
    " restore the machine"
)
_WITHOUT_IT = "The machine is judged without it."
_BY_HAND = (
    "Compare the reading with one by hand; then check the sensor, its cable, its mounting.",
)
_LESS_SURE = {"high": "fair", "fair": "low"}
_NEVER_GOOD = ("is bad", "is bad, as the device itself says; it has had no good value yet")


def rule_on(
    asset: Asset, rule: RuleSpec, at: Instant, evidence: Evidence, *, catching_up: bool
) -> Finding:
    """Say that a rule came on."""
    return Finding(
        asset=asset.id,
        group=rule.group,
        rule=rule.name,
        on=True,
        at=at,
        severity=rule.severity,
        title=title(asset, rule, evidence),
        summary=summary(evidence),
        evidence=evidence,
        catching_up=catching_up,
    )


def rule_off(asset: Asset, rule: RuleSpec, at: Instant, *, catching_up: bool) -> Finding:
    """Say that a rule's condition has returned."""
    why = "the score is back below its line"
    return Finding(asset.id, rule.group, rule.name, False, at, why=why, catching_up=catching_up)


def unlearned(asset: Asset, group: str, rule: str, at: Instant, *, catching_up: bool) -> Finding:
    """Say that a condition was found by what is forgotten, since work did not restore a machine."""
    return Finding(asset.id, group, rule, False, at, why=_UNLEARNED, catching_up=catching_up)


def sensor(
    asset: Asset,
    channel: Channel,
    fault: int,
    last: float,
    at: Instant,
    *,
    on: bool,
    catching_up: bool,
    evidence: Evidence | None = None,
) -> Finding:
    """Say that a sensor is not believable, or is again."""
    name = FAULTS[fault]
    short, long = _SENSOR_WORDS[name] if math.isfinite(last) else _NEVER_GOOD
    said = long.format(value=quantity(last, channel.unit))
    return Finding(
        asset=asset.id,
        group=SENSOR + channel.name,
        rule=name,
        on=on,
        at=at,
        severity=Severity.WARNING,
        title=f"{asset.label}: sensor not believable, {channel.label} {short}" if on else "",
        summary=f"{_capital(channel.label)} {said}. {_WITHOUT_IT}" if on else "",
        why="" if on else "the sensor is believable again",
        evidence=evidence if on else None,
        catching_up=catching_up,
    )


@dataclass(frozen=True, slots=True)
class Lie:
    """What the crosscheck found of a sensor: kind, what it showed, whom it is exchanged with.

    `machine` tells of one that ends since other signs of a failure mode have followed it.
    """

    kind: str
    said: float
    mate: Channel | None = None
    machine: bool = False


def lie(
    asset: Asset,
    channel: Channel,
    found: Lie,
    at: Instant,
    evidence: Evidence,
    *,
    on: bool,
    catching_up: bool,
) -> Finding:
    """Say that a sensor departs from what the machine's other channels imply, or no longer does."""
    short, long = _LIES[found.kind]
    value = quantity(found.said, channel.unit) if math.isfinite(found.said) else "nothing"
    said = long.format(value=value, mate="" if found.mate is None else found.mate.label)
    return Finding(
        asset=asset.id,
        group=SENSOR + channel.name,
        rule=found.kind,
        on=on,
        at=at,
        severity=Severity.WARNING,
        title=f"{asset.label}: sensor not believable, {channel.label} {short}" if on else "",
        summary=f"{_capital(channel.label)} {said}. {_WITHOUT_IT}" if on else "",
        why="" if on else _FOLLOWED if found.machine else _AGREES,
        evidence=replace(evidence, actions=_BY_HAND) if on else None,
        catching_up=catching_up,
    )


def sensed(
    asset: Asset,
    rule: RuleSpec,
    channel: Channel,
    at: Instant,
    evidence: Evidence,
    *,
    catching_up: bool,
) -> Finding:
    """Say that a rule came on by one channel alone, which its sensor explains better."""
    mine = [one for one in evidence.channels if one.channel == channel.name]
    said = channel_sentence(mine[0]) if mine else ""
    why = "No other reading has gone with it, as in a fault of the machine they would."
    advice = "Compare it with a reading by hand before the machine is opened."
    return Finding(
        asset=asset.id,
        group=SENSOR + channel.name,
        rule=rule.name,
        on=True,
        at=at,
        severity=Severity.WARNING,
        title=f"{asset.label}: sensor not believable, {channel.label} departs alone",
        summary=f"{said} {why} {advice}".strip(),
        evidence=replace(evidence, candidates=(), actions=_BY_HAND),
        catching_up=catching_up,
    )


def unsensed(
    asset: Asset,
    rule: RuleSpec,
    channel: Channel,
    at: Instant,
    *,
    machine: bool,
    catching_up: bool,
) -> Finding:
    """Say that a channel no longer departs alone."""
    why = f"{_FOLLOWED}, which has a case of its own"
    if not machine:
        why = "the reading is back where it should be, or its sensor is judged otherwise"
    group = SENSOR + channel.name
    return Finding(asset.id, group, rule.name, False, at, why=why, catching_up=catching_up)


def handed_over(found: Finding) -> Finding:
    """Say of a machine's case that ends that it was the sensor."""
    return replace(found, why="it was the sensor, which has a case of its own")


def qualified(
    found: Finding, without: Sequence[str], doubted: Sequence[str] = (), *, alone: bool
) -> Finding:
    """Add to a machine's finding how far its sensors can be trusted.

    `without` are the channels that it is judged without, `doubted` those with a case of their
    sensor that it is told by all the same; `alone` is whether only one departs.
    """
    said, evidence = found.summary, found.evidence
    if doubted:
        names = " and ".join(doubted)
        said += f" {_capital(names)}: its sensor is doubted, so compare it with one by hand first."
    if alone:
        said += " No other reading shows it yet: check that sensor as well."
    if without:
        names = " and ".join(without)
        said += f" Judged without {names}, whose sensor is not believed, so less sure."
    if (alone or without or doubted) and evidence is not None:
        lower = _LESS_SURE.get(evidence.confidence, evidence.confidence)
        evidence = replace(evidence, confidence=lower)
    return replace(found, summary=said, evidence=evidence)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def silent(asset: Asset, at: Instant, last: Instant | None, after: Span, zone: str) -> Finding:
    """Say that an asset cannot be judged because nothing comes from it."""
    since = "it has never been heard" if last is None else f"no data since {local_time(last, zone)}"
    return Finding(
        asset=asset.id,
        group=DATA,
        rule=SILENT,
        on=True,
        at=at,
        title=f"{asset.label}: cannot judge, {since}",
        summary=f"Nothing to judge by has come for {length(after)} while the connection stood.",
    )


def heard(asset: Asset, at: Instant) -> Finding:
    """Say that an asset is heard again."""
    return Finding(asset.id, DATA, SILENT, False, at, why="data arrives again")


def there(asset: Asset, at: Instant) -> Finding:
    """Say that an asset that sends only what changes is not silent, since its device is there."""
    why = "its device is there, and sends only what changes"
    return Finding(asset.id, DATA, SILENT, False, at, why=why)


def behind(asset: Asset, at: Instant, lag: Span) -> Finding:
    """Say that an asset's readings stay old: not a backlog, but a clock or a slow way."""
    return Finding(
        asset=asset.id,
        group=DATA,
        rule=BEHIND,
        on=True,
        at=at,
        title=(
            f"{asset.label}: its clock is {length(lag)} behind ours, "
            "or its data is delayed that long"
        ),
        summary=(
            f"Its readings carry times of {length(lag)} before they come, and do not catch up. "
            "Check its clock, the clock of this box, and the way between. The machine is judged "
            "as readings come, by the times that they carry."
        ),
    )


def on_time(asset: Asset, at: Instant) -> Finding:
    """Say that an asset's readings are of now again."""
    return Finding(asset.id, DATA, BEHIND, False, at, why="its readings are of now again")


def new_regime(words: str, asset: Asset, at: Instant, *, late: bool) -> Finding:
    """Say that an asset cannot be judged because it runs as it never did while it was learned."""
    return Finding(
        asset=asset.id,
        group=DATA,
        rule=NEW_REGIME,
        on=True,
        at=at,
        severity=Severity.INFO,
        title=f"{asset.label}: cannot judge, new regime: {words}",
        summary=(
            f"Either it runs at a new load, or a fault has moved what tells loads apart: {words}."
            " Nothing learned says what is usual there; fixed limits still hold. Once it has run so"
            " for as long as the first learning took, and nothing is found against it, this will"
            " be learned too."
        ),
        catching_up=late,
    )


def doubted_regime(
    moved: str, words: str, refused: bool, asset: Asset, at: Instant, *, late: bool
) -> Finding:
    """Warn of a regime that has been new for long: `moved` with it, or it is not learned."""
    along = f" With it moved: {moved}." if moved else ""
    learned = (
        "It is not learned, since a fault may have done this."
        if refused
        else "It will be learned once it has lasted and nothing is found against it."
    )
    return Finding(
        asset=asset.id,
        group=DATA,
        rule=NEW_REGIME,
        on=True,
        at=at,
        severity=Severity.WARNING,
        title=f"{asset.label}: new load or fault, not judged for a day or more: {words}",
        summary=(
            f"Either it runs at a new load, or a fault has moved what tells loads apart: {words}."
            f"{along} {learned} Look at the machine. {HOW_TO_ANSWER}"
        ),
        why=f"{learned}{along}",
        catching_up=late,
        passing=refused,
    )


def known_regime(number: int | None, asset: Asset, at: Instant, *, late: bool) -> Finding:
    """Say that an asset can be judged again; `number` is the regime's that was learned for it."""
    why = "it runs as it was learned again"
    if number is not None:
        why = f"learned as regime {number}: it has run so for long and nothing was found against it"
    return Finding(asset.id, DATA, NEW_REGIME, False, at, why=why, catching_up=late)
