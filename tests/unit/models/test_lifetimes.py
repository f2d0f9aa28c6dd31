from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.errors import Refused
from core.life import CannotSay, Remaining
from models.ageing import Mixture, Standing
from models.life_table import FEWEST, LifeTable
from models.lifetimes import Weibull, fit
from tests.lives import lives, split


def learned(table: LifeTable, ridge: float = 0.01) -> Weibull:
    found = fit(table, ridge)
    assert isinstance(found, Weibull)
    return found


def test_censored_and_late_lives_give_back_the_law_that_made_them() -> None:
    found = learned(lives(3000, 2.0, 100.0, 0.8, seed=1))
    assert found.shape == pytest.approx(2.0, rel=0.06)
    ratio = found.risk(np.array([[1.0], [0.0]]))
    assert ratio[0] / ratio[1] == pytest.approx(np.exp(0.8), rel=0.12)
    gathered = found.risk(np.zeros((1, 1))) * found.cumulative(np.array([100.0]))
    assert gathered[0] == pytest.approx(1.0, rel=0.1)


def test_taking_censored_lives_for_failures_would_shorten_life() -> None:
    table = lives(1500, 2.0, 100.0, 0.0, seed=2)
    all_failed = LifeTable(
        table.start, table.stop, np.ones_like(table.ended), table.covariates, ("load",), table.group
    )
    assert learned(all_failed).scale < 0.9 * learned(table).scale


def test_a_life_cut_into_rows_tells_the_same_as_a_whole_one() -> None:
    table = lives(400, 1.5, 100.0, 0.5, seed=3)
    one, other = learned(table), learned(split(table, 40.0))
    assert other.shape == pytest.approx(one.shape, rel=1e-4)
    assert other.scale == pytest.approx(one.scale, rel=1e-2)


def test_how_unsure_it_is_says_how_far_off_it_is() -> None:
    """Of 40 fits the true log shape lies within two standard errors in nearly all."""
    off = []
    for seed in range(40):
        found = learned(lives(150, 2.0, 100.0, 0.0, seed=seed))
        off.append((found.fitted[0] - np.log(2.0)) / np.sqrt(found.covariance[0, 0]))
    assert np.mean(np.abs(off) < 2) >= 0.85
    assert 0.6 < np.std(off) < 1.5


def test_a_fit_of_few_failures_is_blurred_by_what_it_does_not_know() -> None:
    few = learned(lives(16, 2.0, 100.0, 0.0, seed=5)).drawn(64, seed=1)
    many = learned(lives(2000, 2.0, 100.0, 0.0, seed=5)).drawn(64, seed=1)
    spread = [np.std([np.log(one.scale) for one in drawn]) for drawn in (few, many)]
    assert spread[0] > 4 * spread[1]


def known_from(failures: int, seed: int) -> LifeTable:
    """Return lives up to the one that brings so many failures, each a group by itself."""
    table = lives(60, 2.0, 100.0, 0.0, seed=seed).only(())
    first = table.rows(np.cumsum(table.ended) - table.ended < failures)
    return replace(first, group=np.arange(len(first.stop)))


def test_intervals_learned_from_five_failures_hold_what_they_promise() -> None:
    """Of lives of the true law 90 % should lie within; the bare fit's intervals hold fewer."""
    none, held, bare = np.zeros((1, 0)), [], []
    new = Standing(np.zeros(1), none, none, 0.0)
    for seed in range(16):
        found = learned(known_from(FEWEST, seed))
        for models, kept in ((found.drawn(32, seed=1), held), ((found,), bare)):
            (left,) = Mixture(models, (1 / len(models),) * len(models)).left(new, 3000.0)
            assert isinstance(left, Remaining)
            early, late = 1 - np.exp(-((np.array([left.p05, left.p95]) / 100) ** 2))
            kept.append(late - early)
    assert np.mean(held) >= 0.83
    assert np.mean(held) > np.mean(bare) + 0.04


def test_a_strong_ridge_leaves_the_covariates_out() -> None:
    risk = learned(lives(300, 2.0, 100.0, 1.0, seed=4), ridge=1e6).risk(np.array([[0.0], [1.0]]))
    assert risk == pytest.approx([1.0, 1.0], abs=0.01)


@pytest.mark.parametrize(("failures", "words"), [(0, "no failure"), (1, "one"), (4, "4 failures")])
def test_too_few_failures_are_declined(failures: int, words: str) -> None:
    ended = np.zeros(30, np.int64)
    ended[:failures] = 1
    table = LifeTable(
        np.zeros(30), np.arange(1.0, 31.0), ended, np.zeros((30, 0)), (), np.arange(30)
    )
    found = fit(table)
    assert isinstance(found, CannotSay)
    assert found.reason == "too_few_failures"
    assert words in found.words
    assert str(FEWEST) in found.words


def test_failures_that_all_came_at_one_age_are_learned_from() -> None:
    table = LifeTable(
        np.zeros(20), np.full(20, 50.0), np.ones(20, np.int64), np.zeros((20, 0)), (), np.arange(20)
    )
    found = Mixture((learned(table),), (1.0,))
    none = np.zeros((1, 0))
    (left,) = found.left(Standing(np.zeros(1), none, none, 0.0), 500.0)
    assert not isinstance(left, CannotSay)
    assert left.p50 == pytest.approx(50, rel=0.15)


def test_a_row_that_stops_before_it_starts_is_refused_by_its_number() -> None:
    with pytest.raises(Refused, match="row 1 of the lives goes from age 5 to 4"):
        LifeTable(
            np.array([0.0, 5.0]), np.array([3.0, 4.0]), np.zeros(2, np.int64),
            np.zeros((2, 0)), (), np.zeros(2, np.int64),
        )  # fmt: skip


def test_a_covariate_that_is_not_known_is_refused_by_its_name() -> None:
    with pytest.raises(Refused, match="row 1 of the lives: load is not a number"):
        LifeTable(
            np.zeros(2), np.ones(2), np.zeros(2, np.int64),
            np.array([[1.0], [np.nan]]), ("load",), np.zeros(2, np.int64),
        )  # fmt: skip
