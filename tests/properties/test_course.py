"""A course judged at once is what its rounds, one after another, would have given, bit for bit."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.plant import Mode, NamedDetector
from core.settings import Settings
from models.course import judge
from models.detector import Detector, Round, Scored, State
from models.registry import DETECTORS, build
from tests.plants import pump_class
from tests.rounds import START, STEP, assets, example, play, pumps
from tests.scored import equal_states, joined

PUMPS = 5
LEARNING = 300
ROWS = st.lists(
    st.tuples(
        st.integers(0, PUMPS - 1),
        st.sampled_from([Mode.RUNNING, Mode.RUNNING, Mode.RUNNING, Mode.OFF]),
        st.sampled_from([0.0, 0.0, 3.0, np.nan, 1e300]),
        st.booleans(),
    ),
    max_size=60,
)


def fresh(kind: type[Settings]) -> Detector:
    return build(NamedDetector("tested", example(kind)), pump_class(), assets(PUMPS))


@cache
def learned(kind: type[Settings]) -> State:
    detector = fresh(kind)
    play(detector, pumps(LEARNING, PUMPS))
    return detector.state()


def ready(kind: type[Settings]) -> Detector:
    detector = fresh(kind)
    detector.restore({name: array.copy() for name, array in learned(kind).items()})
    return detector


def course(rows: list[tuple[int, Mode, float, bool]]) -> Round:
    count = len(rows)
    values = pumps(count, 1, 7)[:, 0, :]
    values[:, 1] += np.array([row[2] for row in rows])
    return Round(
        np.array([row[0] for row in rows], np.intp),
        START + (LEARNING + np.arange(count, dtype=np.int64)) * STEP,
        values,
        np.array([row[1] for row in rows], np.int8),
        locked=np.array([row[3] for row in rows], np.bool_),
    )


def one_by_one(detector: Detector, rows: Round) -> Scored:
    found = []
    for i in range(len(rows.at)):
        row = rows.take(np.array([i]))
        found.append(detector.score(row))
        detector.observe(row)
    return joined(found, rows.values.shape[1])


@pytest.mark.parametrize("kind", DETECTORS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("size", [1, 7, None], ids=["by one", "by seven", "at once"])
@settings(max_examples=25)
@given(ROWS)
def test_a_course_gives_what_its_rounds_give(
    kind: type[Settings], size: int | None, rows: list[tuple[int, Mode, float, bool]]
) -> None:
    whole = course(rows)
    plain, tested = ready(kind), ready(kind)
    expected = one_by_one(plain, whole)
    step = size or max(len(rows), 1)
    parts = [
        judge(tested, whole.take(slice(first, first + step))) for first in range(0, len(rows), step)
    ]
    found = joined(parts, whole.values.shape[1])
    for name in ("value", "blame", "low", "high"):
        assert np.array_equal(getattr(found, name), getattr(expected, name), equal_nan=True), name
    assert equal_states(plain.state(), tested.state())
