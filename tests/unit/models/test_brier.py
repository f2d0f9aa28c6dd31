from __future__ import annotations

import numpy as np
import pytest

from models.brier import Outcomes, brier, concordance, integrated, observed
from models.kaplan_meier import censoring

TIMES = np.linspace(0, 20, 41)


def watched(time: np.ndarray, failed: np.ndarray) -> Outcomes:
    curve = censoring(np.zeros(len(time)), time, failed, ~failed)
    return Outcomes(time, failed, lambda _, at: curve.at(at), lambda _, at: curve.before(at))


def made(count: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the mean life, the true life, and the time of censoring of each."""
    rng = np.random.default_rng(seed)
    mean = rng.uniform(5, 40, count)
    return mean, rng.exponential(mean), rng.exponential(25, count)


def test_without_censoring_it_is_the_plain_squared_error() -> None:
    mean, life, _ = made(200, 1)
    chances = 1 - np.exp(-TIMES / mean[:, None])
    plain = ((life[:, None] <= TIMES) - chances) ** 2
    assert brier(watched(life, np.ones(200, np.bool_)), chances, TIMES) == pytest.approx(plain)


def test_weights_make_up_for_what_was_censored() -> None:
    mean, life, taken = made(40_000, 2)
    chances = 1 - np.exp(-TIMES / mean[:, None])
    seen = watched(np.minimum(life, taken), life <= taken)
    plain = (((life[:, None] <= TIMES) - chances) ** 2).mean(axis=0)
    assert brier(seen, chances, TIMES).mean(axis=0) == pytest.approx(plain, abs=0.006)
    failed, counted = observed(seen, 10.0)
    assert failed.sum() / counted.sum() == pytest.approx((life <= 10).mean(), abs=0.01)


def test_true_chances_have_the_lowest_score() -> None:
    mean, life, taken = made(5000, 3)
    seen = watched(np.minimum(life, taken), life <= taken)
    scores = [
        integrated(brier(seen, 1 - np.exp(-TIMES / (mean * off)[:, None]), TIMES), TIMES).mean()
        for off in (0.6, 1.0, 1.7)
    ]
    assert scores[1] < min(scores[0], scores[2])


def test_the_mean_over_time_of_a_constant_is_it() -> None:
    assert integrated(np.full((2, 41), 0.25), TIMES) == pytest.approx([0.25, 0.25])


def test_concordance_tells_order_from_disorder_and_from_nothing() -> None:
    _, life, taken = made(300, 4)
    seen = watched(np.minimum(life, taken), life <= taken)
    assert concordance(seen, -life, 20.0) == pytest.approx(1)
    assert concordance(seen, life, 20.0) == 0
    assert concordance(seen, np.ones(300), 20.0) == pytest.approx(0.5)


def test_concordance_is_the_same_with_and_without_censoring() -> None:
    mean, life, taken = made(3000, 5)
    seen = watched(np.minimum(life, taken), life <= taken)
    whole = concordance(watched(life, np.ones(3000, np.bool_)), -mean, 15.0)
    assert concordance(seen, -mean, 15.0) == pytest.approx(whole, abs=0.015)


def test_without_a_pair_there_is_no_concordance() -> None:
    assert np.isnan(concordance(watched(np.ones(3), np.zeros(3, np.bool_)), np.ones(3), 5.0))
