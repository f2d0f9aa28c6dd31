"""Grades channels for `models grade`, by a file or by the history, and prints them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.options import json_line, plain, span_of
from core.errors import Refused

if TYPE_CHECKING:
    from service.grading import Graded


def from_file(path: Path, time: str | None, asset: str | None) -> Iterator[Graded]:
    """Grade what a file or a folder holds."""
    from service.recorded_grades import grades_of
    from storage.table import Asked, Table

    yield from grades_of(Table(path, Asked(time, asset)))


def from_history(asset: str | None, since: str, config: Path) -> Iterator[Graded]:
    """Grade one asset or all by the configured history."""
    from cli.adapters import existing, open_history
    from cli.configuration import load
    from core.clock import system_clock
    from core.suggestion import unknown
    from service.grading import graded

    back = span_of(since, "--since")
    loaded = load(config)
    plant = loaded.plant
    if asset is not None and asset not in plant.assets:
        raise Refused(f"no such file, and {unknown('asset', asset, plant.assets)}")  # noqa: EM102
    file = "history.db" if loaded.service.history.kind == "sqlite" else "cases.db"
    history = open_history(existing(loaded, file))
    try:
        now = system_clock()
        for each in plant.assets.values() if asset is None else [plant.assets[asset]]:
            stop = (history.latest(each.id) or now) + 1
            yield graded(each, plant.class_of(each.id), history, stop - back, stop)
    finally:
        history.close()


def show(one: Graded, *, as_json: bool) -> None:
    """Print the grades of one asset's channels."""
    if as_json:
        for row in _rows(one):
            print(json_line(row))
        return
    from service.recorded_words import graded_lines
    from service.regime_words import regime_lines

    modes = ", ".join(f"{mode.name.lower()} {share:.0%}" for mode, share in one.modes.items())
    print(f"{plain(one.asset)}: {one.rows:,} readings, {modes or 'none at all'}")
    for line in graded_lines(one.grades):
        print(plain(line))
    if one.regimes is not None:
        for line in regime_lines("it", one.telling, one.regimes):
            print(plain(line))


def _rows(one: Graded) -> Iterator[dict[str, Any]]:
    from service.regime_words import ways

    for each in one.grades:
        row = {"asset": one.asset, "channel": each.name, "grade": str(each.verdict)}
        figures = {k: None if v != v else v for k, v in asdict(each.figures).items()}  # noqa: PLR0124
        yield row | {"reason": each.reason} | figures | {"ways": ways(one, each.name)}
