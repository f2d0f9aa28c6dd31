"""The configuration folder: which of its files are read, and how they are called."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from core.errors import Fault
from core.suggestion import closest


def class_files(folder: Path) -> list[Path]:
    """List the files of the asset classes; what editors hide beside them is none."""
    return [
        path
        for path in sorted((folder / "classes").glob("*.yaml"))
        if not path.name.startswith(".")
    ]


def misnamed(folder: Path) -> Iterator[Fault]:
    """Notice what is meant to be read but would not be."""
    for path in sorted(folder.glob("*.y*ml")):
        near = closest(path.name, ("plant.yaml", "service.yaml"))
        if near and path.name != near[0] and not (folder / near[0]).exists():
            yield Fault(shown(path), None, f"is not read; did you mean {near[0]}?")
    if not (folder / "classes").is_dir():
        yield Fault(shown(folder / "classes"), None, "no such folder; it holds a file per class")
    for path in sorted((folder / "classes").glob("*.yml")):
        yield Fault(shown(path), None, f"is not read; rename it to {path.stem}.yaml")


def shown(path: Path) -> str:
    """Write a path as a person would from where they stand."""
    try:
        return str(path.absolute().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
