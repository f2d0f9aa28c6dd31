"""Grading: what each channel is worth before anything is learned from it, and why.

A channel that counts, stands still or is missing teaches a model nothing, nor does one that runs
away as a part of normal operation (a machine that warms up, a room that cools): where it will stay
is not known yet. A setting explains others. Each verdict has its reasons in words and the figures
behind them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.plant import Treatment
from core.readings import Bools, Floats, Instants
from models.grade_figures import Figures, figures

PRESENT = 0.5
"""A channel that is there in fewer rows than this share is left out."""

STANDING = 0.5
"""One that stood still for more than this share of the rows at a stretch is left out."""

MOSTLY = 0.8
"""From this share of its variance on, a channel is told to follow the day, or to be slow."""

FEW = 12
"""Up to so many different values a channel that dwells in regimes is a setting, not a measure."""

DWELLS = 0.1
"""A setting changes in less than this share of the rows."""

ENDS = 0.25
"""From this share of rows at one end on, a channel is told to be at the end of its range."""


@dataclass(frozen=True, slots=True)
class Grade:
    """What one channel is worth: the verdict, its reasons in words, the figures behind them."""

    name: str
    verdict: Treatment
    reason: str
    figures: Figures


def grade(
    values: Floats,
    at: Instants,
    names: Sequence[str],
    overruled: Sequence[Treatment | None] | None = None,
) -> tuple[Grade, ...]:
    """Grade the channels of one asset: `values[n, k]` at `at[n]` in time order, NaN where missing.

    `overruled` are verdicts that a person has given; they stand, and the reason says so.
    """
    found = figures(values, at, names)
    given = overruled or [None] * len(names)
    grades = []
    for name, one, own in zip(names, found, given, strict=True):
        verdict, reason = _verdict(one)
        if own is not None and own is not verdict:
            reason = f"by configuration, although {reason}"
        grades.append(Grade(name, verdict if own is None else own, reason, one))
    if overruled is None and not used(grades).any():
        grades = [_last_resort(one) for one in grades]
    return tuple(grades)


def used(grades: Sequence[Grade]) -> Bools:
    """Tell which channels are judged."""
    return np.array([one.verdict is Treatment.USE for one in grades], np.bool_)


def context(grades: Sequence[Grade]) -> Bools:
    """Tell which channels only explain others."""
    return np.array([one.verdict is Treatment.CONTEXT for one in grades], np.bool_)


def _last_resort(one: Grade) -> Grade:
    """Judge what at least moves, where otherwise nothing would be judged."""
    figures = one.figures
    if figures.present < PRESENT or figures.levels < 2 or figures.duplicate_of:
        return one
    return replace(one, verdict=Treatment.USE, reason=f"there is nothing better: {one.reason}")


def _verdict(one: Figures) -> tuple[Treatment, str]:
    useless = _useless(one)
    if useless:
        return Treatment.LEAVE_OUT, useless
    if one.regimes > 1 and one.levels <= FEW and one.changes < DWELLS:
        return Treatment.CONTEXT, f"dwells at {one.levels} values, as a setting does"
    return Treatment.USE, "; ".join(_remarks(one)) or "varies as a measurement does"


_WARM_UP = "a warm-up, perhaps; what is normal is not known"


def _useless(one: Figures) -> str:
    """Say why a channel teaches nothing; empty where it does."""
    way = "rises" if one.monotonic > 0 else "falls"
    reasons = (
        (one.present == 0, "never says anything"),
        (one.present < PRESENT, f"missing in {1 - one.present:.0%} of the rows"),
        (one.levels == 1, f"always {one.low:g}"),
        (one.monotonic != 0, f"only {way}, as a counter does"),
        (one.duplicate_of != "", f"says the same as {one.duplicate_of}"),
        (one.runs_away, f"{one.drift:.0%} of its variation is one slow way {one.way}: {_WARM_UP}"),
        (
            one.stuck > STANDING and one.levels > 2,
            f"stood still for {one.stuck:.0%} of the rows at a stretch",
        ),
    )
    return next((reason for found, reason in reasons if found), "")


def _remarks(one: Figures) -> list[str]:
    """Name what an engineer should know of a channel that is used."""
    said = []
    if one.present < 0.99:
        said.append(f"missing in {1 - one.present:.0%} of the rows")
    if one.saturated > ENDS and one.levels > FEW:
        said.append(f"at the end of its range in {one.saturated:.0%} of the rows")
    if one.regimes > 1:
        said.append(f"{one.regimes} regimes")
    if one.daily > MOSTLY:
        said.append(f"{one.daily:.0%} of its variation follows the time of day")
    elif one.wander > MOSTLY:
        said.append(f"{one.wander:.0%} of its variation is slow")
    if math.isfinite(one.step) and one.levels <= 5 * FEW and one.levels > 1:
        said.append(f"coarse: {one.levels} values, {one.step:g} apart at least")
    if one.gaps:
        said.append(f"{one.gaps} gaps, the longest {one.longest_gap:,.0f} s")
    return said
