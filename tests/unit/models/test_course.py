from __future__ import annotations

import numpy as np

from core.plant import Mode
from models.course import judge, rounds, spans
from models.detector import Round, Scored
from models.mewma import Mewma, MewmaSettings
from tests.plants import pump_class
from tests.rounds import assets


def test_rows_are_parted_so_that_each_asset_occurs_once_in_a_round() -> None:
    order, bounds = rounds(np.array([2, 0, 2, -1, 1, 2, 0]))
    assert [order[part].tolist() for part in spans(bounds)] == [[1, 4, 0], [6, 2], [5]]


def test_rows_of_unknown_assets_make_no_round() -> None:
    order, bounds = rounds(np.array([-1, -1]))
    assert list(spans(bounds)) == []
    assert len(order) == 0


def test_a_detector_that_judges_a_course_by_itself_is_asked_to() -> None:
    class Own(Mewma):
        def judge(self, rows: Round) -> Scored:
            return Scored(np.full(len(rows.at), 7.0), rows.values, rows.values, rows.values)

    detector = Own(MewmaSettings(), pump_class(), assets(1))
    times = np.arange(3, dtype=np.int64)
    rows = Round(times.astype(np.intp) * 0, times, np.ones((3, 3)), times.astype(np.int8))
    assert judge(detector, rows).value.tolist() == [7.0, 7.0, 7.0]


def test_an_empty_course_is_judged_empty() -> None:
    none = np.zeros(0, np.int64)
    rows = Round(none.astype(np.intp), none, np.zeros((0, 3)), none.astype(np.int8))
    scored = judge(Mewma(MewmaSettings(), pump_class(), assets(1)), rows)
    assert scored.value.shape == (0,)
    assert scored.blame.shape == (0, 3)


def test_what_is_selected_of_a_round_keeps_all_that_belongs_to_it() -> None:
    two = np.array([4, 9])
    rows = Round(
        two.astype(np.intp),
        two.astype(np.int64),
        np.array([[1.0], [2.0]]),
        np.array([Mode.RUNNING, Mode.OFF], np.int8),
        np.array([[True], [False]]),
        locked=np.array([False, True]),
    )
    taken = rows.take(np.array([1]))
    assert (taken.asset[0], taken.at[0], taken.values[0, 0]) == (9, 9, 2.0)
    assert taken.mode[0] == Mode.OFF
    assert taken.refused is not None
    assert not taken.refused[0, 0]
    assert taken.locked is not None
    assert taken.locked[0]
