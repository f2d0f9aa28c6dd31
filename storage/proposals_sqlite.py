"""Proposed assets in one small SQLite file."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import msgspec

from core.proposal import GONE_AFTER, MOST_ASSETS, Proposal
from storage.soundness import Form
from storage.sqlite_file import SqliteFile

_SCHEMA = """
CREATE TABLE proposals(
    asset TEXT PRIMARY KEY, messages INTEGER NOT NULL, last INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE forgotten(count INTEGER NOT NULL);
INSERT INTO forgotten VALUES(0);
"""
FORM = Form("list of proposed assets", 0x4D575031, 1, _SCHEMA)
_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Proposal)


class SqliteProposals:
    """Implements `core.proposal.Proposals`. A power cut may take the newest away."""

    def __init__(self, path: Path) -> None:
        self._file = SqliteFile(path, FORM)

    def note(self, seen: Sequence[Proposal]) -> None:
        """Add what was seen."""
        if not seen:
            return
        with self._file.writing(durable=False) as connection:
            for one in seen:
                before = _find(connection, one.asset)
                now = one.bounded() if before is None else before.merged(one)
                connection.execute(
                    "INSERT OR REPLACE INTO proposals VALUES(?, ?, ?, ?)",
                    (now.asset, now.messages, now.last, _encoder.encode(now)),
                )
            _make_room(connection)

    def listed(self, limit: int = MOST_ASSETS) -> list[Proposal]:
        """List what is known, most often heard first."""
        with self._file.reading() as connection:
            rows = connection.execute(
                "SELECT body FROM proposals ORDER BY messages DESC, asset LIMIT ?", (limit,)
            ).fetchall()
        return [_decoder.decode(body) for (body,) in rows]

    def find(self, asset: str) -> Proposal | None:
        """Find one."""
        with self._file.reading() as connection:
            return _find(connection, asset)

    def discard(self, assets: Sequence[str]) -> int:
        """Forget some; returns how many were there."""
        with self._file.writing() as connection:
            rows = [(asset,) for asset in dict.fromkeys(assets)]
            return connection.executemany("DELETE FROM proposals WHERE asset = ?", rows).rowcount

    def forgotten(self) -> int:
        """Count those that had to make room."""
        with self._file.reading() as connection:
            count: int = connection.execute("SELECT count FROM forgotten").fetchone()[0]
        return count

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def _find(connection: sqlite3.Connection, asset: str) -> Proposal | None:
    row = connection.execute("SELECT body FROM proposals WHERE asset = ?", (asset,)).fetchone()
    return None if row is None else _decoder.decode(row[0])


def _make_room(connection: sqlite3.Connection) -> None:
    count, newest = connection.execute("SELECT count(*), max(last) FROM proposals").fetchone()
    excess = count - MOST_ASSETS
    if excess > 0:
        connection.execute(
            "DELETE FROM proposals WHERE asset IN (SELECT asset FROM proposals "
            "ORDER BY last >= ?, messages, last LIMIT ?)",
            (newest - GONE_AFTER, excess),
        )
        connection.execute("UPDATE forgotten SET count = count + ?", (excess,))
