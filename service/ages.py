"""Ages: how old the parts of one class's machines are, and how long such parts last.

All of it follows from the work on record, and from how machines stood at it where they are followed
by wear: what is known at a moment is the same however often the service started anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.age_settings import AGE_ALONE, AgeSettings
from core.clock import HOUR, Instant, Span
from core.errors import Refused
from core.life import CannotSay, Outlook, declined
from core.plant import Asset
from core.readings import Instants
from core.work import Ending, Work, WorkEvent
from models import life_by_factors
from models.life_by_age import LifeByAge, learn
from models.life_by_factors import LifeByFactors
from models.life_table import LifeTable
from models.repair_verdict import virtual_age
from service.endings import Endings
from service.explanation import listed
from service.factors import Columns, Factors
from service.shares import Shares

SOURCE = "age"

SOONEST: Span = 12 * HOUR
"""Work sooner after a renewal than this is more of the same work, and no failure."""


@dataclass(frozen=True, slots=True)
class Spell:
    """A part from one renewal to the next, or to now: `asset`, its ages in hours, how it ended.

    It had been repaired so many times before: since a new one came or work is on record.
    """

    asset: int
    since: Instant
    start: float
    stop: float
    failed: bool = False
    repairs: int = 0


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one failure mode: lives learned from, and the part that each asset has.

    By `columns` lives are told apart.
    """

    lives: LifeByAge | LifeByFactors | CannotSay
    running: Mapping[int, Spell]
    columns: Columns

    def left(self, part: Spell, age: float) -> Outlook:
        """Say what is left of a part at an age."""
        if isinstance(self.lives, LifeByFactors):
            return self.lives.left(age, self.columns.rows(*_known_of([part]))[0])
        return self.lives if isinstance(self.lives, CannotSay) else self.lives.left(age)


