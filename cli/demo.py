"""`demo`: everything on this machine: broker, simulated plant, service, page."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import SHIPPED, ConfigFolder
from cli.private import private_broker
from core.errors import Refused

if TYPE_CHECKING:
    from cli.configuration import Configuration
    from cli.runtime import Runtime
    from core.alert import Alert
    from simulators.truth import Truth


def demo(
    config: ConfigFolder = SHIPPED,
    until_alert: Annotated[
        bool, typer.Option("--until-alert", help="End at the first alert about the worn machine.")
    ] = False,
    seconds: Annotated[int, typer.Option(min=5, help="How long the thirty days take.")] = 50,
    port: Annotated[int, typer.Option(help="The page's port; 0 means any free one.")] = 8765,
    keep: Annotated[Path | None, typer.Option(help="Keep the data in this folder.")] = None,
    scenario: Annotated[str, typer.Option(help="Another scenario.")] = "demo",
) -> None:
    """Show the whole service on a simulated plant: thirty days in about a minute, then live.

    One machine is wearing out, one sensor lies, the rest are healthy. Ctrl-C ends it.
    With --until-alert it exits with 0 when the alert came before the failure, else with 1.
    """
    from cli.configuration import load
    from cli.runtime import Runtime
    from cli.signals import until_signal
    from cli.simulate import scenario_named
    from core.clock import system_clock
    from simulators.fleet import Fleet
    from simulators.truth import truths

    begun, now = time.monotonic(), system_clock()
    loaded, played = load(config), scenario_named(scenario, config)
    truth = truths(Fleet(played, loaded.plant, now))
    with contextlib.ExitStack() as stack:
        data = keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="millwright-")))
        broker = stack.enter_context(private_broker(data / "broker"))
        runtime = stack.enter_context(Runtime(_private(loaded, data, broker, port)))
        stack.enter_context(until_signal(runtime.stop))
        runtime.start_ingest()
        runtime.start_scoring()
        runtime.start_feed()
        print(f"page:   {runtime.address}", flush=True)
        factor = played.span / 1e9 / seconds
        stack.enter_context(_machines(config, scenario, broker, now, factor, data))
        alert = _follow(runtime, truth, begun, until_alert=until_alert)
    if until_alert:
        raise typer.Exit(0 if alert is not None and _in_time(alert, truth) else 1)


def _private(config: Configuration, data: Path, broker: int, port: int) -> Configuration:
    """Point a configuration at the demo's own broker, folder and port."""
    import socket

    from simulators.broker import free_port

    service = config.service
    with socket.socket() as probe:
        taken = port == 0 or probe.connect_ex((service.feed.host, port)) == 0
    feed = service.feed.model_copy(update={"port": free_port() if taken else port})
    address = service.broker.model_copy(update={"url": f"mqtt://127.0.0.1:{broker}"})
    changed = service.model_copy(update={"feed": feed, "broker": address, "data": data})
    return replace(config, service=changed)


@contextlib.contextmanager
def _machines(
    config: Path, scenario: str, broker: int, now: int, factor: float, out: Path
) -> Iterator[None]:
    """Play the machines in a process of their own."""
    command = [
        *(sys.executable, "-m", "cli.main", "simulate", scenario, "-c", str(config)),
        *("--broker", f"mqtt://127.0.0.1:{broker}", "--speed", f"{factor:.0f}", "--live"),
        *("--now", str(now), "--out", str(out)),
    ]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


def _follow(
    runtime: Runtime, truth: tuple[Truth, ...], begun: float, *, until_alert: bool
) -> Alert | None:
    """Print each alert as it comes, until stopped or the wearing machine's first."""
    from cli.wording import event_row
    from core.clock import HOUR, iso

    wearing = {fault.asset: fault for fault in truth if fault.failure is not None}
    if until_alert and not wearing:
        msg = "no machine of this scenario fails, so no alert can come before its failure"
        raise Refused(msg)
    seen = 0
    while not runtime.stop.wait(0.2):
        for step, alert in runtime.casefile.events(seen):
            seen = step.id
            print(event_row(step, alert)["line"], flush=True)
            if until_alert and alert.asset in wearing and alert.group == "machine":
                failure = wearing[alert.asset].failure or 0
                ahead = (failure - alert.opened_at) / HOUR
                print(
                    f"first alert about {alert.asset}: {time.monotonic() - begun:.1f} s after "
                    f"start; failure at {iso(failure)}, alert {ahead:.0f} h "
                    f"{'before' if ahead > 0 else 'after'} it",
                    flush=True,
                )
                return alert
    return None


def _in_time(alert: Alert, truth: tuple[Truth, ...]) -> bool:
    failures = [f.failure for f in truth if f.asset == alert.asset and f.failure is not None]
    return all(alert.opened_at < failure for failure in failures)
