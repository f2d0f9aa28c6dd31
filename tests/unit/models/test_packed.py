"""What is kept of an asset lies beside each other, and looks the same to a compiled loop."""

from __future__ import annotations

import numpy as np
import pytest

from models.packed import alike, packed


def kept(assets: int, operating: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(assets)
    return packed(
        {
            "level": rng.normal(size=(assets, 3)),
            "weights": rng.normal(size=(assets, operating, 3)),
            "judged": np.ones((assets, 3), np.bool_),
            "recent": np.zeros((assets, 0)),
            "line": rng.normal(size=assets),
        },
        apart=("recent",),
    )


def typed(arrays: dict[str, np.ndarray]) -> list[str]:
    numba = pytest.importorskip("numba")
    return [str(numba.typeof(alike(array))) for array in arrays.values()]


@pytest.mark.parametrize("assets", [1, 2, 50])
@pytest.mark.parametrize("operating", [0, 1, 2])
def test_a_loop_is_compiled_once_however_many_assets_and_channels(
    assets: int, operating: int
) -> None:
    assert typed(kept(assets, operating)) == typed(kept(3, 3))


def test_numbers_of_one_asset_lie_beside_each_other() -> None:
    arrays = kept(5, 2)
    steps = {array.strides[0] for name, array in arrays.items() if name not in {"judged", "recent"}}
    assert len(steps) == 1
    first, last = arrays["level"][0], arrays["line"][:1]
    apart = last.__array_interface__["data"][0] - first.__array_interface__["data"][0]
    assert 0 < apart < steps.pop()


def test_what_is_written_to_one_shows_in_no_other() -> None:
    arrays = kept(4, 2)
    before = {name: array.copy() for name, array in arrays.items()}
    alike(arrays["level"])[2, 1] = 7.0
    before["level"][2, 1] = 7.0
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, before[name])
