"""What the service stands on besides the broker: clock, data folder, disk, port and secrets."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import MillwrightError

if TYPE_CHECKING:
    from cli.configuration import Configuration

_LEAST = 2e9
_AMPLE = 10e9


@dataclass(frozen=True, slots=True)
class Examined:
    """One thing looked at. `verdict` is ok, warning, fault or unknown; `mend` says what to do."""

    what: str
    verdict: str
    found: str
    mend: str = ""


def clock() -> Examined:
    """Tell whether this machine's clock follows a time server."""
    from ingest.trust import clock_is_synchronised

    if clock_is_synchronised():
        return Examined("clock", "ok", "synchronised")
    mend = (
        "enable chrony or systemd-timesyncd; until then readings are judged late, early or silent"
        " by a clock that may be wrong"
    )
    return Examined("clock", "warning", "not known to follow a time server", mend)


def folder(config: Configuration) -> Examined:
    """Tell whether the data folder can be written, and who works in it."""
    data = _nearest(config.data)
    if not os.access(data, os.W_OK | os.X_OK):
        mend = f"give this user the folder: chown $USER {data}; or set another `data`"
        return Examined("data folder", "fault", f"{data} cannot be written by this user", mend)
    found = f"{config.data}{'' if config.data.exists() else ' will be made'}"
    running = ", ".join(
        f"{part} runs as process {owner}"
        for part in ("ingest", "serve")
        if (owner := holder(config.data / f"{part}.lock"))
    )
    return Examined("data folder", "ok", f"{found}; {running}" if running else found)


def disk(config: Configuration) -> Examined:
    """Tell how much room is left, against what the journal may still take."""
    data = _nearest(config.data)
    free = shutil.disk_usage(data).free
    journal = config.data / "journal.db"
    used = journal.stat().st_size if journal.exists() else 0
    wanted = max(config.service.journal.max_size - used, 0)
    found = f"{free / 1e9:.1f} GB free at {data}, the journal may take {wanted / 1e9:.1f} GB more"
    mend = "free some space, move `data` to a larger disk, or lower journal.max_size"
    if free < _LEAST:
        return Examined("disk", "fault", found, mend)
    verdict = "ok" if free > max(_AMPLE, 2 * wanted) else "warning"
    return Examined("disk", verdict, found, "" if verdict == "ok" else mend)


def page(config: Configuration) -> Examined:
    """Tell whether the feed may listen where it should."""
    from service.server import bind

    feed = config.service.feed
    owner = holder(config.data / "serve.lock")
    if owner:
        return Examined("page", "ok", f"served by process {owner} on port {feed.port}")
    try:
        bind(feed).close()
    except MillwrightError as error:
        found, _, mend = str(error).partition("; ")
        return Examined("page", "fault", found, mend or "correct it in service.yaml")
    return Examined("page", "ok", f"{feed.host}, port {feed.port} is free")


def secrets(config: Configuration) -> Iterator[Examined]:
    """Tell which secrets cannot be read."""
    named = {
        "broker.password": config.service.broker.password,
        "history.token": config.service.history.token,
    }
    named |= {f"notifier {one.name}: password": one.password for one in config.service.notifiers}
    for where, secret in named.items():
        try:
            _ = secret.reveal() if secret is not None else ""
        except ValueError as error:
            mend = "set it for the user that runs Millwright"
            yield Examined("secret", "fault", f"{where}: {error}", mend)


def tls_files(config: Configuration) -> Iterator[Examined]:
    """Tell which certificates or keys cannot be used."""
    from core.tls import make_context

    for where, files in (
        ("broker", config.service.broker),
        *((f"notifier {one.name}", one) for one in config.service.notifiers),
    ):
        try:
            make_context(files)
        except ValueError as error:
            found, _, mend = str(error).partition("; ")
            mend = mend or "put it where it is looked for, readable for the user of Millwright"
            yield Examined("certificate", "fault", f"{where}: {found}", mend)


def holder(lock: Path) -> str:
    """Name the process that holds a lock file; empty where nobody does."""
    try:
        with lock.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return file.read(20).decode(errors="replace").strip() or "unknown"
    except OSError:
        pass
    return ""


def _nearest(path: Path) -> Path:
    return next(each for each in (path, *path.parents) if each.exists())
