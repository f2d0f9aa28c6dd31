"""The learning latch: a model learns only from what can be trusted to be healthy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.plant import Mode
from core.readings import Bools


def may_learn(mode: NDArray[np.int8], locked: Bools, doubted: Bools) -> Bools:
    """Tell from which rows a detector may learn.

    Only from a machine that runs, by sensors that are believed, and never from the first moment
    a rule's condition holds until it has returned, whatever a person clicked meanwhile.
    """
    allowed: Bools = (mode == Mode.RUNNING) & ~(locked | doubted)
    return allowed
