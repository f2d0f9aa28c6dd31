"""`replay`: a recorded CSV as telemetry, to a broker or through a private copy of everything."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import SHIPPED, AsJson, ConfigFolder
from core.errors import Refused

if TYPE_CHECKING:
    from core.plant import Asset, Plant
    from simulators.layout import Layout
    from simulators.recording import Recording


def replay(
    file: Annotated[Path, typer.Argument(help="The recorded CSV.", exists=True, dir_okay=False)],
    asset_class: Annotated[
        str, typer.Option("--class", help="A class of the configuration, or auto.")
    ] = "auto",
    config: ConfigFolder = SHIPPED,
    broker: Annotated[
        str | None, typer.Option(help="Only publish, to mqtt://HOST:PORT; else try it out here.")
    ] = None,
    asset: Annotated[
        str | None, typer.Option(help="Publish as this asset, site/area/name.")
    ] = None,
    asset_column: Annotated[
        str | None, typer.Option(help="Column that tells many assets apart.")
    ] = None,
    only: Annotated[str | None, typer.Option(help="Only these assets of it: 1,2 or 1..5.")] = None,
    separator: Annotated[str | None, typer.Option(help="Default: recognised.")] = None,
    time: Annotated[str | None, typer.Option(help="Time column. Default: recognised.")] = None,
    names: Annotated[
        str | None, typer.Option(help="Column names of a file without a header: a,b,s1..s3")
    ] = None,
    step: Annotated[
        str | None, typer.Option(help="Length of one count where time is a counter: 1h")
    ] = None,
    drop: Annotated[str, typer.Option(help="Columns to leave out, comma-separated.")] = "",
    rename: Annotated[
        list[str] | None, typer.Option("--map", help="COLUMN=CHANNEL, may be repeated.")
    ] = None,
    keep_times: Annotated[
        bool, typer.Option("--keep-times", help="Do not shift the times to end now.")
    ] = False,
    speed: Annotated[str, typer.Option(help="max, real, or how many times as fast.")] = "max",
    as_json: AsJson = False,
) -> None:
    """Publish a recorded CSV as telemetry, as fast as told.

    Without --broker it starts a private broker and service, plays the recording through them and
    prints the alerts it raises, with the recording's own times.

    Examples:
      millwright replay pump.csv
      millwright replay engines.txt --names unit,cycle,s1..s21 --asset-column unit --step 1h
      millwright replay pump.csv --class centrifugal_pump --broker mqtt://10.0.0.5 --asset a/b/c

    """
    from core.quantity import span
    from simulators.layout import Layout, names_from, renames_from

    try:
        length = span(step) if step else None
    except ValueError as error:
        raise Refused(str(error)) from error
    layout = Layout(
        separator=separator,
        names=names_from(names) if names else (),
        time=time,
        step=length,
        asset_column=asset_column,
        drop=tuple(name.strip() for name in drop.split(",") if name.strip()),
        rename=renames_from(tuple(rename or ())),
    )
    recording = _chosen(_read(file, layout, asset_class, config), only)
    for note in recording.notes:
        print(f"note: {note}", file=sys.stderr)
    if broker is None:
        from cli.tryout import try_out

        try_out(recording, asset_class, config, speed, keep_times=keep_times, as_json=as_json)
        return
    _publish(recording, asset_class, config, broker, asset, speed, keep_times=keep_times)


def _read(file: Path, layout: Layout, asset_class: str, config: Path) -> Recording:
    from cli.configuration import load
    from simulators.autoclass import varying
    from simulators.recording import read

    if asset_class == "auto":
        return varying(read(file, layout))[0]
    classes = load(config).plant.classes
    if asset_class not in classes:
        msg = f"unknown class {asset_class!r}; known: auto, {', '.join(sorted(classes))}"
        raise Refused(msg)
    return read(file, layout, classes[asset_class])


def _chosen(recording: Recording, only: str | None) -> Recording:
    from dataclasses import replace

    from simulators.layout import names_from

    if only is None:
        return recording
    wanted = set(names_from(only.replace(" ", "")))
    tracks = tuple(track for track in recording.tracks if track.name in wanted)
    if not tracks:
        known = ", ".join(track.name for track in recording.tracks[:20])
        msg = f"--only: no asset of {only!r} in the recording; there are {known}"
        raise Refused(msg)
    return replace(recording, tracks=tracks)


def _publish(
    recording: Recording,
    asset_class: str,
    config: Path,
    broker: str,
    asset: str | None,
    speed: str,
    *,
    keep_times: bool,
) -> None:
    from cli.configuration import load
    from cli.tryout import play
    from core.clock import system_clock
    from simulators.autoclass import assets

    loaded = load(config)
    chosen = assets(recording, "replay", "recordings", asset_class)
    if asset is not None:
        chosen = (_known(loaded.plant, asset),)
    shifted = recording if keep_times else recording.ending(system_clock())
    done = play(shifted, chosen, broker, speed, loaded.service.ingest.topic)
    print(f"{done.count} published, {done.acked} confirmed by the broker")


def _known(plant: Plant, asset: str) -> Asset:
    if asset not in plant.assets:
        msg = f"unknown asset {asset!r}; known: {', '.join(sorted(plant.assets))}"
        raise Refused(msg)
    return plant.assets[asset]
