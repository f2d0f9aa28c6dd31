"""Compression: what comes from outside never takes more room than a bound."""

from __future__ import annotations

import tracemalloc

import pytest
import zstandard

from core.compression import LARGEST, compress, decompress
from core.errors import Refused


def test_what_is_compressed_comes_back() -> None:
    assert decompress(compress(b"steady " * 100)) == b"steady " * 100
    assert len(compress(b"steady " * 100)) < 50


def test_a_bomb_is_refused_before_room_is_made_for_it() -> None:
    bomb = zstandard.ZstdCompressor(level=19).compress(bytes(4 * LARGEST))
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="unpacks to 128,000,000 bytes; at most 32,000,000"):
            decompress(bomb)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_what_does_not_say_how_large_it_is_is_refused() -> None:
    stream = zstandard.ZstdCompressor(level=19).compressobj()
    endless = stream.compress(bytes(4 * LARGEST)) + stream.flush()
    with pytest.raises(ValueError, match="at most"):
        decompress(endless)


@pytest.mark.parametrize("body", [b"", b"{}", compress(b"whole")[:-3], b"\x50\x2a\x4d\x18"])
def test_what_is_not_compressed_or_cut_off_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decompress(body)


def test_what_nobody_would_unpack_is_not_sent() -> None:
    with pytest.raises(Refused, match="too many for one message"):
        compress(bytes(LARGEST + 1))
