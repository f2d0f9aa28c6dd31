"""Doubts about a new regime: whether what looks like a new load may be a fault.

A fault may move an operating channel, and then looks like a load never seen. So a new regime is not
learned while a sign of a failure shows: while a condition channel lies beyond what the first
regimes lead to, the way it goes as the machine fails, or wanders off. Then a person is asked, at
once and each week, and warned of any new regime that has lasted for a day.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.clock import DAY, Span
from core.deviation import Movement
from core.plant import AssetClass, Channel, Treatment
from core.readings import Bools, Floats, Instants
from models.detector import Round, State
from models.extrapolation import Extrapolation, middle
from models.parts import treatment
from models.regime_row import NEVER
from models.regime_watch import Followed

WARNED_AFTER: Span = DAY
"""A regime that has been new for so long is a warning,"""

AGAIN: Span = 7 * DAY
"""and a person is asked about one that is not learned so often."""

MOST = 3
"""So many channels are named that moved."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A condition channel that moved with a regime: what it reads, and would by the first ones."""

    channel: Channel
    value: float
    expected: float


@dataclass(frozen=True, slots=True)
class Doubt:
    """What is to be said of a new regime at a row: what `moved`, and whether it was `refused`."""

    place: int
    refused: bool
    moved: tuple[Moved, ...]


class RegimeDoubts:
    """Knows of each asset of a class what its first regimes lead to, and when to ask a person."""

    def __init__(self, asset_class: AssetClass, assets: int) -> None:
        self._channels = asset_class.channels
        treated = [treatment(channel) for channel in asset_class.channels]
        self._operating = np.flatnonzero([one is Treatment.CONTEXT for one in treated])
        self._judged = np.flatnonzero([one is Treatment.USE for one in treated])
        self._signs = signs(asset_class)[self._judged]
        self._lines = Extrapolation(assets, len(self._operating), len(self._judged))
        self._due = np.full(assets, NEVER, np.int64)
        self._asked = np.zeros(assets, np.bool_)
        self._refused: dict[int, tuple[Moved, ...]] = {}

    def learn(self, asset: int, values: Floats) -> None:
        """Learn what the first regimes lead to, from their healthy rows."""
        self._lines.learn(asset, values[:, self._operating], values[:, self._judged])

    def refuses(self, asset: int, at: Instants, values: Floats) -> bool:
        """Tell whether a new regime may not be learned from its rows in time order.

        A person is asked where they are of a day: the machine may not have settled before.
        """
        found = self._found(asset, values)
        if found is not None and at[-1] - at[0] >= WARNED_AFTER:
            self._refused[asset] = found
        return found is not None

    def _found(self, asset: int, values: Floats) -> tuple[Moved, ...] | None:
        """Name what a new regime may not be learned for; None where nothing stands against it."""
        operating, judged = values[:, self._operating], values[:, self._judged]
        if not self._lines.known(asset):
            return () if len(self._judged) else None
        last = slice(-max(len(values) // 3, 1), None)
        off = middle(self._lines.off(asset, operating[last], judged[last]))
        trend = self._lines.trend(asset, operating, judged)
        bad = ((off < -1) & self._signs[:, 0]) | ((off > 1) & self._signs[:, 1])
        bad |= np.abs(np.nan_to_num(trend)) > 1
        if not bad.any():
            return None
        how = np.where(bad, np.fmax(np.abs(off), np.abs(trend)), 0.0)
        said, line = middle(judged[last]), middle(self._lines.expected(asset, operating[last]))
        return self._named(how, said, line)

    def told(self, row: Round, followed: Followed) -> Iterator[Doubt]:
        """Say of rows in order of time where a new regime has lasted, or was not learned."""
        due = self._due[row.asset]
        here = (followed.turned != 0) | ((due != NEVER) & (due <= row.at))
        if self._refused:
            here |= np.isin(row.asset, list(self._refused))
        for asset in np.unique(row.asset[here]).tolist():
            yield from self._of(asset, np.flatnonzero(row.asset == asset), row, followed)
        self._refused.clear()

    def _of(
        self, asset: int, places: NDArray[np.intp], row: Round, followed: Followed
    ) -> Iterator[Doubt]:
        refused = self._refused.pop(asset, None)
        for place in places.tolist():
            turned, at = int(followed.turned[place]), int(row.at[place])
            if turned:
                self._due[asset] = at + WARNED_AFTER if turned > 0 else NEVER
                self._asked[asset] = False
            elif self._due[asset] != NEVER and refused is not None and not self._asked[asset]:
                self._asked[asset], self._due[asset] = True, at + AGAIN
                yield Doubt(place, True, refused)
            elif self._due[asset] != NEVER and at >= self._due[asset]:
                self._due[asset] = at + AGAIN
                yield Doubt(place, bool(self._asked[asset]), self._moved(asset, row.values[place]))
            refused = None

    def forget(self, asset: int) -> None:
        """Know nothing of an asset any more; what was said of it stays said."""
        self._lines.forget(asset)

    def adopt(self, other: RegimeDoubts, asset: int, theirs: int) -> None:
        """Take over from another what it knows of an asset."""
        self._lines.adopt(other._lines, asset, theirs)

    def state(self) -> State:
        """Return everything needed to go on."""
        own = {"doubt_due": self._due.copy(), "doubt_asked": self._asked.copy()}
        return self._lines.state() | own

    def restore(self, state: State, told: Bools) -> None:
        """Take over a state; by one from before there were doubts, what is `told` is due now."""
        self._lines.restore(state)
        self._due = state.get("doubt_due", np.where(told, 0, NEVER)).astype(np.int64)
        self._asked = state.get("doubt_asked", np.zeros(len(told))).astype(np.bool_)

    def _moved(self, asset: int, values: Floats) -> tuple[Moved, ...]:
        """Name what one row has far off of what the first regimes lead to, the farthest first."""
        operating, judged = values[None, self._operating], values[None, self._judged]
        off = np.abs(self._lines.off(asset, operating, judged)[0])
        line = self._lines.expected(asset, operating)[0]
        return self._named(np.where(off > 1, off, 0.0), judged[0], line)

    def _named(self, how: Floats, said: Floats, line: Floats) -> tuple[Moved, ...]:
        order = [int(k) for k in np.argsort(-how, kind="stable") if how[k] > 0]
        return tuple(
            Moved(self._channels[int(self._judged[k])], float(said[k]), float(line[k]))
            for k in order[:MOST]
        )


def signs(asset_class: AssetClass) -> Bools:
    """Tell of which channels a fall, and a rise, is a sign of a failure mode of the class."""
    names = asset_class.channel_names
    found = np.zeros((len(names), 2), np.bool_)
    for mode in asset_class.failure_modes:
        for sign in mode.signature:
            if sign.channel in names:
                place = names.index(sign.channel)
                found[place, 0] |= sign.movement in {Movement.FALLS, Movement.MOVES}
                found[place, 1] |= sign.movement in {Movement.RISES, Movement.MOVES}
    return found
