"""How cases, transitions, work and assets are written as JSON: times in ISO 8601 UTC, no NaN."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any, TypeAlias

from core.alert import Alert, ChannelEvidence, Evidence, FailureMatch, Transition
from core.casefile import Status
from core.clock import SECOND, Instant, iso
from core.life import CannotSay, InUse, LifeEstimate
from core.plant import Place, Plant
from core.work import WorkEvent
from service import explanation as words
from service.advice import as_of
from service.advice_body import advice
from service.before_stop import BeforeStop, before_stop
from service.similar import Similar
from service.words import describe, kind_of_trouble, similar_sentence

Json: TypeAlias = dict[str, Any]

MOST_TOLD = 3
"""So many of the most blamed channels go with a case in lists and messages."""


def short(alert: Alert, plant: Plant, now: Instant | None = None) -> Json:
    """Write a case as lists and events show it, as of `now`, else as of when it moved."""
    asset = plant.assets.get(alert.asset)
    return {
        "id": alert.id,
        "asset": alert.asset,
        "label": alert.asset if asset is None else asset.label,
        "group": alert.group,
        "severity": alert.severity.value,
        "state": alert.state.value,
        "open": alert.state.is_open,
        "title": alert.title,
        "summary": alert.summary,
        "opened_at": iso(alert.opened_at),
        "changed_at": iso(alert.changed_at),
        "returned_at": _iso(alert.returned_at),
        "ended_at": _iso(alert.ended_at),
        "acknowledged_by": alert.acknowledged_by,
        "held": alert.held,
        "version": alert.version,
        "origin": alert.origin,
        "explanation": explanation(alert),
        "life": life(alert.evidence.life, plant, as_of(alert, now)),
        "advice": advice(alert, plant, now),
    }


def long(
    alert: Alert,
    steps: Iterable[Transition],
    plant: Plant,
    like: Iterable[Similar] = (),
    now: Instant | None = None,
) -> Json:
    """Write a case with everything that is known of it; `like` are past ones that resemble it."""
    return short(alert, plant, now) | {
        "similar": [_similar(one, plant) for one in like],
        "rules": alert.rules,
        "active": alert.active,
        "description": asdict(describe(alert, plant, now)),
        "evidence": evidence(alert.evidence, plant),
        "history": [transition(step) for step in steps],
        "plot": f"/api/v1/alerts/{alert.id}/plot.svg",
    }


def _similar(one: Similar, plant: Plant) -> Json:
    return {
        "id": one.alert.id,
        "asset": one.alert.asset,
        "opened_at": iso(one.alert.opened_at),
        "likeness": round(one.likeness, 3),
        "words": similar_sentence(one, plant),
        "work": None if one.work is None else work(one.work),
    }


def event(step: Transition, alert: Alert, plant: Plant) -> Json:
    """Write a transition with the case as it now stands."""
    return transition(step) | {"alert": short(alert, plant)}


def transition(step: Transition) -> Json:
    """Write one step of a case."""
    return {
        "id": step.id,
        "case": step.alert,
        "version": step.version,
        "at": iso(step.at),
        "change": step.change.value,
        "before": None if step.before is None else step.before.value,
        "after": step.after.value,
        "by": step.by,
        "why": step.why,
        "severity": step.severity.value,
        "catching_up": step.catching_up,
    }


def explanation(alert: Alert) -> Json:
    """Write in short what is wrong: kind, most blamed channels against their bands, and causes."""
    found, kind = alert.evidence, kind_of_trouble(alert)
    return {
        "kind": kind or None,
        "words": words.trouble(kind),
        "channels": [_channel(channel) for channel in found.channels[:MOST_TOLD]],
        "failure_modes": [_match(match) for match in found.matches],
    }


def evidence(found: Evidence, plant: Plant | None = None) -> Json:
    """Write what a case rests on."""
    return {
        "at": iso(found.at),
        "detector": found.detector,
        "score": _number(found.score),
        "mode": found.mode,
        "confidence": found.confidence,
        "channels": [_channel(channel) for channel in found.channels],
        "candidates": found.candidates,
        "actions": found.actions,
        "life": life(found.life, plant),
        "kind": found.kind or None,
        "failure_modes": [_match(match) for match in found.matches],
    }


def _channel(channel: ChannelEvidence) -> Json:
    return {
        "channel": channel.channel,
        "label": channel.label,
        "unit": channel.unit,
        "value": _number(channel.value),
        "low": _number(channel.low),
        "high": _number(channel.high),
        "share": _number(channel.share),
        "kind": channel.kind or None,
        "direction": channel.direction,
        "since": _iso(channel.since),
        "usual": [_number(end) for end in channel.usual],
    }


def _match(match: FailureMatch) -> Json:
    return {
        "name": match.name,
        "title": match.title,
        "fit": _number(match.fit),
        "words": words.fit_words(match.fit),
        "shown": match.shown,
        "missing": match.missing,
    }


def life(
    found: LifeEstimate | CannotSay | None,
    plant: Plant | None = None,
    now: Instant | None = None,
) -> Json | None:
    """Write remaining life: hours as a distribution, or why there are none.

    With a `plant`, how likely it ends before the next planned stop after `now`, too.
    """
    if found is None:
        return None
    if isinstance(found, CannotSay):
        return {"cannot_say": found.words, "reason": found.reason}
    left = found.remaining
    said: Json = (
        {"cannot_say": left.words, "reason": left.reason}
        if isinstance(left, CannotSay)
        else {
            "hours": {"p05": _number(left.p05), "p50": _number(left.p50), "p95": _number(left.p95)}
        }
    )
    return said | {
        "failure_mode": found.failure_mode,
        "health": _number(found.health),
        "at": iso(found.at),
        "basis": found.basis,
        "usage": _usage(found.usage),
        "before_stop": None if plant is None else _stop(before_stop(found, plant, now)),
    }


def _usage(found: InUse | None) -> Json | None:
    if found is None:
        return None
    named = ("p05", "p50", "p95", "week")
    return {"unit": found.unit} | {name: _number(getattr(found, name)) for name in named}


def _stop(found: BeforeStop | None) -> Json | None:
    if found is None:
        return None
    return {
        "name": found.stop.name,
        "at": iso(found.at),
        "chance": round(found.chance, 4),
        "chance_p05": round(found.low, 4),
        "chance_p95": round(found.high, 4),
    }


def work(done: WorkEvent) -> Json:
    """Write what maintenance did."""
    return {
        "id": done.id,
        "asset": done.asset,
        "at": iso(done.at),
        "work": done.work.value,
        "by": done.by,
        "note": done.note,
        "failure_mode": done.failure_mode,
        "routine": done.routine,
        "failed": done.failed,
    }


def asset(asset_id: str, status: Status | None, plant: Plant, now: Instant) -> Json:
    """Write an asset and how it stands; one never heard of has no status yet."""
    known = plant.assets[asset_id]
    said: Json = {
        "id": asset_id,
        "label": known.label,
        "site": known.site,
        "area": known.area,
        "class": known.asset_class,
        "judged_at": known.judged_at.value,
    }
    if not plant.judges(asset_id) and (status is None or known.judged_at is Place.CENTRE):
        where = "the centre" if known.judged_at is Place.CENTRE else "its site"
        why = f"judged at {where}"
        return said | {"judged": False, "why": why, "mode": "unknown", "at": None}
    if status is None:
        return said | {"judged": False, "why": "no data yet", "mode": "unknown", "at": None}
    return said | {
        "at": _iso(status.at),
        "arrived": _iso(status.arrived),
        "age_seconds": None if status.at is None else round((now - status.at) / SECOND, 1),
        "mode": status.mode,
        "judged": status.judged,
        "why": status.why,
        "score": _number(status.score),
        "health": _number(status.health),
        "life": life(status.life, plant),
        "other_lives": [life(one, plant) for one in status.others],
        "counts": status.counts,
        "quiet": status.quiet,
    }


def _iso(at: Instant | None) -> str | None:
    return None if at is None else iso(at)


def _number(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
