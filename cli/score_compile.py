"""Compiling detectors' loops: once, in a process of its own before a long file is read.

Compiling takes half a minute and some 130 MB, and the process that has done it keeps them.
`python -m cli.score_compile` does it beforehand.
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


def compile_all() -> None:
    """Compile the loops of every detector that learns."""
    import numpy as np

    from models.mewma import MewmaSettings
    from models.recording import Recording

    for width, settings in ((1, None), (2, None), (2, MewmaSettings())):
        values = np.random.default_rng(0).normal(size=(200, width))
        names = [str(k) for k in range(width)]
        Recording(names, 150, settings).feed(np.arange(200) * 10**9, values)


def compile_apart(files: Iterable[Path]) -> None:
    """Compile where the files are long; where that fails, it is done while judging."""
    if sum(file.stat().st_size for file in files) >= LONG:
        program = [sys.executable, "-m", __name__]
        subprocess.run(program, capture_output=True, check=False)


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


if __name__ == "__main__":
    compile_all()
