"""Judges a recorded table from beginning to end, and gathers what there is to tell of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from core.clock import Instant
from core.plant import Mode
from core.readings import Bools, Floats, Instants
from core.settings import Settings
from models.recording import AT_MOST, SHARE, Judged, Recording, Standing, warmup
from service.episode import Episode, Episodes
from service.recorded_curves import Curves
from storage.score_file import TOPS, Scores, ScoreSink
from storage.table import Piece, Survey, Table

SORTED_CELLS = 20_000_000
"""Up to so many cells, a recording whose times run backwards is put in order."""

_STATES = np.array(["learning", "ok", "cannot_judge"], dtype=object)
_MODES = np.array([mode.words for mode in Mode], dtype=object)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is learned from: a table of its own, so many rows of each asset, or a share of them."""

    settings: Settings | None = None
    train: Table | None = None
    rows: int | None = None
    share: float = SHARE


@dataclass(slots=True)
class NewRegime:
    """Rows of an asset in no regime that was learned: `began` and `said` are of the first."""

    began: str
    said: Floats
    rows: int = 0


@dataclass(slots=True)
class Outcome:
    """What came out.

    `ordered` is true where the rows had to be put in order; `late` counts rows that were older than
    what their asset had said and could not be.
    """

    survey: Survey
    recordings: dict[str, Recording]
    episodes: list[Episode] = field(default_factory=list)
    episode_count: int = 0
    states: Counter[str] = field(default_factory=Counter)
    alarms: Counter[str] = field(default_factory=Counter)
    ordered: bool = False
    late: int = 0
    new: dict[str, NewRegime] = field(default_factory=dict)


class Recorded:
    """A table being judged. `progress` is told how many rows of how many are done."""

    def __init__(
        self,
        table: Table,
        plan: Plan,
        sink: ScoreSink,
        curves: Curves | None = None,
        progress: Callable[[int, int], None] = lambda _done, _all: None,
    ) -> None:
        self._table = table
        self._plan = plan
        self._sink = sink
        self._curves = curves
        self._progress = progress
        self._recordings: dict[str, Recording] = {}
        self._pooled: tuple[Instants, Floats] | None = None
        self._latest: dict[str, Instant] = {}
        self._rows: Counter[str] = Counter()
        self._episodes = Episodes(table.channels)

    def run(self) -> Outcome:
        """Judge all rows."""
        survey = self._table.survey()
        self._outcome = Outcome(survey, self._recordings)
        if self._plan.train is not None:
            self._teach(self._plan.train)
        if self._curves is not None:
            self._curves.expect(survey.rows)
        done = 0
        if survey.backward and survey.count * len(self._table.channels) <= SORTED_CELLS:
            self._outcome.ordered = True
            self._take(_whole(list(self._table.pieces())), ordered=True)
            self._progress(survey.count, survey.count)
        else:
            for piece in self._table.pieces():
                self._take(piece)
                done += len(piece.at)
                self._progress(done, survey.count)
        self._finish()
        return self._outcome

    def _finish(self) -> None:
        for recording in self._recordings.values():
            recording.finish()
        self._outcome.episodes = self._episodes.close()
        self._outcome.episode_count = self._episodes.count

    def _teach(self, train: Table) -> None:
        """Learn each asset from its own rows of another table; all rows serve where it has none."""
        kept: dict[str, list[tuple[Instants, Floats]]] = {}
        train.survey()
        for piece in train.pieces(self._table.channels):
            for name, rows in piece.parts():
                chosen = rows[piece.timed[rows]]
                kept.setdefault(name, []).append((piece.at[chosen], piece.values[chosen]))
        joined = {name: _latest_rows(parts) for name, parts in kept.items()}
        for name, (at, values) in joined.items():
            if name in self._outcome.survey.rows:
                self._recordings[name] = self._taught(at, values)
        if len(joined) == 1:
            self._pooled = next(iter(joined.values()))

    def _taught(self, at: Instants, values: Floats) -> Recording:
        recording = Recording(self._table.channels, len(at), self._plan.settings)
        recording.feed(at, values)
        recording.finish()
        return recording

    def _recording(self, asset: str) -> Recording:
        found = self._recordings.get(asset)
        if found is None:
            if self._pooled is not None:
                found = self._taught(*self._pooled)
            else:
                rows = self._outcome.survey.rows[asset]
                given = self._plan.rows
                width = len(self._table.channels)
                learn = warmup(rows, self._plan.share, width) if given is None else given
                found = Recording(self._table.channels, learn, self._plan.settings)
            self._recordings[asset] = found
        return found

    def _take(self, piece: Piece, *, ordered: bool = False) -> None:
        """Judge a piece and hand on its scores, in the order of its rows."""
        count = len(piece.at)
        scores = Scores(
            piece.told,
            piece.asset,
            np.full(count, np.nan),
            np.zeros(count, np.bool_),
            np.full(count, "cannot_judge", dtype=object),
            np.full(count, "unknown", dtype=object),
            np.full((count, TOPS), "", dtype=object),
            np.full((count, TOPS), np.nan),
            np.full(count, np.nan),
            np.full(count, np.nan),
        )
        for asset, every in piece.parts():
            rows = every[piece.timed[every]]
            if ordered:
                rows = rows[np.argsort(piece.at[rows], kind="stable")]
            else:
                rows = rows[self._on_time(asset, piece.at[rows])]
            judged = self._recording(asset).feed(piece.at[rows], piece.values[rows])
            _fill(scores, rows, judged, self._table.channels)
            self._gather(asset, piece, rows, judged)
        states, counts = np.unique(scores.state.astype(str), return_counts=True)
        self._outcome.states.update(dict(zip(states.tolist(), counts.tolist(), strict=True)))
        self._sink.write(scores)

    def _on_time(self, asset: str, at: Instants) -> Bools:
        """Tell which rows are not older than what came before them."""
        if not len(at):
            return np.zeros(0, np.bool_)
        newest = np.maximum.accumulate(at)
        newest = np.maximum(newest, self._latest.get(asset, int(at[0])))
        self._latest[asset] = int(newest[-1])
        ok: Bools = at >= newest
        self._outcome.late += int((~ok).sum())
        return ok

    def _gather(self, asset: str, piece: Piece, rows: NDArray[np.intp], judged: Judged) -> None:
        first, values = self._rows[asset], piece.values[rows]
        told = [piece.told[row] for row in rows.tolist()] if judged.alarm.any() else []
        self._episodes.add(asset, first, told, judged, values)
        new = np.flatnonzero(judged.mode == Mode.NEW_REGIME)
        if len(new):
            kept = NewRegime(piece.told[int(rows[new[0]])], values[new[0]])
            self._outcome.new.setdefault(asset, kept).rows += len(new)
        self._outcome.alarms[asset] += int(judged.alarm.sum())
        if self._curves is not None:
            self._curves.add(asset, first, piece.at[rows], judged, values)
        self._rows[asset] = first + len(rows)


