"""Remaining life from runs to failure: trees and networks, the spread of their errors, and doubt.

Several members are fitted, each to all units but a fold of them, and average; a member is trees and
a few networks. What each says of the units that it has not seen shows how the life left is
distributed (`run_spread`), and how wide intervals must be to hold (`conformal`). Why it is built
so: docs/decisions/0034.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from core.life import LEVELS, Outlook, Remaining, declined
from core.readings import Floats
from models.conformal import Stretch
from models.network import Network
from models.run_doubt import Asked, Doubt
from models.run_features import features, smoothed, steady
from models.run_gaps import NONE, Gaps, lowered
from models.run_regimes import Regimes
from models.run_spread import NOTHING, Lift, Spread
from models.run_table import Numbers, RunTable
from models.side_by_side import FEW, side_by_side
from models.similar_runs import Alike, SimilarRuns
from models.trees import Trees

MIDDLE = LEVELS.index(0.5)
LOW, HIGH = LEVELS.index(0.05), LEVELS.index(0.95)

INDEX_SPAN = 15
"""Over about so many rows the index of wear is smoothed before runs are compared by it."""


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """Trees and networks, and the weights by which an index of wear is made of the channels."""

    wear: Floats
    trees: Trees
    nets: tuple[Network, ...] = ()

    def by_trees(self, runs: RunTable, channels: Floats, plain: Floats, only: Numbers) -> Floats:
        """Say the life left of some rows, up to the cap, by trees."""
        return self.trees.predict(rows(runs, channels, plain, self.wear, only))

    def by_nets(self, plain: Floats) -> Floats:
        """Say the same by the mean of the networks; there must be one."""
        given = steady(plain)
        found: Floats = np.mean([net.predict(given) for net in self.nets], axis=0)
        return found

    def said(
        self, runs: RunTable, channels: Floats, plain: Floats, share: float, only: Numbers
    ) -> Floats:
        """Say the same of some rows by both; `share` is what the networks count for."""
        found = self.by_trees(runs, channels, plain, only)
        return found if share == 0 else found + share * (self.by_nets(plain[only]) - found)


@dataclass(frozen=True, slots=True, eq=False)
class RunForecast:
    """What is said of rows, in the table's own unit of time.

    `rul[i]` is the estimate of least squared error of the life left, counted up to the cap: above
    it channels do not tell. Where most rows of the past that resemble it outlived more, it is what
    they outlived (`RunLife.lift`). `mean[i]` is the estimate of all of it, `course[i, l]` the
    life left at `LEVELS[l]`, `health[i]` 1 as new and 0 at the end, `reason[i]` why nothing is
    said, else empty, and `words[i]` the same in closer words, where there are any. `late[i]` is by
    how much the least of it was lowered, since rows are missing.
    """

    rul: Floats
    mean: Floats
    course: Floats
    health: Floats
    reason: NDArray[np.object_]
    words: NDArray[np.object_]
    late: Floats

    def at(self, row: int) -> Outlook:
        """Return what is said of one row, as all sources of life say it."""
        if self.reason[row]:
            return declined(self.reason[row], self.words[row])
        course = self.course[row].tolist()
        points = course[LOW], course[MIDDLE], course[HIGH]
        return Remaining(*points, mean=float(self.rul[row]), course=tuple(course))


@dataclass(frozen=True, slots=True, eq=False)
class RunLife:
    """A fitted model. `failures` are the units it has seen fail.

    `share` is what networks count for beside trees: 0 in models of before there were any. No less
    is said than what rows of the past that resemble the one asked about outlived by `lift`, as they
    stand before intervals are stretched; models of before it have one that asks for nothing.
    `held` is the share of 90 % intervals that held on units left out, NaN where that is not known.
    """

    regimes: Regimes
    members: tuple[Member, ...]
    spread: Spread
    stretch: Stretch
    doubt: Doubt
    past: SimilarRuns
    failures: int
    share: float = 0.0
    lift: Lift = NOTHING
    held: float = np.nan
    gaps: Gaps = NONE

    def forecast(self, runs: RunTable) -> RunForecast:
        """Say the life left of each row, from it and those before it alone."""
        every = np.arange(len(runs.time))
        return self._forecast(runs, every, few=len(every) < FEW)

    def latest(self, runs: RunTable) -> RunForecast:
        """Say the same of the last row of each unit alone, in a fraction of the time."""
        return self._forecast(runs, runs.last, few=True)

    def _forecast(self, runs: RunTable, only: Numbers, few: bool) -> RunForecast:
        channels, known = self.regimes.standardised(runs)
        plain = features(runs, channels)
        each = (runs, channels, plain, self.share, only)
        every = [partial(member.said, *each) for member in self.members]
        said = np.mean(side_by_side(every, few), axis=0)
        mean, course, outlived = self.spread.of(said, runs.time[only], self.lift, few)
        health = np.clip(said / self.spread.cap, 0.0, 1.0)
        weight = told_by(self.members)
        late = self.gaps.late(runs, channels, weight)
        course = lowered(self.stretch.course(course, MIDDLE), late[only])
        whole, width = np.full((2, len(runs.time)), np.nan)
        whole[only], width[only] = health, course[:, HIGH] - course[:, LOW]
        asked = Asked(runs, self.regimes.names, channels, known, whole, width, weight, late)
        reason, words = self.doubt.reasons(asked)
        rul, mean = (
            np.maximum(each - late[only] / 2, 0.0) for each in (np.maximum(said, outlived), mean)
        )
        return RunForecast(rul, mean, course, health, reason[only], words[only], late[only])

    def alike(self, runs: RunTable) -> list[Alike]:
        """Find the units of the past most alike to each unit at its last row."""
        channels, _ = self.regimes.standardised(runs)
        index = worn(runs, channels, self.members)
        return [self.past.alike(index[part]) for part in runs.parts()]

    @property
    def basis(self) -> str:
        """Say what an estimate rests on."""
        means = "boosted trees and networks" if self.share > 0 else "boosted trees"
        known = f"{means} on {self.failures} failed units"
        if not np.isfinite(self.held):
            return known
        return f"{known}; on units left out {100 * self.held:.0f} % of its 90 % intervals held"


def rows(runs: RunTable, channels: Floats, plain: Floats, wear: Floats, only: Numbers) -> Floats:
    """Put the features of the channels and those of their index of wear together, of some rows."""
    index = features(runs, _index(channels, wear)[:, None])
    return np.concatenate([plain[only], index[only, 1:]], axis=1)


def told_by(members: Sequence[Member]) -> Floats:
    """Return which share of what wear is told by each channel tells, by the mean of the members."""
    weight = np.mean([np.abs(member.wear) for member in members], axis=0)
    found: Floats = weight / max(float(weight.sum()), 1e-12)
    return found


def worn(runs: RunTable, channels: Floats, members: Sequence[Member]) -> Floats:
    """Return the smoothed index of wear of each row, by the mean weights of the members."""
    wear = np.mean([member.wear for member in members], axis=0)
    found: Floats = smoothed(runs, _index(channels, wear)[:, None], INDEX_SPAN)[:, 0]
    return found


def _index(channels: Floats, wear: Floats) -> Floats:
    known = np.isfinite(channels).any(axis=1)
    found: Floats = np.where(known, np.nan_to_num(channels) @ wear, np.nan)
    return found
