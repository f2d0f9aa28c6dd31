"""`run`, `ingest`, `serve`: the real thing, together or as separate processes."""

from __future__ import annotations

import sys

from cli.options import SHIPPED, ConfigFolder


def _start(folder: ConfigFolder, *parts: str) -> None:
    from cli.configuration import load
    from cli.logs import configure
    from cli.runtime import Runtime
    from cli.signals import until_signal

    configure()
    config = load(folder)
    with Runtime(config) as runtime, until_signal(runtime.stop):
        if "ingest" in parts:
            runtime.start_ingest()
        if "serve" in parts:
            runtime.start_scoring()
            runtime.start_feed()
            print(f"page: {runtime.address}", file=sys.stderr)
        while not runtime.stop.wait(1):
            pass


def run(config: ConfigFolder = SHIPPED) -> None:
    """Run everything in one process: ingest, scoring, alerts, feed and page.

    Example: millwright run -c /etc/millwright
    """
    _start(config, "ingest", "serve")


def ingest(config: ConfigFolder = SHIPPED) -> None:
    """Receive telemetry into the journal and drain it to the history; nothing else.

    Run it beside `millwright serve` where the two should restart separately.
    """
    _start(config, "ingest")


def serve(config: ConfigFolder = SHIPPED) -> None:
    """Score the journal, keep the alerts, and serve the feed and the operator page."""
    _start(config, "serve")
