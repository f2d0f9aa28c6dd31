"""Operating regimes of runs: what is usual in each, so that load does not pass for wear.

Where the operating channels fall into a few tight groups, each is a regime with a mean and a spread
of its own for every channel. Where they vary freely, a channel is corrected by a parabola in them.
Learned from the training runs alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from core.readings import Bools, Floats
from models import run_wild
from models.run_table import Numbers, RunTable

MOST = 10
"""Up to so many regimes are told apart."""

DROP = 10.0
"""Groups are regimes where the last one taken makes the spread within so many times smaller."""

TIGHT = 0.02
"""And where no more than this share of the variance is left within them."""

DIGITS = 9
"""Centres are rounded, since how sums within groups are rounded depends on where memory lies."""

LOOKED_AT = 3000
"""So many rows are enough to find groups."""

BEYOND = 1.5
"""How many times as far from its regime as any training row a known row may be."""

ROOM = 0.25
"""And at least so many spreads of the operating channels."""

CONSTANT = 1e-5
"""A channel whose spread is below this share of its mean says nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Regimes:
    """What is usual in each regime r.

    `centre[r]` and `spread` are of the operating channels, `reach` how far a row may be from the
    nearest centre, in spreads. `mean[r, k]` and `scale[r, k]` are of the condition channels `names`
    after `bend[p, k]`, their parabola in the operating channels, is taken off. From `leap[k]` on a
    value that leaps off is wild; models of before this was learned have none.
    """

    names: tuple[str, ...]
    operating: tuple[str, ...]
    centre: Floats
    spread: Floats
    reach: float
    mean: Floats
    scale: Floats
    bend: Floats
    leap: Floats | None = None

    def standardised(self, runs: RunTable) -> tuple[Floats, Bools]:
        """Return channels in deviations from what is usual, and whether each row's regime is known.

        Rows of a regime never seen are NaN; so is what is missing, or wild.
        """
        found, known = self._deviations(runs)
        if self.leap is not None:
            found[run_wild.wild(runs, found, self.leap)] = np.nan
        return found, known

    def wild(self, runs: RunTable) -> Bools:
        """Tell which values `[row, k]` of the channels `names` are wild, and count as missing."""
        found, _ = self._deviations(runs)
        if self.leap is None:
            return np.zeros(found.shape, np.bool_)
        return run_wild.wild(runs, found, self.leap)

    def _deviations(self, runs: RunTable) -> tuple[Floats, Bools]:
        values = runs.columns(self.names)
        regime, known = self._located(runs)
        if len(self.bend):
            values = values - _parabola(self._operating(runs)) @ self.bend
        found = (values - self.mean[regime]) / self.scale[regime]
        found[~known] = np.nan
        return found, known

    def _operating(self, runs: RunTable) -> Floats:
        found: Floats = (runs.columns(self.operating) - self.centre.mean(axis=0)) / self.spread
        return np.nan_to_num(found)

    def _located(self, runs: RunTable) -> tuple[Numbers, Bools]:
        count = len(runs.time)
        if not self.operating:
            return np.zeros(count, np.int64), np.ones(count, np.bool_)
        regime, far = _nearest(runs.columns(self.operating) / self.spread, self.centre, self.spread)
        return regime, far <= self.reach


def learn(runs: RunTable) -> tuple[Regimes, RunTable]:
    """Find regimes and what is usual in them; channels that never move are left out.

    Also returns the runs with their wild values blanked; what is usual is learned of the rest.
    """
    found, odd = _with_leaps(_learned(runs), runs)
    if not odd.any():
        return found, runs
    rest = run_wild.without(runs, odd, found.names)
    return _with_leaps(_learned(rest), rest)[0], rest


def _with_leaps(regimes: Regimes, runs: RunTable) -> tuple[Regimes, Bools]:
    channels, _ = regimes.standardised(runs)
    leap = run_wild.learn(runs, channels)
    return replace(regimes, leap=leap), run_wild.wild(runs, channels, leap)


