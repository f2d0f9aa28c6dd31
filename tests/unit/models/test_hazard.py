from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from core.life import CannotSay
from models.hazard import Cox, fit
from models.life_table import LifeTable
from tests.lives import lives, split


def learned(table: LifeTable, ridge: float = 0.01) -> Cox:
    found = fit(table, ridge)
    assert isinstance(found, Cox)
    return found


def test_the_weight_of_a_covariate_is_found_among_censored_and_late_lives() -> None:
    found = learned(lives(1500, 2.0, 100.0, 0.8, seed=1))
    ratio = found.risk(np.array([[1.0], [0.0]]))
    assert ratio[0] / ratio[1] == pytest.approx(np.exp(0.8), rel=0.15)


def test_the_hazard_gathered_follows_the_law_that_made_the_lives() -> None:
    found = learned(lives(3000, 2.0, 100.0, 0.5, seed=2))
    ages = np.array([40.0, 80.0, 120.0])
    assert found.risk(np.zeros((1, 1))) * found.cumulative(ages) == pytest.approx(
        (ages / 100) ** 2, rel=0.12
    )


def test_a_life_cut_into_rows_tells_the_same_as_a_whole_one() -> None:
    """Also where the cut is an age of failure: who enters there is not counted as there before."""
    table = lives(200, 1.5, 100.0, 0.5, seed=3)
    at = float(np.median(table.stop[table.ended > 0]))
    place = np.argmin(np.abs(table.stop - at))
    one, other = learned(table), learned(split(table, float(table.stop[place])))
    risks = [each.risk(np.array([[1.0], [0.0]])) for each in (one, other)]
    assert risks[0][0] / risks[0][1] == pytest.approx(risks[1][0] / risks[1][1], rel=1e-3)


def test_without_covariates_it_counts_failures_among_those_watched() -> None:
    """At 1 one of 6, at 2 two of 4 (1/4 and then 1/3), at 3 one of 2, at 4 the last; Efron's."""
    table = LifeTable(
        np.array([0.0, 0, 0, 0, 0, 0]),
        np.array([1.0, 1.5, 2.0, 2.0, 3.0, 4.0]),
        np.array([1, 0, 1, 1, 1, 1]),
        np.zeros((6, 0)),
        (),
        np.arange(6),
    )
    found = learned(table)
    gathered = np.cumsum([1 / 6, 1 / 4 + 1 / 3, 1 / 2, 1.0])
    assert found.cumulative(np.array([0.5, 1.0, 2.0, 3.5, 4.0])) == pytest.approx(
        [0, gathered[0], gathered[1], gathered[2], gathered[3]]
    )


def test_beyond_the_last_failure_hazard_goes_on() -> None:
    found = learned(lives(500, 2.0, 100.0, 0.0, seed=4))
    last = found.ages[-1]
    near, far = found.cumulative(np.array([last, 2 * last]))
    assert far > near + 1


def test_too_few_failures_are_declined() -> None:
    table = LifeTable(
        np.zeros(9), np.arange(1.0, 10.0), np.eye(9, dtype=np.int64)[3], np.zeros((9, 0)), (),
        np.arange(9),
    )  # fmt: skip
    found = fit(table)
    assert isinstance(found, CannotSay)
    assert found.reason == "too_few_failures"


def test_a_covariate_that_never_changes_is_let_be() -> None:
    table = lives(100, 2.0, 100.0, 0.5, seed=6)
    same = np.concatenate([table.covariates, np.full((len(table.stop), 1), 7.0)], axis=1)
    wider = LifeTable(table.start, table.stop, table.ended, same, ("load", "b"), table.group)
    assert learned(wider).weights[1] == 0
    assert learned(wider).weights[0] == pytest.approx(learned(table).weights[0])


def test_a_covariate_that_foretells_all_of_few_failures_is_given_no_endless_weight() -> None:
    rng = np.random.default_rng(7)
    load = np.sort(rng.standard_t(1.5, 12))
    failed = (np.arange(12) >= 6).astype(np.int64)
    stop = rng.permutation(np.arange(1.0, 13.0))
    table = LifeTable(np.zeros(12), stop, failed, load[:, None], ("load",), np.arange(12))
    weights = [float(learned(table, ridge).weights[0]) for ridge in (0.001, 0.1, 10.0)]
    assert np.isfinite(weights).all()
    assert weights[0] > weights[1] > weights[2] > 0


def test_to_load_a_fitted_model_loads_no_statistics() -> None:
    asked = "import sys, models.hazard; print('statsmodels' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"
