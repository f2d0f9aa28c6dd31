"""Intervals that are held to units unseen."""

from __future__ import annotations

import numpy as np
import pytest

from models.conformal import Adaptive, covered, half_width, quantile, stretch, thirds, votes


def test_a_unit_has_one_vote_however_many_rows_it_has() -> None:
    unit = np.array([0, 0, 0, 1])
    assert votes(unit).tolist() == pytest.approx([1 / 3, 1 / 3, 1 / 3, 1])
    assert quantile(np.array([1.0, 2.0, 3.0, 9.0]), votes(unit), 0.5) == 3
    assert quantile(np.array([1.0, 2.0, 3.0, 9.0]), votes(unit), 0.6) == 9


def test_intervals_that_are_too_narrow_are_stretched_where_they_are() -> None:
    rng = np.random.default_rng(1)
    unit = np.repeat(np.arange(300), 10)
    truth_like = rng.uniform(0, 300, len(unit))
    error = 5 + 35 * truth_like / 300
    truth = np.maximum(truth_like + rng.normal(0, 1, len(unit)) * error, 0)
    raw = np.stack([truth_like - 8, truth_like, truth_like + 8], axis=1)
    found = stretch(raw, truth, unit, votes(unit), 0.1).course(raw, 1)
    held = covered(found[:, 0], found[:, 2], truth)
    stage = thirds(truth_like, votes(unit))
    for k in range(3):
        assert 0.86 <= held[stage == k].mean() <= 0.94
    wide = found[:, 2] - found[:, 0]
    assert wide[stage == 2].mean() > 2.5 * wide[stage == 0].mean()
    assert found.min() >= 0


def test_few_units_make_intervals_wider() -> None:
    rng = np.random.default_rng(2)
    off = rng.normal(0, 1, 20)
    unit = np.arange(20)
    few = half_width(np.zeros(8), off[:8], unit[:8], np.ones(8), 0.1)
    assert few == np.abs(off[:8]).max()


def test_misses_widen_intervals_until_they_hold_again() -> None:
    rng = np.random.default_rng(3)
    now, hits = Adaptive(rate=0.05), []
    for _ in range(2000):
        # the noise is twice what the intervals were made for
        half = 1.0 * np.sqrt(2) * float(np.sqrt(-np.log(max(now.alpha, 1e-9))))
        missed = bool(abs(rng.normal(0, 2.0)) > half)
        hits.append(not missed)
        now = now.after(missed=missed)
    assert np.mean(hits[500:]) == pytest.approx(0.9, abs=0.02)