class Ages:
    """Knows when parts were renewed, by failure mode, and learns from the lives in between.

    Work that names a failure mode renews the part that fails in it; work that names none, all.
    Whether it ended the life in failure or cut it short is told by `endings`.
    Where a repair is judged to have left some of the condition, it left as much of the age; else a
    part is as new. Until the first renewal parts are as old as their machine, and work from before
    it was installed was on another; where it is not known when it was new, what came before its
    first work is left out. Work within 12 hours of a renewal is not a failure of what was renewed.
    """

    def __init__(
        self,
        assets: Sequence[Asset],
        modes: Sequence[str],
        shares: Mapping[str, Shares],
        endings: Endings,
        settings: AgeSettings = AGE_ALONE,
    ) -> None:
        self._number = {asset.id: number for number, asset in enumerate(assets)}
        self._new = {n: one.installed for n, one in enumerate(assets) if one.installed is not None}
        self._modes = tuple(modes)
        self._works: dict[str, WorkEvent] = {}
        self._shares = shares
        self._endings = endings
        self._factors = Factors(assets, settings)
        self._known: dict[str, Known] = {}
        self._renewed: dict[str, dict[int, Instant]] = {}

    @property
    def modes(self) -> tuple[str, ...]:
        """Name the failure modes that are on record as found, in failure or in time."""
        found = {one.failure_mode for one in self._works.values() if found_fault(one)}
        return tuple(mode for mode in self._modes if mode in found)

    def record(self, works: Iterable[WorkEvent]) -> None:
        """Take in work; of assets that are not of the class, or what is known, nothing changes."""
        for one in works:
            if one.asset in self._number:
                self._works.setdefault(one.id or f"{one.asset} {one.at}", one)
        self.learn_anew()

    def learn_anew(self) -> None:
        """Learn from all lives anew when next asked: what is known of them has changed."""
        self._known = {}
        self._renewed = {}

    def since(self, mode: str, asset: int) -> Instant | None:
        """Tell since when a part is as new: since work that left nothing, or as it was installed.

        None where neither is known.
        """
        if mode not in self._renewed:
            shares, found = self._shares.get(mode), dict(self._new)
            for one in sorted(self._works.values(), key=lambda work: work.at):
                number = self._number[one.asset]
                whole = shares is None or shares.of(number, one.at) == 0
                if one.work is not Work.INSPECTED and one.failure_mode in {"", mode} and whole:
                    found[number] = max(one.at, found.get(number, one.at))
            self._renewed[mode] = found
        return self._renewed[mode].get(asset)

    def left(self, mode: str, asset: int, at: Instant) -> Outlook:
        """Say what is left of an asset's part that fails in a mode, in hours of calendar."""
        known = self._of(mode)
        if isinstance(known.lives, CannotSay):
            return known.lives
        part = known.running.get(asset)
        if part is None:
            words = "how old it is is not known: no work that renewed it is on record"
            return declined("too_short", words)
        return known.left(part, part.start + max(at - part.since, 0) / HOUR)

    def basis(self, mode: str) -> str:
        """Say what the estimate rests on."""
        known = self._of(mode)
        lives, columns = known.lives, known.columns
        if isinstance(lives, CannotSay):
            return lives.words
        rests = listed(("age since it was last renewed", *columns.used))
        ended = f"{lives.failures} of {lives.lives} lives ended in failure"
        told = f"{rests}; {ended}, Weibull {'regression' if columns.used else 'distribution'}"
        return f"{told}; {columns.missed}" if columns.missed else told

    def _of(self, mode: str) -> Known:
        """Learn from what is on record, where that was not done yet."""
        if mode not in self._known:
            found = list(self._spells(mode))
            running = {one.asset: one for one in found}
            lived = [one for one in found if 0 <= one.start < one.stop]
            failed = np.array([one.failed for one in lived], np.bool_)
            columns = self._factors.columns(*_known_of(lived), failed)
            try:
                lives = _learned(lived, columns)
            except Refused as error:  # one that escapes from here would end scoring
                lives = declined("too_few_failures", f"the work on record cannot be used: {error}")
            self._known[mode] = Known(lives, running, columns)
        return self._known[mode]

    def _spells(self, mode: str) -> Iterator[Spell]:
        """Give the lives of all assets' parts, oldest first, up to the last work on record."""
        done = sorted(self._works.values(), key=lambda one: (one.at, one.asset, one.id))
        by_asset: dict[int, list[WorkEvent]] = {number: [] for number in self._new}
        for one in done:
            if one.work is not Work.INSPECTED and one.failure_mode in {"", mode}:
                by_asset.setdefault(self._number[one.asset], []).append(one)
        now = done[-1].at if done else 0
        for asset, works in sorted(by_asset.items()):
            yield from self._of_asset(mode, asset, works, now)

    def _of_asset(
        self, mode: str, asset: int, works: Sequence[WorkEvent], now: Instant
    ) -> Iterator[Spell]:
        new, shares = self._new.get(asset), self._shares.get(mode)
        works = [one for one in works if new is None or one.at >= new]
        part = None if new is None else Spell(asset, new, 0.0, 0.0)
        repairs = 0
        for one in works:
            grown = None
            if part is not None:
                grown = part.start + (one.at - part.since) / HOUR
                failed = self._endings.of(mode, asset, one) is Ending.FAILED
                failed &= one.at - part.since >= SOONEST
                yield replace(part, stop=grown, failed=failed)
            share = 0.0 if shares is None else shares.of(asset, one.at)
            known = grown is not None or share == 0
            age = virtual_age([grown or 0.0], [share])
            again = part is None or one.at - part.since >= SOONEST
            repairs = 0 if one.work is Work.REPLACED else repairs + again
            part = Spell(asset, one.at, age, age, repairs=repairs) if known else None
        if part is not None:
            grown = part.start + (now - part.since) / HOUR
            yield replace(part, stop=grown)


def found_fault(work: WorkEvent) -> bool:
    """Tell whether work mended the failure mode that it names."""
    return work.work is not Work.INSPECTED and bool(work.failure_mode) and not work.routine


def _known_of(parts: Sequence[Spell]) -> tuple[Instants, Instants]:
    """Return of which assets parts are, and how often each was repaired before."""
    return (
        np.array([one.asset for one in parts], np.int64),
        np.array([one.repairs for one in parts], np.int64),
    )


def _learned(lives: Sequence[Spell], columns: Columns) -> LifeByAge | LifeByFactors | CannotSay:
    """Learn from lives that lasted at all; those of one asset hang together by its columns."""
    if not any(one.failed for one in lives):
        return declined("too_few_failures", "no life is on record from its beginning to a failure")
    asset, repairs = _known_of(lives)
    rows = columns.rows(asset, repairs)
    table = LifeTable(
        np.array([one.start for one in lives]),
        np.array([one.stop for one in lives]),
        np.array([int(one.failed) for one in lives], np.int64),
        rows,
        tuple(str(column) for column in range(rows.shape[1])),
        asset if columns.used else np.arange(len(lives)),
    )
    return life_by_factors.learn(table) if columns.used else learn(table)
