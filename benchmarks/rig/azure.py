"""The Azure maintenance logs as lives of components, and what was known of each at any moment.

A life begins with a replacement and ends with the next: by failure where one is on record within a
day before it, else taken out whole. A component that failed is taken to be replaced though no
replacement is on record. Failures are on record from `FIRST` on; lives from before enter there, at
the age they had. All times are in days since `FIRST`.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.readings import Bools, Floats
from models.life_table import LifeTable

FIRST = datetime(2015, 1, 1)  # noqa: DTZ001
FILES = ("machines", "failures", "maint", "errors")
COMPONENTS = ("comp1", "comp2", "comp3", "comp4")
ERRORS = ("error1", "error2", "error3", "error4", "error5")
MODELS = ("model2", "model3", "model4")
LATELY, WORN = 30.0, 30.0
FRESH = 1.0
JUDGED_FROM, LONGEST = 60.0, 60.0
MACHINE = (*MODELS, "age", *COMPONENTS[1:])
SIMPLE = (*MODELS, *COMPONENTS[1:], "failed before", "ever failed", "held without")
RECORD = (
    "failed before",
    "ever failed",
    "own failures",
    "held without",
    "replacements",
    "one other fails",
    "more others fail",
    "other failures",
    "none ever failed",
)
TODAY = tuple(f"{kind} today, {part}" for part in COMPONENTS for kind in ERRORS)
LATE = ("errors", *TODAY, "first day")
NAMES = (*MACHINE, *RECORD, *LATE)

_NONE = np.zeros(0)


@dataclass(frozen=True, slots=True)
class Life:
    """One component of one machine from `born` on, watched from `entry` to `end`.

    `taken` says that it was replaced though whole; a life neither failed nor taken runs on.
    """

    machine: int
    component: int
    born: float
    entry: float
    end: float
    failed: bool
    taken: bool


@dataclass(frozen=True, slots=True)
class Log:
    """What is on record; times by machine and component, or by machine and kind of error."""

    machines: Mapping[int, tuple[str, float]]
    failures: Mapping[tuple[int, str], Floats]
    replaced: Mapping[tuple[int, str], Floats]
    errors: Mapping[tuple[int, str], Floats]
    last: float


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Components at moments `at`: their age, what was known `now`, and what came of them.

    `later` is what to hold for known once a day has passed; `left` the days to the end of its life,
    which was a failure where `failed`, and a replacement of what was whole where `taken`. Those
    `judged` are chosen by the calendar alone.
    """

    machine: NDArray[np.int64]
    component: NDArray[np.int64]
    at: Floats
    age: Floats
    now: Floats
    later: Floats
    left: Floats
    failed: Bools
    taken: Bools
    judged: Bools

    def rows(self, chosen: Bools) -> Moments:
        """Return some of them."""
        return Moments(*(getattr(self, name)[chosen] for name in self.__slots__))


def read(folder: Path) -> Log:
    """Read the four files; raises FileNotFoundError where one is missing."""
    tables = {}
    for name in FILES:
        with (folder / f"PdM_{name}.csv").open(encoding="utf-8", newline="") as file:
            tables[name] = list(csv.DictReader(file))
    machines = {
        int(row["machineID"]): (row["model"], float(row["age"])) for row in tables["machines"]
    }
    replaced = _times(tables["maint"], "comp")
    failures = _times(tables["failures"], "failure")
    errors = _times(tables["errors"], "errorID")
    known = [each for one in (replaced, failures, errors) for each in one.values()]
    return Log(machines, failures, replaced, errors, float(max(each[-1] for each in known)))


def _times(rows: Sequence[Mapping[str, str]], column: str) -> dict[tuple[int, str], Floats]:
    found = defaultdict(list)
    for row in rows:
        since = datetime.fromisoformat(row["datetime"]) - FIRST
        found[int(row["machineID"]), row[column]].append(since.total_seconds() / 86400)
    return {key: np.unique(times) for key, times in found.items()}


def lives(log: Log) -> list[Life]:
    """Cut the log into lives, those that ended before `FIRST` left out."""
    return [
        life
        for machine in sorted(log.machines)
        for component in range(len(COMPONENTS))
        for life in _lives(log, machine, component)
    ]


def _lives(log: Log, machine: int, component: int) -> Iterator[Life]:
    key = machine, COMPONENTS[component]
    failures = log.failures.get(key, _NONE)
    replaced = log.replaced.get(key, _NONE)
    after = replaced[np.minimum(np.searchsorted(replaced, failures), len(replaced) - 1)]
    same = (after >= failures) & (after - failures <= 1)
    whole = np.setdiff1d(replaced, after[same])
    ends: list[tuple[float, bool | None]] = sorted(
        [(at, True) for at in failures] + [(at, False) for at in whole]
    )
    born: float | None = None
    for at, failed in (*ends, (log.last, None)):
        if born is not None and at > max(born, 0.0):
            yield Life(
                machine, component, born, max(born, 0.0), at, failed is True, failed is False
            )
        born = at


