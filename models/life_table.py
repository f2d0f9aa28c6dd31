"""Lives as a table: between which ages each was watched, how it ended, what was known of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from core.errors import Refused
from core.life import CannotSay, declined
from core.readings import Bools, Floats

FEWEST = 5
"""So many failures must be known before anything is said of when the next comes."""


@dataclass(frozen=True, slots=True, eq=False)
class LifeTable:
    """Stretches of lives, one to a row.

    From age `start[n]` to age `stop[n]` a part was watched, in any one unit; a start above 0 is
    left truncation: had it failed before, it would not be in the table. `ended[n]` is 0 where it
    was whole at `stop`, whether it ran on or was taken out (censored), and k where it failed in its
    k-th mode. `covariates[n, p]`, by their `names`, hold throughout a row: a life whose covariates
    change takes several rows. Rows of one `group` may hang together. Unsound rows are refused.
    """

    start: Floats
    stop: Floats
    ended: NDArray[np.int64]
    covariates: Floats
    names: tuple[str, ...]
    group: NDArray[np.int64]

    def __post_init__(self) -> None:
        short = np.flatnonzero(~(self.stop > self.start) | ~(self.start >= 0))
        if len(short):
            row = int(short[0])
            msg = (
                f"row {row} of the lives goes from age {self.start[row]:g} to {self.stop[row]:g}; "
                "a row must start at 0 or later and stop after that"
            )
            raise Refused(msg)
        if self.covariates.shape != (len(self.stop), len(self.names)):
            msg = f"covariates of shape {self.covariates.shape} for {len(self.names)} names"
            raise Refused(msg)
        unknown = np.argwhere(~np.isfinite(self.covariates))
        if len(unknown):
            row, column = (int(place) for place in unknown[0])
            msg = f"row {row} of the lives: {self.names[column]} is not a number"
            raise Refused(msg)

    @property
    def failures(self) -> int:
        """Count the lives that ended in failure."""
        return int(np.count_nonzero(self.ended))

    def cause(self, mode: int) -> LifeTable:
        """Return the same lives as one failure mode sees them: ends in others are censored."""
        return replace(self, ended=np.where(self.ended == mode, 1, 0))

    def rows(self, chosen: Bools) -> LifeTable:
        """Return some of the rows."""
        return LifeTable(
            self.start[chosen],
            self.stop[chosen],
            self.ended[chosen],
            self.covariates[chosen],
            self.names,
            self.group[chosen],
        )

    def only(self, names: Collection[str]) -> LifeTable:
        """Return all rows with no other covariates than these."""
        kept = [name in names for name in self.names]
        left = tuple(name for name in self.names if name in names)
        return replace(self, covariates=self.covariates[:, kept], names=left)

    def standardised(self) -> tuple[Floats, Floats, Floats]:
        """Return covariates with mean 0 and spread 1 over watched time, their means and spreads.

        One that never changes gets the spread infinity, so it tells nothing.
        """
        share = (self.stop - self.start) / np.sum(self.stop - self.start)
        centre = share @ self.covariates
        spread = np.sqrt(share @ (self.covariates - centre) ** 2)
        spread = np.where(spread > 1e-9 * (1 + np.abs(centre)), spread, np.inf)
        return (self.covariates - centre) / spread, centre, spread


def too_few(table: LifeTable) -> CannotSay | None:
    """Say so where fewer failures are known than anything can be learned from."""
    known = table.failures
    if known >= FEWEST:
        return None
    seen = "no failure is known" if known == 0 else f"only {known} failures are known"
    words = "only one failure is known" if known == 1 else seen
    return declined("too_few_failures", f"{words}; {FEWEST} are needed")
