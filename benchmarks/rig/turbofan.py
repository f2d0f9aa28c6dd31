"""C-MAPSS as it comes, and how what is said of its engines is scored.

26 columns: engine, cycle, three settings, 21 sensors. Engines of the training part run to failure,
those of the test part stop before; `RUL_*.txt` says how long each of them had left.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.readings import Floats
from models.run_table import RunTable, gathered

SETTINGS = ("setting 1", "setting 2", "setting 3")
SENSORS = tuple(f"sensor {k}" for k in range(1, 22))
CAP = 125.0
"""Papers clip the truth here; nothing of ours knows of it."""

ENGINES = {"FD001": (100, 100), "FD002": (260, 259), "FD003": (100, 100)}
"""How many engines the training part and the test part of each subset have."""


@dataclass(frozen=True, slots=True, eq=False)
class Subset:
    """One subset: its name, runs to failure, runs cut short, and what those had left."""

    name: str
    train: RunTable
    test: RunTable
    truth: Floats


def subset(folder: Path, name: str) -> Subset:
    """Read one subset."""
    truth = np.loadtxt(folder / f"RUL_{name}.txt", ndmin=1)
    return Subset(
        name, _runs(folder / f"train_{name}.txt"), _runs(folder / f"test_{name}.txt"), truth
    )


def _runs(path: Path) -> RunTable:
    rows = np.loadtxt(path, ndmin=2)
    units = [str(int(each)) for each in rows[:, 0]]
    return gathered(units, rows[:, 1], rows[:, 2:], (*SETTINGS, *SENSORS), SETTINGS)


def rmse(said: Floats, truth: Floats, cap: float = np.inf) -> float:
    """Root mean squared error; `cap` clips both."""
    return float(np.sqrt(np.mean((np.minimum(said, cap) - np.minimum(truth, cap)) ** 2)))


def penalty(said: Floats, truth: Floats, cap: float = np.inf) -> float:
    """Sum the penalties of the PHM08 challenge: late is worse than early."""
    late = np.minimum(said, cap) - np.minimum(truth, cap)
    return float(np.where(late < 0, np.expm1(-late / 13), np.expm1(np.maximum(late, 0) / 10)).sum())


def band(count: int, chance: float = 0.9, sure: float = 0.99) -> tuple[float, float]:
    """Tell between which shares of `count` hits lie that often, where each has this chance."""
    from scipy.stats import binom

    low, high = binom.ppf([(1 - sure) / 2, (1 + sure) / 2], count, chance)
    return float(low) / count, float(high) / count


def weibull_left(lives: Floats, ages: Floats) -> Floats:
    """Predict from age alone: mean life left by a Weibull law of the lives that were seen."""
    from scipy.special import gammaincc
    from scipy.stats import weibull_min

    shape, _, scale = weibull_min.fit(lives, floc=0)
    at = (ages / scale) ** shape
    # the integral of exp(-(t / scale)^shape) from an age on, by the incomplete gamma function
    beyond = scale / shape * math.gamma(1 / shape) * gammaincc(1 / shape, at)
    found: Floats = beyond * np.exp(at)
    return found
