"""Drills on disk: a JSON file for each asset, in a folder, put in place whole; or in memory."""

from __future__ import annotations

import os
from hashlib import blake2b
from pathlib import Path

import msgspec

from core.drilled import Drilled
from core.errors import Unavailable

_decoder = msgspec.json.Decoder(Drilled)
_MOST = 4_000_000


class DrillFolder:
    """Keeps the latest drill of each asset in a folder of its own, which is made when needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def latest(self, asset: str) -> Drilled | None:
        """Return the latest drill of an asset; None where there is none that can be read."""
        path = self._path(asset)
        try:
            if path.stat().st_size > _MOST:
                return None
            found = _decoder.decode(path.read_bytes())
        except (OSError, msgspec.MsgspecError, UnicodeError):
            return None
        return found if found.asset == asset else None

    def keep(self, drilled: Drilled) -> None:
        """Keep a drill in place of the one before."""
        path = self._path(drilled.asset)
        fresh = path.with_suffix(f".{os.getpid()}.new")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with fresh.open("wb") as file:
                file.write(msgspec.json.encode(drilled))
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(path)
        except OSError as error:
            msg = f"{path}: the drill of {drilled.asset} cannot be kept: {error}"
            raise Unavailable(msg) from error

    def _path(self, asset: str) -> Path:
        return self._folder / f"{blake2b(asset.encode(), digest_size=12).hexdigest()}.json"


class MemoryDrills:
    """Keeps the latest drill of each asset as long as the process lives."""

    def __init__(self) -> None:
        self._kept: dict[str, Drilled] = {}

    def latest(self, asset: str) -> Drilled | None:
        """Return the latest drill of an asset; None where there is none."""
        return self._kept.get(asset)

    def keep(self, drilled: Drilled) -> None:
        """Keep a drill in place of the one before."""
        self._kept[drilled.asset] = drilled
