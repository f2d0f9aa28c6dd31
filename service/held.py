"""Held values: what channels that are sent only when they change last said, while it holds.

A value holds for at most its channel's `max_age` of event time, while no device that speaks for
its asset is known to be gone. What is not believed, or called bad, holds nothing: neither itself
nor what was said before it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from core.clock import Instant
from core.plant import Channel, Reporting, Role
from core.readings import Bools, Floats, Instants
from models.detector import State
from service.rules import NEVER
from service.watermark import Rows

_KEPT = ("value", "said_at", "uncertain", "live", "ahead", "judged_at", "unseen")


@dataclass(frozen=True, slots=True, eq=False)
class Completed:
    """Rows with what holds in place of what was not said.

    `refused` marks, beside what is not believed, what is held no longer. `doubted` are rows not to
    learn from: one that is held is uncertain, or nothing was said of the machine's condition.
    """

    values: Floats
    refused: Bools
    doubted: Bools


class Held:
    """Keeps for every asset of a class which channels are sent on change, and what they hold.

    `quiet` marks the assets all of whose condition channels are: when nothing changes they say
    nothing. `any` tells whether any channel of any asset is sent on change.
    """

    def __init__(self, channels: Sequence[Channel], assets: int) -> None:
        shape = (assets, len(channels))
        self._names = tuple(channel.name for channel in channels)
        self._max_age = np.array([channel.max_age for channel in channels], np.int64)
        self._condition = np.array([channel.role is Role.CONDITION for channel in channels])
        configured = [channel.reporting is Reporting.ON_CHANGE for channel in channels]
        self.on_change = np.tile(np.array(configured, np.bool_), (assets, 1))
        self.quiet = np.array([self._is_quiet(asset) for asset in range(assets)], np.bool_)
        self.any = bool(self.on_change.any())
        self.gone = np.zeros(assets, np.bool_)
        self._value = np.full(shape, np.nan)
        self._said_at = np.full(shape, NEVER, np.int64)
        self._uncertain = np.zeros(shape, np.bool_)
        self._live = np.zeros(shape, np.bool_)
        self._ahead = np.zeros(assets, np.int64)
        self._judged_at = np.full(assets, NEVER, np.int64)
        self._unseen = np.zeros(assets, np.bool_)

    def mark(self, asset: int, channels: Collection[str]) -> None:
        """Note that some channels of an asset are sent on change."""
        self.on_change[asset] |= np.array([name in channels for name in self._names])
        self.quiet[asset] = self._is_quiet(asset)
        self.any = self.any or bool(self.on_change[asset].any())

    def longest(self, asset: int) -> int:
        """Tell how long an asset that is quiet may hold anything of its condition."""
        return int(self._max_age[self.on_change[asset] & self._condition].max(initial=0))

    def void(self, asset: int) -> None:
        """Let nothing hold any more of what one asset said."""
        self._live[asset] = False

    def recheck(self, asset: int) -> None:
        """Have what one asset holds judged once more, though nothing is said."""
        self._unseen[asset] = True

    def holds(self, asset: int) -> bool:
        """Tell whether anything of an asset holds."""
        return bool(self._live[asset].any()) and not self.gone[asset]

    def fresh(self, asset: Rows, at: Instants) -> Floats:
        """Return what holds for rows at their times, NaN where nothing does."""
        now = at[:, None]
        said_at = self._said_at[asset]
        held = self._live[asset] & (said_at <= now) & (said_at >= now - self._max_age)
        self._live[asset] = held
        return np.where(held & ~self.gone[asset][:, None], self._value[asset], np.nan)

    def ages(self, asset: Rows, at: Instants, passed: Instants) -> Instants:
        """Tell how long ago each channel said its last value, as far as that can be known."""
        said_at = self._said_at[asset]
        known = np.maximum(at[:, None] - np.maximum(said_at, 0), passed[:, None])
        since = np.where(said_at == NEVER, np.iinfo(np.int64).max, known)
        return np.where(self.on_change[asset], since, passed[:, None])

    def complete(
        self,
        asset: Rows,
        at: Instants,
        said: Floats,
        kept: Floats,
        refused: Bools | None,
        uncertain: Bools | None,
    ) -> Completed:
        """Fill rows of believed values with what holds (of `fresh`), and hold what they say."""
        on, present = self.on_change[asset], ~np.isnan(said)
        barred = np.zeros(said.shape, np.bool_) if refused is None else refused
        used = ~present & ~barred & ~np.isnan(kept)
        values = np.where(used, kept, said)
        silent = used.any(axis=1) & ~(present & self._condition).any(axis=1)
        doubted: Bools = (used & self._uncertain[asset]).any(axis=1) | silent
        news = on & present
        doubtful = False if uncertain is None else uncertain
        self._value[asset] = np.where(news, said, self._value[asset])
        self._said_at[asset] = np.where(news, at[:, None], self._said_at[asset])
        self._uncertain[asset] = np.where(news, doubtful, self._uncertain[asset])
        self._live[asset] = (self._live[asset] | news) & ~barred
        return Completed(values, barred | (on & np.isnan(values)), doubted)

    def keep_time(self, asset: Rows, at: Instants, heard: Instant, behind: Bools) -> None:
        """Note by how much assets' clocks differ from ours, from rows out of no backlog."""
        self._ahead[asset] = np.where(behind, self._ahead[asset], at - heard)

    def passed(self, asset: Rows, at: Instants, passed: Instants) -> Instants:
        """Tell what of the time before some rows has not been judged yet."""
        judged_at = self._judged_at[asset]
        self._judged_at[asset] = NEVER
        self._unseen[asset] = False
        rest = np.minimum(passed, at - np.maximum(judged_at, 0))
        return np.where(judged_at == NEVER, passed, np.maximum(rest, 0))

    def now(self, at: Instant, last_at: Instants, stands: Bools) -> Instants:
        """Tell the time of each asset when ours is `at`; for those in `stands`, none passes."""
        return np.where(stands, last_at, np.maximum(at + self._ahead, last_at))

    def due(self, now: Instants, waits: Bools, stands: Bools) -> Rows:
        """Let time pass until `now`; returns which quiet assets to judge.

        Those of which something holds no longer, and of those that `waits` marks the ones of which
        something does: their rules have delays that run, or they are still starting.
        """
        lapsed = self._live & (self._said_at < now[:, None] - self._max_age)
        self._live &= ~lapsed
        holds = self._live.any(axis=1)
        due = lapsed.any(axis=1) | (holds & (waits | self._unseen))
        return np.flatnonzero(due & self.quiet & ~self.gone & ~stands)

    def judged(self, asset: Rows, at: Instants, last_at: Instants) -> Instants:
        """Note that quiet assets are judged; returns how much time that is for each."""
        since = np.maximum(last_at, self._judged_at[asset])
        self._judged_at[asset] = at
        self._unseen[asset] = False
        return np.maximum(at - since, 0)

    def state(self) -> State:
        """Return what a restart needs."""
        return {name: getattr(self, f"_{name}") for name in _KEPT}

    def restore(self, state: State) -> None:
        """Take over a state."""
        for name in _KEPT:
            kind = getattr(self, f"_{name}").dtype
            setattr(self, f"_{name}", state[name].astype(kind))

    def _is_quiet(self, asset: int) -> bool:
        judged = self.on_change[asset][self._condition]
        return bool(judged.any() and judged.all())


def filled(said: Floats, kept: Floats, bad: Bools | None) -> Floats:
    """Put what holds in place of what was not said."""
    missing = np.isnan(said)
    return np.where(missing if bad is None else missing & ~bad, kept, said)
