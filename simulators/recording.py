"""Recordings: a CSV of any plausible shape, read into tracks that can be played."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from heapq import merge
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from core.clock import Instant, Span
from core.errors import Refused
from core.plant import Asset, AssetClass
from core.readings import Floats, Instants
from simulators.layout import Form, Layout, look
from simulators.message import TOPIC, Message, messages, topic_of
from simulators.naming import asset_name, loosely, named
from simulators.timeline import UNKNOWN, timeline

if TYPE_CHECKING:
    import pandas as pd

LABELS = frozenset(
    {"anomaly", "changepoint", "label", "labels", "is_anomaly", "anomaly_label", "ground_truth"}
)
"""Columns that hold the answer rather than a measurement, and are left out."""

_TRUTHS = {"true": 1.0, "false": 0.0, "on": 1.0, "off": 0.0, "yes": 1.0, "no": 0.0}


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """The rows of one asset in time order; NaN where a cell is empty or no number."""

    name: str
    at: Instants
    values: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """A file as it was read. `columns[k]` names `values[:, k]` of every track.

    `titles` are the columns' names as the file has them. `step` is the usual time between two
    rows. `counted` is true where times count from 1970 for want of a date. `notes` say in words
    what was recognised, left out or mended.
    """

    path: Path
    columns: tuple[str, ...]
    titles: tuple[str, ...]
    tracks: tuple[Track, ...]
    step: Span
    counted: bool
    notes: tuple[str, ...]

    @property
    def start(self) -> Instant:
        """The time of the earliest row."""
        return min(int(track.at[0]) for track in self.tracks)

    @property
    def stop(self) -> Instant:
        """The time of the latest row."""
        return max(int(track.at[-1]) for track in self.tracks)

    @property
    def count(self) -> int:
        """How many rows say anything, and so become messages."""
        return sum(int((~np.isnan(track.values).all(axis=1)).sum()) for track in self.tracks)

    def ending(self, now: Instant) -> Recording:
        """Move all times so that the latest row falls on `now`.

        Where times only count, each track ends there: their beginnings had nothing in common.
        """
        latest = self.stop
        tracks = tuple(
            replace(track, at=track.at + (now - (int(track.at[-1]) if self.counted else latest)))
            for track in self.tracks
        )
        return replace(self, tracks=tracks, counted=False)

    def messages(self, assets: Sequence[Asset], topic: str = TOPIC) -> Iterator[Message]:
        """Give all rows as messages in time order; `assets` stand for the tracks in turn."""
        streams = [
            messages(asset, topic_of(asset, topic), self.columns, track.at, track.values)
            for asset, track in zip(assets, self.tracks, strict=True)
        ]
        return merge(*streams, key=attrgetter("at"))


def read(path: Path, layout: Layout | None = None, known: AssetClass | None = None) -> Recording:
    """Read a recording, as the channels of a known class or as it is.

    Refused says what the file lacks and which option tells it.
    """
    layout = layout or Layout()
    form = look(path, layout.separator)
    notes: list[str] = []
    frame = _frame(path, form, layout)
    if frame.empty:
        msg = f"{path} holds no rows"
        raise Refused(msg)
    times = timeline(frame, layout)
    notes += times.notes
    aside = {*times.columns, *_dropped(frame, layout, notes)}
    if layout.asset_column is not None:
        aside.add(_column(frame, layout.asset_column, "--asset-column"))
    values, titles = _values(frame.drop(columns=list(aside)), notes)
    columns = named(titles, layout, known, notes)
    keep = [i for i, name in enumerate(columns) if name]
    values = values[:, keep]
    tracks = _tracks(frame, layout, times.at, values, notes)
    return Recording(
        path,
        tuple(columns[i] for i in keep),
        tuple(titles[i] for i in keep),
        tracks,
        _step(tracks),
        times.counted,
        tuple(notes),
    )


def labels(path: Path, layout: Layout | None = None) -> tuple[Track, ...]:
    """Read only what a file says is the answer: one value a row, 1 where something was wrong.

    Empty where no column holds labels.
    """
    layout = layout or Layout()
    frame = _frame(path, look(path, layout.separator), layout)
    told = [name for name in frame.columns if str(name).casefold() in LABELS - {"changepoint"}]
    if frame.empty or not told:
        return ()
    notes: list[str] = []
    values, _ = _values(frame[told], notes)
    wrong: Floats = np.any(np.nan_to_num(values) > 0.5, axis=1)[:, None].astype(np.float64)
    return _tracks(frame, layout, timeline(frame, layout).at, wrong, notes)


def _frame(path: Path, form: Form, layout: Layout) -> pd.DataFrame:
    import pandas as pd

    names = list(layout.names) or None
    _check_header(path, form, layout)
    try:
        frame = pd.read_csv(
            path,
            sep=r"\s+" if form.separator is None else form.separator,
            header="infer" if names is None else None,
            names=names,
            decimal=form.decimal,
            encoding=form.encoding,
            skipinitialspace=True,
            index_col=False,
            low_memory=False,
        )
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeError) as error:
        msg = f"{path} cannot be read as a table: {str(error).strip()}"
        raise Refused(msg) from error
    frame.columns = [str(name).strip() for name in frame.columns]
    # A separator at the end of each line makes a nameless, empty column.
    nameless = [n for n in frame.columns if n.startswith("Unnamed:") and frame[n].isna().all()]
    return frame.drop(columns=nameless).dropna(how="all").reset_index(drop=True)


def _check_header(path: Path, form: Form, layout: Layout) -> None:
    cells = [cell for cell in form.split(form.head[0]) if cell]
    if layout.names:
        if len(cells) != len(layout.names):
            msg = f"{path} has {len(cells)} columns, but {len(layout.names)} names are given"
            raise Refused(msg)
    elif all(_number(cell) for cell in cells):
        msg = (
            f"the first line of {path} holds numbers, not names: give the {len(cells)} columns"
            " their names with --names LIST or --names FILE"
        )
        raise Refused(msg)


def _number(cell: str) -> bool:
    try:
        float(cell.replace(",", "."))
    except ValueError:
        return False
    return True


def _column(frame: pd.DataFrame, name: str, option: str) -> str:
    found = loosely(name, [str(column) for column in frame.columns])
    if found is None:
        msg = f"{option}: no column {name!r}; columns: {', '.join(map(str, frame.columns))}"
        raise Refused(msg)
    return found


def _dropped(frame: pd.DataFrame, layout: Layout, notes: list[str]) -> set[str]:
    asked = {_column(frame, name, "--drop") for name in layout.drop}
    labels = {name for name in frame.columns if str(name).casefold() in LABELS} - asked
    if labels:
        notes.append(f"left out as labels: {', '.join(sorted(labels))}")
    return asked | labels


def _values(frame: pd.DataFrame, notes: list[str]) -> tuple[Floats, tuple[str, ...]]:
    """Turn columns into numbers; text and ever-empty columns are left out and named."""
    import pandas as pd

    kept, names, text, spoilt = [], [], [], 0
    for name in frame.columns:
        column = frame[name]
        if column.dtype.kind not in "iufb":
            words = column.astype("string").str.strip()
            truth = words.str.casefold().map(_TRUTHS)
            numbers = pd.to_numeric(words, errors="coerce").astype("Float64").fillna(truth)
            given = int(words.notna().sum())
            if given and int(numbers.notna().sum()) * 2 < given:
                text.append(str(name))
                continue
            spoilt += given - int(numbers.notna().sum())
            column = numbers
        values = column.to_numpy(np.float64, na_value=np.nan)
        infinite = np.isinf(values)
        spoilt += int(infinite.sum())
        kept.append(np.where(infinite, np.nan, values))
        names.append(str(name))
    if text:
        notes.append(f"left out as text: {', '.join(text)}")
    if spoilt:
        notes.append(f"{spoilt} cells hold no number and are left empty")
    if not kept:
        msg = "no column holds numbers"
        raise Refused(msg)
    return np.stack(kept, axis=1), tuple(names)


def _tracks(
    frame: pd.DataFrame, layout: Layout, at: Instants | None, values: Floats, notes: list[str]
) -> tuple[Track, ...]:
    """Part the rows by asset, put them in order and leave out what has no time."""
    if layout.asset_column is None:
        groups = [("", np.arange(len(frame)))]
    else:
        column = frame[_column(frame, layout.asset_column, "--asset-column")]
        parts = column.groupby(column, sort=True).indices
        groups = [(asset_name(name), np.sort(rows)) for name, rows in parts.items()]
    tracks, unsorted, repeated, timeless = [], 0, 0, 0
    for name, rows in groups:
        moments = np.arange(len(rows)) * (layout.step or 0) if at is None else at[rows]
        timed = moments != UNKNOWN
        timeless += int((~timed).sum())
        moments, rows = moments[timed], rows[timed]  # noqa: PLW2901
        unsorted += int((np.diff(moments) < 0).sum())
        order = np.argsort(moments, kind="stable")
        moments = moments[order]
        repeated += int((np.diff(moments) == 0).sum())
        if len(moments):
            tracks.append(Track(name, moments.astype(np.int64), values[rows[order]]))
    _tell(notes, layout, unsorted, repeated, timeless)
    if not tracks:
        msg = "no row has a time"
        raise Refused(msg)
    return tuple(tracks)


def _tell(notes: list[str], layout: Layout, unsorted: int, repeated: int, timeless: int) -> None:
    if timeless:
        notes.append(f"{timeless} rows without a time are left out")
    if unsorted:
        notes.append(f"times step back {unsorted} times: rows are sorted")
    if repeated:
        hint = "" if layout.asset_column else "; if the file holds many assets, --asset-column"
        notes.append(f"{repeated} rows repeat the time of another{hint}")


def _step(tracks: Sequence[Track]) -> Span:
    steps = [np.diff(track.at) for track in tracks]
    steps = [step[step > 0] for step in steps]
    every = np.concatenate(steps) if steps else np.empty(0, np.int64)
    return int(np.median(every)) if len(every) else 1_000_000_000
