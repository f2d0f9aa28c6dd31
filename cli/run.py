"""`run`, `ingest`, `serve`: the real thing, together or as separate processes."""

from __future__ import annotations

import sys
from pathlib import Path

from cli.options import SHIPPED, ConfigFolder


def _start(folder: Path, *parts: str) -> None:
    from cli.configuration import load
    from cli.logs import configure
    from cli.runtime import Runtime
    from cli.signals import until_signal
    from cli.watchdog import watched
    from service.settings import check_binding

    configure()
    config = load(folder)
    if "serve" in parts:
        check_binding(config.service.feed)  # with the secret, before anything is opened
    with Runtime(config) as runtime, until_signal(runtime.stop):
        if "ingest" in parts:
            runtime.start_ingest()
            settings = config.service.ingest
            topics = [settings.topic, *(source.topic for source in settings.sources)]
            named = ", ".join(topic for topic in topics if topic is not None)
            _say(f"broker: {config.service.broker.url}, topics {named}")
        if "serve" in parts:
            runtime.start_scoring()
            runtime.start_feed()
            _say(f"page: {runtime.address}")
        if parts == ("ingest", "serve") and config.service.forward is not None:
            runtime.start_forward()
            _say(f"centre: {config.service.forward.url}")
        _say(f"data: {config.data.resolve()}")
        with watched(runtime):
            runtime.parts.wait()


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def run(config: ConfigFolder = SHIPPED) -> None:
    """Run everything in one process.

    Ingest, scoring, alerts, feed and operator page. It waits for a broker that is not there, logs
    to standard error as JSON lines, and ends with 0 on Ctrl-C or SIGTERM, losing nothing.

    Examples:
      millwright run -c /etc/millwright

    """
    _start(config, "ingest", "serve")


def ingest(config: ConfigFolder = SHIPPED) -> None:
    """Receive telemetry into the journal and the history.

    Run it beside `millwright serve` where the two should restart separately. One ingest for each
    data folder: a second one is refused.

    Examples:
      millwright ingest -c /etc/millwright

    """
    _start(config, "ingest")


def serve(config: ConfigFolder = SHIPPED) -> None:
    """Score the journal, keep the alerts, and serve the page.

    The other half of `millwright ingest`; both work on the same data folder.

    Examples:
      millwright serve -c /etc/millwright

    """
    _start(config, "serve")