def moments(log: Log, known: Sequence[Life], times: Floats) -> Moments:
    """Look at each life at those of `times` at which it was watched; nothing later is used."""
    parts = []
    for life in known:
        at = times[(times >= life.entry) & (times < life.end)]
        if len(at):
            now, later = _covariates(log, life, at)
            count = len(at)
            parts.append(
                (
                    np.full(count, life.machine),
                    np.full(count, life.component),
                    at,
                    at - life.born,
                    now,
                    later,
                    life.end - at,
                    np.full(count, life.failed),
                    np.full(count, life.taken),
                    (at >= JUDGED_FROM) & (at <= log.last - LONGEST),
                )
            )
    return Moments(*(np.concatenate(each) for each in zip(*parts, strict=True)))


def _covariates(log: Log, life: Life, at: Floats) -> tuple[Floats, Floats]:
    """Return what was known before each moment, for the next day and for after it."""
    model, age = log.machines[life.machine]
    errors = [log.errors.get((life.machine, kind), _NONE) for kind in ERRORS]
    late = sum(_since(times, at - LATELY, at) for times in errors)
    said = [(_since(times, at - FRESH, at) > 0).astype(np.float64) for times in errors]
    own = COMPONENTS[life.component]
    columns = [
        *(np.full(len(at), float(model == name)) for name in MODELS),
        np.full(len(at), age),
        *(np.full(len(at), float(own == name)) for name in COMPONENTS[1:]),
        *_record(log, life, at),
        np.log1p(late * LATELY / np.minimum(at, LATELY)),
        *(today * (own == name) for name in COMPONENTS for today in said),
        np.ones(len(at)),
    ]
    now = np.stack(columns, axis=1)
    later = now.copy()
    later[:, -len(TODAY) - 1 :] = 0.0
    return now, later


def _record(log: Log, life: Life, at: Floats) -> list[Floats]:
    """Return what the record told before each moment: some components never fail, others often."""
    own = COMPONENTS[life.component]
    failures = log.failures.get((life.machine, own), _NONE)
    count = _before(failures, at)
    worn = _worn(log, life, at)
    others = [
        _before(log.failures.get((life.machine, name), _NONE), at)
        for name in COMPONENTS
        if name != own
    ]
    failing = np.sum([other > 0 for other in others], axis=0)
    replaced = _since(log.replaced.get((life.machine, own), _NONE), 0.0, at)
    before = bool(np.any((life.born - failures >= 0) & (life.born - failures <= 1)))
    return [
        np.full(len(at), float(before)),
        (count > 0).astype(np.float64),
        np.log((count + 0.5) / (worn / 75 + 0.5)),
        np.where(count == 0, np.log1p(worn / WORN), 0.0),
        np.log((replaced + 1) / (at / 60 + 1)),
        (failing == 1).astype(np.float64),
        (failing > 1).astype(np.float64),
        np.log((np.sum(others, axis=0) + 1) / (at / 60 + 1)),
        np.where(failing + (count > 0) == 0, np.log1p(at / WORN), 0.0),
    ]


def _worn(log: Log, life: Life, at: Floats) -> Floats:
    """Sum the days on record that this component of the machine spent older than `WORN`."""
    key = life.machine, COMPONENTS[life.component]
    births = np.union1d(log.replaced.get(key, _NONE), log.failures.get(key, _NONE))
    ends = np.concatenate([births[1:], [np.inf]])
    total = np.zeros(len(at))
    for born, end in zip(births, ends, strict=True):
        total += np.maximum(np.minimum(end, at) - max(born + WORN, 0.0), 0.0)
    return total


def _before(times: Floats, at: Floats) -> Floats:
    return np.searchsorted(times, at, side="left").astype(np.float64)


def _since(times: Floats, start: Floats | float, at: Floats) -> Floats:
    """Count the times from `start` up to but not at each moment."""
    return _before(times, at) - _before(times, np.broadcast_to(start, at.shape))


def table(seen: Moments, step: float, ended_by: Bools) -> LifeTable:
    """Lay what followed each moment, until the next after `step` days, out as rows to learn from.

    `ended_by` says which ends count, the failures or the replacements. The day after a moment, for
    which `now` holds, is a row of its own.
    """
    stop = np.minimum(seen.left, step)
    first = np.minimum(stop, FRESH)
    whole = seen.left > step
    longer = stop > FRESH
    ended = (ended_by & ~whole).astype(np.int64)
    return LifeTable(
        np.concatenate([seen.age, (seen.age + first)[longer]]),
        np.concatenate([seen.age + first, (seen.age + stop)[longer]]),
        np.concatenate([np.where(longer, 0, ended), ended[longer]]),
        np.concatenate([seen.now, seen.later[longer]]),
        NAMES,
        np.concatenate([seen.machine, seen.machine[longer]]),
    )
