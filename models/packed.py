"""Packed: what is kept of an asset, beside each other in memory, for a compiled loop.

With ten thousand assets the memory decides how long a row takes, not the arithmetic: what lies in
one place is fetched at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Kept = dict[str, NDArray[Any]]
"""Named arrays, first axis the asset."""


def packed(kept: Kept, apart: Iterable[str] = ()) -> Kept:
    """Put the floats of one asset beside each other, but for what is to stay `apart`."""
    left = set(apart)
    names = [n for n, array in kept.items() if array.dtype == np.float64 and n not in left]
    assets = len(kept[names[0]])
    sizes = [int(np.prod(kept[name].shape[1:])) for name in names]
    # One more row and number than needed: see `alike`.
    block = np.empty((assets + 1, sum(sizes) + 1))
    start, views = 0, dict(kept)
    for name, count in zip(names, sizes, strict=True):
        shape = kept[name].shape
        view = np.lib.stride_tricks.as_strided(block[:, start:], shape, _strides(block, shape))
        view[...] = kept[name]
        views[name] = view
        start += count
    return views


def alike(view: NDArray[Any]) -> NDArray[Any]:
    """Show a packed array so that a compiled loop takes it for what it takes all others for.

    Arrays of one asset, or of no numbers, count as contiguous, and for those numba would compile
    the loop once more. So they are shown as two assets, and as one number, that nobody looks at.
    """
    if view.dtype != np.float64 or view.base is None or (len(view) > 1 and view.size):
        return view
    shape = (max(len(view), 2), *(max(size, 1) for size in view.shape[1:]))
    shown: NDArray[Any] = np.lib.stride_tricks.as_strided(view, shape, view.strides)
    return shown


def _strides(block: NDArray[Any], shape: tuple[int, ...]) -> tuple[int, ...]:
    size = block.itemsize
    inner = [size * max(int(np.prod(shape[axis + 1 :])), 1) for axis in range(1, len(shape))]
    return block.strides[0], *inner
