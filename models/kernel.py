"""Kernel: a loop over rows, compiled. What a detector does to one row stands in one place.

A compiled loop takes rows one after another, so that a result never depends on how many come at
once, and a year of rows costs seconds. See docs/decisions/0022-compiled-loops.md.
"""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable
from hashlib import blake2b
from pathlib import Path
from typing import Any, ClassVar, TypeVar, cast

_F = TypeVar("_F", bound=Callable[..., object])

_WEEK = 7 * 86_400.0


def stamp(folder: Path) -> str:
    """Tell a state of a folder's Python files from any other, by names, sizes and times.

    What is compiled has other files' loops built in, of which numba takes no notice.
    """
    found = [(path.name, path.stat()) for path in sorted(folder.glob("*.py"))]
    told = repr([(name, stat.st_size, stat.st_mtime_ns) for name, stat in found])
    return blake2b(told.encode(), digest_size=8).hexdigest()


def keep(parents: tuple[Path, ...], name: str) -> Path | None:
    """Make a folder of this name in the first of the parents that can be written.

    Others of its kind that are older than a week are removed from there.
    """
    for parent in parents:
        mine = parent / f"kernels-{name}"
        try:
            mine.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(mine, os.W_OK):
            for other in parent.glob("kernels-*"):
                if other != mine and other.stat().st_mtime < time.time() - _WEEK:
                    shutil.rmtree(other, ignore_errors=True)
            return mine
    return None


def _settle(numba: Any) -> None:
    """Have numba keep what it compiles under the state of this folder's files."""
    here = Path(__file__).parent
    given = numba.config.CACHE_DIR
    usual = (here / "__pycache__", Path("~/.cache/millwright").expanduser())
    kept = keep((Path(given),) if given else usual, stamp(here))
    if kept is not None:
        numba.config.CACHE_DIR = str(kept)


class _Kernel:
    """A function that is compiled when it is first called, with all others that are known then.

    Until then nothing of numba is loaded: most commands, and ingest by itself, never judge.
    """

    waiting: ClassVar[list[_Kernel]] = []
    settled: ClassVar[bool] = False
    lock: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, function: Callable[..., object], **options: Any) -> None:
        self.function = function
        self.options = options
        self.compiled: Any = None
        self.waiting.append(self)

    def made(self, numba: Any) -> Any:
        """Make what stands for it in loops that are compiled."""
        try:
            return numba.njit(cache=True, **self.options)(self.function)
        except RuntimeError:  # nowhere to keep it: neither beside the file nor in the user's cache
            return numba.njit(**self.options)(self.function)

    def __call__(self, *given: object) -> object:
        if self.compiled is None:
            with self.lock:
                _compile()
        return self.compiled(*given)


class Machine(_Kernel):
    """What is an instruction of the machine in compiled loops; `make` makes it of numba."""

    def __init__(self, function: Callable[..., object], make: Callable[[Any], Any]) -> None:
        super().__init__(function)
        self._make = make

    def made(self, numba: Any) -> Any:
        """Make what stands for it in loops that are compiled."""
        return self._make(numba)


def _compile() -> None:
    """Compile what waits; where loops name each other, they find what was compiled."""
    import numba

    if not _Kernel.settled:
        _settle(numba)
        _Kernel.settled = True
    fresh = list(_Kernel.waiting)
    _Kernel.waiting.clear()
    for one in fresh:
        one.compiled = one.made(numba)
    for one in fresh:
        names = one.function.__globals__
        for name, value in list(names.items()):
            if isinstance(value, _Kernel) and value.compiled is not None:
                names[name] = value.compiled


def kernel(function: _F) -> _F:
    """Compile a function of arrays and numbers at its first call; kept on disk where possible.

    No fast mathematics: its result is that of the same function in plain Python.
    """
    return cast("_F", _Kernel(function))


def step(function: _F) -> _F:
    """Compile, as `kernel` does, a function that makes no arrays.

    Who holds the arrays that it is given is not counted while it runs, which took half of the time
    of a row; and what is divided by nought is infinite, or NaN.
    """
    return cast("_F", _Kernel(function, _nrt=False, error_model="numpy"))
