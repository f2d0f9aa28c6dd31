"""Rows for models of runs are kept as a ring: the newest, in order, each where it stands."""

from __future__ import annotations

import numpy as np

from core.clock import HOUR
from core.plant import Mode
from models.detector import Round, State
from models.run_rows import MOST, RunRows
from service.checkpoint import write_array


def shown(rows: RunRows, first: int, last: int, asset: int = 0) -> None:
    """Let a machine show the number of each hour, from one hour to another."""
    hours = np.arange(first, last)
    at = hours * HOUR - int(rows._off[asset])
    mode = np.full(len(hours), Mode.RUNNING, np.int8)
    values = np.repeat(hours[:, None] * 1.0, rows._total.shape[1], axis=1)
    rows.observe(Round(np.full(len(hours), asset), at, values, mode))


def hours(rows: RunRows, begin: int = -HOUR, asset: int = 0) -> list[float]:
    at, values = rows.since(asset, begin)
    ends = (at + int(rows._off[asset])) // HOUR - 1
    assert ends.tolist() == values[:, 0].tolist()
    return [float(value) for value in values[:, 0]]


def changed(before: State, after: State) -> int:
    """Count the bytes that a checkpoint writes between two states."""
    old, new = (
        {key: body for name in state for key, body in write_array(name, state[name]).items()}
        for state in (before, after)
    )
    return sum(len(body) for key, body in new.items() if old.get(key) != body)


def test_the_newest_rows_are_told_in_order_however_often_the_ring_went_round() -> None:
    for turn in (31, 32, 33, MOST - 1, MOST, MOST + 1, 2 * MOST + 7, 3 * MOST):
        rows = RunRows(("a", "b"), 1, HOUR)
        shown(rows, 0, 4, asset=1)
        shown(rows, 0, turn + 1)
        assert hours(rows) == list(range(max(turn - MOST, 0), turn))
        assert rows.newest(0) == turn * HOUR - int(rows._off[0])
        begin = (turn - 5) * HOUR - int(rows._off[0])
        assert hours(rows, begin) == list(range(turn - 5, turn))
        assert hours(rows, asset=1) == [0, 1, 2]


def test_a_full_ring_that_is_restored_goes_on_as_one_that_was_not() -> None:
    whole, half = RunRows(("a",), 1, HOUR), RunRows(("a",), 1, HOUR)
    shown(whole, 0, MOST + 60)
    shown(half, 0, MOST + 20)
    again = RunRows(("a",), 1, HOUR)
    again.restore({name: array.copy() for name, array in half.state().items()})
    shown(again, MOST + 20, MOST + 60)
    assert hours(again) == hours(whole)


def test_rows_kept_from_the_oldest_on_open_as_a_ring() -> None:
    """A full buffer was shifted once: its oldest row stood first, and `count` stayed."""
    older, again = RunRows(("a",), 1, HOUR), RunRows(("a",), 1, HOUR)
    shown(older, 0, MOST + 20)
    at, values = older.since(0, -HOUR)
    again.restore(older.state() | {"count": np.array([MOST]), "at": at[None], "rows": values[None]})
    for rows in (older, again):
        shown(rows, MOST + 20, MOST + 30)
    assert hours(again) == hours(older)


def test_a_row_more_in_a_full_ring_changes_little_of_a_checkpoint() -> None:
    rows = RunRows(("a",), 8, HOUR)
    shown(rows, 0, MOST + 100)
    before = rows.state()
    shown(rows, MOST + 100, MOST + 101)
    whole = sum(array.nbytes for array in before.values())
    assert changed(before, rows.state()) < whole / 10
