"""The course of a machine's channels over a day to a year, as fine as there is use in drawing it.

Short spans show every reading. Longer ones, and those with too many readings, come from downsampled
history: what is drawn is the mean, within the lowest and the highest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from core.clock import DAY, HOUR, MINUTE, SECOND, Instant, Span
from core.history import Columns, Summary, TelemetryHistory
from core.plant import Channel, Plant
from core.readings import Floats, Instants, Quality
from service.lengths import length
from service.picture import Band, Panel, Picture, plain, thin
from service.words import timezone_of
from storage.history_steps import combined


class SpanName(StrEnum):
    """The spans a person may choose, by what stands in the address."""

    DAY = "1d"
    WEEK = "7d"
    MONTH = "30d"
    YEAR = "1y"


SPANS: dict[str, tuple[Span, str]] = {
    SpanName.DAY: (DAY, "1 day"),
    SpanName.WEEK: (7 * DAY, "7 days"),
    SpanName.MONTH: (30 * DAY, "30 days"),
    SpanName.YEAR: (365 * DAY, "1 year"),
}
"""How long each is, and its name."""

RAW_UP_TO, MINUTES_UP_TO = DAY, 8 * DAY
MOST_ROWS = 50_000
MOST_STEPS = 800
MOST_CHANNELS = 12
_DRAWN = (MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 7 * DAY)


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """What a machine measured over a span; `step` is None where `found` holds every reading."""

    asset: str
    start: Instant
    stop: Instant
    channels: tuple[Channel, ...]
    step: Span | None
    found: Columns | Summary


def course(
    asset: str,
    plant: Plant,
    history: TelemetryHistory,
    stop: Instant,
    span: Span,
    only: Sequence[str] = (),
) -> Course:
    """Read the course of a machine's channels (or of `only` some) up to and with `stop`."""
    channels = tuple(one for one in plant.class_of(asset).channels if not only or one.name in only)
    names, start = [one.name for one in channels], stop - span
    if span <= RAW_UP_TO:
        read = history.read(asset, names, start, stop + 1, MOST_ROWS + 1)
        if len(read) <= MOST_ROWS:
            return Course(asset, start, stop, channels, None, read)
    step = MINUTE if span <= MINUTES_UP_TO else HOUR
    # from the beginning of the step that the span begins in, which is shown as a whole
    found = history.summary(asset, names, start // step * step, stop + 1, step)
    return Course(asset, start, stop, channels, step, found)


def drawn(course: Course, plant: Plant, width: int) -> Picture | None:
    """Make a picture of a course; None where nothing was measured in it."""
    found, step = course.found, course.step
    if not len(found):
        return None
    if isinstance(found, Summary) and step is not None:
        step = drawn_step(course.stop - course.start, step)
        found = combined(found.channels, (found,), step)
    shown = list(enumerate(course.channels))[:MOST_CHANNELS]
    panels = [_panel(channel, found, k, step or 0) for k, channel in shown]
    zone, ends = timezone_of(course.asset, plant), (course.start, course.stop)
    start, stop = (at / SECOND for at in ends)
    return Picture(width, zone, start, stop, panels, [], note=resolution(step))


def drawn_step(span: Span, step: Span) -> Span:
    """Choose the step to draw: the finest of at least `step` that leaves few enough."""
    return next((one for one in _DRAWN if one >= step and span // one <= MOST_STEPS), _DRAWN[-1])


def resolution(step: Span | None) -> str:
    """Say what a plot shows."""
    if step is None:
        return "every reading"
    if step == HOUR:
        return "hourly mean, lowest and highest"
    every = "minute" if step == MINUTE else length(step)
    return f"mean, lowest and highest of every {every}"


def expected_resolution(span: Span) -> str:
    """Say what a plot of a span shows, before it is drawn."""
    if span > RAW_UP_TO:
        return resolution(drawn_step(span, MINUTE if span <= MINUTES_UP_TO else HOUR))
    fewer = resolution(drawn_step(span, MINUTE))
    return f"{resolution(None)}; where there are too many, {fewer}"


def _panel(channel: Channel, found: Columns | Summary, k: int, step: Span) -> Panel:
    name = plain(channel.label[:1].upper() + channel.label[1:])
    title = f"{name} in {plain(channel.unit)}" if channel.unit else name
    if isinstance(found, Columns):
        good = np.ones(len(found), bool)
        if found.quality is not None:
            good = found.quality[:, k] < Quality.BAD
        return Panel(title, *thin(found.at[good], found.values[good, k]))
    rows = found.count[:, k] > 0
    middle, parts = found.at[rows] + step // 2, (found.mean, found.low, found.high)
    seconds, (mean, low, high) = _broken(middle, [part[rows, k] for part in parts])
    return Panel(title, seconds, mean, band=Band(low, high))


def _broken(at: Instants, curves: Sequence[Floats]) -> tuple[list[float], list[list[float | None]]]:
    """Break curves where steps are missing; returns seconds and values."""
    apart = np.diff(at)
    usual = np.median(apart) if len(apart) else 0.0
    gaps = np.flatnonzero(apart > 6 * usual) + 1
    seconds = np.insert(at / SECOND, gaps, (at[gaps] - apart[gaps - 1] // 2) / SECOND)
    laid = [np.insert(curve, gaps, np.nan).tolist() for curve in curves]
    return seconds.tolist(), [
        [float(f"{value:.6g}") if value == value else None for value in curve]  # noqa: PLR0124
        for curve in laid
    ]
