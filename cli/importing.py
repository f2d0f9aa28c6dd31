"""`storage import`: brings a plant's own past into the history."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.options import SHIPPED, AsJson, ConfigFolder
from core.errors import Refused, Unavailable

if TYPE_CHECKING:
    from cli.configuration import Configuration
    from cli.import_settings import ImportSettings
    from core.past import PastSource
    from ingest.past_import import Progress


def import_past(
    file: Annotated[Path, typer.Argument(help="The mapping, as configs/import.yaml.")],
    config: ConfigFolder = SHIPPED,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Read all, write nothing, say what would be.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Begin anew; what is there is not doubled.")
    ] = False,
    learn: Annotated[
        bool, typer.Option(help="Let machines that have not learned yet learn from it.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Bring a plant's past into the history, from InfluxDB or a folder of CSV files.

    It goes on where it stopped; what is imported twice is there once. The service may run
    meanwhile.

    Examples:
      millwright storage import configs/import.yaml --dry-run
      millwright storage import my-plant/import.yaml -c my-plant

    """
    from cli.configuration import load
    from cli.import_report import report
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
    with _source(settings, file) as source:
        work = PastImport(source, mapping, system_clock, come)
        try:
            _follow(work.look() if dry_run else _written(loaded, work, saved, learn=learn))
        except ValueError as error:
            msg = f"{file}: {error}"
            raise Refused(msg) from error
    report(work.progress, before, dry_run=dry_run, as_json=as_json)


@contextmanager
def _source(settings: ImportSettings, file: Path) -> Iterator[PastSource]:
    from core.clock import system_clock
    from storage.influx_server import InfluxPlace, InfluxServer
    from storage.past_csv import CsvPast, PastCsvSettings
    from storage.past_influx import InfluxPast

    source = settings.source
    if isinstance(source, PastCsvSettings):
        yield CsvPast(source, file.parent)
        return
    try:
        token = source.token.reveal()
    except ValueError as error:
        msg = f"{file}: source.token: {error}"
        raise Unavailable(msg) from error
    timeout = source.timeout // 1_000_000
    server = InfluxServer(InfluxPlace(source.url, source.org, token, source.ca, timeout))
    try:
        yield InfluxPast(source, server, system_clock)
    finally:
        server.close()


def _written(loaded: Configuration, work: Any, saved: Any, *, learn: bool) -> Iterator[Progress]:
    """Import into the history, of which nobody else brings a past in meanwhile."""
    from cli.adapters import open_history
    from cli.past_lessons import teach
    from storage.lockfile import LockFile

    if loaded.service.history.kind == "memory":
        msg = "history.kind is memory, which forgets at the end; set another to import into"
        raise Refused(msg)
    with LockFile(loaded.data / "import.lock"):
        history = open_history(loaded)
        try:
            yield from work.run(history, saved.save)
            if learn and not work.progress.taught:
                teach(loaded, work.progress, history)
                saved.save(work.progress)
        finally:
            history.close()


def _follow(steps: Iterator[Progress]) -> None:
    from cli.progress import Progress as Line

    with Line("readings") as line:
        for come in steps:
            line.tell(come.kept, f"{come.share:.0%}")


def _digest(settings: ImportSettings) -> str:
    return hashlib.blake2b(settings.model_dump_json().encode(), digest_size=8).hexdigest()
