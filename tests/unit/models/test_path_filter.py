"""The filter gives what a slow plain twin gives: the same model as one big covariance."""

from __future__ import annotations

import numpy as np
import pytest

from models.path_filter import THROWN, Structures, filtered

TIME = np.sort(np.random.default_rng(3).uniform(0, 1, 25))
TIME = np.append(TIME, 1.0)
GROWN = np.stack([TIME, TIME**2])
WAY = 0.5 * TIME + np.random.default_rng(4).normal(0, 0.02, 26)
STRUCTURES = Structures(np.array([0.0, 3.0, 20.0]), np.array([0.0, 2.0, 5.0]), np.full(3, 0.1))
NONE = np.zeros(26, np.bool_)
ONE = NONE.copy()
ONE[12] = True


def parts(path: int, structure: int, thrown: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Make the covariances of the wander and of the flutter."""
    wander, flutter, fade = (column[structure] for column in STRUCTURES)
    since = GROWN[path] - GROWN[path, 0]
    apart = flutter * np.exp(-np.abs(TIME[:, None] - TIME) / fade)
    for at in TIME[thrown]:
        left = np.where(at <= TIME, np.exp(-(TIME - at) / fade), 0)
        apart = apart + THROWN * (1 + flutter) * np.outer(left, left)
    return wander * np.minimum(since[:, None], since), apart


@pytest.mark.parametrize("thrown", [NONE, ONE])
@pytest.mark.parametrize("path", [0, 1])
@pytest.mark.parametrize("structure", [0, 1, 2])
def test_it_is_the_plain_model(path: int, structure: int, thrown: np.ndarray) -> None:
    found = filtered(GROWN, WAY, TIME, thrown, STRUCTURES)
    wander, flutter = parts(path, structure, thrown)
    whole = wander + flutter + np.eye(26)
    columns = np.stack([np.ones(26), GROWN[path], WAY])
    solved = np.linalg.solve(whole, columns.T)
    gram = columns @ solved
    twin = [gram[0, 0], gram[0, 1], gram[1, 1], gram[0, 2], gram[1, 2], gram[2, 2]]
    assert found.gram[path, structure] == pytest.approx(twin, rel=1e-6)
    assert found.size[path, structure] == pytest.approx(np.linalg.slogdet(whole)[1])
    state = [*(wander[-1] @ solved), *(flutter[-1] @ solved)]
    assert found.state[path, structure] == pytest.approx(state, rel=1e-6, abs=1e-9)
    both = np.stack([wander[-1], flutter[-1]])
    doubt = np.diag([wander[-1, -1], flutter[-1, -1]]) - both @ np.linalg.solve(whole, both.T)
    twin = [doubt[0, 0], doubt[0, 1], doubt[1, 1]]
    assert found.doubt[path, structure] == pytest.approx(twin, rel=1e-6, abs=1e-9)
