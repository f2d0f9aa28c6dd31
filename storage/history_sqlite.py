"""Telemetry history in one SQLite file."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from core.clock import MINUTE, Instant, Span
from core.errors import PartlyRefused, Refused
from core.history import Columns, Summary
from core.ledger import Kept
from core.readings import Readings
from storage import history_account, history_summary, history_tables
from storage.history_block import Block, blocks
from storage.history_join import joined
from storage.history_quality import write_marks
from storage.history_rows import read_rows
from storage.history_steps import check_step, combined, picked
from storage.history_summary import SAMPLES, Series, Settling, mark_trimmed, touch
from storage.history_tables import Table, all_tables, assets_for, table_for, tables_of
from storage.soundness import Form
from storage.sqlite_file import SqliteFile

FORM = Form(
    "telemetry history",
    0x4D574831,
    3,
    history_tables.SCHEMA + history_summary.SCHEMA,
    {1: history_tables.ACCOUNT, 2: history_summary.UPGRADE},
)
_TRIM_AT_ONCE = 2000


class SqliteHistory:
    """Implements `core.history.TelemetryHistory`.

    A reading without any value leaves nothing; a mark of quality is kept with its value, so a
    later good value takes the mark away.
    """

    def __init__(self, path: Path) -> None:
        self._file = SqliteFile(path, FORM)
        self._settling = Settling()
        self.beat: Callable[[], None] = lambda: None

    def write(self, batches: Sequence[Readings], position: int) -> None:
        """Store batches and the position they reach to, in one transaction.

        `PartlyRefused` where a class has more channels than a table can hold; the rest is stored.
        """
        joined_blocks = blocks(batches)
        refusals: list[tuple[int, str]] = []
        refused_classes = set()
        with self._file.writing() as connection:
            for block in joined_blocks:
                try:
                    _write(connection, block)
                except Refused as error:
                    refusals.append((len(block.at), str(error)))
                    refused_classes.add(block.asset_class)
            lost = [len(b) if b.asset_class in refused_classes else 0 for b in batches]
            history_account.write(connection, batches, position, lost)
        if refusals:
            rows = sum(len(block.at) for block in joined_blocks)
            refused = sum(count for count, _ in refusals)
            raise PartlyRefused(rows - refused, refused, "; ".join(why for _, why in refusals))

    def position(self) -> int:
        """Return the journal position up to which all is stored."""
        with self._file.reading() as connection:
            return history_account.position(connection)

    def account(self) -> Kept:
        """Read what was stored and up to where."""
        with self._file.reading() as connection:
            return history_account.read(connection)

    def read(
        self,
        asset: str,
        channels: Sequence[str],
        start: Instant,
        stop: Instant,
        limit: int | None = None,
    ) -> Columns:
        """Read the rows that hold any of the channels."""
        with self._file.reading() as connection:
            parts = [
                read_rows(connection, table, number, channels, (start, stop), limit)
                for table, number in tables_of(connection, asset)
            ]
        return joined(tuple(channels), parts, limit)

    def summary(
        self, asset: str, channels: Sequence[str], start: Instant, stop: Instant, step: Span
    ) -> Summary:
        """Read the steps that begin within a span, of minutes or hours."""
        check_step(step)
        with self._file.reading() as connection:
            parts = [
                picked(Series(connection, table, number).read(step, start, stop), channels)
                for table, number in tables_of(connection, asset)
            ]
        return combined(tuple(channels), parts, step)

    def latest(self, asset: str) -> Instant | None:
        """Return when the asset's newest sample is from."""
        with self._file.reading() as connection:
            found = [
                connection.execute(
                    f"SELECT max(at) FROM {table.name} WHERE asset = ?",  # noqa: S608
                    (number,),
                ).fetchone()[0]
                for table, number in tables_of(connection, asset)
            ]
        return max((at for at in found if at is not None), default=None)

    def count(self, asset: str | None = None) -> int:
        """Count stored readings; of all assets this looks at every row."""
        with self._file.reading() as connection:
            if asset is None:
                return sum(_count(connection, table, None) for table, _ in all_tables(connection))
            places = tables_of(connection, asset)
            return sum(_count(connection, table, number) for table, number in places)

    def trim(self, older_than: Instant) -> int:
        """Drop old samples, a few at a time so that writing goes on; returns the readings."""
        while self.settle(older_than):
            pass
        with self._file.writing(durable=False) as connection:
            mark_trimmed(connection, SAMPLES, older_than)
            tables = all_tables(connection)
        dropped = 0
        for table, assets in tables:
            for asset in assets:
                while count := self._trim_some(table, asset, older_than):
                    dropped += count
                    self.beat()
        return dropped

    def trim_summary(self, step: Span, older_than: Instant) -> int:
        """Drop old steps of one width, a few at a time; returns how many went."""
        check_step(step)
        while step == MINUTE and self.settle(older_than):
            pass
        with self._file.writing(durable=False) as connection:
            mark_trimmed(connection, step, older_than)
            assets = [asset for _, numbers in all_tables(connection) for asset in numbers]
        dropped = 0
        for asset in assets:
            while count := self._trim_steps(step, asset, older_than):
                dropped += count
                self.beat()
        return dropped

    def settle(self, older_than: Instant | None = None) -> bool:
        """Sum up some of what was written, in one short transaction; tells whether more waits.

        With `older_than`, only what begins before it.
        """
        self.beat()
        with self._file.writing(durable=False) as connection:
            return self._settling.step(connection, older_than)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _trim_steps(self, step: Span, asset: int, older_than: Instant) -> int:
        with self._file.writing(durable=False) as connection:
            return connection.execute(
                "DELETE FROM summaries WHERE step = ?1 AND asset = ?2 AND at < ?3 AND at <= ("
                "SELECT max(at) FROM (SELECT at FROM summaries WHERE step = ?1 AND asset = ?2 "
                "ORDER BY at LIMIT ?4))",
                (step, asset, older_than, _TRIM_AT_ONCE),
            ).rowcount

    def _trim_some(self, table: Table, asset: int, older_than: Instant) -> int:
        with self._file.reading() as connection:
            oldest = connection.execute(
                f"SELECT at FROM {table.name} WHERE asset = ? AND at < ? "  # noqa: S608
                f"ORDER BY at LIMIT ?",
                (asset, older_than, _TRIM_AT_ONCE),
            ).fetchall()
        if not oldest:
            return 0
        with self._file.writing(durable=False) as connection:
            where = "WHERE asset = ? AND at <= ?"
            key = (asset, oldest[-1][0])
            connection.execute(f"DELETE FROM quality {where}", key)  # noqa: S608
            return connection.execute(f"DELETE FROM {table.name} {where}", key).rowcount  # noqa: S608


def _write(connection: sqlite3.Connection, block: Block) -> None:
    table = table_for(connection, block.asset_class, block.channels)
    found = assets_for(connection, table, block.assets)
    numbers = np.array([found[asset] for asset in block.assets], np.int64)
    connection.executemany(table.upsert(block.channels), block.rows(numbers))
    write_marks(connection, table, block, numbers)
    touch(connection, block, numbers)


def _count(connection: sqlite3.Connection, table: Table, asset: int | None) -> int:
    where, key = ("", ()) if asset is None else ("WHERE asset = ?", (asset,))
    count: int = connection.execute(
        f"SELECT count(*) FROM {table.name} {where}",  # noqa: S608
        key,
    ).fetchone()[0]
    return count
