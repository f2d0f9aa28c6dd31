"""`doctor`: looks at what the service stands on, and says how to mend what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from cli.broker_footing import broker
from cli.disk_footing import forecast
from cli.footing import Examined, clock, disk, folder, page, secrets, tls_files
from cli.influx_footing import influx
from cli.options import SHIPPED, AsJson, ConfigFolder, print_rows
from cli.retention_footing import retention
from cli.skew_footing import skew
from core.clock import system_clock

if TYPE_CHECKING:
    from cli.configuration import Configuration


def doctor(
    config: ConfigFolder = SHIPPED,
    probe: Annotated[
        bool, typer.Option(help="Also measure what the broker keeps while we are away.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Look at broker, clock, disk and ports, and say how to mend.

    Each line begins with ok, warning, fault, or unknown where it cannot be seen. Measuring the
    broker's queue takes a few seconds: 1,200 small messages under millwright/doctor/ for a session
    of its own.
    Exits with 1 where something is at fault.

    Examples:
      millwright doctor -c my-plant
      millwright doctor -c my-plant --no-probe --json

    """
    from cli.configuration import load

    faults = 0
    for line in _examined(load(config), probe=probe):
        faults += line.verdict == "fault"
        if as_json:
            print_rows([asdict(line)], (), as_json=True)
        else:
            mend = f"\n{'':<23} mend: {line.mend}" if line.mend else ""
            print(f"{line.verdict:<8} {line.what:<14} {line.found}{mend}", flush=True)
    if faults:
        raise typer.Exit(1)


def _examined(config: Configuration, *, probe: bool) -> Iterator[Examined]:
    plant = config.plant
    yield Examined("configuration", "ok", f"{config.folder}: {len(plant.assets)} assets")
    broken = [*secrets(config), *tls_files(config)]
    yield from broken
    yield clock()
    yield from skew(config, system_clock)
    yield folder(config)
    yield disk(config)
    yield forecast(config, system_clock())
    yield retention(config)
    yield page(config)
    if not broken:
        yield from influx(config)
        yield from broker(config.service.broker, len(plant.assets), probe=probe)
