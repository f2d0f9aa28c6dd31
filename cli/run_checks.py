"""Whether models of runs to failure load, and whether their classes have their columns."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import ConfigError, Fault, Refused
from core.suggestion import listed, quoted

if TYPE_CHECKING:
    from cli.configuration import Configuration
    from core.plant import AssetClass


def check_runs(loaded: Configuration) -> None:
    """Open each model as the service does; ConfigError names what does not load or fit."""
    found = [
        fault
        for name, each in sorted(loaded.plant.classes.items())
        if each.runs is not None
        for fault in _faults(_file_of(loaded, name), each)
    ]
    if found:
        raise ConfigError(*found)


def _faults(path: str, asset_class: AssetClass) -> Iterator[Fault]:
    from service.run_model import opened, strangers

    assert asset_class.runs is not None  # noqa: S101 - it was asked for
    try:
        model = opened(asset_class.runs, asset_class)
    except Refused as error:
        yield Fault(path, None, f"runs.model: {error}")
        return
    regimes = model.life.regimes
    every = (*regimes.names, *regimes.operating)
    for name in strangers(asset_class.runs, model):
        said = f"the model has no column {quoted(name)}; it has {listed(every)}"
        yield Fault(path, None, f"runs.channels: {said}")
    for name in model.missing:
        said = f"the model's column {quoted(name)} has no channel of that name in the class"
        known = listed(asset_class.channel_names)
        yield Fault(path, None, f"runs.channels: {said}; give it one of {known}")


def _file_of(loaded: Configuration, name: str) -> str:
    """Name the file of a class; its folder where the file has another name than the class."""
    from cli.folder import shown

    folder = loaded.folder / "classes"
    path = folder / f"{name}.yaml"
    return shown(path if Path(path).exists() else folder)
