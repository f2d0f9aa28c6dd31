"""What InfluxDB does not keep of ours: the position in the journal, and the ledger's counts.

They lie in a small file beside the journal, one for each place, so that pointing at another
database begins at 0 there and skips nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from core.ledger import Kept
from core.readings import Readings
from storage import history_account
from storage.history_tables import ACCOUNT
from storage.soundness import Form
from storage.sqlite_file import SqliteFile

_POSITION = "CREATE TABLE position(value INTEGER NOT NULL); INSERT INTO position VALUES(0);"
FORM = Form("history position", 0x4D574950, 1, ACCOUNT + _POSITION)


class InfluxAccount:
    """The position that is stored at one place, and what was stored and refused up to there."""

    def __init__(self, folder: Path, place: str) -> None:
        digest = hashlib.blake2b(place.encode(), digest_size=4).hexdigest()
        self._file = SqliteFile(folder / f"history-position-{digest}.db", FORM)

    def kept(self) -> Kept:
        """Read the counts and the position, as of one moment."""
        with self._file.reading() as connection:
            return history_account.read(connection)

    def position(self) -> int:
        """Return the journal position up to which all is stored there."""
        with self._file.reading() as connection:
            return history_account.position(connection)

    def write(self, batches: Sequence[Readings], position: int, refused: Sequence[int]) -> None:
        """Count batches of which so many rows were refused; on the disk when this returns."""
        with self._file.writing() as connection:
            history_account.write(connection, batches, position, refused)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()
