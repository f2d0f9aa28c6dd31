"""What `score` was told: the detector's settings, and what is learned from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import ConfigError, Fault

if TYPE_CHECKING:
    from core.settings import Settings
    from service.recorded import Plan
    from storage.table import Asked, Table


def misused(message: str, *options: str) -> ConfigError:
    """Make the error for options that cannot be meant as they were given."""
    return ConfigError(Fault(" and ".join(options), None, message))


def settings_of(path: Path) -> Settings:
    """Read a detector's settings from a file; ConfigError holds every fault in it."""
    from cli.detector_text import DetectorText
    from core.document import Document, read
    from core.validation import validate

    document, faults = read(path)
    if document is None:
        raise ConfigError(*faults)
    # The union of all kinds is told apart below a key, as in a class file.
    lines = {("detector", *place): line for place, line in document.lines.items()}
    below = Document(document.name, {"detector": document.data}, {(): 1, **lines})
    found, wrongs = validate(DetectorText, below)
    if found is None or faults or wrongs:
        raise ConfigError(*faults, *wrongs)
    return found.detector


def plan_of(
    train: Table | None,
    rows: int | None,
    share: float | None,
    settings: Settings | None,
    given: Path | None = None,
) -> Plan:
    """Put together what is learned from; ConfigError where two ways are asked for."""
    from models.recording import SHARE
    from service.recorded import Plan

    ways = {
        "--train": given or train,
        "--train-rows": rows,
        "--warmup": share,
    }
    asked = [name for name, value in ways.items() if value is not None]
    if len(asked) > 1:
        said = "say in one way what is learned from; allowed: one of them"
        raise misused(said, *asked)
    if share is not None and not 0 < share < 1:
        said = f"{share:g} is no share; allowed: above 0 and below 1, as 0.15"
        raise misused(said, "--warmup")
    if not asked:  # then the settings may say it
        learn = getattr(settings, "learn", None)
        rows = learn.rows if learn is not None and "rows" in learn.model_fields_set else None
    return Plan(settings, train, rows, SHARE if share is None else share)


def training(path: Path, asked: Asked, channels: tuple[str, ...]) -> Table:
    """Open the table that is learned from; it need not tell assets apart."""
    from dataclasses import replace

    from core.suggestion import listed
    from storage.table import Table, files_of
    from storage.table_file import look_at
    from storage.table_form import fault

    names = {n.casefold() for n in look_at(files_of(path)[0], asked.separator).names}
    known = replace(
        asked,
        time=asked.time if asked.time and asked.time.casefold() in names else None,
        asset=asked.asset if asked.asset and asked.asset.casefold() in names else None,
        ignore=tuple(name for name in asked.ignore if name.casefold() in names),
    )
    table = Table(path, known)
    if not set(channels) & set(table.channels):
        said = f"none of the columns that are judged; it has {listed(table.channels)}"
        raise fault(path, None, f"{said}; allowed: {listed(channels)}")
    return table
