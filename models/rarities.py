"""Rarities: rows of many assets passed through, each channel looked up and then learned.

The loop of the detector `models/single.py`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.readings import Bools, Floats
from models import season
from models.aspects import (
    ASPECTS,
    HUGE,
    SETTLING,
    Counts,
    Memory,
    counts,
    learn,
    moved,
    rare,
    seen_as,
    strange,
)
from models.kernel import kernel
from models.news import News, is_news, tell, weighed
from models.novelty import reach

Rows = tuple[NDArray[np.intp], Counts, Floats, Bools, Bools]
"""Asset, instant, values, whether it runs, and whether learning is locked, per row."""

Out = tuple[Floats, Floats, Floats, Floats]
"""Score, blame, and the band's low and high, to be filled."""

Given = tuple[float, float, int, int]
"""The line as -log10 of a probability, the quiet time, the warm-up, and the short mean, in rows."""


@kernel
def run(
    rows: Rows,
    judged: Bools,
    given: Given,
    memory: Memory,
    news: News,
    out: Out,
    move: bool,
) -> None:
    """Judge rows in their order into `out`; what is kept moves on with each where it is to."""
    asset, at, values, running, locked = rows
    for i in range(len(asset)):
        a = asset[i]
        rarest, spoke = -1.0, False
        for k in range(values.shape[1]):
            value = values[i, k]
            if not (running[i] and judged[k]) or np.isnan(value):
                continue
            spoke = True
            ready = memory.rows[a, k] >= given[2]
            if ready:
                _band(memory, a, k, at[i], given[0], out, i)
            found = _channel(memory, a, k, at[i], value, given, locked[i], move)
            if ready:
                out[1][i, k] = found
                rarest = max(rarest, found)
        if rarest >= 0.0:
            fresh = is_news(news, a, rarest, given[1])
            out[0][i] = weighed(rarest / given[0], fresh)
            _share(out, i)
            if move and fresh and rarest >= given[0] and not locked[i]:
                tell(news, a, rarest)
        if move and spoke:
            news.rows[a] += 1
            news.score[a] = out[0][i]


@kernel
def again(rows: Rows, judged: Bools, given: Given, memory: Memory, news: News, out: Out) -> None:
    """Say of rows that repeat what was said of them."""
    asset, at, values, running, _ = rows
    for i in range(len(asset)):
        a = asset[i]
        for k in range(values.shape[1]):
            if not (running[i] and judged[k]) or np.isnan(values[i, k]):
                continue
            if memory.rows[a, k] >= given[2]:
                _band(memory, a, k, at[i], given[0], out, i)
                out[1][i, k] = memory.said[a, k]
                out[0][i] = news.score[a]
        if np.isnan(out[0][i]):
            out[1][i], out[2][i], out[3][i] = 0.0, np.nan, np.nan
        else:
            _share(out, i)


@kernel
def _channel(
    memory: Memory, a: int, k: int, at: int, value: float, given: Given, locked: bool, move: bool
) -> float:
    """Add up how rare a reading is in all aspects, and take it in where it is to `move`."""
    value = min(max(value, -HUGE), HUGE)
    trail = moved(memory.trail[a, k], memory.rows[a, k], value, given[3])
    usual = season.expected(memory.base[a, k], memory.folds[a, k], memory.opened[a, k], at)
    measures = seen_as(value, usual, trail)
    settled = memory.rows[a, k] >= min(SETTLING, 2 * given[2] // 3)
    found = 0.0
    for m in range(ASPECTS):
        odd = strange(memory, a, k, m, measures[m]) if settled else np.nan
        if counts(m, memory.rows[a, k], given[3]):
            found += rare(memory, a, k, m, odd)
        if move and not locked:
            learn(memory, a, k, m, measures[m], odd)
    if move:
        memory.said[a, k] = found
    if move and not locked:
        for j in range(len(trail)):
            memory.trail[a, k, j] = trail[j]
        season.follow(memory.base[a, k], memory.folds[a, k], memory.opened[a, k], at, value)
        memory.rows[a, k] += 1
    return found


@kernel
def _band(memory: Memory, a: int, k: int, at: int, line: float, out: Out, i: int) -> None:
    """Say between what values a reading would be no news, by its value and by its season."""
    far = _far(memory, a, k, 0, line)
    known = memory.points[a, k, 0]
    low, high = known[0] - far, known[memory.held[a, k, 0] - 1] + far
    usual = season.expected(memory.base[a, k], memory.folds[a, k], memory.opened[a, k], at)
    far = _far(memory, a, k, 1, line)
    if not np.isnan(usual + far):
        known = memory.points[a, k, 1]
        least, most = usual + known[0] - far, usual + known[memory.held[a, k, 1] - 1] + far
        if max(low, least) <= min(high, most):
            low, high = max(low, least), min(high, most)
    out[2][i, k], out[3][i, k] = low, high


@kernel
def _far(memory: Memory, a: int, k: int, m: int, line: float) -> float:
    records, entered = memory.records[a, k, m], memory.entered[a, k, m]
    return reach(records, entered, memory.ranked[a, k, m], line, memory.scatter[a, k, m])


@kernel
def _share(out: Out, i: int) -> None:
    """Share the blame by rarity; alike where nothing is rare."""
    blame, high = out[1][i], out[3][i]
    total, judged = blame.sum(), 0
    for k in range(len(blame)):
        judged += not np.isnan(high[k])
    for k in range(len(blame)):
        if total > 0.0:
            blame[k] /= total
        elif not np.isnan(high[k]):
            blame[k] = 1.0 / judged
