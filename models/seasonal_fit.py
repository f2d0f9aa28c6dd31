"""Seasonal fit: what a channel reads at a time of day and of the week, and how surely.

Classical decomposition by moving averages (W. S. Cleveland et al., STL, Journal of Official
Statistics 6, 1990, of which this is the plain first pass), with medians over days in the place of
means, so that a bad day does not tell. A profile is taken only where it tells days, or weeks, that
it has not seen.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.clock import DAY, HOUR, Span
from core.readings import Bools, Floats, Instants
from models.baseline import WILD, filled, fit
from models.ensemble_fit import LOOKS, MOST_ALIKE, TAME
from models.student import widening

BINS = 48
"""Bins of a day."""

SLOTS = 7 * BINS
"""Bins of a week."""

HOURS = 24

GAIN = 0.9
"""A profile is taken where it brings the mean error below this part of what it was."""

CONFIDENCE = 2.5
"""At how many standard deviations the little that was seen is made up for."""

SHRUNK = 3.0
"""For how many days' worth the scatter of all hours counts beside that of one."""

QUIETEST = 0.2
"""An hour has at least this part of the variance of all hours."""

_Courses = tuple[Floats, Floats, Floats]


class Fitted(NamedTuple):
    """What is learned of one asset, channels standardised as `(x - centre) / spread`.

    `profile[k, s]` is what the half hour `s` of the week adds, `room[k, h]` the variance of
    smoothed residuals around their reference at an hour of the day, `noise` that of single ones.
    The reference may go from `lowest` to `highest`. `weekly` marks the channels whose weekdays
    tell. `smoothed` and `level` are the residuals and their reference at the end.
    """

    judged: Bools
    centre: Floats
    spread: Floats
    profile: Floats
    room: Floats
    noise: Floats
    lowest: Floats
    highest: Floats
    weekly: Bools
    smoothed: Floats
    level: Floats
    moved: NDArray[np.int64]


