"""Versions of models in memory, for tests and trials."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from dataclasses import replace

from core.clock import Instant
from core.errors import Refused
from core.model_version import ModelVersion
from storage.model_folder import digest_of


class MemoryModels:
    """Implements `core.model_version.ModelStore` for one process; nothing lasts."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[tuple[str, int], tuple[ModelVersion, bytes]] = {}
        self._last: dict[str, int] = {}
        self._noted: dict[str, Instant] = {}

    def add(self, version: ModelVersion, body: bytes) -> ModelVersion:
        """Keep a version with its state."""
        with self._lock:
            number = self._last[version.asset] = self._last.get(version.asset, 0) + 1
            kept = replace(version, number=number, digest=digest_of(body), size=len(body))
            self._kept[version.asset, number] = kept, body
            return kept

    def versions(self, asset: str | None = None) -> list[ModelVersion]:
        """List what is kept, by asset and number."""
        with self._lock:
            found = [self._kept[key][0] for key in sorted(self._kept)]
        return [one for one in found if asset in {None, one.asset}]

    def version(self, asset: str, number: int) -> ModelVersion | None:
        """Find one."""
        found = self._kept.get((asset, number))
        return found[0] if found else None

    def body(self, asset: str, number: int) -> bytes:
        """Return the state of a version."""
        found = self._kept.get((asset, number))
        if found is None:
            msg = f"{self.place(asset, number)}: no such version is kept"
            raise Refused(msg)
        return found[1]

    def note(self, asset: str, at: Instant) -> None:
        """Note that it was tried to learn an asset anew."""
        with self._lock:
            self._noted[asset] = at

    def noted(self) -> Mapping[str, Instant]:
        """Tell when that was last tried of each asset."""
        with self._lock:
            return dict(self._noted)

    def place(self, asset: str, number: int) -> str:
        """Name where the state of a version is."""
        return f"memory/{asset}/{number:04}.npz"

    def prune(self, asset: str, newest: int, but: Collection[int] = ()) -> int:
        """Let go of all but the newest and some others."""
        with self._lock:
            numbers = sorted(number for one, number in self._kept if one == asset)
            old = [n for n in numbers[: max(0, len(numbers) - newest)] if n not in but]
            for number in old:
                del self._kept[asset, number]
        return len(old)
