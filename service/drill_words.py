"""Drills in words: what would be caught, how soon, and what would be missed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.drilled import Drilled, Trial, smallest
from core.plant import AssetClass
from service.lengths import length
from service.words import quantity

FAULT_WORDS = {
    "step": "A step, at once",
    "drift": "A slow drift",
    "unrest": "More scatter",
}
"""The faults that a drill tries, as the page heads their columns."""


@dataclass(frozen=True, slots=True)
class Line:
    """One channel: for each fault the smallest that would be caught, and how soon."""

    label: str
    cells: tuple[tuple[str, str, str, bool], ...]
    """Of each fault: its heading, the size, how soon, and whether it would be caught."""


def cell(one: Trial | None, unit: str) -> str:
    """Say the smallest fault that is caught, and how soon."""
    if one is None or one.after is None:
        return "missed"
    size = f"{one.size:.3g} {unit}".strip()
    return f"{size} ({one.deviations:g} sd) after {length(one.after)}{_told_as(one, ', ')}"


def lines(drilled: Drilled, asset_class: AssetClass) -> tuple[Line, ...]:
    """Lay out a drill, one line per channel that the class still has."""
    least = smallest(drilled.trials)
    known = {channel.name: channel for channel in asset_class.channels}
    tried = dict.fromkeys(one.channel for one in drilled.trials if one.channel in known)
    return tuple(
        Line(
            known[name].label,
            tuple(
                (words, *_cell(least.get((name, fault)), known[name].unit, drilled.trials))
                for fault, words in FAULT_WORDS.items()
            ),
        )
        for name in tried
    )


def summary(drilled: Drilled) -> str:
    """Say in a sentence how much of what was tried would be caught."""
    caught = sum(one.after is not None for one in drilled.trials)
    named = sum(one.after is not None and one.named for one in drilled.trials)
    sensor = sum(one.after is not None and one.sensor for one in drilled.trials)
    said = f"Of {len(drilled.trials)} faults tried, {caught} would be caught"
    if not caught:
        return f"{said}."
    first = f", {sensor} first as a sensor's" if sensor else ""
    return f"{said}, {named} of them with the right channel named{first}."


def _cell(one: Trial | None, unit: str, tried: Sequence[Trial]) -> tuple[str, str, bool]:
    if one is None or one.after is None:
        most = max((trial.deviations for trial in tried), default=0.0)
        return "missed", f"up to {most:g} times its usual scatter", False
    soon = f"after {length(one.after)}{_told_as(one, '; ')}"
    return f"from {quantity(one.size, unit)}", soon, True


def _told_as(one: Trial, comma: str) -> str:
    """Say what a caught fault would be told as, where that is not the machine's by its channel."""
    if not one.named:
        return f"{comma}another channel blamed"
    return f"{comma}as a sensor's" if one.sensor else ""
