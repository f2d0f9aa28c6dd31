"""What the page shows of a machine's latest drill."""

from __future__ import annotations

from dataclasses import dataclass

from core.clock import Instant
from core.drilled import Drilled
from core.plant import Plant
from service import drill_words
from service.page_view import Moment, moment_of
from service.words import timezone_of


@dataclass(frozen=True, slots=True)
class Drill:
    """The latest drill of a machine; `why` says why there is none, `command` how to make one."""

    lines: tuple[drill_words.Line, ...]
    faults: tuple[str, ...]
    at: Moment | None
    start: Moment | None
    summary: str
    anyway: str
    why: str
    command: str


def drill(asset_id: str, found: Drilled | None, plant: Plant, now: Instant) -> Drill:
    """Lay out the latest drill of a machine, or that there is none."""
    zone, heads = timezone_of(asset_id, plant), tuple(drill_words.FAULT_WORDS.values())
    command = f"millwright drill {asset_id}"
    if found is None:
        why = "Not drilled yet." if plant.judges(asset_id) else "It is drilled where it is judged."
        return Drill((), heads, None, None, "", "", why, command)
    why = f"Nothing could be tried: {found.why}." if found.why else ""
    laid = () if found.why else drill_words.lines(found, plant.class_of(asset_id))
    at, start = moment_of(found.at, zone, now), moment_of(found.start, zone, now)
    said = drill_words.summary(found)
    return Drill(laid, heads, at, start, said, found.anyway, why, command)
