"""A compiled loop gives what the same loop in plain Python gives, wherever it may be kept."""

from __future__ import annotations

import numba
import numpy as np
import pytest

from models.kernel import kernel


def _smooth(rows: np.ndarray, rate: float) -> np.ndarray:
    out = np.empty_like(rows)
    mean = 0.0
    for i in range(len(rows)):
        if not np.isnan(rows[i]):
            mean += rate * (rows[i] - mean)
        out[i] = mean
    return out


def test_a_compiled_loop_gives_to_the_last_bit_what_plain_python_gives() -> None:
    rows = np.random.default_rng(3).normal(size=1_000)
    rows[17] = np.nan
    assert kernel(_smooth)(rows, 0.3).tobytes() == _smooth(rows, 0.3).tobytes()


def test_where_nothing_can_be_kept_it_is_compiled_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plain = numba.njit

    def homeless(function: object = None, *, cache: bool = False) -> object:
        def refuse(_: object) -> object:
            raise RuntimeError("cannot cache function: no locator available")

        return refuse if cache else plain(function)

    monkeypatch.setattr(numba, "njit", homeless)
    assert kernel(_smooth)(np.ones(2), 1.0).tolist() == [1.0, 1.0]
