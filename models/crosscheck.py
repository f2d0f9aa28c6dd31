"""Crosscheck: judges each sensor of a machine by what its other channels imply.

It learns from the same healthy rows as the detectors, and its verdict on a row depends on what the
asset has said so far and on nothing else. `models/crosscheck_row.py` tells how, `models/lone.py`
what cannot be told from one channel alone. Seven ways in which a sensor lies are known to the
service; six of them, all but standing still, are judged here: drift, bias (a step), noise, spikes,
gaps, and two channels that are exchanged.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.plant import Asset, AssetClass, Mode
from core.readings import Bools, Floats, Instants
from models.baseline import Baseline, features, filled, fit, location, smooth
from models.crosscheck_row import check_rows
from models.crosscheck_state import (
    FOLLOWS,
    LEVEL,
    NOBODY,
    QUICK,
    SLOWEST,
    Judged,
    Known,
    Moving,
    Told,
)
from models.detector import Round, State
from models.lessons import Lessons
from models.lone import believed, company
from models.mewma import LearnSettings
from models.parts import parts

LIES = ("drift", "bias", "noise", "spikes", "gaps", "swapped")
"""The kinds of fault, by their numbers. New ones go to the end: a checkpoint holds them so."""

DOUBT = 2.0
"""How many times the variance that was seen while learning the room of a channel begins with."""

SETTLING = 30
"""So many learning rows are left out of that, while means settle."""

Lie = tuple[int, int, int, bool, int]
"""Row, channel, number of the kind, whether it began, and the channel that it is exchanged with.

That is itself where a drift or a bias ends since it has been the machine's.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Checked:
    """Rows without what is held to be a lie, and for each row what has departed.

    `lone` is the channel that departs alone, -1 for none, `sensor` whether by its sensor's doing,
    `mate` the channel that it is exchanged with, -1 for none. `several` marks where more than one
    departs. `barred[row, channel]` marks channels that are at fault, `gone` those of them that have
    only drifted or stepped. `low` and `high` bound where each channel is expected by the operating
    channels and its own past, NaN where that is not known.
    """

    values: Floats
    doubted: Bools
    lone: Instants
    mate: Instants
    sensor: Bools
    several: Bools
    barred: Bools
    gone: Bools
    low: Floats
    high: Floats
    lapses: list[Lie]

    def take(self, rows: slice) -> Checked:
        """Select rows, keeping their order; lapses stay out."""
        return Checked(
            self.values[rows], self.doubted[rows], self.lone[rows], self.mate[rows],
            self.sensor[rows], self.several[rows], self.barred[rows], self.gone[rows],
            self.low[rows], self.high[rows], [],
        )  # fmt: skip


class Crosscheck:
    """Follows every channel of every asset of a class."""

    def __init__(
        self, learn: LearnSettings, asset_class: AssetClass, assets: tuple[Asset, ...]
    ) -> None:
        given, sole = parts(asset_class), believed(asset_class)
        self._learn, self._op = learn, given.operating
        self._sure, self._over = given.sure, given.over
        self._judged = Judged(
            given.judged, sole.up, sole.down, sole.restless, company(asset_class),
            asset_class.stuck_after, asset_class.silent_after,
        )  # fmt: skip
        width = len(given.judged)
        self._lessons = Lessons(len(assets), width)
        self._kept = kept = _blank(len(assets), width, len(self._op))
        self._known = Known(**{name: kept[name] for name in Known._fields})
        self._moving = Moving(**{name: kept[name] for name in Moving._fields})

    @property
    def faults(self) -> Bools:
        """Tell which kinds of fault stand, by asset and channel."""
        found: Bools = self._kept["faults"]
        return found

    def check(self, row: Round, passed: Instants, heard: Bools) -> Checked:
        """Check rows in order of time, in which assets may repeat; `heard` marks what they carry.

        `row.values` are what is believed so far.
        """
        count, width = row.values.shape
        told = Told(
            np.array(row.values, np.float64, order="C"),
            np.zeros(count, np.bool_),
            np.full(count, NOBODY, np.int64),
            np.full(count, NOBODY, np.int64),
            np.zeros(count, np.bool_),
            np.zeros(count, np.bool_),
            np.zeros((count, width), np.bool_),
            np.full((count, width), np.nan),
            np.full((count, width), np.nan),
            np.empty((count * width * len(LIES), 5), np.int64),
        )
        lapses = check_rows(
            np.ascontiguousarray(row.asset, np.intp), passed, np.ascontiguousarray(heard),
            row.mode == Mode.RUNNING, self._op, self._judged, self._known, self._moving, told,
        )  # fmt: skip
        barred = ~np.isnan(row.values) & np.isnan(told.values)
        found = [(i, k, kind, bool(on), mate) for i, k, kind, on, mate in told.lapses[:lapses]]
        values = told.values if told.doubted.any() else row.values
        return Checked(
            values, told.doubted, *told[2:6], barred, told.gone, told.low, told.high, found
        )

    def learn(self, row: Round, allowed: Bools) -> None:
        """Add healthy rows; an asset whose lessons are complete is fitted at once."""
        learned = self._kept["learned"][row.asset]
        if learned.all():
            return
        said = (~np.isnan(row.values) & self._judged.candidates).any(axis=1)
        for i in np.flatnonzero(allowed & said & ~learned):
            asset = int(row.asset[i])
            self._lessons.add(asset, int(row.at[i]), row.values[i])
            if self._learn.complete(self._lessons, asset):
                self._fit(asset)

    def readiness(self) -> Floats:
        """Tell per asset how much of the learning is done."""
        done = self._learn.progress(self._lessons)
        return np.where(self._kept["learned"], 1.0, done)

    def forget(self, asset: int) -> None:
        """Learn one asset anew."""
        self._lessons.drop(asset)
        self._put(asset, _blank(1, len(self._judged.candidates), len(self._op)))

    def reset(self, asset: int, channel: int) -> None:
        """Take one channel of an asset for sound, and expect it where it was before its fault.

        A lie that persists is found anew.
        """
        kept = self._kept
        mate = int(kept["mate"][asset, channel])
        for k in {channel, channel if mate == NOBODY else mate}:
            for name in ("faults", "lasted", "rows"):
                kept[name][asset, k] = 0
            kept["level"][asset, k] = kept["quick"][asset, k] = kept["ref"][asset, k]
            kept["rising"][asset, k] = kept["wild"][asset, k] = 0
            kept["proved"][asset, k] = False
            kept["scatter"][asset, k], kept["mate"][asset, k] = 1.0, NOBODY
            kept["spikes"][asset, k] = kept["gaps"][asset, k] = 0.0

    def clear(self, assets: Iterable[int]) -> None:
        """Take all channels of some assets for sound; what was learned stays."""
        for asset in assets:
            for channel in range(len(self._judged.candidates)):
                self.reset(asset, channel)

    def state(self) -> State:
        """Return everything needed to go on."""
        return {name: kept.copy() for name, kept in self._kept.items()} | self._lessons.state()

    def restore(self, state: State) -> None:
        """Take over a state; what it does not know of is not there."""
        for name, kept in self._kept.items():
            if name == "proved" and name not in state:
                kept[...] = False  # the release before kept none
                continue
            saved = state[name].astype(kept.dtype)
            if kept.ndim == 3 and name != "weights":
                kept[...] = 0
                kept[..., : saved.shape[2]] = saved
            else:
                kept[...] = saved.reshape(kept.shape)
        self._lessons.restore(state)

    def _put(self, asset: int, one: dict[str, NDArray[Any]]) -> None:
        for name, row in one.items():
            self._kept[name][asset] = row[0]

    def _fit(self, asset: int) -> None:
        rows, span = self._lessons.rows(asset), self._lessons.span(asset)
        operating, candidates = rows[:, self._op], self._judged.candidates
        base = fit(rows, operating, candidates, LEVEL, self._sure, self._over)
        one = _blank(1, rows.shape[1], len(self._op))
        for name in ("judged", "centre", "spread", "op_centre", "op_spread", "weights"):
            one[name][0] = getattr(base, name)
        residual = _residual(base, rows, self._op)
        for name, found in _course(residual, span / max(len(rows) - 1, 1)).items():
            one[name][0] = found
        one["gaps"][0] = np.isnan(rows).mean(axis=0)
        one["operating"][0] = filled(rows[:, self._op])[-1]
        one["learned"][0] = True
        self._put(asset, one)
        self._lessons.drop(asset)


