"""News: which of a series' rarities are worth telling.

A rarity that was told stands as a height. It declines to half over the quiet time; what does not
clear it by half again is no news and counts for at most half the line.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.readings import Floats
from models.kernel import kernel

CLEAR = 1.5
"""How many times the height that was told something must reach to be news."""

DECLINE = 0.5
"""How much of a height is gone at the end of the quiet time."""

YOUNG = 0.1
"""The quiet time is at most this share of all that was seen."""

UNTOLD = 0.5
"""What is no news has at most this share of the line."""


class News(NamedTuple):
    """Per asset: the height told and at which row, how many rows there were, the last score."""

    height: Floats
    told_at: NDArray[np.int64]
    rows: NDArray[np.int64]
    score: Floats


def no_news(assets: int) -> News:
    """Make the news of assets of which nothing was told."""
    told_at, rows = np.zeros((2, assets), np.int64)
    return News(np.zeros(assets), told_at, rows, np.full(assets, np.nan))


@kernel
def is_news(news: News, a: int, rare: float, quiet: float) -> bool:
    """Tell whether a rarity is to be told, so long after the last that was."""
    standing = min(quiet, YOUNG * news.rows[a] + 1.0)
    age = news.rows[a] - news.told_at[a]
    if news.height[a] <= 0.0 or age > standing:
        return True
    left = 1.0 - DECLINE * age / max(standing, 1.0)
    return bool(rare > CLEAR * news.height[a] * left)


@kernel
def weighed(score: float, news: bool) -> float:
    """Hold back the score of what is no news."""
    return score if news else min(score, UNTOLD)


@kernel
def tell(news: News, a: int, rare: float) -> None:
    """Let a rarity stand as what was told."""
    news.height[a] = rare
    news.told_at[a] = news.rows[a]
