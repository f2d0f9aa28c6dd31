"""What every store of raw blocks does, whatever they are kept in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pytest

from core.blocks import Block, BlockStore, Waveform
from core.clock import SECOND
from storage.block_body import packed
from storage.blocks_memory import MemoryBlocks
from storage.blocks_sqlite import SqliteBlocks

T = 1_700_000_000 * SECOND
EVER = (0, 2**62)
Opener: TypeAlias = Callable[[int], BlockStore]


@pytest.fixture(params=["sqlite", "memory"])
def opener(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opener]:
    opened: list[BlockStore] = []

    def open_store(max_size: int) -> BlockStore:
        store: BlockStore = MemoryBlocks(max_size)
        if request.param == "sqlite":
            store = SqliteBlocks(tmp_path / "blocks.db", max_size)
        opened.append(store)
        return store

    yield open_store
    for store in opened:
        store.close()


@pytest.fixture
def store(opener: Opener) -> BlockStore:
    return opener(10_000_000)


def block(asset: str, second: int, name: str = "de", count: int = 256, seed: int = 0) -> Block:
    samples = np.random.default_rng(seed).normal(0, 3, count).astype(np.float32)
    return Block(asset, name, T + second * SECOND, Waveform(samples, 25_600.0, 1480.0))


def seconds(store: BlockStore, asset: str = "p1") -> list[float]:
    return [(label.at - T) / SECOND for label in store.listed(asset, *EVER)]


def test_an_empty_store_says_so(store: BlockStore) -> None:
    assert store.listed("p1", *EVER) == []
    assert store.load("p1", "de", T) is None
    assert store.trim(T) == 0
    usage = store.usage()
    assert (usage.blocks, usage.bytes, usage.limit, usage.oldest) == (0, 0, 10_000_000, None)


def test_a_block_comes_back_bit_for_bit(store: BlockStore) -> None:
    kept = block("p1", 3)
    store.add([kept])
    found = store.load("p1", "de", kept.at)
    assert found is not None
    assert found.waveform.samples.dtype == np.float32
    assert found.waveform.samples.tobytes() == kept.waveform.samples.tobytes()
    assert (found.waveform.rate, found.waveform.speed) == (25_600.0, 1480.0)


def test_a_speed_that_is_not_known_stays_so(store: BlockStore) -> None:
    store.add([Block("p1", "de", T, Waveform(np.ones(64, np.float32), 1000.0))])
    found = store.load("p1", "de", T)
    assert found is not None
    assert found.waveform.speed is None


def test_blocks_are_listed_by_asset_and_time_oldest_first(store: BlockStore) -> None:
    store.add([block("p1", 9), block("p2", 5), block("p1", 1), block("p1", 5)])
    assert seconds(store) == [1, 5, 9]
    within = store.listed("p1", T + SECOND, T + 9 * SECOND)
    assert [label.at for label in within] == [T + SECOND, T + 5 * SECOND]
    newest = store.listed("p1", *EVER, limit=2)
    assert [label.at for label in newest] == [T + 5 * SECOND, T + 9 * SECOND]
    assert (newest[0].count, newest[0].rate, newest[0].speed) == (256, 25_600.0, 1480.0)


def test_two_sensors_of_one_moment_are_two_blocks(store: BlockStore) -> None:
    store.add([block("p1", 1, "de"), block("p1", 1, "nde", count=128)])
    assert [label.name for label in store.listed("p1", *EVER)] == ["de", "nde"]
    other = store.load("p1", "nde", T + SECOND)
    assert other is not None
    assert len(other.waveform.samples) == 128


def test_a_block_that_comes_twice_is_kept_once(store: BlockStore) -> None:
    for _ in range(3):
        store.add([block("p1", 1), block("p1", 1)])
    usage = store.usage()
    assert usage.blocks == 1
    assert usage.bytes == store.listed("p1", *EVER)[0].size


def test_a_full_store_lets_the_oldest_go_whichever_asset_they_are_of(opener: Opener) -> None:
    one = len(packed(block("p1", 0).waveform.samples))
    store = opener(3 * one + one // 2)
    store.add([block("p2", 1), block("p1", 2), block("p1", 3)])
    store.add([block("p1", 4), block("p1", 5)])
    assert seconds(store) == [3, 4, 5]
    assert seconds(store, "p2") == []
    usage = store.usage()
    assert (usage.blocks, usage.dropped, usage.oldest) == (3, 2, T + 3 * SECOND)
    assert usage.bytes <= usage.limit


def test_a_block_larger_than_the_bound_is_not_kept(opener: Opener) -> None:
    store = opener(100)
    store.add([block("p1", 1)])
    usage = store.usage()
    assert (usage.blocks, usage.bytes, usage.dropped) == (0, 0, 1)


def test_age_takes_what_is_older(store: BlockStore) -> None:
    store.add([block("p1", second) for second in range(1200)])
    assert store.trim(T + 1100 * SECOND) == 1100
    assert seconds(store)[0] == 1100
    assert store.usage().blocks == 100
    assert store.usage().dropped == 0


def test_a_store_that_is_opened_again_has_what_it_had(tmp_path: Path) -> None:
    first = SqliteBlocks(tmp_path / "b.db", 10_000_000)
    first.add([block("p1", 1)])
    first.close()
    again = SqliteBlocks(tmp_path / "b.db", 10_000_000)
    try:
        assert again.usage().blocks == 1
        assert seconds(again) == [1]
    finally:
        again.close()