def _fill(scores: Scores, rows: NDArray[np.intp], judged: Judged, names: Sequence[str]) -> None:
    """Write what was judged into the rows it is about."""
    scores.score[rows] = judged.value
    scores.alarm[rows] = judged.alarm
    scores.state[rows] = _STATES[judged.state]
    scores.mode[rows] = _MODES[judged.mode]
    known = np.flatnonzero((judged.regime >= 0) & (judged.mode == Mode.RUNNING))
    scores.mode[rows[known]] = [f"running {n + 1}" for n in judged.regime[known].tolist()]
    known = np.flatnonzero(judged.state == Standing.OK)
    if not len(known):
        return
    blame, at = judged.blame[known], rows[known]
    order = np.argsort(-blame, axis=1, kind="stable")[:, :TOPS]
    share = np.take_along_axis(blame, order, axis=1)
    called = np.array(names, dtype=object)[order]
    wide = order.shape[1]
    scores.share[at, :wide] = np.where(share > 0, share, np.nan)
    scores.top[at, :wide] = np.where(share > 0, called, "")
    first = order[:, :1]
    scores.low[at] = np.take_along_axis(judged.low[known], first, axis=1)[:, 0]
    scores.high[at] = np.take_along_axis(judged.high[known], first, axis=1)[:, 0]


def _latest_rows(parts: list[tuple[Instants, Floats]]) -> tuple[Instants, Floats]:
    """Join rows, put them in order and keep the newest that are enough."""
    at = np.concatenate([part[0] for part in parts])
    values = np.concatenate([part[1] for part in parts])
    order = np.argsort(at, kind="stable")[-AT_MOST:]
    return at[order], values[order]


def _whole(pieces: list[Piece]) -> Piece:
    """Join all pieces of a table into one."""
    return replace(
        pieces[0],
        asset=[name for piece in pieces for name in piece.asset],
        at=np.concatenate([piece.at for piece in pieces]),
        timed=np.concatenate([piece.timed for piece in pieces]),
        told=[text for piece in pieces for text in piece.told],
        values=np.concatenate([piece.values for piece in pieces]),
    )
