"""Whether InfluxDB is there, lets us do what we must, and keeps what it should."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from cli.footing import Examined
from core.clock import HOUR, MINUTE, SECOND, Span
from core.errors import MillwrightError, Unavailable
from core.quantity import span_text

if TYPE_CHECKING:
    from cli.configuration import Configuration
    from storage.influx_server import InfluxServer
    from storage.settings import HistorySettings

_SET_UP = "run `millwright storage setup` with an operator's token"
_LOOK = """
from(bucket: bucket)
  |> range(start: -1m)
  |> limit(n: 1)
"""


def influx(config: Configuration) -> Iterator[Examined]:
    """Look at InfluxDB, where history is kept in one."""
    from cli.influx import influx_place
    from storage.influx_server import InfluxServer

    history = config.service.history
    if history.kind != "influxdb":
        return
    server = InfluxServer(influx_place(history))
    try:
        yield Examined("influxdb", "ok", f"version {_version(server)} at {history.url}")
        for bucket, keep in buckets_of(history).items():
            yield _bucket(server, bucket, keep)
    except MillwrightError as error:
        mend = "start InfluxDB, or correct history.url in service.yaml"
        yield Examined("influxdb", "fault", str(error), mend)
    finally:
        server.close()


def buckets_of(history: HistorySettings) -> dict[str, Span]:
    """Name the buckets that the service uses, each with how long it is to keep."""
    steps = history.keep_steps
    return {
        history.bucket: history.keep,
        f"{history.bucket}_1m": steps[MINUTE],
        f"{history.bucket}_1h": steps[HOUR],
        history.condition_bucket: steps[HOUR],
    }


def _version(server: InfluxServer) -> str:
    """Return the version of whoever answers; Unavailable where nobody does."""
    found = server.call(
        lambda client: client.api_client.call_api(
            "/health", "GET", response_type="HealthCheck", _return_http_data_only=True
        )
    )
    if found.status != "pass":
        msg = f"InfluxDB says of itself: {found.message}"
        raise Unavailable(msg)
    return str(found.version)


def _bucket(server: InfluxServer, name: str, keep: Span) -> Examined:
    """Tell whether a bucket can be read and written, and for how long it keeps."""
    what = f"bucket {name}"
    try:
        server.query(_LOOK, bucket=name)
        server.write(name, b"\n")
        found = server.call(lambda client: client.buckets_api().find_bucket_by_name(name))
    except Unavailable as error:
        return Examined(what, "fault", str(error), _SET_UP)
    return _kept(what, found, keep)


def _kept(what: str, bucket: Any, keep: Span) -> Examined:
    if bucket is None:
        return Examined(what, "ok", "can be read and written; how long it keeps cannot be seen")
    held = sum(int(rule.every_seconds) for rule in bucket.retention_rules)
    said = f"can be read and written, keeps {span_text(held * SECOND) if held else 'for ever'}"
    if held and held * SECOND < keep:
        return Examined(what, "warning", f"{said}, but {span_text(keep)} are wanted", _SET_UP)
    return Examined(what, "ok", said)
