from __future__ import annotations

import numpy as np

from core.casefile import Condition
from core.clock import MINUTE, SECOND
from service.thinning import Thinning

NAN = float("nan")


def add(thinning: Thinning, at: int, score: float, health: float) -> list[Condition]:
    return list(
        thinning.add(np.array([0]), np.array([at]), np.array([[score]]), np.array([health]))
    )


def test_a_step_goes_out_with_its_worst_when_the_next_begins() -> None:
    thinning = Thinning(["a"], ["zones"])
    assert add(thinning, MINUTE, 0.5, 0.9) == []
    assert add(thinning, MINUTE + 20 * SECOND, 0.7, NAN) == []
    assert add(thinning, MINUTE + 40 * SECOND, 0.6, 0.8) == []
    assert add(thinning, 2 * MINUTE, 0.1, 1.0) == [
        Condition("a", MINUTE + 40 * SECOND, "score:zones", 0.7),
        Condition("a", MINUTE + 40 * SECOND, "health", 0.8),
    ]


def test_what_was_not_judged_is_left_out() -> None:
    thinning = Thinning(["a"], ["zones"])
    add(thinning, MINUTE, NAN, NAN)
    assert add(thinning, 2 * MINUTE, 0.3, NAN) == []
    assert add(thinning, 3 * MINUTE, NAN, NAN) == [Condition("a", 2 * MINUTE, "score:zones", 0.3)]


def test_thinning_goes_on_where_it_was_saved() -> None:
    first, second = Thinning(["a"], ["zones"]), Thinning(["a"], ["zones"])
    add(first, MINUTE, 0.7, NAN)
    second.restore({name: array.copy() for name, array in first.state().items()})
    assert add(second, 2 * MINUTE, 0.1, NAN) == add(first, 2 * MINUTE, 0.1, NAN)
