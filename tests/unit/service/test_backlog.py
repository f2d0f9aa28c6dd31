from __future__ import annotations

import numpy as np

from service.backlog import Backlog


def test_a_backlog_ends_with_a_reading_of_now() -> None:
    backlog = Backlog(2)
    both = np.array([0, 1])
    assert backlog.update(both, np.array([True, False])) == []
    assert backlog.catching_up.tolist() == [True, False]
    assert backlog.update(both, np.array([False, False])) == [0]
    assert backlog.update(both, np.array([False, False])) == []


def test_a_backlog_ends_when_nothing_of_it_came_for_two_ticks() -> None:
    backlog = Backlog(1)
    late = (np.array([0]), np.array([True]))
    assert backlog.tick() == []
    backlog.update(*late)
    assert backlog.tick() == []
    backlog.update(*late)
    assert backlog.tick() == []
    assert backlog.tick() == [0]
    assert backlog.tick() == []


def test_a_backlog_goes_on_where_it_was_saved() -> None:
    first, second = Backlog(1), Backlog(1)
    first.update(np.array([0]), np.array([True]))
    first.tick()
    second.restore({name: array.copy() for name, array in first.state().items()})
    assert second.tick() == [0]
