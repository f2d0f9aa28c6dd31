from __future__ import annotations

import pytest

from core.clock import MINUTE, SECOND, ManualClock
from simulators.pace import Accelerated, AtOnce, OnTheClock, pace


def test_at_once_never_waits() -> None:
    assert AtOnce().wait(10**18) == 0


def test_accelerated_keeps_the_distances_shortened() -> None:
    watch = iter([100.0, 100.0, 103.0])
    quick = Accelerated(10, lambda: next(watch))
    assert quick.wait(MINUTE) == 0
    assert quick.wait(2 * MINUTE) == 6.0
    assert quick.wait(2 * MINUTE) == 3.0


def test_on_the_clock_waits_for_the_messages_own_time() -> None:
    clock = ManualClock(10 * SECOND)
    assert OnTheClock(clock).wait(12 * SECOND) == 2.0
    assert OnTheClock(clock).wait(9 * SECOND) == -1.0


def test_a_speed_is_read_as_people_write_it() -> None:
    assert isinstance(pace("max"), AtOnce)
    assert isinstance(pace("real"), Accelerated)
    assert isinstance(pace("x600"), Accelerated)
    assert isinstance(pace("0.5"), Accelerated)


@pytest.mark.parametrize("odd", ["", "fast", "0", "-3", "nan", "x"])
def test_a_speed_that_is_none_is_refused(odd: str) -> None:
    with pytest.raises(ValueError, match=r"is not a speed; write max, real"):
        pace(odd)
