"""Silence: assets that should be heard and are not. Judged by ticks, while the link is up."""

from __future__ import annotations

import numpy as np

from core.clock import Instant, Span
from core.readings import Bools, Instants
from models.detector import State
from models.kernel import kernel
from service.watermark import Rows


class Silence:
    """Adds up for each asset of a class how long it was not heard while it could have been."""

    def __init__(self, assets: int, silent_after: Span) -> None:
        self._after = silent_after
        self._quiet = np.zeros(assets, np.int64)
        self.silent = np.zeros(assets, np.bool_)
        self._any = False

    def heard(self, asset: Rows) -> list[int]:
        """Note readings; returns the assets whose silence has ended."""
        self._quiet[asset] = 0
        if not self._any:
            return []
        ended = [int(number) for number in asset[self.silent[asset]]]
        self.silent[asset] = False
        self._any = bool(self.silent.any())
        return ended

    def restart(self, asset: int) -> None:
        """Count one asset's silence from now on, where it is not silent yet."""
        self._quiet[asset] = 0

    def tick(self, span: Span, after: Instants | None = None) -> list[int]:
        """Let connected time pass; returns the assets that have just become silent.

        `after` holds how long each asset may be quiet, where that is not the same for all.
        """
        self._quiet += span
        begun = (self._quiet >= (self._after if after is None else after)) & ~self.silent
        self.silent |= begun
        self._any = bool(self.silent.any())
        return [int(number) for number in np.flatnonzero(begun)]

    def pass_by(
        self, asset: Rows, at: Instants, ticks: Instants, spans: Instants, last_at: Instants
    ) -> tuple[list[int], list[tuple[int, int, Instant]]]:
        """Let readings come and connected time pass, each tick after the readings of its time.

        `spans` is how much time each tick is. Returns the rows that ended a silence, and which
        ticks let which assets fall silent, with when these were last heard.
        """
        most = len(asset) + len(self.silent)
        ended = np.empty(most, np.intp)
        begun, who = np.empty(most, np.intp), np.empty(most, np.intp)
        heard = np.empty(most, np.int64)
        kept = self._quiet, self.silent, last_at.copy(), self._after
        ends, begins = _pass_by(asset, at, ticks, spans, *kept, ended, begun, who, heard)
        self._any = bool(self.silent.any())
        told = zip(*(each[:begins].tolist() for each in (begun, who, heard)), strict=True)
        return ended[:ends].tolist(), list(told)

    def state(self) -> State:
        """Return what a restart needs."""
        return {"quiet": self._quiet, "silent": self.silent}

    def restore(self, state: State) -> None:
        """Take over a state."""
        self._quiet = state["quiet"].astype(np.int64)
        self.silent = state["silent"].astype(np.bool_)
        self._any = bool(self.silent.any())


@kernel
def _pass_by(
    asset: Rows,
    at: Instants,
    ticks: Instants,
    spans: Instants,
    quiet: Instants,
    silent: Bools,
    last_at: Instants,
    after: int,
    ended: Rows,
    begun: Rows,
    who: Rows,
    heard: Instants,
) -> tuple[int, int]:
    ends, begins, i = 0, 0, 0
    for t in range(len(ticks) + 1):
        while i < len(asset) and (t == len(ticks) or at[i] <= ticks[t]):
            a = asset[i]
            quiet[a] = 0
            if silent[a]:
                silent[a] = False
                ended[ends] = i
                ends += 1
            last_at[a] = at[i]
            i += 1
        if t == len(ticks) or spans[t] == 0:
            continue
        for a in range(len(quiet)):
            quiet[a] += spans[t]
            if quiet[a] >= after and not silent[a]:
                silent[a] = True
                begun[begins], who[begins], heard[begins] = t, a, last_at[a]
                begins += 1
    return ends, begins
