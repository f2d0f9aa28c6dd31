"""`simulate`: machines that wear, fail and lie, to a broker or into files, with the truth."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import SHIPPED, Authority, ConfigFolder, Speed, pace_named
from cli.progress import Progress
from core.errors import Refused
from core.suggestion import unknown

if TYPE_CHECKING:
    from cli.configuration import Configuration
    from simulators.publisher import Published
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


def simulate(
    scenario: Annotated[str, typer.Argument(help="A scenario file, or the name of a shipped one.")],
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
    now: Annotated[int | None, typer.Option(hidden=True, help="The run's now, ns.")] = None,
) -> None:
    """Play a scenario's machines, to a broker or into CSV files.

    The truth (fault, onset, failure) is written beside the telemetry: with --broker where --out
    is given, otherwise into a folder named after the scenario.

    Examples:
      millwright simulate wear --out month
      millwright simulate my-scenario.yaml -c my-plant --broker mqtt://10.0.0.5
      millwright simulate demo --broker mqtt://127.0.0.1 --speed 50000 --live

    """
    from cli.configuration import load
    from core.clock import system_clock

    loaded, moment = load(config), now or system_clock()
    played = scenario_named(scenario, config)
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
