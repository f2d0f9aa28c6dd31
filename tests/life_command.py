"""`millwright life`, run in this process with quick fits."""

from __future__ import annotations

import sys

import pytest

from cli.main import main
from tests.fleets import QUICK

FLEET = ("--unit", "unit", "--time", "cycle", "--operating", "load,speed")
"""How the files of `tests.fleets` are read."""


def command(*given: object) -> int:
    """Run the command in this process, with quick fits; returns its exit code."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["millwright", "life", *map(str, given)])
        patch.setattr("cli.signals.leave_on_signal", lambda: None)
        patch.setattr("models.run_life_fit.SHIPPED", QUICK)
        with pytest.raises(SystemExit) as left:
            main()
    return int(left.value.code or 0)
