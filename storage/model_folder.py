"""Versions of models as files: `SITE/AREA/NAME/0003.json` says what `0003.npz` is.

The state is written first and the record last, each aside and then moved into place, so that a
version without its record was never made. Nothing in them can execute code.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import msgspec
import structlog

from core.clock import Instant
from core.errors import DiskTrouble, Refused
from core.model_version import ModelVersion

_log = structlog.get_logger("models")
_NUMBER = re.compile(r"^([0-9]{4,9})\.json$")
_records = msgspec.json.Decoder(ModelVersion)
_notes = msgspec.json.Decoder(dict[str, Instant])
_NOTED = "tried.json"
_LAST = "last"
"""Holds the highest number ever given, so that none is given again once it was let go."""


class ModelFolder:
    """Implements `core.model_version.ModelStore` over a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, version: ModelVersion, body: bytes) -> ModelVersion:
        """Keep a version with its state."""
        home = self._home(version.asset)
        try:
            home.mkdir(parents=True, exist_ok=True)
            with _alone(home):
                return self._keep(home, version, body)
        except OSError as error:
            msg = f"{home}: cannot keep a version: {error.strerror}"
            raise DiskTrouble(msg) from error

    def _keep(self, home: Path, version: ModelVersion, body: bytes) -> ModelVersion:
        number = 1 + max(self._last(home), *self._numbers(home), 0)
        kept = replace(version, number=number, digest=digest_of(body), size=len(body))
        text = msgspec.json.format(msgspec.json.encode(kept), indent=1)
        _write(home / _LAST, f"{number}\n".encode())
        _write(home / f"{number:04}.npz", body)
        _write(home / f"{number:04}.json", text + b"\n")
        return kept

    def versions(self, asset: str | None = None) -> list[ModelVersion]:
        """List what is kept, by asset and number."""
        homes = [self._home(asset)] if asset is not None else sorted(self._folder.glob("*/*/*"))
        found = []
        for home in homes:
            for number in self._numbers(home):
                try:
                    found.append(self._read(home / f"{number:04}.json"))
                except Refused as error:
                    _log.warning("model_unreadable", why=str(error))
        return found

    def version(self, asset: str, number: int) -> ModelVersion | None:
        """Find one."""
        path = self._home(asset) / f"{number:04}.json"
        return self._read(path) if path.exists() else None

    def body(self, asset: str, number: int) -> bytes:
        """Return the state of a version, after a look at whether it is what was written."""
        record, path = self.version(asset, number), Path(self.place(asset, number))
        if record is None:
            msg = f"{path}: no such version is kept"
            raise Refused(msg)
        try:
            body = path.read_bytes()
        except OSError as error:
            msg = f"{path}: cannot be read: {error.strerror}"
            raise Refused(msg) from error
        if digest_of(body) != record.digest:
            msg = f"{path}: damaged: {len(body)} bytes that are not the {record.size} once written"
            raise Refused(msg)
        return body

    def note(self, asset: str, at: Instant) -> None:
        """Note that it was tried to learn an asset anew."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with _alone(self._folder):
                noted = {**self.noted(), asset: at}
                _write(self._folder / _NOTED, msgspec.json.encode(noted))
        except OSError as error:
            msg = f"{self._folder / _NOTED}: cannot be written: {error.strerror}"
            raise DiskTrouble(msg) from error

    def noted(self) -> Mapping[str, Instant]:
        """Tell when that was last tried of each asset; what is lost is only tried once more."""
        try:
            return _notes.decode((self._folder / _NOTED).read_bytes())
        except (OSError, msgspec.MsgspecError, UnicodeError):
            return {}

    def place(self, asset: str, number: int) -> str:
        """Name the file of a version's state."""
        return str(self._home(asset) / f"{number:04}.npz")

    def prune(self, asset: str, newest: int, but: Collection[int] = ()) -> int:
        """Let go of all but the newest and some others, each by its record first."""
        home = self._home(asset)
        numbers = self._numbers(home)
        old = [number for number in numbers[: max(0, len(numbers) - newest)] if number not in but]
        for number in old:
            for suffix in ("json", "npz"):
                with contextlib.suppress(OSError):
                    (home / f"{number:04}.{suffix}").unlink()
        return len(old)

    def _home(self, asset: str) -> Path:
        parts = asset.split("/")
        if any(part in {"", ".", ".."} for part in parts):
            msg = f"{asset!r} is no asset"
            raise Refused(msg)
        return self._folder.joinpath(*parts)

    def _numbers(self, home: Path) -> list[int]:
        if not home.is_dir():
            return []
        found = [_NUMBER.match(path.name) for path in home.iterdir()]
        return sorted(int(match[1]) for match in found if match)

    def _last(self, home: Path) -> int:
        try:
            return int((home / _LAST).read_text(encoding="ascii"))
        except (OSError, ValueError):
            return 0

    def _read(self, path: Path) -> ModelVersion:
        try:
            found = _records.decode(path.read_bytes())
        except OSError as error:
            msg = f"{path}: cannot be read: {error.strerror}"
            raise Refused(msg) from error
        except (msgspec.MsgspecError, UnicodeError) as error:
            msg = f"{path}: damaged: {error}"
            raise Refused(msg) from error
        asset = path.parent.relative_to(self._folder).as_posix()
        if (found.asset, f"{found.number:04}") != (asset, path.stem):
            msg = f"{path}: damaged: it says it is version {found.number} of {found.asset!r}"
            raise Refused(msg)
        return found


def digest_of(body: bytes) -> str:
    """Tell states apart by their bytes."""
    return hashlib.blake2b(body, digest_size=16).hexdigest()


@contextlib.contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Let one process at a time give numbers; ends with the process, however that ends."""
    file = os.open(home, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)


def _write(path: Path, body: bytes) -> None:
    """Write a file so that it is there wholly or not at all, also after the power went."""
    beside = path.with_name(path.name + ".new")
    with beside.open("wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
