"""The grades of a recorded table's channels, over the whole of it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from core.plant import Channel, Mode
from core.readings import Floats, Instants
from models.grade import grade
from models.recording_regimes import RecordingRegimes
from service.grading import Graded
from storage.table import Table

MOST_CELLS = 4_000_000
"""So many cells of a table are looked at, evenly spread over its rows."""


def grades_of(table: Table) -> Iterator[Graded]:
    """Grade every asset of a table; of a long one, stretches all over it."""
    survey = table.survey()
    width = max(len(table.channels), 1)
    every = max(1, -(-survey.count * width // MOST_CELLS))
    kept: dict[str, list[tuple[Instants, Floats]]] = {}
    for number, piece in enumerate(table.pieces()):
        if number % every:
            continue
        for name, rows in piece.parts():
            chosen = rows[piece.timed[rows]]
            kept.setdefault(name, []).append((piece.at[chosen], piece.values[chosen]))
    for name, parts in kept.items():
        at = np.concatenate([part[0] for part in parts])
        values = np.concatenate([part[1] for part in parts])
        order = np.argsort(at, kind="stable")
        found = grade(values[order], at[order], table.channels)
        ways = RecordingRegimes()
        ways.learn(at[order], values[order], np.full(len(at), Mode.RUNNING, np.int8), found)
        telling = tuple(Channel(table.channels[k]) for k in ways.columns)
        share = {Mode.RUNNING: 1.0}
        yield Graded(name, survey.rows[name], share, found, ways.found, telling)
