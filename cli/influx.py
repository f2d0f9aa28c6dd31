"""Which InfluxDB the configuration means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.errors import Refused, Unavailable

if TYPE_CHECKING:
    from core.secret import Secret
    from storage.influx_server import InfluxPlace
    from storage.settings import HistorySettings


def influx_place(
    settings: HistorySettings, token: Secret | None = None, called: str = "history.token"
) -> InfluxPlace:
    """Say which InfluxDB is meant, and as whom; Unavailable where its token cannot be read."""
    from storage.influx_server import InfluxPlace

    token = token or settings.token
    if settings.url is None or settings.org is None or token is None:
        msg = (
            "no InfluxDB is configured; in service.yaml set history: {kind: influxdb, url:"
            " http://HOST:8086, org: NAME, token: file:PATH}"
        )
        raise Refused(msg)
    try:
        revealed = token.reveal()
    except ValueError as error:
        msg = f"{called}: {error}"
        raise Unavailable(msg) from error
    timeout = settings.timeout // 1_000_000
    return InfluxPlace(settings.url, settings.org, revealed, settings.ca, timeout)
