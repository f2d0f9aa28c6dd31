"""`storage import`: brings a plant's own past into the history."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.options import SHIPPED, AsJson, ConfigFolder, print_rows
from core.errors import Refused

if TYPE_CHECKING:
    from cli.configuration import Configuration
    from cli.import_settings import ImportSettings
    from core.past import PastSource
    from ingest.past_import import Found, Progress


def import_past(
    file: Annotated[Path, typer.Argument(help="The mapping, as configs/import.yaml.")],
    config: ConfigFolder = SHIPPED,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Read all, write nothing, say what would be.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Begin anew; what is there is not doubled.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Bring a plant's past into the history, from a folder of CSV files.

    It goes on where it stopped; what is imported twice is there once. The service may run
    meanwhile.

    Examples:
      millwright storage import configs/import.yaml --dry-run
      millwright storage import my-plant/import.yaml -c my-plant

    """
    from cli.configuration import load
    from cli.import_settings import read_settings
    from core.clock import system_clock
    from ingest.past_import import PastImport, ProgressFile
    from ingest.past_import import Progress as Come
    from ingest.past_mapping import PastMapping

    loaded, settings = load(config), read_settings(file)
    saved = ProgressFile(loaded.data / "imports" / f"{file.stem}.json")
    digest = _digest(settings)
    come = Come(digest) if dry_run else saved.load(digest, again=again)
    before, mapping = come.kept, PastMapping(loaded.plant, settings.series)
    work = PastImport(_source(settings, file), mapping, system_clock, come)
    try:
        _follow(work.look() if dry_run else _written(loaded, work, saved))
    except ValueError as error:
        msg = f"{file}: {error}"
        raise Refused(msg) from error
    _report(work.progress, before, dry_run=dry_run, as_json=as_json)


def _source(settings: ImportSettings, file: Path) -> PastSource:
    from storage.past_csv import CsvPast

    return CsvPast(settings.source, file.parent)


def _written(loaded: Configuration, work: Any, saved: Any) -> Iterator[Progress]:
    """Import into the history, of which nobody else brings a past in meanwhile."""
    from cli.adapters import open_history
    from storage.lockfile import LockFile

    if loaded.service.history.kind == "memory":
        msg = "history.kind is memory, which forgets at the end; set another to import into"
        raise Refused(msg)
    with LockFile(loaded.data / "import.lock"):
        history = open_history(loaded)
        try:
            yield from work.run(history, saved.save)
        finally:
            history.close()


def _follow(steps: Iterator[Progress]) -> None:
    from cli.progress import Progress as Line

    with Line("readings") as line:
        for come in steps:
            line.tell(come.kept, f"{come.share:.0%}")


def _report(come: Progress, before: int, *, dry_run: bool, as_json: bool) -> None:
    fields = [row for name, found in sorted(come.series.items()) for row in _fields(name, found)]
    columns = ("series", "field", "channel", "low", "high", "guessed_unit")
    series = [_series(name, found) for name, found in sorted(come.series.items())]
    if as_json:
        print_rows([*series, *fields], (), as_json=True)
    else:
        print_rows(
            series, ("series", "asset", "rows", "kept", "first", "last", "why"), as_json=False
        )
        print()
        print_rows(fields, columns, as_json=False)
        refused = ", ".join(f"{count:,} {why}" for why, count in sorted(come.refused.items()))
        would = "would be imported" if dry_run else f"imported, {come.kept - before:,} of them now"
        print(f"\n{come.kept:,} readings {would}; refused: {refused or 'none'}")


def _series(name: str, found: Found) -> dict[str, Any]:
    from core.clock import iso

    return {
        "series": name,
        "asset": found.asset,
        "rows": found.rows,
        "kept": found.kept,
        "first": None if found.first is None else iso(found.first),
        "last": None if found.last is None else iso(found.last),
        "why": found.why,
    }


def _fields(name: str, found: Found) -> Iterator[dict[str, Any]]:
    from core.unit_guess import guessed_unit

    for field in sorted({*found.low, *found.taken, *found.unmapped}):
        yield {
            "series": name,
            "field": field,
            "channel": found.taken.get(field, "(not taken)"),
            "low": _short(found.low.get(field)),
            "high": _short(found.high.get(field)),
            "guessed_unit": guessed_unit(field),
        }


def _short(value: float | None) -> str | None:
    return None if value is None else f"{value:.6g}"


def _digest(settings: ImportSettings) -> str:
    return hashlib.blake2b(settings.model_dump_json().encode(), digest_size=8).hexdigest()
