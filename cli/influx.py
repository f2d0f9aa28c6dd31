"""Which InfluxDB the configuration means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import Refused, Unavailable

if TYPE_CHECKING:
    from storage.influx_server import InfluxPlace
    from storage.settings import HistorySettings


def influx_place(settings: HistorySettings) -> InfluxPlace:
    """Say which InfluxDB is meant, and as whom; Unavailable where its token cannot be read."""
    from storage.influx_server import InfluxPlace

    if settings.url is None or settings.org is None or settings.token is None:
        msg = "history.kind is not influxdb, so no InfluxDB is known; set it in service.yaml"
        raise Refused(msg)
    try:
        token = settings.token.reveal()
    except ValueError as error:
        msg = f"history.token: {error}"
        raise Unavailable(msg) from error
    timeout = settings.timeout // 1_000_000
    return InfluxPlace(settings.url, settings.org, token, settings.ca, timeout)
