"""Weighing: how well each source of remaining life did on lives that ended, in one failure mode.

What each source says of a life is kept while it lasts, thinned to a few points. When the life ends,
sources are weighed by it: all of it was said before the end was known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from core.clock import HOUR, Instant
from core.life import LEVELS, CannotSay, Outlook, Remaining
from core.readings import Floats
from models.detector import State
from models.life_blend import LifeBlend, course_of, learn_blend

MOST, LIVES = 8, 6
"""So many points of a life are kept, and so many of an asset's last lives."""

_TOLD = 3
_HEAD = 3


class Weighing:
    """Keeps what sources said of each asset's life, and of its last lives.

    Of a life that ended, a row is the hours that were left, whether it ended in failure, which of
    its asset's lives it was (from 1 on; 0 where there is none), and what was said: the 5, 50 and
    95 % points of each source, NaN where it was silent.
    """

    def __init__(self, assets: int, sources: Sequence[str]) -> None:
        self._sources = tuple(sources)
        said = _TOLD * len(self._sources)
        self._at = np.zeros((assets, MOST), np.int64)
        self._said = np.full((assets, MOST * said), np.nan)
        self._count = np.zeros(assets, np.int64)
        self._apart = np.zeros(assets, np.int64)
        self._ended = np.zeros((assets, LIVES * MOST * (_HEAD + said)))
        self._lives = np.zeros(assets, np.int64)
        self._blend: LifeBlend | CannotSay | None = None

    def note(self, asset: int, at: Instant, told: Mapping[str, Outlook]) -> None:
        """Keep what sources say of an asset now, where that is far enough from the last time."""
        count = int(self._count[asset])
        if not any(isinstance(one, Remaining) for one in told.values()):
            return
        if count and at - int(self._at[asset, count - 1]) < self._apart[asset]:
            return
        said = self._said[asset].reshape(MOST, -1)
        if count == MOST:
            half = MOST // 2
            self._apart[asset] = 2 * (self._at[asset, -1] - self._at[asset, 0]) // (MOST - 1)
            self._at[asset, :half], said[:half] = self._at[asset, ::2], said[::2].copy()
            count = half
        self._at[asset, count] = at
        said[count] = np.concatenate([_points(told.get(name)) for name in self._sources])
        self._count[asset] = count + 1

    def ended(self, asset: int, at: Instant, *, failed: bool) -> None:
        """Note that the life of an asset ended, in failure or cut short."""
        kept = np.flatnonzero(self._at[asset, : self._count[asset]] < at)
        if len(kept):
            self._lives[asset] += 1
            rows = self._ended[asset].reshape(LIVES, MOST, -1)
            rows[1:] = rows[:-1].copy()
            rows[0] = 0.0
            rows[0, : len(kept), 0] = (at - self._at[asset, kept]) / HOUR
            rows[0, : len(kept), 1] = failed
            rows[0, : len(kept), 2] = self._lives[asset]
            rows[0, : len(kept), _HEAD:] = self._said[asset].reshape(MOST, -1)[kept]
            self._blend = None
        self._count[asset] = self._apart[asset] = 0

    def blend(self) -> LifeBlend | CannotSay:
        """Weigh the sources by the lives that ended."""
        if self._blend is None:
            rows = self._ended.reshape(len(self._ended) * LIVES * MOST, -1)
            asset = np.repeat(np.arange(len(self._ended)), LIVES * MOST)
            known = rows[:, 2] > 0
            rows, asset = rows[known], asset[known]
            _, unit = np.unique(np.stack([asset, rows[:, 2]]), axis=1, return_inverse=True)
            parts = np.split(rows[:, _HEAD:], len(self._sources), axis=1)
            held = {
                name: np.array([_course(one) for one in part]).reshape(len(rows), len(LEVELS))
                for name, part in zip(self._sources, parts, strict=True)
            }
            ended = rows[:, 1] > 0
            self._blend = learn_blend(held, rows[:, 0], ended, unit.ravel())
        return self._blend

    def state(self) -> State:
        """Return what a restart needs."""
        return {
            "at": self._at.copy(),
            "said": self._said.copy(),
            "count": self._count.copy(),
            "apart": self._apart.copy(),
            "ended": self._ended.copy(),
            "lives": self._lives.copy(),
        }

    def restore(self, state: State) -> None:
        """Take over a state."""
        self._at, self._said = state["at"].astype(np.int64), state["said"].astype(np.float64)
        self._count, self._apart = (state[name].astype(np.int64) for name in ("count", "apart"))
        self._ended = state["ended"].astype(np.float64)
        self._lives = state["lives"].astype(np.int64)
        self._blend = None


def _points(told: Outlook | None) -> tuple[float, ...]:
    if not isinstance(told, Remaining):
        return (np.nan,) * _TOLD
    return told.p05, told.p50, told.p95


def _course(points: Floats) -> Floats:
    """Lay out three points at all levels, as the blend takes them."""
    return course_of(Remaining(*points.tolist()))
