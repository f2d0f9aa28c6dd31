"""Schooling: a version of an asset's models from its history, tried beside that in service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from core.casefile import CaseFile
from core.clock import DAY, Instant, Span
from core.errors import Refused
from core.history import Columns
from core.model_version import Cause, Learned, ModelStore, ModelVersion
from core.plant import Plant
from service.adoption import readiness, signatures, taken
from service.backtest_past import Past, PastReader
from service.backtest_truth import Failure
from service.candidate import Ill, candidate
from service.casework import Casework
from service.grading import graded
from service.model_trial import Tried, not_worse, tried
from service.scoring import casework_of

HELD_OUT = 1 / 3
"""The share of the history that is kept back for the trial."""

MOST_HELD: Span = 30 * DAY
"""No more than this is kept back."""


CREPT = (
    "the first model since the last repair tells of a trouble that stands; this one does not:"
    " look at the machine, and learn by hand where it is well"
)


@dataclass(frozen=True, slots=True)
class Served:
    """What an asset is judged by now, as bytes."""

    signatures: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Task:
    """One asset's history within `start <= at < stop`, and what is known of troubles in it."""

    plant: Plant
    asset: str
    reader: PastReader
    start: Instant
    stop: Instant
    source: str
    cause: Cause
    ill: Ill = ()
    failures: Sequence[Failure] = ()


def school(
    task: Task, served: Served | None, now: Instant, release: str, first: Served | None = None
) -> tuple[ModelVersion, bytes]:
    """Learn, try, and say whether what came of it may go into service.

    What the model in service would have told of is not learned from. `first` is what was first in
    service since the machine was mended: where that tells of a trouble to the end, only what tells
    of it too may follow by itself. Many small steps are one large one.
    """
    cut = task.stop - min(round((task.stop - task.start) * HELD_OUT), MOST_HELD)
    plant = replace(task.plant, assets={task.asset: task.plant.assets[task.asset]})
    past = Past(task.reader, plant, (task.asset,), task.start, cut)
    doubted = _told(past, served)
    made = candidate(past, [*task.ill, *doubted], task.source, _grades(past))
    body, new, old = made.body, None, None
    reasons: tuple[str, ...]
    fit, reasons = False, (f"it has learned only {made.ready:.0%}: more history is needed",)
    if made.ready >= 1:
        known = [one for one in task.failures if one.end >= cut and one.begin < task.stop]
        held = replace(past, start=cut, stop=task.stop)
        new = tried(held, known, made.signatures, made.body)
        old = _beside(held, known, served, made.signatures)
        fit, reasons = not_worse(new, old, plant.class_of(task.asset).false_alerts)
        if first is not None and not new.stands and _stands(held, known, first, made.signatures):
            fit, reasons = False, (CREPT,)
        body = new.body
    version = ModelVersion(
        asset=task.asset,
        asset_class=plant.assets[task.asset].asset_class,
        made=now,
        cause=task.cause,
        learned=made.learned,
        signatures=made.signatures,
        fit=fit,
        reasons=reasons,
        results=None if new is None else new.results,
        against=None if old is None else old.results,
        release=release,
    )
    return version, body


def restored(plant: Plant, casefile: CaseFile) -> Casework:
    """Open what scoring has committed, to look at what was learned."""
    casework = casework_of(plant, (), casefile)
    casework.restore(casefile.load())
    return casework


def served(casework: Casework, asset: str) -> Served | None:
    """Tell what an asset is judged by; None while it learns."""
    fleet = casework.fleets[casework.plant.assets[asset].asset_class]
    number = fleet.number[asset]
    if readiness(fleet, number) < 1:
        return None
    return Served(signatures(fleet), taken(fleet, number))


def keep(
    store: ModelStore, plant: Plant, asset: str, now: Served, at: Instant, release: str
) -> int:
    """Keep what is in service as a version to come back to; returns its number."""
    known = store.versions(asset)
    version = ModelVersion(
        asset, plant.assets[asset].asset_class, at, Cause.SERVED, Learned("live", stop=at),
        now.signatures, True, ("it was in service",), release=release,
    )  # fmt: skip
    for one in reversed(known):
        like = one.size == len(now.body) and one.signatures == now.signatures
        if one.cause is Cause.SERVED and like and _body(store, one) == now.body:
            return one.number
    return store.add(version, now.body).number


def _body(store: ModelStore, one: ModelVersion) -> bytes | None:
    """Read the state of a version; None where it is damaged, which is like no other."""
    try:
        return store.body(one.asset, one.number)
    except Refused:
        return None


def _beside(
    held: Past,
    known: Sequence[Failure],
    served: Served | None,
    made_for: Mapping[str, str],
    *,
    drilled: bool = True,
) -> Tried | None:
    if served is None or served.signatures != made_for:
        return None
    return tried(held, known, served.signatures, served.body, drilled=drilled)


def _told(past: Past, served: Served | None) -> Ill:
    """Find when the model in service tells of a trouble: from then nothing may be learned."""
    if served is None:
        return ()
    found = tried(past, (), served.signatures, served.body, drilled=False)
    return [(begin, past.stop if end is None else end) for begin, end in found.told]


def _stands(
    held: Past, known: Sequence[Failure], first: Served, made_for: Mapping[str, str]
) -> bool:
    found = _beside(held, known, first, made_for, drilled=False)
    return found is not None and found.stands


def _grades(past: Past) -> dict[str, str]:
    (asset,) = past.assets
    found = graded(
        past.plant.assets[asset], past.plant.class_of(asset), _Newest(past.reader),
        past.start, past.stop,
    )  # fmt: skip
    return {one.name: f"{one.verdict}: {one.reason}".rstrip(": ") for one in found.grades}


class _Newest:
    """Reads at most so many rows, the newest, of what reads all."""

    def __init__(self, reader: PastReader) -> None:
        self._reader = reader

    def read(
        self,
        asset: str,
        channels: Sequence[str],
        start: Instant,
        stop: Instant,
        limit: int | None = None,
    ) -> Columns:
        read, first = self._reader.read(asset, channels, start, stop), -(limit or 0)
        quality = None if read.quality is None else read.quality[first:]
        return Columns(read.channels, read.at[first:], read.values[first:], quality)
