"""A recording of one asset, judged: it learns from the first rows, or others, and judges the rest.

Arrays in, arrays out; what is fed in pieces gives what it gives at once, bit for bit. This is what
`millwright score` does, and what benchmarks on recordings measure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.clock import Span
from core.plant import Asset, AssetClass, Channel, Mode, NamedDetector, Treatment
from core.readings import Bools, Floats, Instants
from core.settings import Settings
from models.course import judge
from models.detector import Detector, Round, Scored
from models.ensemble import EnsembleSettings
from models.grade import Grade, grade, used
from models.recording_regimes import InRegimes, RecordingRegimes
from models.regime_row import NONE
from models.registry import build
from models.resting import Resting, RestWatch, resting
from models.single import SingleSettings

Modes = NDArray[np.int8]

LINE = 1.0
"""From this score on a row is an alarm."""

FEWEST = 40
"""Fewer rows teach nothing."""

SHARE, AT_LEAST, AT_MOST = 0.15, 100, 20_000
"""By default this share of the rows is learned from, but at least and at most so many."""


LONE = 750
"""A lone channel needs no more rows before it is judged; as in the Numenta anomaly benchmark."""

LEAST_SEEN, MOST_SEEN = 50, 150
"""After how many readings a lone channel is held against what was seen of it."""


class Standing(IntEnum):
    """What can be said of a row."""

    LEARNING = 0
    OK = 1
    CANNOT_JUDGE = 2


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """Rows and what is said of them: `value` is 1.0 at the line, NaN where `state` is not OK.

    `state[i]` is a `Standing`, `mode[i]` a `core.plant.Mode`, `regime[i]` the number of the running
    regime from 0 on, below 0 where there is none or only one. `blame[i, k]` sums to 1 where a row
    is judged; `low` and `high` bound what each channel should have read, NaN without an opinion.
    """

    value: Floats
    alarm: Bools
    state: NDArray[np.int8]
    mode: Modes
    blame: Floats
    low: Floats
    high: Floats
    regime: NDArray[np.int64]


def warmup(rows: int, share: float = SHARE, channels: int = 2) -> int:
    """Tell from how many of an asset's rows it learns, where nobody says so.

    Not more than half of them because of the least that is good: a recording of which nothing is
    judged helps nobody.
    """
    least = max(min(AT_LEAST, rows // 2), min(FEWEST, rows))
    return min(max(int(rows * share), least), AT_MOST if channels > 1 else LONE)


def score(
    train: Floats,
    rows: Floats,
    names: Sequence[str],
    settings: Settings | None = None,
    *,
    at: Instants,
) -> Judged:
    """Learn from `train[m, k]` and judge `rows[n, k]`, which follow it; `at[m + n]` are the times.

    Without settings the default detector for so many channels is used.
    """
    recording = Recording(names, len(train), settings)
    recording.feed(at[: len(train)], train)
    return recording.feed(at[len(train) :], rows)


class Recording:
    """Takes the rows of one asset in time order, piece by piece, and says what it thinks of each.

    The first `learn` rows are learned from. What was learned from shows in `grades`, and whether
    that was enough in `trouble`, empty where it was; `rests` says how the machine was seen to rest,
    `regimes` how it runs, and `span` how long the learning took.
    """

    def __init__(self, names: Sequence[str], learn: int, settings: Settings | None = None) -> None:
        self._names = tuple(names)
        self._learn = learn
        self._settings = settings
        self._kept: list[tuple[Instants, Floats]] = []
        self._count = 0
        self._detector: Detector | None = None
        self._watch = RestWatch(None)
        self.regimes = RecordingRegimes()
        self.grades: tuple[Grade, ...] = ()
        self.rests: Resting | None = None
        self.span: Span = 0
        self.kind = ""
        self.trouble = "there was nothing to learn from"

    def feed(self, at: Instants, values: Floats) -> Judged:
        """Take rows `values[n, k]`, NaN where missing, and judge those beyond the learning."""
        left = max(self._learn - self._count, 0)
        early = min(left, len(at))
        self._count += len(at)
        if left:
            self._kept.append((at[:early].copy(), values[:early].copy()))
            if early == left:
                self.fit()
        mode = self._watch.update(values[early:])
        if early == left and self.trouble:
            more = self._wait(at[early:], values[early:], mode)
            early, mode = early + more, mode[more:]
        if early == len(at):
            return self._unjudged(early, Standing.LEARNING)
        late = self._judge(at[early:], values[early:], mode)
        return late if not early else _joined(self._unjudged(early, Standing.LEARNING), late)

    def fit(self) -> None:
        """Learn from the rows that were kept for it, however few came."""
        kept, self._kept = self._kept, []
        width = len(self._names)
        at = np.concatenate([part[0] for part in kept]) if kept else np.zeros(0, np.int64)
        values = np.concatenate([part[1] for part in kept]) if kept else np.zeros((0, width))
        self._learn = min(self._learn, self._count)
        self.span = int(at[-1] - at[0]) if len(at) else 0
        self.rests = resting(values)
        self._watch = RestWatch(self.rests)
        mode = self._watch.update(values)
        running = mode == Mode.RUNNING
        self.grades = grade(values[running], at[running], self._names)
        speaking = np.isfinite(values).any(axis=1)
        at, values, mode = at[speaking], values[speaking], mode[speaking]
        count = int((mode == Mode.RUNNING).sum())
        self.trouble = self._too_little(count)
        if self.trouble:
            return
        chosen = self._settings or self._default(len(at))
        self.kind = str(getattr(chosen, "kind", ""))
        self._detector = self._built(chosen, count)
        self._appraise()
        taken = self._wait(at, values, mode)
        self.regimes.learn(at, values, mode, self.grades)
        if not self.trouble:  # what it has yet to see, it only observes
            judge(self._detector, _round(at[taken:], values[taken:], mode[taken:]))

    def _default(self, rows: int) -> Settings:
        """Choose: several channels are judged by the ensemble, a lone one by what is new in it."""
        if used(self.grades).sum() > 1:
            return EnsembleSettings()
        return SingleSettings(warmup=min(max(rows, LEAST_SEEN), MOST_SEEN))

    def _built(self, chosen: Settings, rows: int) -> Detector:
        named = NamedDetector("recording", sized(chosen, rows))
        try:
            return build(named, _class(self.grades), (_ASSET,))
        except ValueError as error:
            raise SettingsMisfit(str(error)) from error

    def finish(self) -> None:
        """Grade what there was where the recording ended before its learning was over."""
        if self._kept:
            self.fit()
            self.trouble = "it ended while learning"

    def _wait(self, at: Instants, values: Floats, mode: Modes) -> int:
        """Let a detector that is not ready yet see more rows; returns how many it took."""
        detector, taken = self._detector, 0
        if detector is None or not self.trouble:
            return 0
        while taken < len(at) and self.trouble:
            row = slice(taken, taken + 1)
            _teach(detector, _round(at[row], values[row], mode[row]))
            taken += 1
            self._appraise()
        return taken

    def _appraise(self) -> None:
        """See whether the detector has learned enough."""
        ready = self._detector is not None and self._detector.readiness()[0] >= 1
        self.trouble = "" if ready else f"the detector {self.kind} needs more rows to learn from"

    def _too_little(self, rows: int) -> str:
        """Say why nothing can be learned; empty where it can."""
        if rows < FEWEST:
            return f"only {rows} rows to learn from; at least {FEWEST} are needed"
        if self._settings is None and not used(self.grades).any():
            reasons = "; ".join(f"{one.name}: {one.reason}" for one in self.grades[:3])
            return f"no channel can be judged ({reasons})"
        return ""

    def _judge(self, at: Instants, values: Floats, mode: Modes) -> Judged:
        if self._detector is None:
            return self._unjudged(len(at), Standing.CANNOT_JUDGE)
        where = self.regimes.follow(at, values, mode)
        return _verdict(judge(self._detector, _round(at, values, where.mode)), where)

    def _unjudged(self, count: int, state: Standing) -> Judged:
        width = len(self._names)
        empty = np.full((count, width), np.nan)
        return Judged(
            np.full(count, np.nan),
            np.zeros(count, np.bool_),
            np.full(count, state, np.int8),
            np.full(count, Mode.UNKNOWN, np.int8),
            np.zeros((count, width)),
            empty,
            empty,
            np.full(count, NONE, np.int64),
        )


class SettingsMisfit(ValueError):
    """Settings of a detector that do not fit the channels of a recording."""


def sized(settings: Settings, rows: int) -> Settings:
    """Make a detector learn from exactly so many rows, as far as its settings allow that."""
    learn = getattr(settings, "learn", None)
    if not isinstance(learn, Settings) or "rows" not in type(learn).model_fields:
        return settings
    most = _bound(type(learn).model_fields["rows"], "le", rows)
    count = int(min(rows, most))
    changed = {"rows": count} | ({"min_rows": count} if hasattr(learn, "min_rows") else {})
    return settings.model_copy(update={"learn": learn.model_copy(update=changed)})


def _bound(field: Any, name: str, otherwise: float) -> float:
    found = [getattr(each, name) for each in field.metadata if hasattr(each, name)]
    return float(found[0]) if found else otherwise


_ASSET = Asset("recording", "recording", "recording", "recording")


def _class(grades: Sequence[Grade]) -> AssetClass:
    """Describe the recorded machine: what grading takes out stays out."""
    return AssetClass(
        "recording",
        tuple(
            Channel(one.name, grade=None if one.verdict is Treatment.USE else one.verdict)
            for one in grades
        ),
    )


def _round(at: Instants, values: Floats, mode: Modes) -> Round:
    return Round(np.zeros(len(at), np.intp), at, values, mode)


def _teach(detector: Detector, row: Round) -> None:
    """Let a detector see a learning row as it would live: observe, and learn while it runs."""
    detector.observe(row)
    detector.learn(row, row.mode == Mode.RUNNING)


def _verdict(scored: Scored, where: InRegimes) -> Judged:
    known = np.isfinite(scored.value)
    return Judged(
        np.where(known, scored.value, np.nan),
        known & (scored.value >= LINE),
        np.where(known, np.int8(Standing.OK), np.int8(Standing.CANNOT_JUDGE)),
        where.mode,
        scored.blame,
        scored.low,
        scored.high,
        where.regime,
    )


def _joined(one: Judged, other: Judged) -> Judged:
    return Judged(
        *(np.concatenate([getattr(one, name), getattr(other, name)]) for name in Judged.__slots__)
    )
