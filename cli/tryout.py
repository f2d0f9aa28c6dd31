"""A recording tried out: a private broker and service, and what they say of it."""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cli.found import print_found
from core.clock import DAY, system_clock
from core.errors import Refused, Unavailable

if TYPE_CHECKING:
    from cli.configuration import Configuration
    from cli.runtime import Runtime
    from core.plant import Asset
    from simulators.publisher import Progress, Published
    from simulators.recording import Recording

SITE, AREA = "replay", "recordings"


def play(
    recording: Recording, assets: Sequence[Asset], broker: str, speed: str, topic: str
) -> Published:
    """Publish a recording to a broker, with its progress on standard error."""
    from cli.signals import until_signal
    from simulators.pace import pace
    from simulators.play import replay
    from simulators.publisher import Publisher

    try:
        chosen = pace(speed)
    except ValueError as error:
        raise Refused(str(error)) from error

    def tell(told: Progress) -> None:
        if sys.stderr.isatty():
            print(f"\r{told.sent} of {recording.count}", end="", file=sys.stderr, flush=True)

    stop = threading.Event()
    with until_signal(stop), Publisher.to(broker) as publisher:
        return replay(
            recording, assets, publisher, topic=topic, pace=chosen, progress=tell, stop=stop
        )


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
    from cli.private import private_broker
    from cli.runtime import Runtime

    shifted = recording if keep_times else recording.ending(system_clock())
    with tempfile.TemporaryDirectory(prefix="millwright-") as made:
        folder = Path(made)
        with private_broker(folder / "broker") as port:
            loaded, assets = _configured(shifted, asset_class, config, folder, port)
            with Runtime(loaded) as runtime:
                runtime.start_ingest()
                runtime.start_scoring()
                topic = loaded.service.ingest.topic
                play(shifted, assets, f"mqtt://127.0.0.1:{port}", speed, topic)
                _wait(runtime, shifted.count)
                print_found(runtime, recording, shifted, assets, as_json=as_json)


def _configured(
    recording: Recording, asset_class: str, config: Path, folder: Path, port: int
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
    service = {"data": str(folder / "data"), "broker": {"url": f"mqtt://127.0.0.1:{port}"}}
    files = {"plant": plant, "service": service}
    if asset_class == "auto":
        files["classes/auto"] = class_document(recording)
    else:
        shutil.copy(config / "classes" / f"{asset_class}.yaml", folder / "classes")
    for name, body in files.items():
        (folder / f"{name}.yaml").write_text(yaml.safe_dump(body, allow_unicode=True))
    loaded = load(folder)
    return replace(loaded, plant=replace(loaded.plant, retention=36_500 * DAY)), made


def _wait(runtime: Runtime, count: int, seconds: float = 600) -> None:
    """Wait until every published reading was received and scored."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        status = runtime.pipeline.status() if runtime.pipeline else None
        if status is not None and status.received >= count:
            last = runtime.journal.last_id()
            while runtime.casefile.load().position < last and time.monotonic() < deadline:
                time.sleep(0.1)
            return
        time.sleep(0.1)
    msg = "the service did not take in the whole recording in ten minutes"
    raise Unavailable(msg)
