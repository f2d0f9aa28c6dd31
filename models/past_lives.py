"""Past lives: the courses of lives of a class that ended, and what they teach of those to come.

An outlook by many paths (`wear`) starts from them: how courses of the kind begin and go, how they
differ and how noisy they are. Without any, it rests on the machine's own course alone.
"""

from __future__ import annotations

import numpy as np

from core.life import Outlook, declined
from models.degradation import SURE, WIDEST
from models.detector import State
from models.path_prior import PathPrior, weak
from models.trail import PLACES
from models.wear import Trace, fit, left, others

KEPT = 20
"""So many of the last lives are kept."""

FEWEST = 10
"""Courses of fewer points teach nothing."""

FAR = 1e3
"""Courses that went so many times the way to their end, up or down, teach nothing."""

LONGER = 10.0
"""Of a life so many times as long as any before, what those were tells nothing."""


class PastLives:
    """Keeps the last lives of `assets` machines that ended, and says by them what is left."""

    def __init__(self, assets: int) -> None:
        self._assets = assets
        self._lives: list[tuple[int, int, Trace]] = []
        self._prior: PathPrior | None = None

    def __len__(self) -> int:
        return len(self._lives)

    def end(self, asset: int, course: Trace) -> None:
        """Take the course of a life that ended, failed or not, at most `PLACES` points of it."""
        if len(course.way) < FEWEST or np.abs(course.way).max() > FAR:
            return
        order = self._lives[-1][0] + 1 if self._lives else 0
        self._lives = [*self._lives, (order, asset, course)][-KEPT:]
        self._prior = None

    def outlook(self, course: Trace, horizon: float) -> Outlook:
        """Say what is left of a life from the last point of its course on, in its unit of time."""
        worn = fit(course, self._known(float(course.time[-1])))
        if not worn.rising() >= SURE:
            return declined("not_falling")
        found = left(worn, course, horizon)
        if found is None or found.p95 > WIDEST * found.p05:
            return declined("too_wide")
        return found

    def _known(self, length: float) -> PathPrior:
        """Tell what is believed of a life of so long before its course is seen."""
        if self._prior is None:
            self._prior = others([life for _, _, life in self._lives], weak())
        scale = self._prior.scale
        return self._prior if scale is None or length <= LONGER * scale else weak()

    def state(self) -> State:
        """Return everything kept, by asset: `[asset, its lives, point]`."""
        mine = [[life for life in self._lives if life[1] == a] for a in range(self._assets)]
        shape = self._assets, max((len(some) for some in mine), default=0)
        time, way = (np.zeros((*shape, PLACES)) for _ in range(2))
        used, order = (np.zeros(shape, np.int64) for _ in range(2))
        for asset, some in enumerate(mine):
            for k, (number, _, life) in enumerate(some):
                count = len(life.way)
                used[asset, k], order[asset, k] = count, number
                time[asset, k, :count], way[asset, k, :count] = life.time, life.way
        return {"lives_time": time, "lives_way": way, "lives_used": used, "lives_order": order}

    def restore(self, state: State) -> None:
        """Take over what was kept; a state of before there were any has none."""
        self._lives, self._prior = [], None
        if "lives_used" not in state:
            return
        used = state["lives_used"].astype(np.int64)
        for asset, k in np.argwhere(used > 0).tolist():
            some = slice(int(used[asset, k]))
            time, way = (state[f"lives_{name}"][asset, k, some] for name in ("time", "way"))
            course = Trace(time.astype(np.float64), way.astype(np.float64))
            self._lives.append((int(state["lives_order"][asset, k]), asset, course))
        self._lives.sort(key=lambda life: life[0])
