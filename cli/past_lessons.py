"""Hands what was imported to the models: lessons in the journal, for scoring to take up."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cli.configuration import Configuration
    from core.clock import Instant
    from core.history import TelemetryHistory
    from ingest.past_import import Progress


def teach(config: Configuration, come: Progress, history: TelemetryHistory) -> None:
    """Append the lessons of an import that is done; where it fails, all are appended anew."""
    from cli.adapters import open_journal
    from core.clock import system_clock
    from core.journal import draft
    from ingest.past_lesson import lessons

    assets = {found.asset for found in come.series.values() if found.asset and found.kept}
    journal = open_journal(config)
    try:
        now = system_clock()
        for lesson in lessons(history, config.plant, assets, _mended(config), now):
            journal.append([draft(now, lesson)])
    finally:
        journal.close()
    come.taught = True


def _mended(config: Configuration) -> dict[str, Instant]:
    """Tell when each asset was last repaired or replaced, as far as it was said."""
    from cli.adapters import open_casefile
    from core.work import Work

    if not (config.data / "cases.db").exists():
        return {}
    casefile = open_casefile(config)
    mended: dict[str, Instant] = {}
    try:
        for work in casefile.work(limit=100_000):
            if work.work is not Work.INSPECTED:
                mended[work.asset] = max(work.at, mended.get(work.asset, work.at))
    finally:
        casefile.close()
    return mended
