"""Multivariate detector: smoothed residuals of all channels together, learned per asset.

Each asset's first healthy running gives its baseline (`models/baseline.py`). From then on the
residuals are averaged exponentially (MEWMA). The score is the greater of two: how far they are
away all together (`models/distance.py`), against a line that was checked on healthy time kept back
from the fit; and how far a channel has left its habits at once (`models/change.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from core.clock import DAY
from core.plant import Asset, AssetClass, Mode
from core.quantity import Duration
from core.readings import Bools, Floats
from core.settings import Settings
from models.alarmline import alarm_line
from models.baseline import distant, features, fit, reach
from models.change import AT_ONCE, SLOWER, Habit, departure
from models.detector import Round, Scored, State
from models.distance import ALONE, judge, share
from models.lessons import Lessons
from models.parts import parts

STALE = 20
"""For how many readings a channel that is missing is judged by what it last said."""

NORMAL_NOISE = 2.0
"""The expected band is at least so many standard deviations of single readings to each side."""


class LearnSettings(Settings):
    """How much healthy running is learned from.

    Learning is done after `rows` readings, or once they span `span` and are at least `min_rows`.
    """

    rows: int = Field(default=400, ge=40, le=5000)
    min_rows: int = Field(default=50, ge=40)
    span: Duration = 2 * DAY

    @model_validator(mode="after")
    def _in_order(self) -> LearnSettings:
        if self.min_rows > self.rows and "min_rows" in self.model_fields_set:
            msg = f"min_rows ({self.min_rows}) must not be above rows ({self.rows})"
            raise ValueError(msg)
        return self

    def complete(self, lessons: Lessons, asset: int) -> bool:
        """Tell whether an asset has enough lessons."""
        count = int(lessons.count[asset])
        if count >= self.rows:
            return True
        return count >= self.min_rows and lessons.span(asset) >= self.span

    def progress(self, lessons: Lessons) -> Floats:
        """Tell per asset how much of the lessons is there, below 1."""
        by_rows = lessons.count / self.rows
        by_span = lessons.spans() / max(self.span, 1)
        sooner = np.minimum(by_span, lessons.count / min(self.min_rows, self.rows))
        done: Floats = np.minimum(np.maximum(by_rows, sooner), 0.99)
        return done


class MewmaSettings(Settings):
    """Deviation of all channels together from what was learned of the same machine.

    `smoothing` is the weight of a new reading in the running mean. The score is the lowest of
    the last `hold` readings; a rule's `on_delay` of a few readings does the same. Channels in
    `ignore` take no part.
    """

    kind: Literal["mewma"] = "mewma"
    learn: LearnSettings = LearnSettings()
    smoothing: float = Field(default=0.2, gt=0.01, le=1)
    hold: int = Field(default=1, ge=1, le=100)
    ignore: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class _Moved:
    """Where the live rows of a round lead: rows, their assets, and the accumulations after them."""

    rows: NDArray[np.intp]
    asset: NDArray[np.intp]
    operating: Floats
    standard: Floats
    expected: Floats
    smoothed: Floats
    missing: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class _Judged:
    """What is thought of moved rows: `room` is the variance that each channel may have."""

    score: Floats
    blame: Floats
    usable: Bools
    room: Floats
    habit: Habit


class Mewma:
    """Learns each asset's healthy running and scores how far it has moved away from it."""

    def __init__(
        self, settings: MewmaSettings, asset_class: AssetClass, assets: tuple[Asset, ...]
    ) -> None:
        names = asset_class.channel_names
        given = parts(asset_class, settings.ignore)
        self._settings = settings
        self._op, self._sure = given.operating, given.sure
        self._candidates: Bools = given.judged
        self._lessons = Lessons(len(assets), len(names))
        self._kept = _blank(len(assets), len(names), len(self._op), settings.hold)

    def score(self, rows: Round) -> Scored:
        """Judge rows against what was learned."""
        shape = rows.values.shape
        value = np.full(shape[0], np.nan)
        blame, low, high = np.zeros(shape), np.full(shape, np.nan), np.full(shape, np.nan)
        moved = self._moved(rows)
        if moved is not None:
            at = moved.rows
            judged = self._judged(rows, moved)
            recent = self._kept["recent"][moved.asset]
            value[at] = np.minimum(judged.score, recent.min(axis=1, initial=np.inf))
            known = ~np.isnan(judged.score)[:, None]
            blame[at] = np.where(known, judged.blame, 0.0)
            least, most = self._band(moved, judged)
            shown = judged.usable & known
            low[at], high[at] = np.where(shown, least, np.nan), np.where(shown, most, np.nan)
        return Scored(value, blame, low, high)

    def observe(self, rows: Round) -> None:
        """Move the smoothing forward; it stands still while a machine does not run.

        After a stop the slow mean says little of where the machine lately was, until it has been
        running for as long as that mean reaches back.
        """
        kept = self._kept
        kept["stale"][rows.asset[rows.mode != Mode.RUNNING]] = 1.0
        moved = self._moved(rows)
        if moved is None:
            return
        kept["stale"][moved.asset] *= 1 - SLOWER * self._settings.smoothing
        if self._settings.hold > 1:
            now = self._judged(rows, moved).score[:, None]
            recent = kept["recent"][moved.asset]
            shifted = np.concatenate([recent[:, 1:], now], axis=1)
            kept["recent"][moved.asset] = np.where(np.isnan(now), recent, shifted)
        kept["smoothed"][moved.asset] = moved.smoothed
        kept["missing"][moved.asset] = moved.missing
        kept["operating"][moved.asset] = moved.operating

    def learn(self, rows: Round, allowed: Bools) -> None:
        """Add healthy rows; an asset whose lessons are complete is fitted at once.

        One that has learned only lets its slow mean follow, and not even that once locked.
        """
        learned = self._kept["learned"][rows.asset]
        self._follow(rows.asset[allowed & learned & (rows.mode == Mode.RUNNING)])
        if learned.all():
            return
        said = (~np.isnan(rows.values) & self._candidates).any(axis=1)
        for i in np.flatnonzero(allowed & said & ~learned):
            asset = int(rows.asset[i])
            self._lessons.add(asset, int(rows.at[i]), rows.values[i])
            if self._settings.learn.complete(self._lessons, asset):
                self._fit(asset)

    def _follow(self, asset: NDArray[np.intp]) -> None:
        slow = self._kept["slow"][asset]
        rate = SLOWER * self._settings.smoothing
        self._kept["slow"][asset] = slow + rate * (self._kept["smoothed"][asset] - slow)

    def readiness(self) -> Floats:
        """Tell how much of the learning is done."""
        done = self._settings.learn.progress(self._lessons)
        return np.where(self._kept["learned"], 1.0, done)

    def forget(self, asset: int) -> None:
        """Learn one asset anew."""
        self._lessons.drop(asset)
        blank = _blank(1, len(self._candidates), len(self._op), self._settings.hold)
        for name, row in blank.items():
            self._kept[name][asset] = row[0]

    def state(self) -> State:
        """Return everything needed to go on."""
        return {name: kept.copy() for name, kept in self._kept.items()} | self._lessons.state()

    def restore(self, state: State) -> None:
        """Take over a state."""
        self._kept = {
            name: state[name].astype(kept.dtype).reshape(kept.shape)
            for name, kept in self._kept.items()
        }
        self._lessons.restore(state)

    def _fit(self, asset: int) -> None:
        settings = self._settings
        rows = self._lessons.rows(asset)
        operating = rows[:, self._op]
        given = (rows, operating, self._candidates, settings.smoothing, self._sure)
        base = fit(*given)
        kept = self._kept
        for name in _FITTED:
            kept[name][asset] = getattr(base, name)
        for name in _HABIT:
            kept[name][asset] = getattr(base.habit, name)
        kept["line"][asset] = alarm_line(*given)
        kept["smoothed"][asset] = base.smoothed[-1]
        kept["missing"][asset] = 0
        kept["operating"][asset] = last(operating)
        kept["recent"][asset] = kept["stale"][asset] = 0.0
        kept["learned"][asset] = True
        self._lessons.drop(asset)

    def _moved(self, rows: Round) -> _Moved | None:
        """Work out the smoothing after the rows that can be judged; None where none can."""
        kept = self._kept
        live = np.flatnonzero((rows.mode == Mode.RUNNING) & kept["learned"][rows.asset])
        if not len(live):
            return None
        asset, values = rows.asset[live], rows.values[live]
        told = values[:, self._op]
        operating = np.where(np.isnan(told), kept["operating"][asset], told)
        standard = (operating - kept["op_centre"][asset]) / kept["op_spread"][asset]
        design = features(standard)
        spread = kept["spread"][asset]
        shift = np.zeros(values.shape)
        for p in range(design.shape[1]):
            shift = shift + design[:, p, None] * kept["weights"][asset, p]
        expected = kept["centre"][asset] + shift * spread
        residual = (values - expected) / spread
        far = reach(kept["noise"][asset], np.einsum("rkk->rk", kept["cov"][asset]))
        before = kept["smoothed"][asset]
        step = np.clip(residual, -far, far) - before
        silent = np.isnan(residual) | rows.repeated
        smoothed = np.where(silent, before, before + self._settings.smoothing * step)
        missing = np.where(silent, kept["missing"][asset] + (not rows.repeated), 0)
        return _Moved(live, asset, operating, standard, expected, smoothed, missing)

    def _judged(self, rows: Round, moved: _Moved) -> _Judged:
        """Score moved rows, by distance and by change."""
        kept, asset = self._kept, moved.asset
        known: Bools = ~np.isnan(rows.values[moved.rows]) & self._candidates
        said: Bools = np.asarray(known.any(axis=1))
        usable = kept["judged"][asset] & (moved.missing <= STALE) & said[:, None]
        doubt = self._leverage(moved)[:, None] * kept["lean"][asset]
        cov = kept["cov"][asset].copy()
        for k in range(doubt.shape[1]):
            cov[:, k, k] += doubt[:, k]
        distance, blame = judge(moved.smoothed, cov, usable)
        distance = distance / kept["line"][asset]
        room = np.einsum("rkk->rk", cov)
        change = kept["change"][asset] + doubt + kept["stale"][asset][:, None] * room
        habit = Habit(kept["low"][asset], kept["high"][asset], change, kept["slow"][asset])
        left = departure(moved.smoothed, habit, usable)
        at_once = left.max(axis=1)
        sudden = (at_once > distance)[:, None]
        blame = np.where(sudden, share(left**2, usable), blame)
        score = np.where(np.isnan(distance), np.nan, np.fmax(distance, at_once))
        return _Judged(score, blame, usable, room, habit)

    def _leverage(self, moved: _Moved) -> Floats:
        """Tell how far the operating point is from those that were learned."""
        precision, design = self._kept["precision"][moved.asset], distant(moved.standard)
        lever = np.zeros(len(moved.asset))
        for p in range(design.shape[1]):
            for q in range(design.shape[1]):
                lever = lever + design[:, p] * precision[:, p, q] * design[:, q]
        return lever

    def _band(self, moved: _Moved, judged: _Judged) -> tuple[Floats, Floats]:
        """Say between what values each channel should have read."""
        kept, habit = self._kept, judged.habit
        noise = NORMAL_NOISE * np.sqrt(kept["noise"][moved.asset])
        far = kept["line"][moved.asset][:, None] * ALONE * np.sqrt(judged.room)
        quick = AT_ONCE * np.sqrt(habit.change)
        least = np.maximum(-far, np.minimum(habit.low, habit.slow - quick))
        most = np.minimum(far, np.maximum(habit.high, habit.slow + quick))
        spread = kept["spread"][moved.asset]
        low = moved.expected + np.minimum(least, -noise) * spread
        high = moved.expected + np.maximum(most, noise) * spread
        return low, high


