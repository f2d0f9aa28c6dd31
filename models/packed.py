"""Packed: what is kept of an asset, beside each other in memory, for a compiled loop.

With ten thousand assets the memory decides how long a row takes, not the arithmetic: what lies in
one place is fetched at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import prod
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Kept = dict[str, NDArray[Any]]
"""Named arrays, first axis the asset."""

_SIZE = 8
_T = TypeVar("_T")


def packed(kept: Kept, apart: Iterable[str] = ()) -> Kept:
    """Put the floats of one asset beside each other, but for what is to stay `apart`."""
    left = set(apart)
    names = [n for n, array in kept.items() if array.dtype == np.float64 and n not in left]
    assets = len(kept[names[0]])
    sizes = [prod(kept[name].shape[1:]) for name in names]
    each = sum(sizes) + 1
    spare = max(prod(_shown(kept[name].shape)[1:]) for name in names)
    block = np.empty(max(assets + 1, 2) * each + spare)  # more than needed: see `alike`
    start, views = 0, dict(kept)
    for name, count in zip(names, sizes, strict=True):
        shape = kept[name].shape
        view = _view(block, shape, start * _SIZE, _strides(each, shape))
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
    start = _start(view) - _start(view.base)
    return _view(view.base, _shown(view.shape), start, view.strides)


def _shown(shape: tuple[int, ...]) -> tuple[int, ...]:
    return (max(shape[0], 2), *[max(size, 1) for size in shape[1:]])


def distinct(asset: NDArray[np.intp]) -> bool:
    """Tell whether each row is of another asset."""
    return len(asset) < 2 or len(np.unique(asset)) == len(asset)


def put_back(
    kept: Kept, names: Iterable[str], asset: NDArray[np.intp], run: Callable[[], _T]
) -> _T:
    """Run something that moves some of what is kept of distinct assets, and undo that."""
    before = [(kept[name], kept[name][asset]) for name in names]
    try:
        return run()
    finally:
        for array, values in before:
            array[asset] = values


def _view(
    block: NDArray[Any], shape: tuple[int, ...], start: int, strides: tuple[int, ...]
) -> NDArray[Any]:
    """Look at a part of a block; ten times as fast as NumPy's `as_strided`, and within bounds."""
    return np.ndarray(shape, np.float64, block, start, strides)


def _start(array: NDArray[Any]) -> int:
    start: int = array.__array_interface__["data"][0]
    return start


def _strides(each: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    inner = [_SIZE * max(prod(shape[axis + 1 :]), 1) for axis in range(1, len(shape))]
    return _SIZE * each, *inner
