"""The clocks of the sources: how far each is off, and which have jumped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.clock import HOUR, MINUTE, Instant, Span
from core.readings import Bools, Indexes, Instants

WINDOW: Span = 10 * MINUTE
STEADY: Span = MINUTE
ENOUGH = 5
STEP: Span = 1_000_000_000
FRESH: Span = 5 * MINUTE
DOUBTFUL: Span = 5 * MINUTE


@dataclass(slots=True)
class _Window:
    """The differences between arrival and device time over one stretch of arrivals."""

    opened: Instant
    least: Span
    most: Span
    count: int = 1

    def add(self, difference: Span) -> None:
        self.least = min(self.least, difference)
        self.most = max(self.most, difference)
        self.count += 1


class ClockOffsets:
    """Estimates how far each source with the policy `corrected` is behind the true time.

    The way of a message takes time but never less than none, so the smallest difference is the
    best estimate. It follows at once where a difference is a little smaller. One that is smaller
    by more than five minutes is a clock that was set ahead, or a slip of one message: it is
    believed once some in a row agree on it. A larger one is either a clock set back or an old
    message from a backlog; it is believed when a whole window of messages agrees on it, which a
    draining backlog never does. Offsets move in whole seconds, so that a message that is delivered
    twice keeps its time.
    """

    def __init__(self, known: Mapping[str, Span] | None = None) -> None:
        self._offsets: dict[str, Span] = dict(known or {})
        self._windows: dict[str, _Window] = {}
        self._doubts: dict[str, _Window] = {}

    @property
    def offsets(self) -> dict[str, Span]:
        """The offsets in force, by asset."""
        return dict(self._offsets)

    def offset(self, asset: str) -> Span:
        """Tell what is added to the asset's own time."""
        return self._offsets.get(asset, 0)

    def learn(self, asset: str, arrived: Instant, at: Instant) -> None:
        """Take note of one fresh message."""
        difference = arrived - at
        if asset in self._offsets and difference < self._offsets[asset] - DOUBTFUL:
            self._doubt(asset, arrived, difference)
            return
        self._doubts.pop(asset, None)
        window = self._windows.get(asset)
        if window is None:
            self._windows[asset] = _Window(arrived, difference, difference)
        else:
            window.add(difference)
            if abs(arrived - window.opened) >= WINDOW:
                self._close(asset, window)
                del self._windows[asset]
        if asset not in self._offsets or difference < self._offsets[asset] - STEP:
            self._offsets[asset] = _whole(difference)

    def _doubt(self, asset: str, arrived: Instant, difference: Span) -> None:
        doubt = self._doubts.get(asset)
        if doubt is not None:
            doubt.add(difference)
        if doubt is None or doubt.most - doubt.least > STEADY:
            doubt = self._doubts[asset] = _Window(arrived, difference, difference)
        if doubt.count >= ENOUGH:
            self._offsets[asset] = _whole(doubt.least)
            del self._doubts[asset]
            self._windows.pop(asset, None)

    def _close(self, asset: str, window: _Window) -> None:
        if window.count >= ENOUGH and window.most - window.least <= STEADY:
            offset = _whole(window.least)
            if abs(offset - self._offsets[asset]) > STEP:
                self._offsets[asset] = offset


def _whole(span: Span) -> Span:
    return round(span / STEP) * STEP


class ClockJumps:
    """Notices sources that were live and then went back in time by more than an hour.

    Messages that come late for a known reason are left out by the caller: those that the broker
    delivers again, and retained ones. One instance per asset class.
    """

    def __init__(self, assets: tuple[str, ...]) -> None:
        self._assets = assets
        self._newest = np.full(len(assets), np.iinfo(np.int64).min + HOUR, np.int64)
        self._back = np.zeros(len(assets), np.bool_)

    def see(self, rows: Indexes, at: Instants, arrived: Instant) -> Bools:
        """Take note of readings in order; true where one lies far behind its source's newest."""
        behind = at < self._newest[rows] - HOUR
        fresh = np.abs(arrived - at) < FRESH
        if fresh.any():
            np.maximum.at(self._newest, rows[fresh], at[fresh])
        if self._back.any():
            self._back[rows[~behind]] = False
        return behind

    def mark(self, row: int) -> None:
        """Say that a reading that was behind had no known reason for it."""
        self._back[row] = True

    def jumped(self) -> list[str]:
        """List the assets whose clock seems to have gone back."""
        return [self._assets[row] for row in np.flatnonzero(self._back)]
