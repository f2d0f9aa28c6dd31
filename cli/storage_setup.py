"""`storage setup`: makes in InfluxDB what the service needs there."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.influx_footing import buckets_of
from cli.options import SHIPPED, AsJson, ConfigFolder, print_rows
from core.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cli.configuration import Configuration
    from core.secret import Secret
    from storage.influx_setup import Done, InfluxSetup


def setup(
    token: Annotated[
        str, typer.Option(help="An operator's token: env:NAME or file:PATH, never in clear.")
    ],
    config: ConfigFolder = SHIPPED,
    out: Annotated[
        Path | None,
        typer.Option(help="The file for the new token; by default that of history.token."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make buckets, tasks and a token in InfluxDB.

    The buckets of telemetry, of its minutes and hours, and of the condition of assets, each kept
    for as long as `history` says; the tasks that sum telemetry up; and a token that may read and
    write these buckets and nothing else. Running it again changes nothing that is right.

    Examples:
      millwright storage setup -c my-plant --token env:INFLUX_OPERATOR_TOKEN
      millwright storage setup -c my-plant --token file:operator.token --out influx.token

    """
    from cli.configuration import load
    from cli.influx import influx_place
    from core.secret import Secret
    from storage.influx_server import InfluxServer
    from storage.influx_setup import InfluxSetup

    loaded = load(config)
    history = loaded.service.history
    try:
        operator = Secret(token)
    except ValueError as error:
        msg = f"--token: {error}"
        raise Refused(msg) from error
    file = (out or _file_of(loaded)).resolve()
    server = InfluxServer(influx_place(history, operator, "--token"))
    try:
        for done in _all(InfluxSetup(server), loaded, file):
            if as_json:
                print_rows([asdict(done)], (), as_json=True)
            else:
                print(f"{done.how:<13} {done.what}{': ' * bool(done.detail)}{done.detail}")
    finally:
        server.close()
    if not as_json and not _names(history.token, file):
        print(f"in service.yaml, say it so: history: {{token: file:{file}}}")


def _all(made: InfluxSetup, config: Configuration, file: Path) -> Iterator[Done]:
    from storage.influx_task import tasks_for

    buckets = buckets_of(config.service.history)
    yield from made.buckets(buckets)
    yield from made.tasks(tasks_for(config.service.history.bucket))
    yield made.token(tuple(buckets), file)


def _names(token: Secret | None, file: Path) -> bool:
    kind, _, path = ("" if token is None else token.reference).partition(":")
    return kind == "file" and Path(path).resolve() == file


def _file_of(config: Configuration) -> Path:
    """Return the file that the configuration already names, or one in the data folder."""
    token = config.service.history.token
    if token is not None and token.reference.startswith("file:"):
        return Path(token.reference.removeprefix("file:"))
    return config.data / "influxdb.token"
