"""Where drills are kept, and the process that renews them at the lowest priority."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from cli.relearn import LEAST

if TYPE_CHECKING:
    from cli.configuration import Configuration
    from core.casefile import CaseFile
    from core.clock import Clock
    from service.drilling import Drilling
    from storage.drills import DrillFolder

_ONE = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def open_drills(config: Configuration) -> DrillFolder:
    """Open the folder of drills of a configuration's data folder."""
    from storage.drills import DrillFolder

    return DrillFolder(config.data / "drills")


def make_drilling(config: Configuration, casefile: CaseFile, clock: Clock) -> Drilling | None:
    """Build what looks whose turn it is; None where the history is in this process's memory."""
    from service.drilling import Drilling

    if config.service.history.kind == "memory":
        return None
    drills, every = open_drills(config), config.service.models.drill
    return Drilling(config.plant, casefile, drills, every, clock, lambda: start(config))


def start(config: Configuration) -> subprocess.Popen[bytes]:
    """Start it; it ends by itself, and the page shows what it leaves."""
    process = subprocess.Popen(
        [sys.executable, "-m", "cli.main", "drill", "--due", "-c", str(config.folder.resolve())],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **_ONE},
    )
    os.setpriority(os.PRIO_PROCESS, process.pid, LEAST)
    return process
