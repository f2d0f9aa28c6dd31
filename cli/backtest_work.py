"""The work on machines as a CSV beside their readings: `asset,at,work` and what else is known."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import Refused
from core.suggestion import unknown

if TYPE_CHECKING:
    from core.clock import Instant
    from core.work import WorkEvent

NEEDED = ("asset", "at", "work")
_YES = frozenset({"1", "true", "yes"})


def read_work(path: Path, assets: Iterable[str]) -> list[WorkEvent]:
    """Read the work done on some assets, each named by its id or by its last part."""
    names = {one: one for one in assets} | {one.rpartition("/")[2]: one for one in assets}
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        missing = [name for name in NEEDED if name not in (rows.fieldnames or ())]
        if missing:
            msg = f"{path}: no column {missing[0]!r}; needed: {', '.join(NEEDED)}"
            raise Refused(msg)
        return [_event(row, names, f"{path}:{rows.line_num}") for row in rows]


def moment(text: str, where: str) -> Instant:
    """Read a time, UTC where it has no offset; a date is its midnight."""
    from core.clock import from_datetime
    from ingest.instants import WallTime, text_instant

    whole = f"{text}T00:00:00" if len(text) == len("2026-01-01") else text.replace(" ", "T", 1)
    try:
        found = text_instant(whole)
    except ValueError as error:
        msg = f"{where}: {text!r} is {error}"
        raise Refused(msg) from error
    if isinstance(found, WallTime):
        from datetime import UTC

        return from_datetime(found.wall.replace(tzinfo=UTC))
    return found


def _event(row: dict[str, str], names: dict[str, str], where: str) -> WorkEvent:
    from core.work import BOTH, Work, WorkEvent

    asset, work = (row["asset"] or "").strip(), (row["work"] or "").strip()
    if asset not in names:
        msg = f"{where}: {unknown('asset', asset, names)}"
        raise Refused(msg)
    if work not in {str(one) for one in Work}:
        msg = f"{where}: {unknown('work', work, [str(one) for one in Work])}"
        raise Refused(msg)
    routine, failed = (
        (row.get(name) or "").strip().lower() in _YES for name in ("routine", "failed")
    )
    if routine and failed:
        msg = f"{where}: {BOTH}"
        raise Refused(msg)
    return WorkEvent(
        names[asset],
        moment((row["at"] or "").strip(), where),
        Work(work),
        (row.get("by") or "").strip(),
        (row.get("note") or "").strip(),
        (row.get("failure_mode") or "").strip(),
        routine,
        failed=failed,
    )