def _learned(runs: RunTable) -> Regimes:
    operating = tuple(name for name in runs.operating if name in runs.names)
    settings = runs.columns(operating)
    whole = np.isfinite(settings).all(axis=1)
    spread = _spread(settings[whole])
    centre = _groups(settings[whole] / spread) * spread
    regime, far = _nearest(settings / spread, centre, spread)
    regime = np.where(whole, regime, -1)
    reach = max(BEYOND * float(far[whole].max(initial=0.0)), ROOM)
    names, values = runs.conditions, runs.columns(runs.conditions)
    bend = np.zeros((0, len(names)))
    if operating and len(centre) == 1:
        bend = _bend(np.nan_to_num((settings - centre[0]) / spread), values)
        values = values - _parabola(np.nan_to_num((settings - centre[0]) / spread)) @ bend
    mean, scale, moves = _usual(values, regime, len(centre))
    return Regimes(
        tuple(name for name, used in zip(names, moves, strict=True) if used),
        operating,
        centre,
        spread,
        reach,
        mean[:, moves],
        scale[:, moves],
        bend[:, moves],
    )


def _spread(settings: Floats) -> Floats:
    """Spread of each operating channel; one that stands still may move by a hundredth."""
    still = np.maximum(0.01 * np.abs(settings.mean(axis=0)), 1e-9)
    found: Floats = np.maximum(settings.std(axis=0), still)
    return found


def _groups(scaled: Floats) -> Floats:
    """Return the centres of the groups that operating channels fall into; one where they do not."""
    middle: Floats = np.round(scaled.mean(axis=0, keepdims=True), DIGITS)
    if not scaled.shape[1]:
        return middle
    from sklearn.cluster import KMeans

    rng = np.random.default_rng(0)
    few = scaled[rng.permutation(len(scaled))[:LOOKED_AT]]
    total = float(((few - few.mean(axis=0)) ** 2).sum())
    different = len(np.unique(few, axis=0))
    best, before = DROP, total
    found = middle
    for count in range(2, min(MOST, different) + 1):
        groups = KMeans(count, n_init=5, random_state=0).fit(few)
        inside = max(float(groups.inertia_), 1e-12 * total)
        if inside <= TIGHT * total and before / inside >= best:
            best, found = before / inside, np.round(groups.cluster_centers_, DIGITS)
        before = inside
    return found


def _nearest(scaled: Floats, centre: Floats, spread: Floats) -> tuple[Numbers, Floats]:
    """Find the nearest centre of each row and how far it is; a row with a gap is infinitely far."""
    if not scaled.shape[1]:
        return np.zeros(len(scaled), np.int64), np.zeros(len(scaled))
    away = ((scaled[:, None, :] - (centre / spread)[None]) ** 2).sum(axis=2)
    away = np.where(np.isfinite(away), away, np.inf)
    return away.argmin(axis=1), np.sqrt(away.min(axis=1))


def _parabola(settings: Floats) -> Floats:
    columns = [settings[:, j] for j in range(settings.shape[1])]
    products = [a * b for j, a in enumerate(columns) for b in columns[j:]]
    return np.stack([*columns, *products], axis=1)


def _bend(settings: Floats, values: Floats) -> Floats:
    """Fit each channel by a parabola in the settings; a ridge keeps what says little small."""
    shape = _parabola(settings)
    found = np.zeros((shape.shape[1], values.shape[1]))
    for k in range(values.shape[1]):
        good = np.isfinite(values[:, k])
        if good.sum() > 10 * shape.shape[1]:
            x = shape[good] - shape[good].mean(axis=0)
            y = values[good, k] - values[good, k].mean()
            ridge = 1e-3 * len(x) * np.eye(x.shape[1])
            found[:, k] = np.linalg.solve(x.T @ x + ridge, x.T @ y)
    return found


def _usual(values: Floats, regime: Numbers, count: int) -> tuple[Floats, Floats, Bools]:
    """Mean and spread of channels in each regime, and which of them ever move."""
    mean, scale = np.zeros((count, values.shape[1])), np.ones((count, values.shape[1]))
    moves = np.zeros(values.shape[1], np.bool_)
    for r in range(count):
        mine = values[regime == r]
        for k in range(values.shape[1]):
            good = mine[np.isfinite(mine[:, k]), k]
            if not len(good):
                continue
            mean[r, k], spread = good.mean(), good.std()
            if spread > max(CONSTANT * abs(mean[r, k]), 1e-12):
                scale[r, k], moves[k] = spread, True
    return mean, scale, moves
