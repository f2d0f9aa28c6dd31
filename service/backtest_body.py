"""The result of a backtest as JSON: what a program, or the next comparison, reads."""

from __future__ import annotations

import math
from typing import Any

from core.clock import DAY, Instant, iso
from service.backtest import Told
from service.backtest_compare import Difference
from service.backtest_figures import MONTH, Figures
from service.backtest_past import Past
from service.backtest_truth import Episode, Verdict


def body(
    past: Past, told: Told, found: Figures, difference: Difference | None, revision: str
) -> dict[str, Any]:
    """Lay out everything that a backtest found; times are ISO 8601, lead times days."""
    made: dict[str, Any] = {
        "start": iso(past.start),
        "stop": iso(past.stop),
        "configuration": revision,
        "readings": told.readings,
        "figures": summary(found),
        "assets": [
            {
                "asset": asset,
                "readings": seen.readings,
                "months": round(seen.observed / MONTH, 4),
                "healthy_months": round(seen.healthy / MONTH, 4),
                "judged_share": None if seen.share is None else round(seen.share, 4),
                "alerts": sum(one.asset == asset for one in found.alerts),
                "false_alerts": sum(one.asset == asset for one in found.false),
            }
            for asset, seen in sorted(told.seen.items())
        ],
        "alerts": [episode(one) | {"false": one in found.false} for one in found.alerts],
        "other_cases": [episode(one) for one in found.aside],
        "failures": [failure(one) for one in found.verdicts],
    }
    if difference is not None:
        made["compared"] = {
            "added": [episode(one) for one in difference.added],
            "removed": [episode(one) for one in difference.removed],
            "lost_failures": [failure(one) for one in difference.lost],
            "gained_failures": [failure(one) for one in difference.gained],
        }
    return made


def summary(found: Figures) -> dict[str, Any]:
    """Lay out the figures."""
    return {
        "alerts": len(found.alerts),
        "false_alerts": len(found.false),
        "healthy_asset_months": round(found.months, 4),
        "judged_share": None if found.judged is None else round(found.judged, 4),
        "false_alerts_per_asset_month": found.rate,
        "interval_95": [found.low, found.high if math.isfinite(found.high) else None],
        "failures": len(found.verdicts),
        "found": len(found.found),
        "missed": len(found.missed),
        "not_measured": sum(not one.judged for one in found.verdicts),
        "median_lead_days": None if found.lead is None else found.lead / DAY,
    }


def episode(one: Episode) -> dict[str, Any]:
    """Lay out an alert."""
    return {
        "alert": one.alert,
        "asset": one.asset,
        "group": one.group,
        "rules": list(one.rules),
        "severity": one.severity,
        "title": one.title,
        "summary": one.summary,
        "channels": list(one.channels),
        "began": iso(one.began),
        "ended": _iso(one.ended),
    }


def failure(one: Verdict) -> dict[str, Any]:
    """Lay out what became of a failure."""
    known, first = one.failure, one.first
    return {
        "asset": known.asset,
        "what": known.what,
        "source": known.source,
        "at": iso(known.at),
        "from": iso(known.begin),
        "measured": one.judged,
        "first_alert": None if first is None else iso(first.began),
        "rules": [] if first is None else list(first.rules),
        "lead_days": None if one.lead is None else one.lead / DAY,
    }


def _iso(at: Instant | None) -> str | None:
    return None if at is None else iso(at)
