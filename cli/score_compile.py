"""Compiling what judges recordings: in a process of its own, before a long file is read.

Compiling takes some 130 MB, once on a machine, and the process that has done it keeps them.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Timer

LONG = 100_000_000
"""From so many bytes on it is worth another process."""

PATIENCE = 8.0
"""After so many seconds it is said why nothing comes."""

_PROGRAM = """
import numpy
from models.recording import Recording
for width in (1, 2):
    values = numpy.random.default_rng(0).normal(size=(200, width))
    names = [str(k) for k in range(width)]
    Recording(names, 150).feed(numpy.arange(200) * 10**9, values)
"""


def compile_apart(files: Iterable[Path]) -> None:
    """Compile where the files are long; where that fails, it is done while judging."""
    if sum(file.stat().st_size for file in files) >= LONG:
        subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, check=False)


@contextmanager
def patience() -> Iterator[None]:
    """Say why nothing comes, where it takes long."""
    words = "the first run after an update compiles its loops; that takes a while"
    timer = Timer(PATIENCE, lambda: print(words, file=sys.stderr))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
