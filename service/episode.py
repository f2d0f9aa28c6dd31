"""Episodes: stretches of a recording that lie beyond the alarm line, each told in words."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from core.alert import ChannelEvidence
from core.readings import Floats
from models.recording import Judged
from service.words import band, measured, number

APART = 10
"""After so many rows without an alarm the next begins an episode of its own."""

MOST = 500
"""How many episodes are kept in full: the worst."""

NAMED, LEAST_SHARE = 3, 0.1
"""How many channels an episode names, and from which share of the blame on (but for the first)."""


@dataclass(slots=True)
class Episode:
    """One stretch beyond the line: rows are counted within its asset, from 0.

    `alarms` counts the rows beyond the line, `peak` is the highest score, at `peak_at`.
    """

    asset: str
    first: int
    last: int
    began: str
    ended: str
    alarms: int = 0
    peak: float = 0.0
    peak_at: str = ""
    channels: tuple[ChannelEvidence, ...] = ()


@dataclass(slots=True)
class Episodes:
    """Gathers episodes from pieces of assets' rows; `names` are the channels."""

    names: Sequence[str]
    count: int = 0
    _open: dict[str, Episode] = field(default_factory=dict)
    _worst: list[tuple[float, int, Episode]] = field(default_factory=list)

    def add(
        self, asset: str, first: int, told: Sequence[str], judged: Judged, values: Floats
    ) -> None:
        """Take rows of one asset, of which the first is its row number `first`."""
        alarms = np.flatnonzero(judged.alarm)
        if not len(alarms):
            return
        edges = np.flatnonzero(np.diff(alarms) > APART) + 1
        for run in np.split(alarms, edges):
            self._run(asset, first, told, judged, values, run)

    def _run(
        self,
        asset: str,
        first: int,
        told: Sequence[str],
        judged: Judged,
        values: Floats,
        run: np.ndarray[tuple[int], np.dtype[np.intp]],
    ) -> None:
        begin, end = first + int(run[0]), first + int(run[-1])
        one = self._open.get(asset)
        if one is None or begin - one.last > APART:
            self._keep(asset)
            one = Episode(asset, begin, end, told[int(run[0])], "")
            self._open[asset] = one
        one.last, one.ended = end, told[int(run[-1])]
        one.alarms += len(run)
        top = int(run[np.argmax(judged.value[run])])
        if judged.value[top] > one.peak:
            one.peak, one.peak_at = float(judged.value[top]), told[top]
            one.channels = self._evidence(judged, values, top)

    def _evidence(self, judged: Judged, values: Floats, row: int) -> tuple[ChannelEvidence, ...]:
        blame = judged.blame[row]
        order = np.argsort(-blame, kind="stable")[:NAMED]
        return tuple(
            ChannelEvidence(
                self.names[k],
                self.names[k],
                "",
                _known(values[row, k]),
                _known(judged.low[row, k]),
                _known(judged.high[row, k]),
                float(blame[k]),
            )
            for place, k in enumerate(order.tolist())
            if place == 0 or blame[k] >= LEAST_SHARE
        )

    def _keep(self, asset: str) -> None:
        one = self._open.pop(asset, None)
        if one is None:
            return
        self.count += 1
        entry = (one.peak, self.count, one)
        if len(self._worst) < MOST:
            heapq.heappush(self._worst, entry)
        else:
            heapq.heappushpop(self._worst, entry)

    def close(self) -> list[Episode]:
        """End all that is open; returns the episodes, by asset and time."""
        for asset in list(self._open):
            self._keep(asset)
        return sorted((e for _, _, e in self._worst), key=lambda one: (one.asset, one.first))


def sentence(one: Episode) -> str:
    """Say what an episode is about."""
    if not one.channels:
        return f"Score up to {number(one.peak)}."
    said = [_channel(channel) for channel in one.channels]
    return f"Score up to {number(one.peak)} at {one.peak_at}: {'; '.join(said)}."


def _channel(channel: ChannelEvidence) -> str:
    expected = band(channel)
    words = f"expected {expected}" if expected else "no expectation for it alone"
    inside = channel.low is not None and channel.high is not None and not channel.outside
    course = ", unusual in its course" if inside else ""
    share = f"{round(100 * channel.share)} % of the blame"
    return f"{channel.label} {measured(channel)}, {words}{course} ({share})"


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
