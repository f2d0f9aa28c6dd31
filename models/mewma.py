"""Multivariate detector: smoothed residuals of all channels together, learned per asset.

Each asset's first healthy running gives its baseline (`models/baseline.py`). From then on the
residuals are averaged exponentially (MEWMA). The score is the greater of two: how far they are
away all together (`models/distance.py`), against a line that was checked on healthy time kept back
from the fit; and how far a channel has left its habits at once (`models/change.py`).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from core.clock import DAY
from core.plant import Asset, AssetClass, Mode
from core.quantity import Duration
from core.readings import Bools, Floats
from core.settings import Settings
from models.alarmline import alarm_line
from models.baseline import fit
from models.detector import Round, Scored, State
from models.learner import Told
from models.lessons import Lessons
from models.mewma_row import Known, Moving, judge_rows, scratch
from models.packed import Kept, alike, distinct, packed, put_back
from models.parts import parts


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


class Mewma:
    """Learns each asset's healthy running and scores how far it has moved away from it."""

    def __init__(
        self, settings: MewmaSettings, asset_class: AssetClass, assets: tuple[Asset, ...]
    ) -> None:
        names = asset_class.channel_names
        given = parts(asset_class, settings.ignore)
        self._settings = settings
        self._op, self._sure, self._over = given.operating, given.sure, given.over
        self._candidates: Bools = given.judged
        self._lessons = Lessons(len(assets), len(names))
        self._kept = _blank(len(assets), len(names), len(self._op), settings.hold)
        self._known = Known(*(alike(self._kept[name]) for name in Known._fields))
        self._moving = _moving(self._kept)

    def score(self, rows: Round) -> Scored:
        """Judge rows against what was learned."""
        if distinct(rows.asset):
            return put_back(self._kept, Moving._fields, rows.asset, lambda: self.judge(rows))
        unmoved = packed({name: self._kept[name][rows.asset] for name in Moving._fields}, _APART)
        return self._judge(rows, np.arange(len(rows.asset)), _moving(unmoved))

    def observe(self, rows: Round) -> None:
        """Move the smoothing forward; it stands still while a machine does not run.

        After a stop the slow mean says little of where the machine lately was, until it has been
        running for as long as that mean reaches back. Where a row is locked, the slow mean stands.
        """
        self._judge(rows, rows.asset, self._moving)

    def judge(self, rows: Round) -> Scored:
        """Score and observe rows in time order; assets may repeat."""
        return self._judge(rows, rows.asset, self._moving)

    def moving(self) -> State:
        """Return what `judge` moves, to be kept and put back by whoever tries something."""
        return {name: self._kept[name] for name in Moving._fields}

    def learn(self, rows: Round, allowed: Bools) -> None:
        """Add healthy rows; an asset whose lessons are complete is fitted at once."""
        learned = self._kept["learned"][rows.asset]
        if learned.all():
            return
        said = (~np.isnan(rows.values) & self._candidates).any(axis=1)
        for i in np.flatnonzero(allowed & said & ~learned):
            asset = int(rows.asset[i])
            self._lessons.add(asset, int(rows.at[i]), rows.values[i])
            if self._settings.learn.complete(self._lessons, asset):
                self._fit(asset)

    def _judge(self, rows: Round, slot: NDArray[np.intp], moving: Moving) -> Scored:
        shape = rows.values.shape
        told = Told(
            np.full(shape[0], np.nan),
            np.zeros(shape),
            np.full(shape, np.nan),
            np.full(shape, np.nan),
        )
        judge_rows(
            rows.asset,
            slot,
            np.ascontiguousarray(rows.values, np.float64),
            rows.mode == Mode.RUNNING,
            np.zeros(shape[0], np.bool_) if rows.locked is None else rows.locked,
            rows.repeated,
            self._op,
            self._candidates,
            self._settings.smoothing,
            self._known,
            moving,
            scratch(shape[1], len(self._op)),
            told,
        )
        return Scored(*told)

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
        """Take over a state; one of an older release has no inverse yet."""
        if "inverse" not in state:
            state = state | {"inverse": np.linalg.inv(state["cov"].astype(np.float64))}
        for name, kept in self._kept.items():
            kept[...] = state[name].astype(kept.dtype).reshape(kept.shape)
        self._lessons.restore(state)

    def _fit(self, asset: int) -> None:
        settings = self._settings
        rows = self._lessons.rows(asset)
        operating = rows[:, self._op]
        given = (rows, operating, self._candidates, settings.smoothing, self._sure, self._over)
        base = fit(*given)
        kept = self._kept
        for name in _FITTED:
            kept[name][asset] = getattr(base, name)
        for name in _HABIT:
            kept[name][asset] = getattr(base.habit, name)
        kept["inverse"][asset] = np.linalg.inv(base.cov)
        kept["line"][asset] = alarm_line(*given)
        kept["smoothed"][asset] = base.smoothed[-1]
        kept["missing"][asset] = 0
        kept["operating"][asset] = last(operating)
        kept["recent"][asset] = kept["stale"][asset] = 0.0
        kept["learned"][asset] = True
        self._lessons.drop(asset)


def _moving(kept: Kept) -> Moving:
    """Show what moves to the compiled loop."""
    return Moving(*(alike(kept[name]) for name in Moving._fields))


_FITTED = (
    "centre", "spread", "judged", "op_centre", "op_spread", "weights", "precision", "cov", "noise",
    "lean",
)  # fmt: skip
_APART = ("recent",)
_HABIT = ("low", "high", "change", "slow")


def _blank(assets: int, channels: int, operating: int, hold: int) -> Kept:
    """Make the state of assets that have learned nothing."""
    width = 2 * operating
    kept: Kept = {
        "learned": np.zeros(assets, np.bool_),
        "centre": np.zeros((assets, channels)),
        "spread": np.ones((assets, channels)),
        "judged": np.zeros((assets, channels), np.bool_),
        "op_centre": np.zeros((assets, operating)),
        "op_spread": np.ones((assets, operating)),
        "weights": np.zeros((assets, width, channels)),
        "precision": np.zeros((assets, width, width)),
        "cov": np.tile(np.eye(channels), (assets, 1, 1)),
        "inverse": np.tile(np.eye(channels), (assets, 1, 1)),
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
    return packed(kept, apart=_APART)


def last(operating: Floats) -> Floats:
    """Find what each operating channel last said."""
    known = ~np.isnan(operating)
    latest = len(operating) - 1 - np.argmax(known[::-1], axis=0)
    found: Floats = operating[latest, np.arange(operating.shape[1])]
    return found
