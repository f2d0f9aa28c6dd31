"""`doctor`: looks at what the service stands on, and says how to mend what is wrong."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from cli.footing import Examined, clock, disk, folder, page, secrets
from cli.options import SHIPPED, AsJson, ConfigFolder, print_rows
from core.errors import Unavailable

if TYPE_CHECKING:
    from cli.configuration import Configuration
    from ingest.settings import BrokerSettings

_QUEUE = (
    "in mosquitto.conf set max_queued_messages to as many as come in a long outage and bound them"
    " by max_queued_bytes, with persistence true; configs/mosquitto/ has an example"
)

_ALLOW = (
    "allow broker.username `topic readwrite millwright/doctor/#` while you measure, or look for"
    " yourself at the settings that configs/mosquitto/ has"
)


def doctor(
    config: ConfigFolder = SHIPPED,
    probe: Annotated[
        bool, typer.Option(help="Also measure what the broker keeps while we are away.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Look at broker, clock, disk and ports, and say how to mend.

    Each line begins with ok, warning or fault. Measuring the broker's queue takes a few seconds:
    1,200 small messages under millwright/doctor/ for a session of its own.
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
    broken = list(secrets(config))
    yield from broken
    yield clock()
    yield folder(config)
    yield disk(config)
    yield page(config)
    if not broken:
        yield from _broker(config.service.broker, len(plant.assets), probe=probe)


def _broker(broker: BrokerSettings, assets: int, *, probe: bool) -> Iterator[Examined]:
    from ingest.probe import kept_while_away, reach

    try:
        reach(broker)
        yield Examined("broker", "ok", f"reachable at {broker.url}")
        if not probe:
            return
        if sys.stderr.isatty():
            print("measuring what the broker keeps …", end="\r", file=sys.stderr, flush=True)
        kept = kept_while_away(broker)
    except Unavailable as error:
        yield Examined("broker", "fault", str(error), _mend(str(error)))
        return
    said = f"kept {kept.received:,} of {kept.published:,} messages while we were away"
    if not kept.received:
        none = f"nothing came back of {kept.published:,} messages: not kept, or not allowed"
        yield Examined("broker queue", "warning", none, _ALLOW)
    elif kept.received < kept.published:
        each = f"; that is {kept.received // max(assets, 1):,} for each asset, later ones are lost"
        yield Examined("broker queue", "warning", said + each, _QUEUE)
    else:
        yield Examined("broker queue", "ok", said)


def _mend(words: str) -> str:
    if "refused:" in words:
        return "correct broker.username and broker.password, or what the broker lets them do"
    return "start the broker, or correct broker.url in service.yaml"
