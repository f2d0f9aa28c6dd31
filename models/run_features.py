"""Features of runs: what each row tells of its unit, from that row and those before it alone.

For each channel, in deviations from what is usual in its regime: exponential means over a few, some
and many rows and how the short one differs from the long one, the mean so far, how far the channel
has moved from the unit's own first rows, its slope and its spread over a window. The same for
indices of wear, which are weighted sums of the channels.
"""

from __future__ import annotations

import numpy as np

from core.readings import Floats
from models.run_table import RunTable

SPANS = (5, 15, 40)
"""Over how many rows the exponential means reach."""

FIRST = 15
"""How many of its first rows a unit is compared with."""

WINDOW = 30
"""Over how many rows slope and spread are taken."""

FEWEST = 4
"""Slope and spread need so many values."""

STEADY = len(SPANS) + 3
"""So many features a channel gives before slope and spread, which are rougher."""

PER_CHANNEL = STEADY + 2
"""How many features a channel gives."""


def features(runs: RunTable, channels: Floats) -> Floats:
    """Return features `[row, feature]`: age first, then `PER_CHANNEL` blocks of all channels.

    `channels[row, k]` are standardised; what is missing is passed over.
    """
    found = np.empty((len(runs.time), 1 + PER_CHANNEL * channels.shape[1]))
    found[:, 0] = runs.time
    for rows in runs.parts():
        found[rows, 1:] = _of_unit(channels[rows])
    return found


def steady(plain: Floats) -> Floats:
    """Return age and those features of `features` that change little from one row to the next."""
    channels = (plain.shape[1] - 1) // PER_CHANNEL
    return plain[:, : 1 + STEADY * channels]


def smoothed(runs: RunTable, channels: Floats, span: int) -> Floats:
    """Return the exponential mean of channels over about `span` rows, within each unit."""
    found = np.empty_like(channels)
    for rows in runs.parts():
        found[rows] = _exponential(channels[rows], span)
    return found


def _of_unit(channels: Floats) -> Floats:
    means = [_exponential(channels, span) for span in SPANS]
    good = np.isfinite(channels)
    filled = np.where(good, channels, 0.0)
    total, count = np.cumsum(filled, axis=0), np.cumsum(good, axis=0)
    first = np.minimum(np.arange(len(channels)), FIRST - 1)
    so_far, begun = _ratio(total, count), _ratio(total[first], count[first])
    slope, spread = _window(channels)
    blocks = [*means, means[0] - means[-1], so_far, means[1] - begun, slope, spread]
    return np.concatenate(blocks, axis=1)


def _exponential(channels: Floats, span: int) -> Floats:
    """Mean with weights that fall backwards in time; a value that is missing has none."""
    from scipy.signal import lfilter

    share = 2.0 / (span + 1)
    good = np.isfinite(channels)
    above, below = [share], [1.0, share - 1.0]
    total = lfilter(above, below, np.where(good, channels, 0.0), axis=0)
    weight = lfilter(above, below, good.astype(np.float64), axis=0)
    return _ratio(total, weight)


def _ratio(total: Floats, count: Floats) -> Floats:
    known = count > 1e-12
    found: Floats = np.where(known, total / np.where(known, count, 1.0), np.nan)
    return found


def _window(channels: Floats) -> tuple[Floats, Floats]:
    """Slope per row and spread of each channel over the last rows."""
    slope, spread = np.full_like(channels, np.nan), np.full_like(channels, np.nan)
    place = np.arange(WINDOW) - (WINDOW - 1) / 2
    ahead = np.full(WINDOW - 1, np.nan)
    for k in range(channels.shape[1]):
        padded = np.concatenate([ahead, channels[:, k]])
        seen = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)
        good = np.isfinite(seen)
        value, count = np.where(good, seen, 0.0), good.sum(axis=1)
        enough = count >= FEWEST
        many = np.maximum(count, 1)
        x, y = good @ place / many, value.sum(axis=1) / many
        across = value @ place / many - x * y
        along = good @ place**2 / many - x**2
        around = (value**2).sum(axis=1) / many - y**2
        slope[enough, k] = (across / np.maximum(along, 1e-12))[enough]
        spread[enough, k] = np.sqrt(np.maximum(around, 0.0))[enough]
    return slope, spread
