"""The series of the Numenta anomaly benchmark, with their labelled windows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.rig.windows import Window
from core.readings import Floats, Instants

WINDOWS = Path("labels") / "combined_windows.json"


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """One file: its folder and name, instants in the file's order, values, windows by row."""

    name: str
    at: Instants
    values: Floats
    windows: tuple[Window, ...]

    @property
    def folder(self) -> str:
        """Name the folder the file lies in."""
        return self.name.partition("/")[0]


def series(folder: Path) -> Iterator[Series]:
    """Read all series that have labels, in the order of their names."""
    labels = json.loads((folder / WINDOWS).read_text(encoding="utf-8"))
    for name in sorted(labels):
        at, values = _columns(folder / name)
        yield Series(name, at, values, tuple(_rows(at, window) for window in labels[name]))


def _columns(path: Path) -> tuple[Instants, Floats]:
    lines = path.read_text(encoding="utf-8").splitlines()[1:]
    cells = [line.split(",") for line in lines]
    at = np.array([_instant(when) for when, _ in cells])
    return at, np.array([float(value) if value else np.nan for _, value in cells])


def _rows(at: Instants, window: list[str]) -> Window:
    """Find the rows at which a window begins and ends."""
    first, last = (int(np.flatnonzero(at == _instant(when))[0]) for when in window)
    return first, last


def _instant(text: str) -> np.int64:
    return np.datetime64(text, "ns").astype(np.int64)
