"""Kernel: a loop over rows, compiled. What a detector does to one row stands in one place.

A compiled loop takes rows one after another, so that a result never depends on how many come at
once, and a year of rows costs seconds. See docs/decisions/0022-compiled-loops.md.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

_F = TypeVar("_F", bound=Callable[..., object])


def kernel(function: _F) -> _F:
    """Compile a function of arrays and numbers at its first call; kept on disk where possible.

    No fast mathematics: its result is that of the same function in plain Python.
    """
    compiled: Any
    try:
        compiled = numba.njit(cache=True)(function)
    except RuntimeError:  # nowhere to keep it: neither beside the file nor in the user's cache
        compiled = numba.njit(function)
    return cast("_F", compiled)
