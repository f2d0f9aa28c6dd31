"""Findings in words: what a rule, the sensor watch and the silence watch have to say."""

from __future__ import annotations

import math

from core.alert import Evidence
from core.clock import Instant, Span
from core.plant import Asset, Channel, RuleSpec, Severity
from service.finding import DATA, SENSOR, Finding
from service.sensors import FAULTS
from service.words import length, local_time, quantity, summary, title

SILENT = "silent"
BEHIND = "behind"
_SENSOR_WORDS = {
    "stuck": ("stands still", "has given exactly {value} while the machine's other readings moved"),
    "jumpy": ("jumps", "changes faster than it can; its last reading was {value}"),
    "silent": ("is missing", "is no longer delivered; it was last {value}"),
    "bad": ("is bad", "is bad, as the device itself says; its last good value was {value}"),
}
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


def sensor(
    asset: Asset,
    channel: Channel,
    fault: int,
    last: float,
    at: Instant,
    *,
    on: bool,
    catching_up: bool,
) -> Finding:
    """Say that a sensor is not believable, or is again."""
    name = FAULTS[fault]
    short, long = _SENSOR_WORDS[name] if math.isfinite(last) else _NEVER_GOOD
    said = long.format(value=quantity(last, channel.unit))
    label = channel.label[:1].upper() + channel.label[1:]
    return Finding(
        asset=asset.id,
        group=SENSOR + channel.name,
        rule=name,
        on=on,
        at=at,
        severity=Severity.WARNING,
        title=f"{asset.label}: sensor not believable, {channel.label} {short}" if on else "",
        summary=f"{label} {said}. The machine is judged without it." if on else "",
        why="" if on else "the sensor is believable again",
        catching_up=catching_up,
    )


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
