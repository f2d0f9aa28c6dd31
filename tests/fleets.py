"""Small fleets that wear until they fail, as runs and as files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from models.network import Lesson
from models.run_life_fit import Course
from models.run_table import RunTable, gathered

QUICK = Course(
    iterations=30,
    folds=5,
    rate=0.1,
    reach=0.6,
    nets=1,
    lesson=Lesson(hidden=(16, 8), rate=0.01, rounds=5, corrected=240),
)
"""A fit that takes a second."""

CHANNELS = ("heat", "shake", "flow", "level")
LOADS = np.array([[0.2, 10.0], [0.6, 20.0], [1.0, 30.0]])


def fleet(
    units: int = 24, seed: int = 1, *, cut: bool = False, wears: bool = True, loads: bool = True
) -> pd.DataFrame:
    """Make runs of 60 to 140 rows; `cut` ends them before they fail, `truth` is what was left."""
    rng = np.random.default_rng(seed)
    frames = []
    for unit in range(units):
        life = int(rng.integers(60, 140))
        age = np.arange(1, life + 1)
        worn = np.exp(-(life - age) / 18.0) if wears else np.zeros(life)
        load = LOADS[rng.integers(0, 3, life)] if loads else np.repeat(LOADS[:1], life, axis=0)
        noise = rng.normal(0, 1, (life, 4))
        signs = np.array([3.0, 2.0, -2.5, 0.0])
        values = 100 + 40 * load[:, [0]] + signs * worn[:, None] * 3 + noise * 0.4
        frame = pd.DataFrame(values * np.array([1.0, 0.01, 5.0, 1.0]), columns=list(CHANNELS))
        frame.insert(0, "unit", f"u{unit}")
        frame.insert(1, "cycle", age)
        frame["load"], frame["speed"] = load[:, 0], load[:, 1]
        frame["still"] = 7.0
        frame["truth"] = life - age
        if cut:
            frame = frame.iloc[: int(rng.integers(15, life))]
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def runs(frame: pd.DataFrame) -> RunTable:
    """Put a frame of a fleet together to runs."""
    names = [*CHANNELS, "load", "speed", "still"]
    failed = frame["event"].to_numpy() == 1 if "event" in frame else None
    return gathered(
        frame["unit"].tolist(),
        frame["cycle"].to_numpy(np.float64),
        frame[names].to_numpy(np.float64),
        names,
        ("load", "speed"),
        failed,
    )


def csv(where: Path, frame: pd.DataFrame, name: str = "runs.csv") -> Path:
    """Write a fleet as CSV, without the truth."""
    path = where / name
    frame.drop(columns="truth").to_csv(path, index=False)
    return path
