"""Blame: how much of a score each channel accounts for."""

from __future__ import annotations

from core.readings import Bools, Floats
from models.kernel import step


@step
def share(weight: Floats, usable: Bools, blame: Floats) -> None:
    """Turn weights into shares that sum to 1 over usable channels; equal where all are 0."""
    whole, count = 0.0, 0
    for k in range(len(usable)):
        if usable[k]:
            whole += weight[k]
            count += 1
    for k in range(len(usable)):
        if usable[k]:
            blame[k] = weight[k] / whole if whole > 0.0 else 1.0 / count
