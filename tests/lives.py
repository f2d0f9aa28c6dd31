"""Lives made up by a known law, for tests of what is learned from them."""

from __future__ import annotations

import numpy as np

from models.life_table import LifeTable


def lives(
    count: int, shape: float, scale: float, weight: float, seed: int, watched: float = 1e9
) -> LifeTable:
    """Make Weibull lives of which the hazard is exp(weight) times as high where `load` is 1.

    About half of them are taken out before they fail, and a third entered late. Ten make a group.
    """
    rng = np.random.default_rng(seed)
    load = rng.integers(0, 2, 2 * count).astype(np.float64)
    end = scale * (rng.exponential(size=2 * count) / np.exp(weight * load)) ** (1 / shape)
    start = np.where(rng.random(2 * count) < 1 / 3, rng.uniform(0, scale, 2 * count), 0.0)
    taken = np.minimum(start + scale * rng.exponential(1.2, 2 * count), watched)
    seen = np.flatnonzero((end > start) & (taken > start))[:count]
    stop = np.minimum(end, taken)
    return LifeTable(
        start[seen],
        stop[seen],
        (end <= taken)[seen].astype(np.int64),
        load[seen, None],
        ("load",),
        np.arange(len(seen)) // 10,
    )


def split(table: LifeTable, at: float) -> LifeTable:
    """Cut every row that goes on beyond an age in two."""
    over = (table.start < at) & (table.stop > at)
    return LifeTable(
        np.concatenate([table.start, np.full(int(over.sum()), at)]),
        np.concatenate([np.where(over, at, table.stop), table.stop[over]]),
        np.concatenate([np.where(over, 0, table.ended), table.ended[over]]),
        np.concatenate([table.covariates, table.covariates[over]]),
        table.names,
        np.concatenate([table.group, table.group[over]]),
    )
