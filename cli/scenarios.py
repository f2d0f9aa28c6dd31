"""Scenarios by name: a file, one of the configuration, or one that ships."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cli.options import SHIPPED
from core.errors import Refused
from core.suggestion import unknown

if TYPE_CHECKING:
    from simulators.scenario import Scenario


def scenario_named(name: str, folder: Path) -> Scenario:
    """Load a scenario by path, or by its name in the configuration's or the shipped scenarios."""
    from simulators.scenario import load

    places = [Path(name), folder / "scenarios" / f"{name}.yaml"]
    places.append(SHIPPED / "scenarios" / f"{name}.yaml")
    for place in places:
        if place.is_file():
            return load(place)
    folders = (folder / "scenarios", SHIPPED / "scenarios")
    known = sorted({path.stem for where in folders for path in where.glob("*.yaml")})
    msg = f"{unknown('scenario', name, known)}; or name a file"
    raise Refused(msg)
