"""The report of a backtest: one HTML file that holds all it shows, without any script."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from core.clock import Instant, to_datetime
from service.backtest import Told
from service.backtest_compare import Difference
from service.backtest_figures import MONTH, Figures
from service.backtest_past import Past
from service.backtest_plot import courses, lines
from service.lengths import length
from service.words import number

HERE = Path(__file__).parent
FEW = 5.0
"""From so few healthy asset-months on, the rate is said to be uncertain."""


def html(past: Past, told: Told, found: Figures, difference: Difference | None) -> str:
    """Write the report; plots stand in it as SVG."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["day"] = _day
    made.filters["length_of"], made.filters["length"] = len, length
    made.filters["number"] = number
    given: dict[str, Any] = {
        "past": past,
        "told": told,
        "found": found,
        "difference": difference,
        "rate": rate_words(found),
        "judged": judged_words(found),
        "month": MONTH,
        "lines": lines(past, found),
        "courses": courses(past, told, found),
    }
    return made.get_template("backtest.html").render(given)


def rate_words(found: Figures) -> str:
    """Say how many false alerts there were per asset and month, and how sure that is."""
    if found.rate is None:
        return "no healthy time was measured, so nothing can be said of false alerts"
    high = number(found.high) if math.isfinite(found.high) else "∞"
    few = "; few months, so this is uncertain" if found.months < FEW else ""
    return (
        f"{number(found.rate)} false alerts per asset and month (95 %: {number(found.low)} to"
        f" {high}), {len(found.false)} in {number(found.months)} healthy asset-months{few}"
    )


def judged_words(found: Figures) -> str:
    """Say how much of what running machines said could be judged by what was learned of them."""
    if found.judged is None:
        return "no machine ran, so nothing was judged by what is learned"
    return (
        f"{found.judged:.0%} of the readings of running machines judged by what was learned; in the"
        " rest they still learned, ran as never before, or their sensors were not believed"
    )


def words(found: Figures, difference: Difference | None) -> list[str]:
    """Say in a few lines what a backtest came to."""
    told = len(found.found)
    lead = "" if found.lead is None else f"; the median lead is {length(found.lead)}"
    said = [
        f"{len(found.alerts)} alerts about machines, {len(found.aside)} other cases",
        f"{told} of {len(found.verdicts)} failures found, {len(found.missed)} missed{lead}",
        rate_words(found),
        judged_words(found),
    ]
    said += [
        f"missed: {v.failure.asset} {v.failure.what} at {_day(v.failure.at)}" for v in found.missed
    ]
    if difference is not None:
        said.append(
            f"the other configuration adds {len(difference.added)} alerts and removes"
            f" {len(difference.removed)}"
        )
        said += [
            f"it would lose {v.failure.asset} {v.failure.what} at {_day(v.failure.at)}"
            for v in difference.lost
        ]
    return said


def _day(at: Instant | None) -> str:
    return "" if at is None else f"{to_datetime(at):%Y-%m-%d %H:%M}"
