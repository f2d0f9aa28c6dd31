from __future__ import annotations

import numpy as np
import pytest

from models.distance import ALONE, judge


def row(*values: float) -> np.ndarray:
    return np.array([values])


def free(width: int) -> tuple[np.ndarray, np.ndarray]:
    return np.eye(width)[None], np.ones((1, width), np.bool_)


def test_a_single_channel_is_at_its_line_at_so_many_standard_errors() -> None:
    score, blame = judge(row(0, -ALONE, 0), *free(3))
    assert score[0] == pytest.approx(1)
    assert blame[0].tolist() == [0, 1, 0]


def test_many_channels_a_little_off_pass_the_line_together() -> None:
    score, _ = judge(np.full((1, 30), 2.2), *free(30))
    assert score[0] > 1


def test_correlated_channels_that_part_are_farther_off() -> None:
    cov = np.array([[[1.0, 0.95], [0.95, 1.0]]])
    usable = np.ones((1, 2), np.bool_)
    together, _ = judge(row(2, 2), cov, usable)
    apart, _ = judge(row(2, -2), cov, usable)
    assert apart[0] > 2 * together[0]


def test_an_unusable_channel_is_as_if_it_were_not_there() -> None:
    cov = np.array([[[1.0, 0.9, 0.0], [0.9, 1.0, 0.0], [0.0, 0.0, 1.0]]])
    with_it, blame = judge(row(99.0, 2.0, 1.0), cov, np.array([[False, True, True]]))
    without, _ = judge(row(2.0, 1.0), np.eye(2)[None], np.ones((1, 2), np.bool_))
    assert with_it[0] == without[0]
    assert blame[0, 0] == 0


def test_a_row_with_nothing_usable_has_no_score() -> None:
    score, blame = judge(row(1, 2), np.eye(2)[None], np.zeros((1, 2), np.bool_))
    assert np.isnan(score[0])
    assert (blame == 0).all()


def test_nothing_off_shares_blame_evenly() -> None:
    score, blame = judge(row(0, 0), *free(2))
    assert score[0] == 0
    assert blame[0].tolist() == [0.5, 0.5]
