"""Whether the parts of an asset class fit together: names that refer, units, limits and ranges.

They look at the plain data, not at models, so that one fault doesn't hide the next.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator
from typing import Any

from cli.channel_checks import check_units
from core.document import Document, Place
from core.errors import Fault
from core.run_settings import RunSettings
from core.suggestion import unknown

_MOST = 1000
_LINES = ("low_alarm", "low_warning", "warning", "alarm")


def check_class(document: Document) -> list[Fault]:
    """Find names that refer to nothing, units and limits that cannot be; at most a thousand."""
    every = itertools.chain(
        _references(document), check_units(document), _limits(document), _states(document)
    )
    return list(itertools.islice(every, _MOST))


def _references(document: Document) -> Iterator[Fault]:
    channels, detectors = document.block("channels"), document.block("detectors")
    modes = document.block("failure_modes")
    yield from _known(document, ("modes", "channel"), "channel", channels)
    yield from _all_known(document, ("regimes", "channels"), channels)
    for channel in channels:
        yield from _known(document, ("channels", channel, "over"), "channel", channels)
    for rule in document.block("rules"):
        yield from _known(document, ("rules", rule, "detector"), "detector", detectors)
    for mode in modes:
        yield from _all_known(document, ("failure_modes", mode, "channels"), channels)
    for detector in detectors:
        yield from _all_known(document, ("detectors", detector, "channels"), channels)
        yield from _all_known(document, ("detectors", detector, "ignore"), channels)
        yield from _known(document, ("detectors", detector, "channel"), "channel", channels)
    for name in document.block("runs", "channels"):
        yield from _known(document, ("runs", "channels", name), "channel", channels)
    if modes and isinstance(document.get("runs"), dict):
        yield from _ended_in(document, modes)
    for place in _healths(document):
        yield from _known(document, (*place, "channel"), "channel", channels)
        yield from _known(document, (*place, "detector"), "detector", detectors)
        yield from _known(document, (*place, "usage", "channel"), "channel", channels)
        yield from _countable(document, place)
        if modes:
            yield from _known(document, (*place, "failure_mode"), "failure mode", modes)


def _healths(document: Document) -> list[Place]:
    """Find the block of each degradation model: of the only one, or of those in a list."""
    found = document.get("health")
    several = range(len(found)) if isinstance(found, list) else None
    return [("health",)] if several is None else [("health", number) for number in several]


def _countable(document: Document, place: Place) -> Iterator[Fault]:
    """Find use that is counted by an operating mode which nothing tells: it would be time."""
    usage = document.get(*place, "usage")
    by_mode = isinstance(usage, dict) and usage.get("channel") is None
    if by_mode and not document.block("modes"):
        said = "it is counted by the operating mode, so the class needs modes, or usage a channel"
        yield document.fault((*place, "usage"), said)


def _known(document: Document, place: Place, what: str, names: Iterable[str]) -> Iterator[Fault]:
    name = document.get(*place)
    if isinstance(name, str) and name not in names:
        yield document.fault(place, unknown(what, name, names))


def _ended_in(document: Document, modes: Iterable[str]) -> Iterator[Fault]:
    """Find runs that ended in an unknown failure mode, also where it is not written."""
    usual = RunSettings.model_fields["failure_mode"].default
    if document.get("runs", "failure_mode") is None and usual not in modes:
        said = f"{unknown('failure mode', usual, modes)}; it stands where none is given"
        yield document.fault(("runs", "failure_mode"), said)
    yield from _known(document, ("runs", "failure_mode"), "failure mode", modes)


def _all_known(document: Document, place: Place, channels: dict[str, Any]) -> Iterator[Fault]:
    found = document.get(*place)
    if isinstance(found, dict):
        for name in found:
            if name not in channels:
                yield document.fault((*place, name), unknown("channel", name, channels))
    elif isinstance(found, list):
        for position in range(len(found)):
            yield from _known(document, (*place, position), "channel", channels)


def _limits(document: Document) -> Iterator[Fault]:
    """Find lines outside of what is possible: they are never crossed, or always."""
    for detector in document.block("detectors"):
        for name in document.block("detectors", detector, "channels"):
            ends = document.get("channels", name, "range")
            for line in _LINES:
                within: Place = ("detectors", detector, "channels", name, line)
                yield from _within(document, within, ends)
    lines = [(place, ("healthy", "end")) for place in _healths(document)]
    for place, keys in [*lines, (("modes",), ("off_below", "running_above"))]:
        signal = document.get(*place, "channel")
        ends = document.get("channels", signal, "range") if isinstance(signal, str) else None
        for key in keys:
            yield from _within(document, (*place, key), ends)


def _states(document: Document) -> Iterator[Fault]:
    """Find states that stand for a number outside of what is possible: each would be refused."""
    for name in document.block("channels"):
        ends = document.get("channels", name, "range")
        for state in document.block("channels", name, "states"):
            yield from _within(document, ("channels", name, "states", state), ends)


def _within(document: Document, place: Place, ends: Any) -> Iterator[Fault]:
    value = document.get(*place)
    if not _is_number(value) or not isinstance(ends, list) or len(ends) != 2:
        return
    low, high = ends
    if _is_number(low) and _is_number(high) and low >= high:
        return  # that is told already
    if (_is_number(low) and value < low) or (_is_number(high) and value > high):
        shown = ", ".join("null" if end is None else f"{end}" for end in ends)
        yield document.fault(place, f"{value:g} lies outside of the channel's range [{shown}]")


def _is_number(value: Any) -> bool:
    return type(value) in {int, float} and math.isfinite(value)
