from __future__ import annotations

import numpy as np

from service.silence import Silence


def test_an_asset_that_is_not_heard_falls_silent_once() -> None:
    silence = Silence(2, 30)
    assert silence.tick(20) == []
    assert silence.heard(np.array([1])) == []
    assert silence.tick(10) == [0]
    assert silence.tick(10) == []
    assert silence.tick(10) == [1]


def test_a_reading_ends_the_silence() -> None:
    silence = Silence(3, 10)
    assert silence.tick(10) == [0, 1, 2]
    assert silence.heard(np.array([2, 0])) == [2, 0]
    assert silence.heard(np.array([2])) == []
    assert silence.tick(5) == []
    assert silence.tick(5) == [0, 2]


def test_silence_goes_on_where_it_was_saved() -> None:
    first, second = Silence(1, 30), Silence(1, 30)
    first.tick(20)
    second.restore({name: array.copy() for name, array in first.state().items()})
    assert second.tick(10) == [0]
    third = Silence(1, 30)
    third.restore(second.state())
    assert third.heard(np.array([0])) == [0]
