"""`models learn`: learns from history, tries what came of it, and puts into service what is fit."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import SHIPPED, ConfigFolder, plain, span_of
from core.errors import Refused
from core.suggestion import unknown

if TYPE_CHECKING:
    from cli.backtest_sources import Source
    from cli.configuration import Configuration
    from cli.model_change import Desk
    from core.clock import Instant, Span
    from core.model_version import Cause, ModelVersion
    from service.casework import Casework
    from service.schooling import Task


def learn(
    since: Annotated[str, typer.Option(help="How far back to begin, as 90d.")] = "90d",
    asset: Annotated[list[str] | None, typer.Option(help="Only this asset; repeatable.")] = None,
    data: Annotated[
        Path | None,
        typer.Option(help="A folder of CSV files, one an asset; else the configured history."),
    ] = None,
    by: Annotated[str, typer.Option(help="Who does it.", envvar=["USER", "LOGNAME"])] = "",
    promote: Annotated[
        bool, typer.Option(help="Put into service what is fit, or only keep it.")
    ] = True,
    config: ConfigFolder = SHIPPED,
) -> None:
    """Learn from history, and promote what is not worse.

    Each asset learns from the first two thirds through the code that runs live, without the times
    of its cases and failures. The last third is held out: there what came of it and what is in
    service raise alerts and meet laid faults. It goes into service only if it is not worse.

    Examples:
      millwright models learn --since 90d -c my-plant
      millwright models learn --asset lahore/water/pump-01 --no-promote -c my-plant

    """
    from cli.backtest import source_of
    from cli.configuration import load
    from cli.model_change import desk
    from core.model_version import Cause
    from storage.lockfile import LockFile

    loaded, back = load(config), span_of(since, "--since")
    alone = LockFile(loaded.data / "models-learn.lock")
    with source_of(loaded, data, None, None) as source, alone, desk(loaded) as at:
        for one in asset or ():
            if one not in source.spans:
                raise Refused(unknown("asset", one, source.reader_assets))
        chosen = asset or [one for one in source.reader_assets if loaded.plant.judges(one)]
        course = Course(loaded, source, str(data or "history"), back, by, promote)
        now = at.restored()
        waits = [one for one in chosen if not course.take(at, one, now, Cause.ASKED)]
    if waits:
        print("taken up when `millwright run` or `serve` starts", file=sys.stderr)


@dataclass(frozen=True, slots=True)
class Course:
    """How assets are taught, one after another."""

    config: Configuration
    source: Source
    name: str
    back: Span
    by: str
    promote: bool = True

    def take(self, at: Desk, asset: str, now: Casework, cause: Cause) -> bool:
        """Teach one asset and tell of it; false where what is fit waits for a service to start."""
        from cli.model_change import KEPT, release
        from core.clock import system_clock
        from service.schooling import school, served

        task = self._task(at, asset, cause)
        made, body = school(task, served(now, asset), system_clock(), release())
        one = at.store.add(made, body)
        print(f"{plain(asset)} version {one.number}: {plain('; '.join(one.reasons))}")
        decided = self._serve(at, one, now) if one.fit and self.promote else True
        serving = now.models.book.serving.get(asset)
        stays = [serving.version, *serving.before] if serving else []
        at.store.prune(asset, KEPT, stays)
        return decided

    def _serve(self, at: Desk, one: ModelVersion, now: Casework) -> bool:
        from core.model_version import Verb

        try:
            words = at.serve(one, Verb.PROMOTE, self.by, at.keep(one.asset, now))
        except Refused as error:
            print(f"  stays out of service: {plain(error)}")
            return True
        print(f"  {plain(words)}" if words else "  written down")
        return words is not None

    def _task(self, at: Desk, asset: str, cause: Cause) -> Task:
        from core.alert import AlertQuery
        from service.backtest_truth import confirmed, labelled
        from service.candidate import HORIZON, ill_times, mended_at
        from service.schooling import Task

        first, last = self.source.spans[asset]
        work = [one for one in self.source.work if one.asset == asset]
        stop: Instant = last + 1
        start = max(first, stop - self.back, mended_at(asset, work) or first)
        alerts = at.casefile.alerts(AlertQuery(asset=asset, limit=500)).alerts
        marked = self.source.stretches.get(asset, [])
        ill = [*ill_times(asset, alerts, work, stop), *marked]
        failures = [*confirmed(work, HORIZON), *labelled(asset, marked)]
        plant, reader = self.config.plant, self.source.reader
        return Task(plant, asset, reader, start, stop, self.name, cause, ill, failures)