_FITTED = (
    "centre", "spread", "judged", "op_centre", "op_spread", "weights", "precision", "cov", "noise",
    "lean",
)  # fmt: skip
_HABIT = ("low", "high", "change", "slow")


def _blank(assets: int, channels: int, operating: int, hold: int) -> dict[str, NDArray[Any]]:
    """Make the state of assets that have learned nothing."""
    width = 2 * operating
    return {
        "learned": np.zeros(assets, np.bool_),
        "centre": np.zeros((assets, channels)),
        "spread": np.ones((assets, channels)),
        "judged": np.zeros((assets, channels), np.bool_),
        "op_centre": np.zeros((assets, operating)),
        "op_spread": np.ones((assets, operating)),
        "weights": np.zeros((assets, width, channels)),
        "precision": np.zeros((assets, width, width)),
        "cov": np.tile(np.eye(channels), (assets, 1, 1)),
        "noise": np.ones((assets, channels)),
        "lean": np.ones((assets, channels)),
        "line": np.ones(assets),
        "stale": np.zeros(assets),
        **{name: np.zeros((assets, channels)) for name in _HABIT},
        "smoothed": np.zeros((assets, channels)),
        "missing": np.zeros((assets, channels), np.int64),
        "operating": np.full((assets, operating), np.nan),
        "recent": np.full((assets, hold - 1), np.inf),
    }


def last(operating: Floats) -> Floats:
    """Find what each operating channel last said."""
    known = ~np.isnan(operating)
    latest = len(operating) - 1 - np.argmax(known[::-1], axis=0)
    found: Floats = operating[latest, np.arange(operating.shape[1])]
    return found
