"""`demo`: everything on this machine: broker, simulated plant, service, page."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import SHIPPED, ConfigFolder
from core.errors import Refused

if TYPE_CHECKING:
    from cli.configuration import Configuration
    from simulators.fleet import Fleet

Seconds = Annotated[int, typer.Option(min=5, help="How long the scenario's days take.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="The page's port; 0: any free one.")]


Keep = Annotated[Path | None, typer.Option(help="Keep the data in this new folder.")]


class Store(StrEnum):
    """Where the demo keeps telemetry: in a file, or in a private InfluxDB."""

    SQLITE = "sqlite"
    INFLUXDB = "influxdb"


def demo(
    config: ConfigFolder = SHIPPED,
    until_alert: Annotated[
        bool, typer.Option("--until-alert", help="End at the first alert about the worn machine.")
    ] = False,
    seconds: Seconds = 50,
    port: Port = 8765,
    keep: Keep = None,
    scenario: Annotated[str, typer.Option(help="Another scenario.")] = "demo",
    store: Annotated[Store, typer.Option(help="Where telemetry is kept.")] = Store.SQLITE,
) -> None:
    """Show everything on a simulated plant, then go on live.

    A private broker, the machines, the service and its page: thirty days in about a minute. One
    machine is wearing out, one sensor lies, the rest are healthy. Ctrl-C ends it.
    With --store influxdb history is kept in a private InfluxDB 2, where that is installed.
    With --until-alert it exits with 0 when the alert came before the failure, else with 1.

    Examples:
      millwright demo
      millwright demo --until-alert
      millwright demo --seconds 120 --keep my-demo
      millwright demo --store influxdb

    """
    from cli.configuration import load
    from cli.following import follow
    from cli.logs import configure
    from cli.runtime import Runtime
    from cli.signals import until_signal

    begun = time.monotonic()
    configure("warning")
    loaded = load(config)
    fleet = _fleet(scenario, config)
    with contextlib.ExitStack() as stack:
        data = _folder(keep, stack)
        broker, copied = _servers(loaded, data, store, port, stack)
        runtime = stack.enter_context(Runtime(copied))
        asked = stack.enter_context(until_signal(runtime.stop))
        runtime.start_ingest()
        runtime.start_scoring()
        runtime.start_feed()
        print(f"page:   {runtime.address}", flush=True)
        print(f"cases:  millwright alerts tail -c {copied.folder}", flush=True)
        runtime.await_broker()
        factor = fleet.scenario.span / 1e9 / seconds
        machines = stack.enter_context(_machines(config, scenario, broker, fleet, factor, data))
        in_time = follow(runtime, fleet, machines, begun, until_alert=until_alert)
        runtime.parts.check()
    if keep is not None:
        print(f"kept in {keep}: millwright alerts list --all -c {copied.folder}")
    if until_alert:
        raise typer.Exit(asked.code if in_time is None else int(not in_time))


def _fleet(scenario: str, config: Path) -> Fleet:
    """Make the scenario's machines, as the process that plays them makes them too."""
    from cli.configuration import load
    from cli.scenarios import scenario_named
    from core.clock import system_clock
    from simulators.fleet import Fleet

    return Fleet(scenario_named(scenario, config), load(config).plant, system_clock())


def _folder(keep: Path | None, stack: contextlib.ExitStack) -> Path:
    if keep is None:
        return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="millwright-")))
    if keep.exists() and (not keep.is_dir() or any(keep.iterdir())):
        msg = f"--keep {keep}: there is something already; name a folder that is new or empty"
        raise Refused(msg)
    return keep


def _servers(
    loaded: Configuration, data: Path, store: Store, port: int, stack: contextlib.ExitStack
) -> tuple[str, Configuration]:
    """Start broker and store; gives the broker's address and a configuration that names both."""
    from cli.private import page_port, private_broker, private_copy
    from cli.private_influx import private_influx

    broker = stack.enter_context(private_broker(data / "broker"))
    history = {}
    if store is Store.INFLUXDB:
        history = stack.enter_context(private_influx(data / "influxdb"))
    return broker["url"], private_copy(loaded, data, broker, page_port(port), history)


@contextlib.contextmanager
def _machines(
    config: Path, scenario: str, broker: str, fleet: Fleet, factor: float, out: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Play the machines in a process of their own; what it says goes into simulate.log."""
    command = [
        *(sys.executable, "-m", "cli.main", "simulate", scenario, "-c", str(config)),
        *("--broker", broker, "--speed", f"{factor:.0f}", "--live"),
        *("--now", str(fleet.now), "--out", str(out)),
    ]
    with (out / "simulate.log").open("wb") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, process_group=0
        )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(20)
