"""`doctor`: looks at what the service stands on, and says how to mend what is wrong."""

from __future__ import annotations

import shutil
import socket
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.options import SHIPPED, AsJson, ConfigFolder, print_rows

if TYPE_CHECKING:
    from cli.configuration import Configuration


@dataclass(frozen=True, slots=True)
class Examined:
    """One thing looked at. `verdict` is ok, warning or fault; `mend` says what to do."""

    what: str
    verdict: str
    found: str
    mend: str = ""


def doctor(
    config: ConfigFolder = SHIPPED,
    probe: Annotated[
        bool, typer.Option(help="Also measure what the broker keeps while we are away.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Look at configuration, broker, clock, disk and ports, and say how to mend each.

    Exits with 1 where something is at fault.
    """
    from cli.configuration import load

    loaded = load(config)
    print_head = not as_json
    found = [
        Examined("configuration", "ok", f"{len(loaded.plant.assets)} assets"),
        *_broker(loaded, probe=probe),
        _clock(),
        _disk(loaded.data),
        _port(loaded),
    ]
    if print_head:
        for line in found:
            print(f"{line.verdict:<8} {line.what:<14} {line.found}")
            if line.mend:
                print(f"{'':<23} mend: {line.mend}")
    else:
        print_rows([asdict(line) for line in found], (), as_json=True)
    if any(line.verdict == "fault" for line in found):
        raise typer.Exit(1)


def _broker(config: Configuration, *, probe: bool) -> list[Examined]:
    from core.errors import Unavailable
    from ingest.probe import kept_while_away, reach

    broker = config.service.broker
    try:
        reach(broker)
    except Unavailable as error:
        mend = "start the broker, or correct broker.url in service.yaml"
        return [Examined("broker", "fault", str(error), mend)]
    seen = [Examined("broker", "ok", f"reachable at {broker.url}")]
    if probe:
        kept = kept_while_away(broker)
        said = f"kept {kept.received} of {kept.published} messages while we were away"
        if kept.received < kept.published:
            mend = "in mosquitto.conf: max_queued_messages 0 and max_queued_bytes to suit the disk"
            seen.append(Examined("broker queue", "warning", said, mend))
        else:
            seen.append(Examined("broker queue", "ok", said))
    return seen


def _clock() -> Examined:
    from ingest.trust import clock_is_synchronised

    if clock_is_synchronised():
        return Examined("clock", "ok", "synchronised")
    mend = "enable chrony or systemd-timesyncd; until then late and early readings are not refused"
    return Examined("clock", "warning", "not known to be synchronised", mend)


def _disk(folder: Path) -> Examined:
    near = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(near).free
    found = f"{free / 1e9:.1f} GB free at {near}"
    if free < 2e9:
        return Examined("disk", "fault", found, "free some space, or move `data` in service.yaml")
    return Examined("disk", "ok" if free > 10e9 else "warning", found)


def _port(config: Configuration) -> Examined:
    feed = config.service.feed
    with socket.socket() as probe:
        if probe.connect_ex((feed.host, feed.port)) == 0:
            mend = "another program (or Millwright itself) uses it; change feed.port to a free one"
            return Examined("page", "warning", f"port {feed.port} is in use", mend)
    return Examined("page", "ok", f"port {feed.port} is free")
