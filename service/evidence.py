"""Evidence: what a finding rests on, gathered from a row and a detector's verdict on it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from core.alert import ChannelEvidence, Evidence, FailureMatch
from core.clock import Instant
from core.deviation import Kind
from core.life import CannotSay, LifeEstimate
from core.plant import AssetClass, Channel, FailureMode, Mode, RuleSpec
from core.readings import Floats
from models.detector import Round, Scored
from models.deviation import Deviation, deviations, overall
from models.recent import Past
from models.signature import PARTLY, WELL, Match, Seen, matches

MOST_CHANNELS = 5
MOST_MATCHES = 4
LEAST_SHARE = 0.05

_UNKNOWN = Deviation(None, math.nan)


def gather(
    asset_class: AssetClass,
    rule: RuleSpec,
    rows: Round,
    row: int,
    verdict: Scored,
    life: LifeEstimate | CannotSay | None,
    past: Past | None = None,
    usual: Scored | None = None,
) -> Evidence:
    """Gather the evidence of one row for a rule that came on.

    `past` leads up to and with it; `usual` has the bands of healthy running, where they are others.
    """
    blame, low, high = verdict.blame[row], verdict.low[row], verdict.high[row]
    values = (rows.values if verdict.values is None else verdict.values)[row]
    score = float(verdict.value[row])
    blamed = _blamed(blame)
    known = asset_class.channels
    found = [_UNKNOWN] * len(known) if past is None else deviations(past)
    kind = None if past is None else overall(past, found, blamed)
    channels = tuple(
        _channel(known[k], values[k], low[k], high[k], blame[k], found[k]) for k in blamed
    )
    if usual is not None:
        bands = [(_number(usual.low[row, k]), _number(usual.high[row, k])) for k in blamed]
        channels = tuple(
            replace(one, usual=band) for one, band in zip(channels, bands, strict=True)
        )
    outside = {one.channel: _outside(one) for one in channels}
    seen = {
        each.name: _seen(found[k], float(blame[k]), outside.get(each.name, 0))
        for k, each in enumerate(known)
    }
    fitting = matches(asset_class.failure_modes, seen)[:MOST_MATCHES]
    likely = [one.mode for one in fitting if one.fit >= PARTLY]
    labels = {each.name: each.label for each in known}
    return Evidence(
        at=int(rows.at[row]),
        detector=rule.detector,
        score=_number(score),
        channels=channels,
        mode=Mode(int(rows.mode[row])).words,
        confidence=_confidence(score, rule, channels),
        candidates=tuple(mode.title or mode.name for mode in likely),
        actions=_actions(rule, likely),
        life=life,
        kind="" if kind is None else kind.value,
        matches=tuple(_said(one, labels) for one in fitting),
    )


def of_sensor(
    rule: str, channel: Channel, value: float, band: tuple[float, float], at: Instant, mode: int
) -> Evidence:
    """Gather what a finding on a sensor rests on: what it shows, beside its band."""
    low, high = (_number(bound) for bound in band)
    shown = ChannelEvidence(
        channel.name, channel.label, channel.unit, _number(value), low, high, 1.0
    )
    return Evidence(at, rule, None, (shown,), Mode(mode).words)


def seconded(evidence: Evidence | None) -> bool:
    """Tell whether more than one channel goes as a failure mode that fits well says."""
    found = () if evidence is None else evidence.matches
    return any(one.fit >= WELL and len(one.shown) > 1 for one in found)


def _outside(channel: ChannelEvidence) -> int:
    """Tell on which side of its band a channel is: 1 above, -1 below, 0 inside."""
    if not channel.outside or channel.value is None:
        return 0
    return 1 if channel.high is not None and channel.value > channel.high else -1


def _seen(found: Deviation, share: float, outside: int) -> Seen:
    """Join what the past tells of a channel with where it is now: beyond its band it has moved."""
    moved = found.moved
    if outside and found.kind not in {Kind.OSCILLATION, Kind.NOISE, Kind.SPIKE}:
        there = moved if moved == moved else 0.0  # noqa: PLR0124 - not NaN
        moved = outside * max(1.0, there * outside)
    return Seen(moved, found.kind, share)


def _said(one: Match, labels: Mapping[str, str]) -> FailureMatch:
    shown, missing = (tuple(labels[name] for name in some) for some in (one.shown, one.missing))
    title = one.mode.title or one.mode.name
    return FailureMatch(one.mode.name, title, round(one.fit, 3), shown, missing)


def _blamed(blame: Floats) -> list[int]:
    order = np.argsort(-blame, kind="stable")[:MOST_CHANNELS]
    return [int(k) for place, k in enumerate(order) if place == 0 or blame[k] >= LEAST_SHARE]


def _channel(
    channel: Channel, value: float, low: float, high: float, share: float, found: Deviation
) -> ChannelEvidence:
    return ChannelEvidence(
        channel.name,
        channel.label,
        channel.unit,
        _number(value),
        _number(low),
        _number(high),
        float(share),
        "" if found.kind is None else found.kind.value,
        found.direction,
        found.since,
    )


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _confidence(score: float, rule: RuleSpec, channels: Sequence[ChannelEvidence]) -> str:
    beyond = score / rule.at_score if rule.at_score else score
    outside = sum(channel.outside for channel in channels)
    if beyond >= 1.5 or outside >= 3:
        return "high"
    return "fair" if beyond >= 1.1 or rule.on_delay else "low"


def _actions(rule: RuleSpec, modes: Sequence[FailureMode]) -> tuple[str, ...]:
    actions = [rule.action] if rule.action else []
    for mode in modes[:2]:
        actions += mode.actions
    return tuple(dict.fromkeys(actions))
