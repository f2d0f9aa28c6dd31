"""`simulate`: machines that wear, fail and lie, to a broker or into files, with the truth."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import SHIPPED, Authority, ConfigFolder, Speed, pace_named
from cli.progress import Progress
from cli.scenarios import scenario_named
from cli.simulate_fleet import AsParquet, Classes, Lives, Machines, Seed, Years, write_lives
from core.errors import Refused

if TYPE_CHECKING:
    from cli.configuration import Configuration
    from simulators.publisher import Published
    from simulators.scenario import Scenario


def simulate(
    scenario: Annotated[
        str | None, typer.Argument(help="A scenario file, or the name of a shipped one.")
    ] = None,
    config: ConfigFolder = SHIPPED,
    broker: Annotated[
        str | None, typer.Option(help="Publish to this broker, mqtt://HOST:PORT.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for truth.json; without --broker for CSV too.")
    ] = None,
    speed: Speed = "max",
    live: Annotated[bool, typer.Option("--live", help="Go on live after the history.")] = False,
    ca: Authority = None,
    fleet: Machines = None,
    years: Years = 3.0,
    classes: Classes = None,
    seed: Seed = 1,
    parquet: AsParquet = False,
    now: Annotated[int | None, typer.Option(hidden=True, help="The run's now, ns.")] = None,
) -> None:
    """Play a scenario's machines, to a broker or into CSV files.

    The truth (fault, onset, failure) is written beside the telemetry: with --broker where --out
    is given, otherwise into a folder named after the scenario. With --fleet: years of machines'
    lives for `life fit`, with failures, work and censoring.

    Examples:
      millwright simulate wear --out month
      millwright simulate my-scenario.yaml -c my-plant --broker mqtt://10.0.0.5
      millwright simulate demo --broker mqtt://127.0.0.1 --speed 50000 --live
      millwright simulate --fleet 100 --years 3 --out fleet

    """
    from cli.configuration import load
    from core.clock import system_clock

    moment = now or system_clock()
    if fleet is not None:
        if scenario or broker or live or speed != "max":
            msg = "--fleet makes lives into files; it takes no scenario, --broker, --live, --speed"
            raise Refused(msg)
        wanted = Lives(fleet, years, tuple(classes or ()), seed, parquet)
        write_lives(wanted, out or Path("fleet"), moment)
        return
    if scenario is None:
        msg = "name a scenario (such as wear), or how many machines: --fleet 100"
        raise Refused(msg)
    loaded, played = load(config), scenario_named(scenario, config)
    if broker is not None:
        _publish(played, loaded, moment, Publishing(broker, out, speed, live=live, ca=ca))
        return
    if live or speed != "max":
        msg = "--live and --speed are about publishing; give --broker mqtt://HOST:PORT too"
        raise Refused(msg)
    _write(played, loaded, moment, out or Path(Path(scenario).stem))


@dataclass(frozen=True, slots=True)
class Publishing:
    """How a scenario is to be published."""

    broker: str
    out: Path | None
    speed: str
    live: bool
    ca: Path | None = None


def _write(played: Scenario, loaded: Configuration, now: int, folder: Path) -> None:
    from simulators.fleet import Fleet
    from simulators.run import write

    with Progress("readings", Fleet(played, loaded.plant, now).count) as progress:
        written = write(played, loaded.plant, now, folder, progress.tell)
    print(f"{written.count} readings in {folder}/, truth in {written.truth[0]}")


def _publish(played: Scenario, loaded: Configuration, now: int, how: Publishing) -> None:
    from threading import Event

    from cli.signals import until_signal
    from core.clock import system_clock
    from simulators.fleet import Fleet
    from simulators.publisher import Publisher
    from simulators.run import simulate as publish

    stop, pace, history = Event(), pace_named(how.speed), Event()
    count = Fleet(played, loaded.plant, now).count
    with (
        until_signal(stop) as asked,
        Progress("readings", count) as progress,
        Publisher.to(how.broker, how.ca) as publisher,
    ):

        def history_done(past: Published) -> None:
            progress.clear()
            if not stop.is_set():
                history.set()
            if how.live and not stop.is_set():
                print(f"{past.count} published, now live; Ctrl-C ends it", file=sys.stderr)

        done = publish(
            played,
            loaded.plant,
            publisher,
            system_clock,
            now=now,
            topic=loaded.service.ingest.plain_topic,
            pace=pace,
            live=how.live,
            out=how.out,
            progress=lambda told: progress.tell(told.sent) if not history.is_set() else None,
            history_done=history_done,
            stop=stop,
        )
    print(f"{done.count} published, {done.acked} confirmed by the broker", file=sys.stderr)
    if asked.code and not history.is_set():
        raise typer.Exit(asked.code)
