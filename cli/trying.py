"""`messages try`: what a message would become, step by step."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.options import SHIPPED, AsJson, ConfigFolder, json_line, plain

if TYPE_CHECKING:
    from core.plant import Plant
    from core.readings import Reading
    from ingest.sample import BrokerSaid, DeviceState
    from ingest.trial import Trial


def try_message(
    topic: Annotated[str, typer.Option(help="The topic that it comes by.")],
    payload: Annotated[
        Path | None,
        typer.Option(help="File with the payload; the standard input where it is left out."),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(help="When it comes, as 2026-11-23T08:00:00Z; now where it is left out."),
    ] = None,
    retained: Annotated[bool, typer.Option("--retained", help="As a retained message.")] = False,
    config: ConfigFolder = SHIPPED,
    as_json: AsJson = False,
) -> None:
    """Show what a message would become: source, samples, asset, channels, time, readings.

    Nothing is stored and no broker is needed. Exits with 1 where any of it would be refused.

    Examples:
      millwright messages try --topic plant/lahore/water/pump-01/telemetry --payload message.json
      echo 71.2 | millwright messages try --topic works/lahore/water/pump-01/temp -c my-plant

    """
    from cli.configuration import load
    from core.clock import system_clock
    from core.errors import Refused
    from ingest.instants import WallTime, text_instant
    from ingest.trial import trial

    loaded = load(config)
    settings = loaded.service.ingest
    try:
        came = system_clock() if at is None else text_instant(at)
    except ValueError as error:
        msg = f"--at: {error}"
        raise Refused(msg) from None
    if isinstance(came, WallTime):
        msg = "--at: a time without an offset; write it like 2026-11-23T08:00:00Z"
        raise Refused(msg)
    host = settings.sparkplug
    raw = _read(payload, max(settings.max_payload, host.max_payload if host else 0) + 1)
    found = trial(loaded.plant, settings, topic.encode(), raw, came, retained=retained)
    if as_json:
        print(json_line(_as_json(found)))
    else:
        _print(found, loaded.plant)
    if found.verdict.rejection is not None:
        raise typer.Exit(1)


def _read(path: Path | None, most: int) -> bytes:
    from core.errors import Refused

    if path is None:
        return sys.stdin.buffer.read(most)
    try:
        with path.open("rb") as file:
            return file.read(most)
    except OSError as error:
        msg = f"--payload: {path}: {error.strerror}"
        raise Refused(msg) from None


def _print(found: Trial, plant: Plant) -> None:
    for step in found.steps:
        print(f"{step.about:<8}  {plain(step.says)}")
    verdict = found.verdict
    print()
    for reading, note in [(one, "") for one in verdict.readings] + [
        (one, ", of the past: stored, and not judged") for one in verdict.past
    ]:
        _print_reading(reading, note, plant)
    for asset, one in verdict.told:
        print(f"told      {plain(_told(asset, one))}")
    rejection = verdict.rejection
    if rejection is not None:
        part = "a part of it, " if verdict.taken else ""
        print(f"refused   {part}{rejection.reason}: {plain(rejection.detail)}")


def _print_reading(reading: Reading, note: str, plant: Plant) -> None:
    from core.clock import iso

    print(f"reading   {reading.asset} at {iso(reading.at)}{note}")
    of_class = plant.class_of(reading.asset)
    for name, value in reading.values.items():
        quality = reading.quality.get(name)
        mark = "" if quality is None else f" ({quality.name.lower()})"
        print(f"          {name} {value:g} {of_class.channel(name).unit}".rstrip() + mark)


def _told(asset: str, one: DeviceState | BrokerSaid) -> str:
    from ingest.sample import BrokerSaid

    if isinstance(one, BrokerSaid):
        return f"the broker says of {one.name}: {one.value}"
    return f"{asset} is {'there' if one.online else 'gone'}"


def _as_json(found: Trial) -> dict[str, Any]:
    from core.clock import iso

    def row(reading: Reading, *, past: bool) -> dict[str, Any]:
        return {
            "asset": reading.asset,
            "at": iso(reading.at),
            "values": dict(reading.values),
            "quality": {name: mark.name.lower() for name, mark in reading.quality.items()},
            "past": past,
        }

    verdict, rejection = found.verdict, found.verdict.rejection
    return {
        "steps": [{"about": step.about, "says": step.says} for step in found.steps],
        "readings": [
            *(row(each, past=False) for each in verdict.readings),
            *(row(each, past=True) for each in verdict.past),
        ],
        "told": [_told(asset, one) for asset, one in verdict.told],
        "refused": None
        if rejection is None
        else {"reason": str(rejection.reason), "detail": rejection.detail},
    }
