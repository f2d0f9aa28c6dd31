"""Tries again what was refused of an asset that is in the plant now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.proposal import Proposal
from core.rejection import DeadLetter, Reason

if TYPE_CHECKING:
    from cli.configuration import Configuration
    from storage.journal_sqlite import SqliteJournal

_ALL = 1_000_000


def retry_of(config: Configuration, proposal: Proposal) -> int:
    """Try its letters and its kept samples; returns how many were taken."""
    from cli.adapters import open_journal
    from core.clock import system_clock
    from ingest.memory import MemoryFile
    from ingest.retry import retry

    journal = open_journal(config)
    try:
        letters = _letters(journal, proposal)
        offsets = MemoryFile(config.data / "ingest.json").now.offsets
        settings = config.service.ingest
        return retry(letters, config.plant, settings, journal, system_clock, offsets).taken
    finally:
        journal.close()


def _letters(journal: SqliteJournal, proposal: Proposal) -> list[DeadLetter]:
    """Find what was refused of an asset; of what is no longer among it, the kept samples.

    A sample was counted as rejected and its letter is gone, so it stays counted as that.
    """
    topics = {message.topic for message in proposal.kept}
    letters = [one for one in journal.rejected(_ALL, Reason.UNKNOWN_ASSET) if one.topic in topics]
    known = {(one.topic, one.payload) for one in letters}
    why = Reason.UNKNOWN_ASSET
    samples = [
        DeadLetter(0, one.topic, why, one.payload, len(one.payload), one.at, "", False, "", 0)
        for one in proposal.kept
        if (one.topic, one.payload) not in known
    ]
    return letters + samples