def learning(asset_class: AssetClass) -> LearnSettings | None:
    """Find how long a class's detectors learn; None where none does, or nothing could be compared.

    Two channels at least must be there to be held against each other.
    """
    found = [getattr(named.settings, "learn", None) for named in asset_class.detectors]
    learns = [one for one in found if isinstance(one, LearnSettings)]
    return learns[0] if learns and parts(asset_class).judged.sum() >= 2 else None


def _residual(base: Baseline, rows: Floats, op: Sequence[int] | NDArray[np.intp]) -> Floats:
    """Work out what operating channels do not explain, standardised."""
    design = features((filled(rows[:, op]) - base.op_centre) / base.op_spread)
    standard = (filled(rows) - base.centre) / base.spread
    found: Floats = standard - np.einsum("np,pk->nk", design, base.weights)
    return found


def _course(residual: Floats, step: float) -> dict[str, Floats]:
    """Take means and references down the learning rows, `step` apart; returns where they end."""
    rate = min(FOLLOWS, step / SLOWEST)
    quick = smooth(residual, QUICK)
    quiet = np.maximum(location(residual[1:] - quick[:-1])[1] ** 2, 1e-12)
    far = 5.0 * np.sqrt(quiet)
    level = smooth(np.clip(residual, quick - far, quick + far), LEVEL)
    ref = smooth(level, rate)
    apart = (level - ref)[min(SETTLING, len(residual) // 4) :]
    least = quiet * LEVEL / (2 - LEVEL)
    _, spread = location(apart)
    return {
        "quiet": quiet,
        "quick": quick[-1],
        "level": level[-1],
        "ref": ref[-1],
        "room": DOUBT * np.maximum(spread**2, least),
    }


def _blank(assets: int, channels: int, operating: int) -> dict[str, NDArray[Any]]:
    """Make the state of assets that have learned nothing."""
    shape = (assets, channels)
    kept: dict[str, NDArray[Any]] = {
        "learned": np.zeros(assets, np.bool_),
        "pending": np.zeros(assets, np.bool_),
        "judged": np.zeros(shape, np.bool_),
        "op_centre": np.zeros((assets, operating)),
        "op_spread": np.ones((assets, operating)),
        "operating": np.full((assets, operating), np.nan),
        "weights": np.zeros((assets, 2 * operating, channels)),
        "mate": np.full(shape, NOBODY, np.int64),
        "faults": np.zeros((*shape, len(LIES)), np.bool_),
        "proved": np.zeros(shape, np.bool_),
    }
    for name in ("centre", "level", "ref", "quick", "spikes", "gaps"):
        kept[name] = np.zeros(shape)
    for name in ("spread", "quiet", "room", "scatter"):
        kept[name] = np.ones(shape)
    for name in ("wild", "rising"):
        kept[name] = np.zeros(shape, np.int64)
    for name in ("lasted", "rows"):
        kept[name] = np.zeros((*shape, len(LIES)), np.int64)
    return kept
