"""`simulate`: machines that wear, fail and lie, to a broker or into files, with the truth."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import SHIPPED, ConfigFolder
from core.errors import Refused

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
    known = sorted({path.stem for path in (SHIPPED / "scenarios").glob("*.yaml")})
    msg = f"no scenario {name!r}; a file, or one of {', '.join(known)}"
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
    speed: Annotated[str, typer.Option(help="max, real, or how many times as fast.")] = "max",
    live: Annotated[bool, typer.Option(help="Go on live after the history.")] = False,
    now: Annotated[int | None, typer.Option(hidden=True, help="The run's now, ns.")] = None,
) -> None:
    """Play a scenario's machines: to a broker as telemetry, or into a folder as CSV.

    The truth (fault, onset, failure) is written beside the telemetry.

    Examples:
      millwright simulate wear --out month
      millwright simulate demo --broker mqtt://127.0.0.1 --speed 50000 --live

    """
    from cli.configuration import load
    from core.clock import system_clock
    from simulators.pace import pace
    from simulators.publisher import Publisher
    from simulators.run import simulate as publish
    from simulators.run import write

    loaded = load(config)
    played = scenario_named(scenario, config)
    if broker is None:
        folder = out or Path(Path(scenario).stem)
        written = write(played, loaded.plant, now or system_clock(), folder, _tell)
        print(f"\n{written.count} readings in {folder}/, truth in {written.truth[0]}")
        return
    from threading import Event

    from cli.signals import until_signal

    stop = Event()
    try:
        chosen = pace(speed)
    except ValueError as error:
        raise Refused(str(error)) from error
    with until_signal(stop), Publisher.to(broker) as publisher:
        done = publish(
            played,
            loaded.plant,
            publisher,
            system_clock,
            now=now,
            topic=loaded.service.ingest.topic,
            pace=chosen,
            live=live,
            out=out,
            progress=lambda told: _tell(told.sent),
            stop=stop,
        )
    print(f"\n{done.count} published, {done.acked} confirmed by the broker", file=sys.stderr)


def _tell(count: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{count} readings", end="", file=sys.stderr, flush=True)
