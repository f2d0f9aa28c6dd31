"""Raw blocks of vibration in one SQLite file."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from core.blocks import Block, BlockLabel, BlockUsage, Waveform
from core.clock import Instant
from storage.block_body import packed, unpacked
from storage.soundness import Form
from storage.sqlite_file import SqliteFile

_SCHEMA = """
CREATE TABLE blocks(
    id INTEGER PRIMARY KEY, asset TEXT NOT NULL, name TEXT NOT NULL, at INTEGER NOT NULL,
    count INTEGER NOT NULL, rate REAL NOT NULL, speed REAL, size INTEGER NOT NULL,
    body BLOB NOT NULL, UNIQUE(asset, at, name));
CREATE INDEX blocks_by_age ON blocks(at, asset, name, size);
CREATE TABLE block_totals(
    blocks INTEGER NOT NULL, bytes INTEGER NOT NULL, dropped INTEGER NOT NULL);
INSERT INTO block_totals VALUES(0, 0, 0);
CREATE TRIGGER block_added AFTER INSERT ON blocks BEGIN
    UPDATE block_totals SET blocks = blocks + 1, bytes = bytes + new.size; END;
CREATE TRIGGER block_taken AFTER DELETE ON blocks BEGIN
    UPDATE block_totals SET blocks = blocks - 1, bytes = bytes - old.size; END;
"""
FORM = Form("raw vibration blocks", 0x4D574231, 1, _SCHEMA)
_TRIM_AT_ONCE = 500


class SqliteBlocks:
    """Implements `core.blocks.BlockStore`; `max_size` bounds the bodies' bytes."""

    def __init__(self, path: Path, max_size: int) -> None:
        self._file = SqliteFile(path, FORM)
        self._limit = max_size

    def add(self, blocks: Sequence[Block]) -> None:
        """Keep blocks, and let the oldest go where the bound is passed."""
        rows = [_row(block) for block in blocks]
        with self._file.writing(durable=False) as connection:
            for row in rows:
                connection.execute(
                    "DELETE FROM blocks WHERE asset = ? AND name = ? AND at = ?", row[:3]
                )
                connection.execute(
                    "INSERT INTO blocks(asset, name, at, count, rate, speed, size, body) "
                    "VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
                    row,
                )
            self._bound(connection)

    def listed(
        self, asset: str, start: Instant, stop: Instant, limit: int = 100
    ) -> list[BlockLabel]:
        """List an asset's blocks, oldest first."""
        with self._file.reading() as connection:
            rows = connection.execute(
                "SELECT asset, name, at, count, rate, speed, size FROM blocks "
                "WHERE asset = ? AND at >= ? AND at < ? ORDER BY at DESC, name DESC LIMIT ?",
                (asset, start, stop, limit),
            ).fetchall()
        return [BlockLabel(*row) for row in reversed(rows)]

    def load(self, asset: str, name: str, at: Instant) -> Block | None:
        """Read one block."""
        with self._file.reading() as connection:
            row = connection.execute(
                "SELECT body, rate, speed FROM blocks WHERE asset = ? AND name = ? AND at = ?",
                (asset, name, at),
            ).fetchone()
        if row is None:
            return None
        body, rate, speed = row
        return Block(asset, name, at, Waveform(unpacked(body), rate, speed))

    def trim(self, older_than: Instant) -> int:
        """Drop what is older, a few at a time so that writing goes on."""
        dropped = 0
        while True:
            with self._file.writing(durable=False) as connection:
                count = connection.execute(
                    "DELETE FROM blocks WHERE id IN "
                    "(SELECT id FROM blocks WHERE at < ? ORDER BY at LIMIT ?)",
                    (older_than, _TRIM_AT_ONCE),
                ).rowcount
            dropped += count
            if count < _TRIM_AT_ONCE:
                return dropped

    def usage(self) -> BlockUsage:
        """Tell how much is kept."""
        with self._file.reading() as connection:
            count, size, dropped = connection.execute("SELECT * FROM block_totals").fetchone()
            oldest = connection.execute("SELECT min(at) FROM blocks").fetchone()[0]
        return BlockUsage(count, size, self._limit, oldest, dropped)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _bound(self, connection: sqlite3.Connection) -> None:
        excess = connection.execute("SELECT bytes FROM block_totals").fetchone()[0] - self._limit
        if excess <= 0:
            return
        chosen = []
        oldest = connection.execute("SELECT id, size FROM blocks ORDER BY at, asset, name")
        while excess > 0:
            number, size = oldest.fetchone()
            chosen.append((number,))
            excess -= size
        oldest.close()
        connection.executemany("DELETE FROM blocks WHERE id = ?", chosen)
        connection.execute("UPDATE block_totals SET dropped = dropped + ?", (len(chosen),))


def _row(block: Block) -> tuple[str, str, int, int, float, float | None, int, bytes]:
    wave = block.waveform
    body = packed(wave.samples)
    count = len(wave.samples)
    return block.asset, block.name, block.at, count, wave.rate, wave.speed, len(body), body
