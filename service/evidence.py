"""Evidence: what a finding rests on, gathered from a row and a detector's verdict on it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from core.alert import ChannelEvidence, Evidence
from core.life import CannotSay, LifeEstimate
from core.plant import AssetClass, Channel, FailureMode, Mode, RuleSpec
from core.readings import Floats
from models.detector import Round, Scored

MOST_CHANNELS = 5
LEAST_SHARE = 0.05
LEAST_MATCH = 0.5


def gather(
    asset_class: AssetClass,
    rule: RuleSpec,
    rows: Round,
    row: int,
    verdict: Scored,
    life: LifeEstimate | CannotSay | None,
) -> Evidence:
    """Gather the evidence of one row for a rule that came on."""
    blame, low, high = verdict.blame[row], verdict.low[row], verdict.high[row]
    values = (rows.values if verdict.values is None else verdict.values)[row]
    score = float(verdict.value[row])
    shares = dict(zip(asset_class.channel_names, blame.tolist(), strict=True))
    modes = suspects(asset_class.failure_modes, shares)
    channels = tuple(
        _channel(asset_class.channels[k], values[k], low[k], high[k], blame[k])
        for k in _blamed(blame)
    )
    return Evidence(
        at=int(rows.at[row]),
        detector=rule.detector,
        score=_number(score),
        channels=channels,
        mode=Mode(int(rows.mode[row])).name.lower(),
        confidence=_confidence(score, rule, channels),
        candidates=tuple(found.title or found.name for found in modes),
        actions=_actions(rule, modes),
        life=life,
    )


def suspects(modes: Sequence[FailureMode], shares: Mapping[str, float]) -> list[FailureMode]:
    """List the failure modes whose channels carry most of the blame, likeliest first.

    Of two modes that explain as much, the one that needs fewer channels comes first.
    """
    explained = [
        (sum(shares.get(name, 0.0) for name in mode.channels), -len(mode.channels), -number, mode)
        for number, mode in enumerate(modes)
    ]
    likely = [found for found in explained if found[0] >= LEAST_MATCH]
    likely.sort(key=lambda found: (round(found[0], 2), *found[1:3]), reverse=True)
    return [found[3] for found in likely]


def _blamed(blame: Floats) -> list[int]:
    order = np.argsort(-blame, kind="stable")[:MOST_CHANNELS]
    return [int(k) for place, k in enumerate(order) if place == 0 or blame[k] >= LEAST_SHARE]


def _channel(
    channel: Channel, value: float, low: float, high: float, share: float
) -> ChannelEvidence:
    return ChannelEvidence(
        channel.name,
        channel.label,
        channel.unit,
        _number(value),
        _number(low),
        _number(high),
        float(share),
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
