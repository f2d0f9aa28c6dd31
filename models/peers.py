"""Peers: an asset against its like under the same conditions, for fleets too young for a history.

What an asset's channels read, averaged a little and adjusted to the usual operating point by what
all assets together have shown, is held against the median of the others of its class. The score is
1 where it is as many spreads of theirs away as `alone` says, widened where they are few (Student's
t). What moves all of them, as weather does, cancels out. Fewer than four others cannot judge.

A row is held against what the others had said by the end of the period before its own: neither the
order of rows within a period nor how they are cut into batches tells. Only where one batch brings
several periods of some assets out of order are the others' rows taken as they come.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from core.clock import DAY, HOUR, MINUTE
from core.plant import Asset, AssetClass, Mode
from core.quantity import Duration
from core.readings import Bools, Floats
from core.settings import Settings
from models.detector import Round, Scored, State
from models.learner import Kept, Told
from models.parts import parts
from models.peers_row import NEVER, Given, Lines, Own, Ranked, Shown, judge_rows, rank
from models.student import widening

CONFIDENCE = 2.5
"""At how many standard deviations it is made up for that peers are few."""

_SHOWN = "shown_"


class PeersSettings(Settings):
    """Each condition channel, against what the other assets of the class read at the same time.

    A row is compared with what others said before the `period` it is in, if that is not older than
    `within`. `least` others must be there; an asset judges after `warmup` readings. `smoothing` is
    the weight of a new reading in the running mean; `alone` says how many spreads of the others it
    may be away from their median. Channels in `ignore` take no part.
    """

    kind: Literal["peers"] = "peers"
    period: Duration = Field(default=MINUTE, ge=MINUTE // 60, le=HOUR)
    within: Duration = Field(default=HOUR, ge=MINUTE, le=7 * DAY)
    least: int = Field(default=4, ge=4, le=1000)
    warmup: int = Field(default=30, ge=10, le=5000)
    smoothing: float = Field(default=0.1, gt=0.01, le=1)
    alone: float = Field(default=4.0, ge=2, le=12)
    ignore: tuple[str, ...] = ()


class Peers:
    """Holds every asset of a class against the others, as they were a moment ago."""

    def __init__(
        self, settings: PeersSettings, asset_class: AssetClass, assets: tuple[Asset, ...]
    ) -> None:
        given = parts(asset_class, settings.ignore)
        self._judged, self._op = given.judged, given.operating
        count = len(assets)
        few = np.maximum(np.arange(count + 1) - 1.0, 1.0)
        self._given = Given(
            settings.period,
            settings.within,
            settings.smoothing,
            settings.alone,
            settings.least,
            settings.warmup,
            widening(few, CONFIDENCE),
        )
        self._warmup = settings.warmup
        self._kept = self._blank(count)
        self._ranked = _unranked(count, len(given.judged), len(given.operating))

    def score(self, rows: Round) -> Scored:
        """Judge rows against the others as they were before; changes nothing."""
        period = np.unique(rows.at // self._given.period)
        if len(period) == 1:
            return self._alone(rows, int(period[0]))
        kept = {name: array.copy() for name, array in self._kept.items()}
        self._rank()
        ranked = _copied(self._ranked)
        return self._run(rows, rows.asset, _own(kept), _shown(kept), ranked, rolls=True)

    def observe(self, rows: Round) -> None:
        """Take rows into what is known of their assets."""
        self.judge(rows)

    def judge(self, rows: Round) -> Scored:
        """Score and observe rows in time order; assets may repeat.

        It cannot be taken back for some assets only, since it also told others something: in a
        backtest its class is judged round by round.
        """
        self._rank()
        kept = self._kept
        return self._run(rows, rows.asset, _own(kept), _shown(kept), self._ranked, rolls=True)

    def learn(self, rows: Round, allowed: Bools) -> None:
        """Learn nothing more: the others are the lesson."""

    def readiness(self) -> Floats:
        """Tell how many of the readings that it takes could be compared."""
        done: Floats = np.minimum(self._kept["looks"] / self._warmup, 1.0)
        return done

    def forget(self, asset: int) -> None:
        """Forget what one asset said."""
        period = self._kept[_SHOWN + "period"]
        for name, row in self._blank(1).items():
            if self._kept[name] is not period:
                self._kept[name][asset] = row[0]
        self._ranked.period[0] = NEVER

    def state(self) -> State:
        """Return everything needed to go on."""
        return {name: array.copy() for name, array in self._kept.items()}

    def restore(self, state: State) -> None:
        """Take over a state."""
        self._kept = {
            name: np.array(state[name], kept.dtype).reshape(kept.shape)
            for name, kept in self._kept.items()
        }
        self._ranked.period[0] = NEVER

    def _alone(self, rows: Round, period: int) -> Scored:
        """Judge rows of one period: what they do to what is known of others does not tell."""
        own = Own(*(self._kept[name][rows.asset] for name in Own._fields))
        shown = _shown(self._kept)
        self._rank()
        ranked = self._ranked
        if len(shown.period) and period > shown.period[0] and not rows.repeated:
            later = {name: self._kept[name] for name in Shown._fields[:-1]}
            shown = Shown(**later, period=np.full_like(shown.period, period))
            ranked = _unranked(len(shown.now), len(self._judged), len(self._op))
            rank(self._given, shown, ranked)
        return self._run(rows, np.arange(len(rows.asset)), own, shown, ranked, rolls=False)

    def _rank(self) -> None:
        """Put the assets in order, where that was not done since they were restored."""
        shown = _shown(self._kept)
        if len(shown.period) and self._ranked.period[0] != shown.period[0]:
            rank(self._given, shown, self._ranked)

    def _run(
        self,
        rows: Round,
        slot: NDArray[np.intp],
        own: Own,
        shown: Shown,
        ranked: Ranked,
        *,
        rolls: bool,
    ) -> Scored:
        shape = rows.values.shape
        locked = np.zeros(shape[0], np.bool_) if rows.locked is None else rows.locked
        told = Told(
            np.full(shape[0], np.nan),
            np.zeros(shape),
            np.full(shape, np.nan),
            np.full(shape, np.nan),
        )
        lines = Lines(
            np.argsort(rows.at, kind="stable"),
            np.ascontiguousarray(rows.asset, np.intp),
            np.ascontiguousarray(slot, np.intp),
            np.ascontiguousarray(rows.at, np.int64),
            np.ascontiguousarray(rows.values, np.float64),
            rows.mode == Mode.RUNNING,
            np.ascontiguousarray(locked, np.bool_),
            rows.repeated,
        )
        judge_rows(lines, self._op, self._judged, self._given, own, shown, ranked, rolls, told)
        return Scored(*told)

    def _blank(self, assets: int) -> Kept:
        width, number = len(self._judged), len(self._op)
        sums = {
            "now": np.zeros((assets, width)),
            "ops": np.full((assets, number), np.nan),
            "said": np.full((assets, width), NEVER, np.int64),
            "gram": np.zeros((assets, number, number)),
            "cross": np.zeros((assets, number, width)),
            "power": np.zeros((assets, width)),
            "weight": np.zeros(assets),
        }
        kept: Kept = {_SHOWN + name: array.copy() for name, array in sums.items()} | sums
        kept[_SHOWN + "period"] = np.full(assets, NEVER, np.int64)
        kept["missing"] = np.zeros((assets, width), np.int64)
        kept["free"] = np.zeros(assets, np.bool_)
        kept["looks"] = np.zeros(assets, np.int64)
        kept["middle"] = np.zeros((assets, number))
        for name in ("noise", "usual", "latest"):
            kept[name] = np.zeros((assets, width))
        kept["level"] = np.full((assets, width), np.nan)
        return kept


def _own(kept: Kept) -> Own:
    return Own(*(kept[name] for name in Own._fields))


def _shown(kept: Kept) -> Shown:
    return Shown(*(kept[_SHOWN + name] for name in Shown._fields))


def _copied(ranked: Ranked) -> Ranked:
    kept = {name: array.copy() for name, array in ranked._asdict().items()}
    return Ranked(**kept)


def _unranked(assets: int, width: int, number: int) -> Ranked:
    return Ranked(
        np.full(1, NEVER, np.int64),
        np.zeros((width, assets)),
        np.zeros(width, np.int64),
        np.full((assets, width), -1, np.int64),
        np.zeros((number, width)),
        np.zeros((number, width)),
        np.zeros(number),
    )
