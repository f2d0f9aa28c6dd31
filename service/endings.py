"""Endings: whether work ended lives in failure or cut them short, for all that learn from it.

Work on a fault that was found in time is no failure: a machine that is replaced long before its
end, as it was advised, lasted at least so long, and that is all that is known. What people say
comes first. Where they say neither that work was planned nor that the machine had failed, its own
wear decides as it was at the work.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from core.casefile import LIFE, CaseFile
from core.clock import DAY, Instant, Span
from core.plant import AssetClass
from core.readings import Floats, Instants
from core.work import Ending, WorkEvent, ending
from models.detector import State
from service.rules import NEVER
from service.thinning import Thinned
from service.watermark import Rows

END = 0.1
"""At this health and below a machine has come to its end; docs/decisions/0039."""

LATE: Span = 2 * DAY
"""Of work that is told later than this nothing is known but a stretch at the end."""


def name_of(failure_mode: str) -> str:
    """Name the series in which it is kept whether machines were worn out when they were mended."""
    return f"{LIFE}{failure_mode}:worn_out"


def followed_in(asset_class: AssetClass) -> tuple[str, ...]:
    """Name the failure modes that machines of a class are followed in, by wear or by runs."""
    named = (getattr(one, "failure_mode", "") for one in (*asset_class.healths, asset_class.runs))
    return tuple(dict.fromkeys(mode for mode in named if mode))


class WornOut:
    """Knows of each asset when it was at its end in one failure mode, and how work found it."""

    def __init__(self, assets: int) -> None:
        self._first = np.full(assets, NEVER, np.int64)
        self._last = np.full(assets, NEVER, np.int64)
        self._since = np.full(assets, NEVER, np.int64)
        self._until = np.full(assets, NEVER, np.int64)
        self._at = np.full((assets, 1), NEVER, np.int64)
        self._found = np.zeros((assets, 1), np.bool_)

    def follow(self, asset: Rows, at: Instants, health: Floats) -> None:
        """Follow health at rows of event time; no asset comes twice."""
        known = np.isfinite(health)
        asset, at, worn = asset[known], at[known], health[known] <= END
        stands = (self._since[asset] != NEVER) & (self._until[asset] == NEVER)
        begins, ends = worn & ~stands, ~worn & stands
        self._since[asset[begins]], self._until[asset[begins]] = at[begins], NEVER
        self._until[asset[ends]] = at[ends]
        fresh = self._first[asset] == NEVER
        self._first[asset[fresh]] = at[fresh]
        self._last[asset] = at

    def note(self, asset: int, at: Instant, health: float) -> bool | None:
        """Keep how work at a moment found an asset, whose health is now this; None: not known."""
        worn = self._stood(asset, at, health)
        if worn is not None:
            free = np.flatnonzero((self._at[asset] == at) | (self._at[asset] == NEVER))
            if not len(free):
                empty = np.full((len(self._at), 1), NEVER, np.int64)
                self._at = np.concatenate([self._at, empty], axis=1)
                self._found = np.concatenate([self._found, np.zeros(empty.shape, np.bool_)], axis=1)
                free = np.array([self._at.shape[1] - 1])
            self._at[asset, free[0]], self._found[asset, free[0]] = at, worn
        return worn

    def of(self, asset: int, at: Instant) -> bool | None:
        """Tell whether work at a moment found an asset at its end; None where it is not known."""
        found = self._found[asset][self._at[asset] == at]
        return bool(found[0]) if len(found) else None

    def state(self) -> State:
        """Return what a restart needs."""
        return {
            "first": self._first.copy(),
            "last": self._last.copy(),
            "since": self._since.copy(),
            "until": self._until.copy(),
            "at": self._at.copy(),
            "found": self._found.copy(),
        }

    def restore(self, state: State) -> None:
        """Take over a state."""
        self._first, self._last = (state[name].astype(np.int64) for name in ("first", "last"))
        self._since, self._until = (state[name].astype(np.int64) for name in ("since", "until"))
        self._at = state["at"].astype(np.int64)
        self._found = state["found"].astype(np.bool_)

    def _stood(self, asset: int, at: Instant, health: float) -> bool | None:
        """Tell whether an asset was at its end at a moment, which may be past."""
        since, until = int(self._since[asset]), int(self._until[asset])
        if since != NEVER and since <= at and (until == NEVER or at < until):
            return True
        last = int(self._last[asset])
        if not np.isfinite(health) or (last != NEVER and last - at > LATE):
            return None
        if at >= last:
            return health <= END
        return False if self._first[asset] <= at else None


class Endings:
    """Tells what work came to for lives in the failure modes of one class.

    In `wear` machines are followed by wear; `followed` are those and that of a model of runs.
    """

    def __init__(self, assets: Sequence[str], wear: Sequence[str] = ()) -> None:
        self._assets = tuple(assets)
        self.worn = {mode: WornOut(len(self._assets)) for mode in wear}
        self.followed = tuple(wear)

    def of(self, failure_mode: str, asset: int, work: WorkEvent) -> Ending:
        """Tell what work on an asset, by number, came to for its life in a failure mode."""
        worn = self.worn.get(failure_mode)
        return ending(
            work,
            failure_mode,
            alone=self.followed == (failure_mode,),
            worn_out=None if worn is None else worn.of(asset, work.at),
        )

    def note(self, asset: int, work: WorkEvent, health: Mapping[str, float]) -> Iterator[Thinned]:
        """Take in by its health in each mode how work found an asset; gives what is to be kept."""
        for mode, worn in self.worn.items():
            if work.failure_mode in {"", mode}:
                found = worn.note(asset, work.at, health[mode])
                if found is not None:
                    at, one = np.array([work.at], np.int64), np.array([[float(found)]])
                    number = np.zeros(1, np.intp)
                    yield Thinned((self._assets[asset],), (name_of(mode),), number, at, one)


class Recorded:
    """Tells the same of one machine, up to its newest work, by what was kept in the case file."""

    def __init__(
        self, asset: str, asset_class: AssetClass, casefile: CaseFile, newest: Instant
    ) -> None:
        self._asset, self._casefile, self._newest = asset, casefile, newest
        self._followed = followed_in(asset_class)
        self._worn: dict[str, dict[Instant, bool]] = {}

    def of(self, failure_mode: str, work: WorkEvent) -> Ending:
        """Tell what work came to for a life in a failure mode."""
        if failure_mode not in self._worn:
            self._worn[failure_mode] = self._read(failure_mode)
        return ending(
            work,
            failure_mode,
            alone=self._followed == (failure_mode,),
            worn_out=self._worn[failure_mode].get(work.at),
        )

    def _read(self, failure_mode: str) -> dict[Instant, bool]:
        """Read how all work up to the newest found it."""
        name = (name_of(failure_mode),)
        kept = self._casefile.conditions(self._asset, name, 0, self._newest + 1)
        return dict(zip(kept.at.tolist(), (kept.values[:, 0] > 0).tolist(), strict=True))