def learn(
    values: Floats,
    at: Instants,
    local: Instants,
    candidates: Bools,
    spans: tuple[Span, Span],
    sure: Bools,
) -> Fitted:
    """Learn from rows `values[n, k]` at instants; `spans` are those of smoothing and reference."""
    base = fit(values, values[:, :0], candidates, 0.1, sure)
    standard = np.where(base.judged, (filled(values) - base.centre) / base.spread, 0.0)
    standard = np.clip(standard, -WILD, WILD)
    width = values.shape[1]
    profile, weekly = np.zeros((width, SLOTS)), np.zeros(width, np.bool_)
    for k in np.flatnonzero(base.judged):
        profile[k], weekly[k] = _profile(standard[:, k], local)
    left = standard - interpolated(profile, local).T
    smoothed, level, apart = _walk(left, at, spans)
    settled = slice(min(int(np.searchsorted(at, at[0] + 3 * spans[0])), len(at) // 4), None)
    noise = np.maximum(_tamed(left - smoothed).var(axis=0), 1e-9)
    away = _tamed(apart[settled])
    room = _rooms(away, local[settled]) * _doubt(away)[:, None]
    room = room * _seen(profile, weekly, local)[:, None]
    room = np.maximum(room, 0.02 * noise[:, None])
    half = np.maximum(np.ptp(level[settled], axis=0), np.sqrt(room.mean(axis=1)))
    return Fitted(
        base.judged,
        base.centre,
        base.spread,
        profile,
        room,
        noise,
        level[settled].min(axis=0) - half,
        level[settled].max(axis=0) + half,
        weekly,
        smoothed[-1],
        level[-1],
        np.full(width, at[-1]),
    )


def interpolated(profile: Floats, local: Instants) -> Floats:
    """Read profiles `[k, s]` at instants of local time; returns `[k, n]`."""
    place = (local % (7 * DAY)) / (7 * DAY) * SLOTS - 0.5
    first = np.floor(place).astype(np.int64)
    part = place - first
    told: Floats = profile[:, first % SLOTS] * (1 - part) + profile[:, (first + 1) % SLOTS] * part
    return told


def _seen(profile: Floats, weekly: Bools, local: Instants) -> Floats:
    """Tell how much more the days to come scatter around a mean of n than those n do.

    Both have the variance of one day, with that of the mean: (1 + 1/n) / (1 - 1/n) times as much.
    """
    days = max(float(np.ptp(local)) / DAY, 2.0)
    count = np.where(weekly, np.maximum(days / 7, 2.0), days)
    more: Floats = np.where(profile.any(axis=1), (count + 1) / (count - 1), 1.0)
    return more


def _profile(course: Floats, local: Instants) -> tuple[Floats, bool]:
    """Find the profile of one channel over the week, zero where none tells."""
    day = local // DAY
    days = int(day[-1] - day[0]) + 1
    place = (day - day[0]) * BINS + local % DAY * BINS // DAY
    sums = np.bincount(place, course, days * BINS)
    counts = np.bincount(place, minlength=days * BINS)
    means = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
    table: Floats = means.reshape(days, BINS)
    start, weeks = int(day[0]) % 7, len(table) // 7
    by_day = table - _trend(table, BINS)
    daily = _taken(by_day)
    found = np.tile(daily, 7)
    if weeks < 2:
        return found, False
    by_week = (table - _trend(table, SLOTS) - daily)[: 7 * weeks].reshape(weeks, SLOTS)
    whole = _taken(by_week)
    if not whole.any():
        return found, False
    return found + np.roll(whole, start * BINS), True


def _trend(table: Floats, length: int) -> Floats:
    """Average over a window of whole days around each bin; the nearest whole one at the ends."""
    flat = table.ravel()
    known = np.flatnonzero(~np.isnan(flat))
    full = np.interp(np.arange(len(flat)), known, flat[known])
    if len(full) <= length:
        return np.full(table.shape, full.mean())
    inner = np.convolve(full, np.full(length, 1 / length), "valid")
    before = length // 2
    return np.pad(inner, (before, len(full) - len(inner) - before), "edge").reshape(table.shape)


def _taken(periods: Floats) -> Floats:
    """Take the median period, smoothed a little; zero where it does not tell a period left out."""
    if len(periods) < 2:
        return np.zeros(periods.shape[1])
    errors, plain = [], []
    for number, period in enumerate(periods):
        told = _median(np.delete(periods, number, axis=0))
        errors.append(np.abs(period - told))
        plain.append(np.abs(period))
    with_it, without = _mean(errors), _mean(plain)
    return _median(periods) if with_it < GAIN * without else np.zeros(periods.shape[1])


def _mean(errors: list[Floats]) -> float:
    said = np.array(errors)
    return float(said[~np.isnan(said)].mean())


def _median(periods: Floats) -> Floats:
    """Take the median of each bin, 0 where nothing was seen, and smooth over neighbours."""
    known = ~np.isnan(periods)
    held = np.where(known, periods, np.inf)
    ranked, count = np.sort(held, axis=0), known.sum(axis=0)
    index = np.arange(periods.shape[1])
    low, high = ranked[np.maximum(count - 1, 0) // 2, index], ranked[count // 2 % len(held), index]
    middle = np.where(count > 0, (low + np.where(count % 2 == 1, low, high)) / 2, 0.0)
    middle = np.where(np.isfinite(middle), middle, 0.0)
    smooth: Floats = (np.roll(middle, 1) + 2 * middle + np.roll(middle, -1)) / 4
    level = float(smooth.mean())
    return smooth - level


def _walk(left: Floats, at: Instants, spans: tuple[Span, Span]) -> _Courses:
    """Average residuals over both spans; returns both courses and how far they were apart."""
    begun = left[: max(len(left) // 20, 1)].mean(axis=0)
    quick, slow = begun.copy(), begun.copy()
    smoothed, level, apart = np.empty_like(left), np.empty_like(left), np.empty_like(left)
    gaps = np.diff(at, prepend=at[0])
    for i, row in enumerate(left):
        quick = quick + -math.expm1(-gaps[i] / spans[0]) * (row - quick)
        apart[i] = quick - slow
        slow = slow + -math.expm1(-gaps[i] / spans[1]) * (quick - slow)
        smoothed[i], level[i] = quick, slow
    return smoothed, level, apart


def _tamed(rows: Floats) -> Floats:
    """Pull in what is far out: a bad day among the lessons must not make room for faults."""
    size = np.abs(rows)
    middle = np.median(size, axis=0)
    reach = TAME * np.maximum(1.4826 * middle, 0.5 * size.mean(axis=0))
    tamed: Floats = np.clip(rows, -reach, reach)
    return tamed


def _rooms(away: Floats, local: Instants) -> Floats:
    """Tell the variance of each hour of the day, by itself where enough was seen; `[k, h]`."""
    hour = (local % DAY // HOUR).astype(np.int64)
    days = max(float(np.ptp(local)) / DAY, 1.0)
    usual = np.maximum(np.mean(away**2, axis=0), 1e-9)
    room = np.empty((away.shape[1], HOURS))
    for h in range(HOURS):
        near = np.isin(hour, [(h - 1) % HOURS, h, (h + 1) % HOURS])
        own = np.mean(away[near] ** 2, axis=0) if near.any() else usual
        room[:, h] = (days * own + SHRUNK * usual) / (days + SHRUNK)
    wide: Floats = np.maximum(room, QUIETEST * usual[:, None])
    return wide


def _doubt(away: Floats) -> Floats:
    """Tell by how much a variance is widened, the more alike neighbouring rows are."""
    whole = np.maximum(np.sum(away**2, axis=0), 1e-12)
    alike = np.clip(np.sum(away[1:] * away[:-1], axis=0) / whole, 0.0, MOST_ALIKE)
    looks = np.maximum(len(away) * (1 - alike) / (1 + alike) - 1, LOOKS)
    wider: Floats = widening(looks, CONFIDENCE) ** 2
    return wider
