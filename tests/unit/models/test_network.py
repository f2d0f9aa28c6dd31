"""A network says what its layers make of a row, row by row, and cannot be led far off."""

from __future__ import annotations

import numpy as np
import pytest

from core.errors import Refused
from core.readings import Floats
from models.network import Lesson, Network, kept, standardised, taught

LESSON = Lesson(hidden=(8, 4), rate=0.01, rounds=2, corrected=300)


@pytest.fixture(scope="module")
def rows() -> Floats:
    found: Floats = np.random.default_rng(1).normal(50.0, 10.0, (600, 3))
    return found


@pytest.fixture(scope="module")
def net(rows: Floats) -> Network:
    return taught(rows, _label(rows), LESSON, [0])[0]


def _label(rows: Floats) -> Floats:
    found: Floats = np.clip(rows[:, 0] + np.abs(rows[:, 1] - 50.0), 0.0, 80.0)
    return found


def test_it_learns_what_is_no_straight_line(rows: Floats, net: Network) -> None:
    label = _label(rows)
    off = net.predict(rows) - label
    assert np.sqrt(np.mean(off**2)) < 0.4 * label.std()


def test_it_says_what_its_layers_make_of_a_row() -> None:
    weight = (np.array([[1.0, -1.0]]), np.array([[2.0], [3.0]]))
    made = Network(np.zeros(1), np.ones(1), weight, (np.zeros(2), np.array([0.1])), 10.0)
    # relu(0.2) * 2 + relu(-0.2) * 3 + 0.1 = 0.5, of 10
    assert made.predict(np.array([[0.2], [-0.2]])) == pytest.approx([5.0, 7.0])


def test_a_row_is_told_the_same_whichever_rows_stand_beside_it(rows: Floats, net: Network) -> None:
    whole = net.predict(rows)
    assert np.array_equal(whole[7:8], net.predict(rows[7:8]))
    assert np.array_equal(whole[100:107], net.predict(rows[100:107]))


def test_what_it_says_lies_within_what_it_was_shown(net: Network) -> None:
    wild = np.array([[1e9, -1e9, 0.0], [-1e9, 50.0, 1e9]])
    said = net.predict(wild)
    assert (said >= 0).all()
    assert (said <= 80.0).all()


def test_what_is_missing_counts_as_usual(rows: Floats, net: Network) -> None:
    gap, usual = rows[:5].copy(), rows[:5].copy()
    gap[:, 1], usual[:, 1] = np.nan, net.centre[1]
    assert np.array_equal(net.predict(gap), net.predict(usual))
    assert standardised(gap, net.centre, net.scale)[:, 1].tolist() == [0.0] * 5


def test_it_learns_from_rows_with_gaps_and_a_column_without_a_value(rows: Floats) -> None:
    holed = rows.copy()
    holed[::3, 1], holed[:, 2] = np.nan, np.nan
    assert np.isfinite(taught(holed, _label(rows), LESSON, [0])[0].predict(holed)).all()


def test_a_network_that_was_kept_says_the_same(rows: Floats, net: Network) -> None:
    assert np.array_equal(kept(net.arrays(), 3).predict(rows), net.predict(rows))


@pytest.mark.parametrize("harm", ["lost", "width", "words", "end"])
def test_a_damaged_network_is_refused(net: Network, harm: str) -> None:
    arrays, width = net.arrays(), 3
    if harm == "lost":
        del arrays["bias1"]
    elif harm == "width":
        width = 4
    elif harm == "words":
        arrays["weight0"] = arrays["weight0"].astype(str)
    else:
        arrays["weight2"], arrays["bias2"] = np.ones((4, 2)), np.ones(2)
    with pytest.raises(Refused, match="the network is damaged"):
        kept(arrays, width)
