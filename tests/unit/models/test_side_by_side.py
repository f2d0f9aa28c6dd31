"""Tasks side by side return what they would one after the other, each on one thread."""

from __future__ import annotations

import threading
import time
from functools import partial

import numpy as np
import pytest
import sklearn.ensemble  # noqa: F401 - brings threads of OpenMP
from threadpoolctl import threadpool_info

from models.network import Lesson, taught
from models.side_by_side import AT_ONCE, side_by_side


def test_networks_taught_at_once_are_those_taught_one_after_the_other() -> None:
    rows = np.random.default_rng(1).normal(50.0, 10.0, (600, 3))
    label, lesson = np.clip(rows[:, 0], 0.0, 80.0), Lesson((8, 4), rate=0.01, corrected=60)
    tasks = [partial(taught, rows, label, lesson, [seed]) for seed in range(3, 6)]
    together, alone = side_by_side(tasks), side_by_side(tasks, few=True)
    for (one,), (other,) in zip(together, alone, strict=True):
        assert all(map(np.array_equal, one.weight, other.weight))
        assert all(map(np.array_equal, one.bias, other.bias))
    assert not np.array_equal(together[0][0].weight[0], together[1][0].weight[0])


def test_results_stand_in_the_order_of_tasks_and_two_are_done_at_the_same_time() -> None:
    both = threading.Barrier(AT_ONCE, timeout=10)

    def task(number: int) -> int:
        both.wait()
        return number

    assert side_by_side([partial(task, k) for k in range(4)]) == [0, 1, 2, 3]


def test_meanwhile_linear_algebra_and_trees_keep_to_one_thread_each() -> None:
    def looking() -> set[int]:
        return {part["num_threads"] for part in threadpool_info()}

    assert side_by_side([looking, looking]) == [{1}, {1}]


def test_few_rows_begin_no_thread() -> None:
    assert side_by_side([threading.get_ident], few=True) == [threading.get_ident()]


def test_a_task_that_fails_ends_those_that_wait() -> None:
    done: list[int] = []

    def fail() -> None:
        raise ZeroDivisionError

    def slow() -> None:
        time.sleep(0.005)
        done.append(1)

    with pytest.raises(ZeroDivisionError):
        side_by_side([fail, *[slow] * 200])
    assert len(done) < 200
