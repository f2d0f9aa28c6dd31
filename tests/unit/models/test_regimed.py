"""A detector with a model of its own for each regime that was learned later."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.plant import NamedDetector
from core.settings import Settings
from models.budgeted import extensible
from models.detector import Extensible, Round, Scored
from models.ensemble import EnsembleSettings
from models.mewma import MewmaSettings
from models.registry import build
from tests.plants import pump_class
from tests.rounds import START, STEP, assets, play, pumps

LEARNING = 300


def ready(settings: Settings) -> Extensible:
    made = build(NamedDetector("tested", settings), pump_class(), assets(2))
    play(made, pumps(LEARNING, 2))
    found = extensible(made)
    assert found is not None
    return found


def course(values: np.ndarray, begin: int, model: int) -> Round:
    """Make a course of the first pump alone."""
    count = len(values)
    return Round(
        np.zeros(count, np.intp),
        START + (begin + np.arange(count, dtype=np.int64)) * STEP,
        values[:, 0],
        np.full(count, 4, np.int8),
        model=np.full(count, model, np.int8),
    )


def elsewhere(count: int, seed: int) -> np.ndarray:
    """Let pumps run at a load that was never learned: all of it reads higher."""
    return pumps(count, 2, seed) + np.array([900.0, 5.0, 20.0])


def judged(made: Extensible, rows: Round) -> Scored:
    found: Scored = made.judge(rows)  # type: ignore[attr-defined]
    return found


@pytest.fixture(params=[MewmaSettings(), EnsembleSettings()], ids=["mewma", "ensemble"])
def settings(request: pytest.FixtureRequest) -> Settings:
    chosen: Settings = request.param
    return chosen


def test_a_later_model_judges_its_rows_and_finds_faults_there(settings: Settings) -> None:
    made = ready(settings)
    assert made.extend(0, 1, course(elsewhere(500, 2), LEARNING, 1))
    healthy = judged(made, course(elsewhere(60, 3), 1000, 1))
    assert (healthy.value < 1).all()
    worn = elsewhere(40, 4)
    worn[:, :, 1] += 2
    assert (judged(made, course(worn, 1100, 1)).value[-10:] > 1).all()


def test_the_first_model_is_as_if_nothing_had_been_learned_later(settings: Settings) -> None:
    plain, made = ready(settings), ready(settings)
    made.extend(0, 1, course(elsewhere(500, 2), LEARNING, 1))
    rows = course(pumps(50, 2, 5), 900, 0)
    assert np.array_equal(judged(plain, rows).value, judged(made, rows).value)


def test_too_few_rows_teach_nothing(settings: Settings) -> None:
    made = ready(settings)
    assert not made.extend(0, 1, course(elsewhere(30, 2), LEARNING, 1))
    assert not made.has(0, 1)


def test_a_dropped_model_judges_no_more(settings: Settings) -> None:
    made = ready(settings)
    made.extend(0, 1, course(elsewhere(500, 2), LEARNING, 1))
    made.drop(0, 1)
    assert np.isnan(judged(made, course(elsewhere(5, 3), 1000, 1)).value).all()


def test_a_state_with_later_models_and_one_from_before_there_were_any(settings: Settings) -> None:
    made = ready(settings)
    before = made.state()  # type: ignore[attr-defined]
    made.extend(0, 1, course(elsewhere(500, 2), LEARNING, 1))
    kept = made.state()  # type: ignore[attr-defined]
    again, old = ready(settings), ready(settings)
    again.restore(kept)  # type: ignore[attr-defined]
    old.restore(before)  # type: ignore[attr-defined]
    rows = course(elsewhere(20, 3), 1000, 1)
    assert np.array_equal(judged(made, rows).value, judged(again, rows).value)
    assert not old.has(0, 1)
    assert not any(name.startswith("later") for name in before)


def test_a_row_alone_is_judged_as_in_a_course(settings: Settings) -> None:
    made = ready(settings)
    made.extend(0, 1, course(elsewhere(500, 2), LEARNING, 1))
    mixed = np.concatenate([elsewhere(9, 3), pumps(9, 2, 4)])
    rows = course(mixed, 1000, 0)
    rows = replace(rows, model=np.repeat([1, 0], 9).astype(np.int8))
    whole = ready(settings)
    whole.restore(made.state())  # type: ignore[attr-defined]
    course_values = judged(whole, rows).value
    one_by_one = []
    for i in range(len(rows.asset)):
        row = rows.take(slice(i, i + 1))
        one_by_one.append(made.score(row).value[0])  # type: ignore[attr-defined]
        made.observe(row)  # type: ignore[attr-defined]
    assert np.array_equal(course_values, np.array(one_by_one))
