"""Raw blocks of vibration in memory, for tests and trials."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from core.blocks import Block, BlockLabel, BlockUsage
from core.clock import Instant
from storage.block_body import packed


class MemoryBlocks:
    """Implements `core.blocks.BlockStore` for one process; nothing lasts."""

    def __init__(self, max_size: int) -> None:
        self._lock = threading.Lock()
        self._limit = max_size
        self._kept: dict[tuple[str, str, Instant], tuple[Block, int]] = {}
        self._dropped = 0

    def add(self, blocks: Sequence[Block]) -> None:
        """Keep blocks."""
        with self._lock:
            for block in blocks:
                size = len(packed(block.waveform.samples))
                self._kept[block.asset, block.name, block.at] = block, size
            oldest = iter(sorted(self._kept, key=lambda key: (key[2], *key[:2])))
            while self._bytes() > self._limit:
                del self._kept[next(oldest)]
                self._dropped += 1

    def listed(
        self, asset: str, start: Instant, stop: Instant, limit: int = 100
    ) -> list[BlockLabel]:
        """List an asset's blocks, oldest first."""
        with self._lock:
            found = [
                _label(block, size)
                for block, size in self._kept.values()
                if block.asset == asset and start <= block.at < stop
            ]
        found.sort(key=lambda label: (label.at, label.name))
        return found[-limit:]

    def load(self, asset: str, name: str, at: Instant) -> Block | None:
        """Read one block."""
        with self._lock:
            found = self._kept.get((asset, name, at))
        return found[0] if found else None

    def trim(self, older_than: Instant) -> int:
        """Drop what is older."""
        with self._lock:
            old = [key for key in self._kept if key[2] < older_than]
            for key in old:
                del self._kept[key]
        return len(old)

    def usage(self) -> BlockUsage:
        """Tell how much is kept."""
        with self._lock:
            oldest = min((key[2] for key in self._kept), default=None)
            return BlockUsage(len(self._kept), self._bytes(), self._limit, oldest, self._dropped)

    def close(self) -> None:
        """Nothing is held open."""

    def _bytes(self) -> int:
        return sum(size for _, size in self._kept.values())


def _label(block: Block, size: int) -> BlockLabel:
    wave = block.waveform
    return BlockLabel(
        block.asset, block.name, block.at, len(wave.samples), wave.rate, wave.speed, size
    )
