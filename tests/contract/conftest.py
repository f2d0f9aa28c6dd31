"""A journal of each kind, for every contract that a journal keeps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from storage.journal_memory import MemoryJournal
from storage.journal_sqlite import SqliteJournal
from storage.settings import JournalSettings

Journal = SqliteJournal | MemoryJournal
Make = Callable[..., Journal]


@pytest.fixture(params=["sqlite", "memory"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    made: list[Journal] = []

    def build(**settings: Any) -> Journal:
        given = JournalSettings(**settings)
        if request.param == "memory":
            made.append(MemoryJournal(given))
        else:
            made.append(SqliteJournal(tmp_path / f"journal{len(made)}.db", given))
        return made[-1]

    yield build
    for journal in made:
        journal.close()


@pytest.fixture
def journal(make: Make) -> Journal:
    return make()
