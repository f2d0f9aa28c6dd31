"""Raw blocks of vibration, kept for a while beside the features that were read from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from core.clock import Instant


@dataclass(frozen=True, slots=True, eq=False)
class Waveform:
    """Acceleration in m/s2 at `rate` samples a second, and the shaft's `speed` in rpm if known."""

    samples: NDArray[np.float32]
    rate: float
    speed: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """One block of one asset. `name` is that of its sensor; `at` is when its first sample was."""

    asset: str
    name: str
    at: Instant
    waveform: Waveform


@dataclass(frozen=True, slots=True)
class BlockLabel:
    """What is known of a kept block without reading it; `size` is what it takes in bytes."""

    asset: str
    name: str
    at: Instant
    count: int
    rate: float
    speed: float | None
    size: int


@dataclass(frozen=True, slots=True)
class BlockUsage:
    """How much is kept; `dropped` counts what had to make room for newer blocks, ever."""

    blocks: int
    bytes: int
    limit: int
    oldest: Instant | None
    dropped: int


class BlockStore(Protocol):
    """Keeps raw blocks, bounded by bytes; where it is full the oldest go first.

    A block with the same asset, name and instant takes the place of the other. What was added
    last may be lost by a power cut: features are what must last, and they stand in the journal.
    """

    def add(self, blocks: Sequence[Block]) -> None:
        """Keep blocks; what is older than all else in a full store is not kept."""
        ...

    def listed(
        self, asset: str, start: Instant, stop: Instant, limit: int = 100
    ) -> list[BlockLabel]:
        """List an asset's blocks from `start` to before `stop`, oldest first.

        Where there are more than `limit`, these are the newest.
        """
        ...

    def load(self, asset: str, name: str, at: Instant) -> Block | None:
        """Read one block; None where it is not kept."""
        ...

    def trim(self, older_than: Instant) -> int:
        """Drop what is older and return how many that were."""
        ...

    def usage(self) -> BlockUsage:
        """Tell how much is kept."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...
