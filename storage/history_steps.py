"""Downsampling: mean, lowest, highest and count of each step, from samples or from finer steps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.clock import Instant, Span
from core.errors import Refused
from core.history import STEPS, Columns, Summary
from core.readings import Floats, Quality


def check_step(step: Span) -> None:
    """Raise `Refused` where history is not downsampled to such steps."""
    if step not in STEPS:
        allowed = ", ".join(str(one) for one in STEPS)
        msg = f"history has no steps of {step} ns; it has steps of {allowed} ns"
        raise Refused(msg)


def summed(columns: Columns, step: Span) -> Summary:
    """Downsample samples; bad ones take no part."""
    known = ~np.isnan(columns.values)
    if columns.quality is not None:
        known &= columns.quality < Quality.BAD
    values = np.where(known, columns.values, np.nan)
    alone = Summary(columns.channels, columns.at, values, values, values, known.astype(np.int64))
    return combined(columns.channels, (alone,), step)


def combined(channels: tuple[str, ...], parts: Sequence[Summary], step: Span) -> Summary:
    """Join steps of the same channels to steps of at least their width; a part may be empty."""
    at = np.concatenate([np.empty(0, np.int64), *(part.at for part in parts)]) // step * step
    count = np.concatenate([np.empty((0, len(channels)), np.int64), *(p.count for p in parts)])
    rows = np.argsort(at, kind="stable")
    rows = rows[(count[rows] > 0).any(axis=1)]
    at, count = at[rows], count[rows]
    if not len(at):
        return nothing(channels)
    mean, low, high = (
        np.concatenate([getattr(part, name) for part in parts])[rows]
        for name in ("mean", "low", "high")
    )
    starts = np.flatnonzero(np.diff(at, prepend=at[0] - 1))
    total = np.add.reduceat(count, starts, axis=0)
    lowest = np.fmin.reduceat(low, starts, axis=0)
    highest = np.fmax.reduceat(high, starts, axis=0)
    whole = np.repeat(total, np.diff(starts, append=len(at)), axis=0)
    with np.errstate(invalid="ignore"):  # infinities have no mean
        weighted = np.where(count > 0, mean * (count / np.maximum(whole, 1)), 0.0)
        centre = np.where(total > 0, np.add.reduceat(weighted, starts, axis=0), np.nan)
    centre = np.fmin(np.fmax(centre, lowest), highest)  # rounding must not lead out of the band
    return Summary(channels, at[starts], centre, lowest, highest, total)


def up(at: Instant, step: Span) -> Instant:
    """Find the first step that begins at or after a moment."""
    return -(-at // step) * step


def nothing(channels: tuple[str, ...]) -> Summary:
    """Make a summary without any step."""
    empty = np.empty((0, len(channels)))
    return Summary(channels, np.empty(0, np.int64), empty, empty, empty, empty.astype(np.int64))


def picked(summary: Summary, channels: Sequence[str]) -> Summary:
    """Take some channels; one that is not there has said nothing."""
    names = {name: k for k, name in enumerate(summary.channels)}
    columns = np.array([names.get(channel, len(names)) for channel in channels], np.intp)

    def take(cells: Floats, blank: float) -> Floats:
        return np.pad(cells, ((0, 0), (0, 1)), constant_values=blank)[:, columns]

    return Summary(
        tuple(channels),
        summary.at,
        take(summary.mean, np.nan),
        take(summary.low, np.nan),
        take(summary.high, np.nan),
        np.pad(summary.count, ((0, 0), (0, 1)))[:, columns],
    )


def chosen(summary: Summary, rows: NDArray[np.bool_]) -> Summary:
    """Take some of the steps."""
    return Summary(
        summary.channels,
        summary.at[rows],
        summary.mean[rows],
        summary.low[rows],
        summary.high[rows],
        summary.count[rows],
    )


def replaced(below: Summary, above: Summary, start: Instant, stop: Instant, step: Span) -> Summary:
    """Put steps in place of all those of `below` that begin within a span."""
    outside = chosen(below, (below.at < start) | (below.at >= stop))
    return combined(below.channels, (outside, above), step)
