"""Sensor watch: values that a machine cannot have, told from a sensor that is not believable.

Three ways in which a sensor lies: it stands still while the others move, it jumps faster than the
quantity can, it falls silent while the others go on. In a fourth it is honest: its device itself
calls its values bad. What it says is kept from the detectors at once; a case is made of it once it
has lasted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.clock import Span
from core.plant import Channel, Role
from core.readings import Bools, Floats, Instants
from models.detector import State
from service.rules import NEVER
from service.sensor_row import BAD, Come, Followed, Found, Watched, sift_rows
from service.watermark import Rows

FAULTS = ("stuck", "jumpy", "silent", "bad")
"""New ones go to the end: a checkpoint holds them by their place."""

Lapse = tuple[int, int, int, bool]
"""Row, channel, number of the fault, and whether it began."""

_KEPT = (
    "last", "still", "still_for", "calm", "moves", "readings", "jumps", "jumped_at",
    "absent_for", "absent", "gap", "bad_since", "bad", "faults",
)  # fmt: skip

_FORGOTTEN = (
    "still", "still_for", "jumps", "absent_for", "absent", "bad_since", "bad", "faults",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Sifted:
    """Rows without unbelievable values: what changed, which rows not to learn, jumps counted.

    `asset` is that of each row, `said` what the channel of each lapse had last said by then.
    """

    asset: Rows
    values: Floats
    doubted: Bools
    lapses: list[Lapse]
    said: list[float]
    jumps: NDArray[np.int64] | None = None

    def faults_at(self, row: int, faults: Bools) -> Bools:
        """Tell the faults of a row's asset as of that row, from those after the last one."""
        found = faults.copy()
        for later, channel, fault, on in reversed(self.lapses):
            if later > row and self.asset[later] == self.asset[row]:
                found[channel, fault] = not on
        return found


class SensorWatch:
    """Follows every channel of every asset of a class."""

    def __init__(
        self, channels: Sequence[Channel], assets: int, stuck_after: Span, silent_after: Span
    ) -> None:
        shape = (assets, len(channels))
        self._silent_after = silent_after
        rate = [np.inf if c.max_rate is None else float(c.max_rate) for c in channels]
        judged = np.array([channel.role is Role.CONDITION for channel in channels])
        self._watched = Watched(judged, np.array(rate), stuck_after, silent_after)
        self.last = np.full(shape, np.nan)
        self.still = np.zeros(shape, np.int64)
        self.still_for = np.zeros(shape, np.int64)
        self.calm = np.zeros(shape, np.int64)
        self.moves = np.zeros(shape, np.int64)
        self.readings = np.zeros(shape, np.int64)
        self.jumps = np.zeros(shape, np.int64)
        self.jumped_at = np.full(shape, NEVER, np.int64)
        self.absent_for = np.zeros(shape, np.int64)
        self.absent = np.zeros(shape, np.int64)
        self.gap = np.zeros(shape, np.int64)
        self.bad_since = np.zeros(shape, np.int64)
        self.bad = np.zeros(shape, np.int64)
        self.faults = np.zeros((*shape, len(FAULTS)), np.bool_)
        self._any_bad = False

    def sift(
        self,
        asset: Rows,
        at: Instants,
        passed: Instants,
        values: Floats,
        mode: NDArray[np.int8],
        bad: Bools | None = None,
        on_change: Bools | None = None,
        ages: Instants | None = None,
    ) -> Sifted:
        """Judge rows in order of time, in which assets may repeat, and blank what is unbelievable.

        `bad` marks what the source itself calls bad; `values` do not hold it. A channel that is
        sent `on_change` is never stuck and never missing; `ages[row, channel]` is how long ago
        each last said something, where that is not as long as `passed`.
        """
        count = len(asset)
        none = np.zeros((0, values.shape[1]), np.bool_)
        come = Come(
            asset, at, passed, np.ascontiguousarray(values, np.float64), mode,
            none if bad is None else np.ascontiguousarray(bad),
            none if on_change is None else np.ascontiguousarray(on_change),
            none.astype(np.int64) if ages is None else np.ascontiguousarray(ages),
        )  # fmt: skip
        found = self._found(values, count)
        lapses = sift_rows(come, self._watched, self._kept, found)
        self._any_bad = self._any_bad or bad is not None
        turned = [
            (row, channel, fault, bool(on)) for row, channel, fault, on in found.lapses[:lapses]
        ]
        believed = found.values if found.doubted.any() else values
        jumps = found.jumps if found.jumps.any() else None
        return Sifted(asset, believed, found.doubted, turned, found.said[:lapses].tolist(), jumps)

    def _found(self, values: Floats, count: int) -> Found:
        """Make room for what is found: a fault can come and go with every row."""
        most = count * values.shape[1] * len(FAULTS)
        return Found(
            np.array(values, np.float64, order="C"),
            np.zeros(count, np.bool_),
            np.zeros(count, np.int64),
            np.empty((most, 4), np.int64),
            np.empty(most),
        )

    @property
    def _kept(self) -> Followed:
        return Followed(*(getattr(self, name) for name in Followed._fields))

    def overdue(self, now: Instants, on_change: Bools) -> list[tuple[int, int]]:
        """Find quiet channels that have been bad for too long by `now`; their assets, and which."""
        if not self._any_bad:
            return []
        long = self.bad_since <= now[:, None] - self._silent_after
        found: Bools = on_change & (self.bad > 0) & long & ~self.faults[..., BAD]
        self.faults[..., BAD] |= found
        return [(int(asset), int(channel)) for asset, channel in np.argwhere(found)]

    def unsay(self, asset: int, on_change: Bools) -> None:
        """Let what an asset once called bad count no longer, but where that is a fault already."""
        self.bad[asset][on_change & ~self.faults[asset, :, BAD]] = 0

    def reset(self, asset: int, channel: int | None = None) -> None:
        """Start one asset's sensors, or one of them, anew after work on it."""
        which = slice(None) if channel is None else channel
        for name in _FORGOTTEN:
            getattr(self, name)[asset, which] = 0
        self.jumped_at[asset, which] = NEVER

    def state(self) -> State:
        """Return what a restart needs."""
        return {name: getattr(self, name) for name in _KEPT}

    def restore(self, state: State) -> None:
        """Take over a state."""
        for name in _KEPT:
            setattr(self, name, state[name].astype(getattr(self, name).dtype))
        known = self.faults
        self.faults = np.zeros((*known.shape[:2], len(FAULTS)), np.bool_)
        self.faults[..., : known.shape[2]] = known
        self._any_bad = bool(self.bad.any())


def disbelieved(said: Floats, believed: Floats, bad: Bools | None) -> Bools | None:
    """Mark what was said and is not believed; None where all is."""
    if believed is said:
        return bad
    doubted: Bools = np.isfinite(said) & ~np.isfinite(believed)
    return doubted if bad is None else doubted | bad
