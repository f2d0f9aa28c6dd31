"""The InfluxDB that the demo has of its own."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any


@contextlib.contextmanager
def private_influx(folder: Path) -> Iterator[dict[str, Any]]:
    """Run a private InfluxDB while the context lasts, set it up, and give the history's settings.

    Unavailable, saying what to install or to point at, where influxd is not to be found.
    """
    from cli.influx_footing import buckets_of
    from simulators.influx import PrivateInflux
    from storage.influx_server import InfluxPlace, InfluxServer
    from storage.influx_setup import InfluxSetup
    from storage.influx_task import tasks_for
    from storage.settings import HistorySettings

    with PrivateInflux(folder) as influx:
        token = folder.resolve() / "millwright.token"
        said = {"kind": "influxdb", "url": influx.url, "org": influx.org, "token": f"file:{token}"}
        history = HistorySettings.model_validate(said)
        server = InfluxServer(InfluxPlace(influx.url, influx.org, influx.token))
        try:
            setup = InfluxSetup(server)
            buckets = buckets_of(history)
            made = [*setup.buckets(buckets), *setup.tasks(tasks_for(history.bucket))]
            setup.token(tuple(buckets), token)
        finally:
            server.close()
        told = ", ".join(done.what for done in made)
        print(f"store:  a private InfluxDB on port {influx.port}: {told}", file=sys.stderr)
        yield said
