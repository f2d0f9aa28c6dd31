from __future__ import annotations

import numpy as np

from models.brier import Outcomes, brier
from models.recalibration import learn

TIMES = np.array([0.0, 10.0, 20.0])


def made(count: int, seed: int) -> tuple[Outcomes, np.ndarray]:
    """Lives that nothing censors, and chances to fail that are twice as sure as they should be."""
    rng = np.random.default_rng(seed)
    true = rng.uniform(-2, 2, count)
    life = np.where(rng.random(count) < 1 / (1 + np.exp(-true)), 5.0, 15.0)
    said = 1 / (1 + np.exp(-2 * true))[:, None] * (TIMES > 5) + (TIMES > 15) * 0.2
    whole = np.ones(count, np.bool_)
    return Outcomes(life, whole, lambda _, at: at * 0 + 1, lambda _, at: at * 0 + 1), said.clip(
        0, 1
    )


def test_chances_that_were_too_sure_are_drawn_in_for_units_not_learned_from() -> None:
    known, said = made(4000, 1)
    fresh, asked = made(4000, 2)
    better = learn(known, said, TIMES).corrected(asked)
    assert brier(fresh, better, TIMES)[:, 1].mean() < 0.98 * brier(fresh, asked, TIMES)[:, 1].mean()
    sure = asked[:, 1] > 0.9
    assert abs(better[sure, 1].mean() - (fresh.time[sure] <= 10).mean()) < 0.04


def test_corrected_chances_rise_with_time_and_keep_the_order_of_units() -> None:
    known, said = made(1000, 3)
    found = learn(known, said, TIMES).corrected(said)
    assert np.all(np.diff(found, axis=1) >= 0)
    assert np.all(np.diff(found[np.argsort(said[:, 1]), 1]) >= -1e-12)
