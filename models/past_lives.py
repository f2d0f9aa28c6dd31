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


class PastLives:
    """Keeps the last lives that ended, and says by them what is left of another."""

    def __init__(self) -> None:
        self._lives: list[Trace] = []
        self._prior: PathPrior | None = None

    def __len__(self) -> int:
        return len(self._lives)

    def end(self, course: Trace) -> None:
        """Take the course of a life that ended, failed or not, at most `PLACES` points of it."""
        if len(course.way) < FEWEST:
            return
        self._lives = [*self._lives, course][-KEPT:]
        self._prior = None

    def outlook(self, course: Trace, horizon: float) -> Outlook:
        """Say what is left of a life from the last point of its course on, in its unit of time."""
        if self._prior is None:
            self._prior = others(self._lives, weak())
        worn = fit(course, self._prior)
        if worn.rising() < SURE:
            return declined("not_falling")
        found = left(worn, course, horizon)
        if found is None or found.p95 > WIDEST * found.p05:
            return declined("too_wide")
        return found

    def state(self) -> State:
        """Return everything kept."""
        time = np.zeros((len(self._lives), PLACES))
        way, used = np.zeros_like(time), np.zeros(len(self._lives), np.int64)
        for k, life in enumerate(self._lives):
            used[k] = len(life.way)
            time[k, : used[k]], way[k, : used[k]] = life.time, life.way
        return {"lives_time": time, "lives_way": way, "lives_used": used}

    def restore(self, state: State) -> None:
        """Take over what was kept; a state of before there were any has none."""
        self._lives, self._prior = [], None
        used = state["lives_used"].tolist() if "lives_used" in state else []
        for k, count in enumerate(used):
            time, way = (state[f"lives_{name}"][k, :count] for name in ("time", "way"))
            self._lives.append(Trace(time.astype(np.float64), way.astype(np.float64)))
