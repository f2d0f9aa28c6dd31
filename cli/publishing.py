"""A recording published to a broker, as assets of the plant or of no plant at all."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from cli.options import pace_named
from cli.progress import Progress
from core.errors import Refused
from core.suggestion import unknown

if TYPE_CHECKING:
    from core.plant import Asset, Plant
    from simulators.pace import Pace
    from simulators.publisher import Published
    from simulators.recording import Recording

SITE, AREA = "replay", "recordings"
"""Where assets stand that are in no plant."""


def play(
    recording: Recording,
    assets: Sequence[Asset],
    broker: str,
    pace: Pace,
    topic: str,
    stop: threading.Event,
    ca: Path | None = None,
) -> Published:
    """Publish a recording to a broker, with its progress on standard error."""
    from simulators.play import replay
    from simulators.publisher import Publisher

    with Progress("readings", recording.count) as progress, Publisher.to(broker, ca) as publisher:
        return replay(
            recording,
            assets,
            publisher,
            topic=topic,
            pace=pace,
            progress=lambda told: progress.tell(told.sent),
            stop=stop,
        )


def publish(
    recording: Recording,
    asset_class: str,
    config: Path,
    broker: str,
    asset: str | None,
    speed: str,
    *,
    keep_times: bool,
    ca: Path | None = None,
) -> None:
    """Publish a recording as an asset of the plant, or each of its own assets under `replay/`."""
    from cli.configuration import load
    from cli.signals import until_signal
    from core.clock import system_clock
    from simulators.autoclass import assets

    loaded, pace, stop = load(config), pace_named(speed), threading.Event()
    chosen = assets(recording, SITE, AREA, asset_class)
    if asset is not None:
        chosen = (_known(loaded.plant, asset),)
    shifted = recording if keep_times else recording.ending(system_clock())
    with until_signal(stop) as asked:
        done = play(shifted, chosen, broker, pace, loaded.service.ingest.plain_topic, stop, ca)
    print(f"{done.count} published, {done.acked} confirmed by the broker", file=sys.stderr)
    if asked.code:
        raise typer.Exit(asked.code)


def _known(plant: Plant, asset: str) -> Asset:
    if asset not in plant.assets:
        raise Refused(unknown("asset", asset, plant.assets))
    return plant.assets[asset]
