"""`replay`: a recorded CSV as telemetry, to a broker or through a private copy of everything."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.layouts import AssetColumn, Drop, Names, Renames, Separator, Step, TimeColumn, layout_of
from cli.options import SHIPPED, AsJson, Authority, ConfigFolder, Speed
from core.errors import Refused

if TYPE_CHECKING:
    from simulators.layout import Layout
    from simulators.recording import Recording

File = Annotated[Path, typer.Argument(help="The recorded CSV.", exists=True, dir_okay=False)]
ClassName = Annotated[str, typer.Option("--class", help="A class of the configuration, or auto.")]
Broker = Annotated[
    str | None, typer.Option(help="Only publish, to mqtt://HOST:PORT; else try it out here.")
]
AssetId = Annotated[
    str | None, typer.Option(help="With --broker: publish as this asset, site/area/name.")
]
Only = Annotated[str | None, typer.Option(help="Only these of --asset-column: 1,2 or 1..5.")]
KeepTimes = Annotated[bool, typer.Option("--keep-times", help="Do not shift the times to end now.")]


def replay(
    file: File,
    asset_class: ClassName = "auto",
    config: ConfigFolder = SHIPPED,
    broker: Broker = None,
    asset: AssetId = None,
    asset_column: AssetColumn = None,
    only: Only = None,
    separator: Separator = None,
    time: TimeColumn = None,
    names: Names = None,
    step: Step = None,
    drop: Drop = "",
    renames: Renames = None,
    keep_times: KeepTimes = False,
    speed: Speed = "max",
    ca: Authority = None,
    as_json: AsJson = False,
) -> None:
    """Publish a recorded CSV as telemetry, as fast as told.

    Without --broker it starts a private broker and service, plays the recording through them and
    prints the alerts it raises, with the recording's own times.

    Examples:
      millwright replay pump.csv
      millwright replay engines.txt --names unit,cycle,s1..s21 --asset-column unit --step 1h
      millwright replay pump.csv --class centrifugal_pump --map "Flow (m3/h)=flow"
      millwright replay pump.csv --class centrifugal_pump --broker mqtt://10.0.0.5 --asset a/b/c

    """
    layout = layout_of(
        separator=separator,
        names=names,
        time=time,
        step=step,
        asset_column=asset_column,
        drop=drop,
        renames=renames,
    )
    recording = _chosen(_read(file, layout, asset_class, config), only)
    for note in recording.notes:
        print(f"note: {note}", file=sys.stderr)
    if broker is not None:
        from cli.publishing import publish

        publish(recording, asset_class, config, broker, asset, speed, keep_times=keep_times, ca=ca)
        return
    if asset is not None:
        msg = "--asset names an asset of your plant to publish as; give --broker too"
        raise Refused(msg)
    from cli.tryout import try_out

    try_out(recording, asset_class, config, speed, keep_times=keep_times, as_json=as_json)


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
