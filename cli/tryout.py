"""A recording tried out: a private broker and service, and what they say of it."""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from cli.found import print_found
from cli.options import pace_named
from cli.progress import Progress
from cli.publishing import AREA, SITE, play
from core.clock import DAY, system_clock
from core.errors import Unavailable

if TYPE_CHECKING:
    from cli.configuration import Configuration
    from cli.runtime import Runtime
    from core.plant import Asset
    from simulators.recording import Recording

_PATIENCE = 60.0


def try_out(
    recording: Recording,
    asset_class: str,
    config: Path,
    speed: str,
    *,
    keep_times: bool,
    as_json: bool,
) -> None:
    """Play a recording through a private broker and service and print the machine alerts."""
    from cli.logs import configure
    from cli.private import private_broker
    from cli.runtime import Runtime
    from cli.signals import until_signal

    configure("warning")
    pace, stop = pace_named(speed), threading.Event()
    shifted = recording if keep_times else recording.ending(system_clock())
    with (
        until_signal(stop) as asked,
        tempfile.TemporaryDirectory(prefix="millwright-") as made,
        private_broker(Path(made) / "broker") as broker,
    ):
        loaded, assets = _configured(shifted, asset_class, config, Path(made), broker)
        with Runtime(loaded) as runtime:
            runtime.start_ingest()
            runtime.start_scoring()
            topic = loaded.service.ingest.plain_topic
            runtime.await_broker()
            play(shifted, assets, broker["url"], pace, topic, stop)
            _wait(runtime, shifted.count, stop)
            if not stop.is_set():
                print_found(runtime, recording, shifted, assets, as_json=as_json)
    if asked.code:
        print("millwright: interrupted before the whole recording was scored", file=sys.stderr)
        raise typer.Exit(asked.code)


def _configured(
    recording: Recording, asset_class: str, config: Path, folder: Path, broker: dict[str, str]
) -> tuple[Configuration, tuple[Asset, ...]]:
    """Write a configuration for the recording's assets and load it."""
    import shutil

    import yaml

    from cli.configuration import load
    from simulators.autoclass import assets, class_document

    made = assets(recording, SITE, AREA, asset_class)
    (folder / "classes").mkdir()
    named = {asset.name: {"class": asset_class, "title": asset.title} for asset in made}
    plant = {"sites": {SITE: {"timezone": "UTC", "areas": {AREA: {"assets": named}}}}}
    service = {"data": str(folder / "data"), "broker": broker}
    files = {"plant": plant, "service": service}
    if asset_class == "auto":
        files["classes/auto"] = class_document(recording)
    else:
        shutil.copy(config / "classes" / f"{asset_class}.yaml", folder / "classes")
    for name, body in files.items():
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(body, allow_unicode=True))
    loaded = load(folder)
    return replace(loaded, plant=replace(loaded.plant, retention=36_500 * DAY)), made


def _wait(runtime: Runtime, count: int, stop: threading.Event) -> None:
    """Wait until every published reading was received and scored, or nothing moves any more."""
    before, moved = -1, time.monotonic()
    with Progress("journal entries scored") as progress:
        while not stop.wait(0.05):
            received = runtime.pipeline.status().received if runtime.pipeline else 0
            scored, last = runtime.casefile.load().position, runtime.journal.last_id()
            if received >= count and scored >= last:
                return
            runtime.parts.check()
            progress.tell(scored, f"{received:,} of {count:,} readings received")
            done = received if received < count else count + scored
            if done != before:
                before, moved = done, time.monotonic()
            elif time.monotonic() - moved > _PATIENCE:
                msg = (
                    f"nothing has moved for {_PATIENCE:.0f} s; {received:,} of {count:,} readings"
                    f" were received and {scored:,} of {last:,} journal entries scored"
                )
                raise Unavailable(msg)
