"""Extrapolation: what condition channels would read at a load never seen, by straight lines.

One line for each condition channel over the operating channels (ridge regression: A. E. Hoerl and
R. W. Kennard, 1970), learned with the first regimes. A line is a guess out there, and so has room:
of the noise about it, and of as much again as it leads beyond all that was seen.
"""

from __future__ import annotations

import numpy as np

from core.readings import Floats
from models.baseline import filled
from models.detector import State

RIDGE = 1e-3
"""Draws slopes to none, as a part of the number of rows."""

NARROW = 0.01
"""A channel that moved less than this part of its size counts as if it had moved so much."""

NOISE, TREND = 6.0, 4.0
"""So many spreads off its line a channel is far out, and by so many apart it has a trend."""

_TAIL = 0.01
_SPREADS = 4.65  # of a normal distribution between its quantiles 0.01 and 0.99


class Extrapolation:
    """Holds the lines of every asset: `operating` channels explain `conditions`."""

    def __init__(self, assets: int, operating: int, conditions: int) -> None:
        self._arrays: dict[str, Floats] = {
            "line_centre": np.zeros((assets, operating)),
            "line_scale": np.ones((assets, operating)),
            "line_slope": np.zeros((assets, conditions, operating)),
            "line_base": np.full((assets, conditions), np.nan),
            "line_spread": np.full((assets, conditions), np.nan),
            "line_low": np.full((assets, conditions), np.nan),
            "line_high": np.full((assets, conditions), np.nan),
        }

    def learn(self, asset: int, operating: Floats, values: Floats) -> None:
        """Learn from healthy rows `operating[n, p]` and `values[n, k]`, NaN where missing."""
        kept, rows = self._arrays, np.nan_to_num(filled(operating))
        centre = np.median(rows, axis=0)
        scale = np.maximum(rows.std(axis=0), np.maximum(NARROW * np.abs(centre), 1e-9))
        kept["line_centre"][asset], kept["line_scale"][asset] = centre, scale
        whole = (rows - centre) / scale
        for k in range(values.shape[1]):
            there = np.isfinite(values[:, k])
            if there.sum() <= whole.shape[1] + 1:
                continue
            known, said = whole[there], values[there, k]
            middle = known.mean(axis=0)
            off = known - middle
            gram = np.einsum("ni,nj->ij", off, off) + RIDGE * len(off) * np.eye(off.shape[1])
            pull = np.einsum("ni,n->i", off, said - said.mean())
            slope = np.linalg.solve(gram, pull)
            base = float(said.mean() - (middle * slope).sum())
            rest = said - base - (known * slope).sum(axis=1)
            low, high = np.quantile(rest, [_TAIL, 1 - _TAIL])
            kept["line_slope"][asset, k], kept["line_base"][asset, k] = slope, base
            kept["line_spread"][asset, k] = max((high - low) / _SPREADS, 1e-9)
            ends = np.quantile(said, [_TAIL, 1 - _TAIL])
            kept["line_low"][asset, k], kept["line_high"][asset, k] = ends

    def known(self, asset: int) -> bool:
        """Tell whether there is a line for any condition channel of an asset."""
        return bool(np.isfinite(self._arrays["line_base"][asset]).any())

    def expected(self, asset: int, operating: Floats) -> Floats:
        """Tell what conditions would read at rows `operating[n, p]`; NaN where none is known."""
        kept = self._arrays
        whole = np.nan_to_num((operating - kept["line_centre"][asset]) / kept["line_scale"][asset])
        lines: Floats = np.einsum("np,kp->nk", whole, kept["line_slope"][asset])
        lines += kept["line_base"][asset]
        return lines

    def off(self, asset: int, operating: Floats, values: Floats) -> Floats:
        """Tell how far each value is off its line, in the room that it has, above 0 or below."""
        kept, line = self._arrays, self.expected(asset, operating)
        beyond = np.abs(line - np.clip(line, kept["line_low"][asset], kept["line_high"][asset]))
        found: Floats = (values - line) / (NOISE * kept["line_spread"][asset] + beyond)
        return found

    def trend(self, asset: int, operating: Floats, values: Floats) -> Floats:
        """Tell how far off its line a channel went from the first to the last third of rows.

        1 is a trend, below 0 one that falls.
        """
        rest = values - self.expected(asset, operating)
        part = max(len(rest) // 3, 1)
        went = middle(rest[-part:]) - middle(rest[:part])
        found: Floats = went / (TREND * self._arrays["line_spread"][asset])
        return found

    def forget(self, asset: int) -> None:
        """Know no lines of an asset."""
        for name in ("line_base", "line_spread", "line_low", "line_high"):
            self._arrays[name][asset] = np.nan

    def adopt(self, other: Extrapolation, asset: int, theirs: int) -> None:
        """Take over the lines of an asset from another."""
        for name, kept in self._arrays.items():
            kept[asset] = other._arrays[name][theirs]

    def state(self) -> State:
        """Return everything needed to go on."""
        return {name: kept.copy() for name, kept in self._arrays.items()}

    def restore(self, state: State) -> None:
        """Take over a state; one from before there were lines has none."""
        for name, kept in self._arrays.items():
            if name in state:
                kept[...] = state[name]


def middle(rows: Floats) -> Floats:
    """Take the median of each channel, NaN where it never said anything."""
    found = np.full(rows.shape[1], np.nan)
    for k in range(rows.shape[1]):
        there = rows[np.isfinite(rows[:, k]), k]
        if len(there):
            found[k] = np.median(there)
    return found
