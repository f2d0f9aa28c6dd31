"""Clocks of sources: offsets that follow, and jumps that are noticed."""

from __future__ import annotations

import numpy as np
import pytest

from core.clock import HOUR, MINUTE, SECOND
from ingest.clocks import DOUBTFUL, ENOUGH, WINDOW, ClockJumps, ClockOffsets
from ingest.instants import FURTHEST
from tests.messages import NOW


def hear(offsets: ClockOffsets, behind: int, count: int = ENOUGH, begin: int = NOW) -> int:
    """Messages over just one window, from a clock that is so far behind."""
    step = WINDOW // (count - 1)
    for n in range(count):
        arrived = begin + n * step
        offsets.learn("a", arrived, arrived - behind)
    return begin + count * step


def test_the_first_difference_is_believed_at_once() -> None:
    offsets = ClockOffsets()
    assert offsets.offset("a") == 0
    offsets.learn("a", NOW, NOW - HOUR - SECOND // 3)
    assert offsets.offset("a") == HOUR
    assert offsets.offsets == {"a": HOUR}


def test_a_smaller_difference_is_followed_at_once_and_a_larger_is_not() -> None:
    offsets = ClockOffsets()
    offsets.learn("a", NOW, NOW - HOUR)
    offsets.learn("a", NOW + SECOND, NOW - 2 * HOUR)
    assert offsets.offset("a") == HOUR
    offsets.learn("a", NOW + 2 * SECOND, NOW - HOUR + DOUBTFUL)
    assert offsets.offset("a") == HOUR - DOUBTFUL + 2 * SECOND


def test_a_clock_of_which_nothing_is_known_is_believed_at_once() -> None:
    offsets = ClockOffsets({})
    offsets.learn("a", NOW, NOW + 2 * HOUR)
    assert offsets.offset("a") == -2 * HOUR


def test_a_clock_that_was_set_ahead_is_believed_once_some_in_a_row_agree() -> None:
    offsets = ClockOffsets({"a": HOUR})
    before = offsets.offset("a")
    for n in range(ENOUGH):
        assert offsets.offset("a") == before
        offsets.learn("a", NOW + n * SECOND, NOW + n * SECOND + 2 * HOUR)
    assert offsets.offset("a") == -2 * HOUR


def test_slips_that_do_not_agree_or_not_in_a_row_are_never_believed() -> None:
    offsets = ClockOffsets({"a": 0, "b": 0})
    for n in range(4 * ENOUGH):
        arrived = NOW + n * SECOND
        offsets.learn("a", arrived, arrived + (HOUR if n % ENOUGH else 0))
        offsets.learn("b", arrived, arrived + (1 + n) * HOUR)
    assert offsets.offsets == {"a": 0, "b": 0}


def test_what_is_known_from_before_holds() -> None:
    offsets = ClockOffsets({"a": HOUR})
    offsets.learn("a", NOW, NOW - 2 * HOUR)
    assert offsets.offset("a") == HOUR


def test_a_clock_that_was_set_back_is_believed_after_a_steady_window() -> None:
    offsets = ClockOffsets({"a": 0})
    begin = hear(offsets, 0)
    hear(offsets, HOUR, begin=begin)
    assert offsets.offset("a") == HOUR


def test_a_backlog_that_drains_does_not_move_a_clock() -> None:
    offsets = ClockOffsets({"a": 0})
    for n in range(3000):
        arrived = NOW + n * SECOND
        offsets.learn("a", arrived, NOW - 5 * HOUR + 3 * n * SECOND)
    assert offsets.offset("a") == 0


def test_few_messages_in_a_window_move_nothing() -> None:
    offsets = ClockOffsets({"a": 0})
    hear(offsets, HOUR, count=ENOUGH - 1)
    assert offsets.offset("a") == 0


def test_a_small_drift_does_not_move_an_offset() -> None:
    offsets = ClockOffsets({"a": HOUR})
    hear(offsets, HOUR + SECOND // 2)
    assert offsets.offset("a") == HOUR


def see(jumps: ClockJumps, *pairs: tuple[int, int], arrived: int = NOW) -> list[bool]:
    rows, at = zip(*pairs, strict=True)
    return jumps.see(np.array(rows, np.int32), np.array(at, np.int64), arrived).tolist()


def test_only_a_source_that_was_live_can_jump_back() -> None:
    jumps = ClockJumps(("a", "b"))
    assert see(jumps, (0, NOW), (1, NOW - 9 * HOUR)) == [False, False]
    assert see(jumps, (0, NOW - HOUR), (1, NOW - 20 * HOUR)) == [False, False]
    assert see(jumps, (0, NOW - HOUR - 1)) == [True]


def test_a_jump_is_over_with_the_next_reading_that_is_not_behind() -> None:
    jumps = ClockJumps(("a", "b"))
    see(jumps, (0, NOW))
    jumps.mark(0)
    assert jumps.jumped() == ["a"]
    see(jumps, (0, NOW - 2 * HOUR), (1, NOW))
    assert jumps.jumped() == ["a"]
    see(jumps, (0, NOW + MINUTE))
    assert jumps.jumped() == []


@pytest.mark.parametrize("at", [FURTHEST, -FURTHEST])
def test_the_furthest_times_are_no_jump_by_overflow(at: int) -> None:
    jumps = ClockJumps(("a",))
    assert see(jumps, (0, at)) == [False]
    see(jumps, (0, NOW))
    assert see(jumps, (0, at)) == [at < NOW]
