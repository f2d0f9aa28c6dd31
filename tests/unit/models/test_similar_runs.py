"""Units of the past that looked the same give a second opinion."""

from __future__ import annotations

import numpy as np

from models.similar_runs import SimilarRuns


def past() -> SimilarRuns:
    """Make two units that wear fast and one that wears slowly."""
    left = np.tile(np.arange(60)[::-1].astype(float), 3)
    unit = np.repeat(np.arange(3), 60)
    index = np.where(unit < 2, np.exp(-left / 10), np.exp(-left / 40) - 1)
    return SimilarRuns(("a", "b", "slow"), unit, index, left)


def test_a_run_is_like_those_that_wore_as_it_does() -> None:
    left = np.arange(15, 60)[::-1]
    found = past().alike(np.exp(-left / 10))
    assert found.called[:2] == ("a", "b")
    assert found.left[:2].tolist() == [15, 15]
    assert found.words.startswith("the runs most alike (a, b, slow) went on for 15 (15 to 15)")


def test_no_stretch_reaches_from_one_unit_into_the_next() -> None:
    index = past().index[50:70]  # the end of one unit and the start of the next
    assert (past().alike(index).weight < 1).all()


def test_a_run_that_says_nothing_is_like_none() -> None:
    found = past().alike(np.full(5, np.nan))
    assert found.words == ""
    assert np.isnan(found.mean)
