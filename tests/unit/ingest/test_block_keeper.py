from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
import pytest

from core.blocks import Block, Waveform
from core.clock import DAY, SECOND
from core.errors import Unavailable
from ingest import block_keeper
from ingest.block_keeper import BlockKeeper
from storage.blocks_memory import MemoryBlocks
from tests.waiting import until

T = 1_700_000_000 * SECOND
EVER = (0, 2**62)


def block(second: float, count: int = 256) -> Block:
    return Block("p1", "de", T + int(second * SECOND), Waveform(np.ones(count, np.float32), 1000.0))


def kept(store: MemoryBlocks) -> list[float]:
    return [(label.at - T) / SECOND for label in store.listed("p1", *EVER)]


class Away(MemoryBlocks):
    """A store that is away until it is told to come back."""

    def __init__(self) -> None:
        super().__init__(10_000_000)
        self.back = False
        self.asked = 0

    def add(self, blocks: Sequence[Block]) -> None:
        self.asked += 1
        if not self.back:
            raise Unavailable("the disk is full")
        super().add(blocks)


def test_what_is_offered_is_kept() -> None:
    store = MemoryBlocks(10_000_000)
    keeper = BlockKeeper(store, DAY)
    keeper.offer(block(second) for second in range(40))
    keeper.step()
    assert kept(store) == list(range(40))


def test_what_fails_waits_until_the_store_is_back() -> None:
    store = Away()
    keeper = BlockKeeper(store, DAY)
    keeper.offer([block(1), block(2)])
    for _ in range(2):
        with pytest.raises(Unavailable):
            keeper.step()
    store.back = True
    keeper.offer([block(3)])
    keeper.step()
    assert kept(store) == [1, 2, 3]


def test_what_waits_is_bounded_and_the_oldest_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(block_keeper, "_MOST_WAITING", 3 * 1024)
    store = MemoryBlocks(10_000_000)
    keeper = BlockKeeper(store, DAY)
    keeper.offer(block(second) for second in range(5))
    keeper.step()
    assert kept(store) == [2, 3, 4]


def test_age_counts_from_the_newest_block_and_not_from_our_clock() -> None:
    store = MemoryBlocks(10_000_000)
    store.add([block(-3 * DAY / SECOND), block(-DAY / SECOND / 2)])
    keeper = BlockKeeper(store, DAY)
    keeper.step()
    assert len(kept(store)) == 2
    keeper.offer([block(0)])
    keeper.step()
    assert kept(store) == [-DAY / SECOND / 2, 0]


def test_a_thread_outlasts_an_outage_and_ends_when_told() -> None:
    store, stop = Away(), threading.Event()
    keeper = BlockKeeper(store, DAY)
    thread = threading.Thread(target=keeper.run, args=(stop, lambda: None))
    thread.start()
    try:
        keeper.offer([block(1)])
        until(lambda: store.asked > 0)
        store.back = True
        until(lambda: kept(store) == [1])
        keeper.offer([block(2)])
    finally:
        stop.set()
        thread.join(10)
    assert kept(store) == [1, 2]
