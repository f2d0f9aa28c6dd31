"""Compiling detectors' loops: at set-up, or in a process of its own before a long file is read.

Compiling takes a minute and some 130 MB, and the process that has done it keeps them.
`python -m cli.score_compile` does it beforehand; with `--all` also what nothing uses unasked.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Timer

from core.clock import DAY, Instant
from core.history import Columns
from core.plant import AssetClass

LONG = 100_000_000
"""From so many bytes on it is worth another process."""

PATIENCE = 8.0
"""After so many seconds it is said why nothing comes."""


def compile_all(*, every: bool = False) -> None:
    """Compile the loops of the detectors that are used unasked, or of `every` one that learns."""
    import numpy as np

    from models.mewma import MewmaSettings
    from models.recording import Recording
    from models.registry import DETECTORS, GIVEN

    kinds = [kind() for kind in DETECTORS if kind not in GIVEN] if every else [MewmaSettings()]
    for width, settings in ((1, None), (2, None), *((2, kind) for kind in kinds)):
        values = np.random.default_rng(0).normal(size=(200, width))
        names = [str(k) for k in range(width)]
        Recording(names, 150, settings).feed(np.arange(200) * 10**9, values)


def compile_live() -> None:
    """Compile what a plant's readings go through, by a pump of the shipped class."""
    from cli.configuration import load
    from cli.options import SHIPPED
    from core.plant import Asset, Site
    from service.backtest import backtest
    from service.backtest_past import Past

    shipped = load(SHIPPED).plant
    name = next(iter(shipped.classes))
    pump = Asset("site", "hall", "one", name)
    classes = {name: shipped.classes[name]}
    sites = {"site": Site("site", "UTC")}
    plant = replace(shipped, assets={pump.id: pump}, sites=sites, classes=classes)
    backtest(Past(_Made(classes[name]), plant, (pump.id,), 0, 10 * DAY))
    _compile_life()


def _compile_life() -> None:
    """Compile what remaining life is reckoned by, which a healthy pump never needs."""
    import numpy as np

    from models.passage import paths, remaining
    from models.past_lives import PastLives
    from models.wear import Trace

    hours = np.arange(64.0)
    wear = 0.05 * hours + np.random.default_rng(0).normal(0, 0.1, 64)
    remaining(paths(hours - hours[-1], wear), 8.0, 1e4)
    PastLives(0).outlook(Trace(hours, wear / 8.0), 1e4)


class _Made:
    """Reads like the history of an asset that runs as usual."""

    def __init__(self, asset_class: AssetClass) -> None:
        self._ranges = [(channel.low, channel.high) for channel in asset_class.channels]

    def read(self, asset: str, channels: Sequence[str], start: Instant, stop: Instant) -> Columns:
        """Make a reading every half an hour."""
        import numpy as np

        at = np.arange(start, stop, DAY // 48, dtype=np.int64)
        noise = np.random.default_rng(start % 2**32).normal(size=(len(at), len(channels)))
        low, high = np.array(self._ranges, dtype=float).T
        return Columns(tuple(channels), at, low + (high - low) * (0.25 + 0.002 * noise))


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
    compile_all(every="--all" in sys.argv)
    compile_live()
