"""Starts `models learn --due` as a process of its own at the lowest priority, when it is time."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cli.configuration import Configuration
    from core.casefile import CaseFile
    from core.clock import Clock
    from service.relearning import Relearning

LEAST = 19
"""The priority of what has time, as `nice` counts."""

BY = "relearn"
"""Who promotes what is learned unasked."""

_ONE = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def make_relearning(config: Configuration, casefile: CaseFile, clock: Clock) -> Relearning | None:
    """Build what looks whose turn it is; None where the history is in this process's memory."""
    from cli.model_change import open_models
    from service.relearning import Relearning

    if config.service.history.kind == "memory":
        return None
    relearn = config.service.models.relearn
    return Relearning(
        config.plant, casefile, open_models(config), relearn, clock, lambda: start(config)
    )


def start(config: Configuration) -> subprocess.Popen[bytes]:
    """Start it; it ends by itself, and what it makes comes by the journal."""
    words = ["models", "learn", "--due", "--by", BY, "--config", str(config.folder.resolve())]
    process = subprocess.Popen(
        [sys.executable, "-m", "cli.main", *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env={**os.environ, **_ONE},
    )
    os.setpriority(os.PRIO_PROCESS, process.pid, LEAST)
    return process
