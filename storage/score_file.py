"""Where the scores of a recording are written: CSV or Parquet, one row for each of its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from core.errors import Refused
from core.readings import Bools, Floats

if TYPE_CHECKING:
    import pandas as pd

TOPS = 3
"""How many of the most blamed channels are named."""

COLUMNS = (
    "time", "asset", "score", "alarm", "state", "mode",
    "top1", "top1_share", "top2", "top2_share", "top3", "top3_share",
    "expected_top1_low", "expected_top1_high",
)  # fmt: skip
"""The columns of a file of scores."""

_WRITTEN = ".scores-part"


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Rows of scores. `score` is NaN where nothing was judged.

    `top[i, j]` are names of the most blamed channels, empty where there are fewer, `share[i, j]`
    their blame; `low` and `high` bound what the first of them should have read.
    """

    time: Sequence[str]
    asset: Sequence[str]
    score: Floats
    alarm: Bools
    state: NDArray[np.object_]
    mode: NDArray[np.object_]
    top: NDArray[np.object_]
    share: Floats
    low: Floats
    high: Floats


class ScoreSink(Protocol):
    """Takes rows of scores as they come."""

    def write(self, rows: Scores) -> None:
        """Take some rows."""
        ...

    def close(self) -> None:
        """Make what was written stand."""
        ...


class NoScores:
    """Keeps nothing."""

    def write(self, rows: Scores) -> None:
        """Let the rows go."""

    def close(self) -> None:
        """Do nothing."""


class CsvScores:
    """Writes CSV; numbers with six digits."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self._file.write(",".join(COLUMNS) + "\n")

    def write(self, rows: Scores) -> None:
        """Append rows."""
        frame = _frame(rows)
        for name in ("score", "expected_top1_low", "expected_top1_high"):
            frame[name] = _written(frame[name].to_numpy(), "%.6g")
        for place in range(1, TOPS + 1):
            frame[f"top{place}_share"] = _written(frame[f"top{place}_share"].to_numpy(), "%.3f")
        frame.to_csv(self._file, header=False, index=False, lineterminator="\n")

    def close(self) -> None:
        """Write out what is left."""
        self._file.flush()


class ParquetScores:
    """Writes Parquet, a row group for each piece."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: Any = None

    def write(self, rows: Scores) -> None:
        """Append rows."""
        import pyarrow as pa
        from pyarrow import parquet

        table = pa.Table.from_pandas(_frame(rows), schema=_schema(), preserve_index=False)
        if self._writer is None:
            self._writer = parquet.ParquetWriter(self._path, table.schema)
        self._writer.write_table(table)

    def close(self) -> None:
        """Write the end of the file, without which it cannot be read."""
        if self._writer is not None:
            self._writer.close()


class ScoreFile:
    """A file of scores in the form that its name asks for; there only once it is whole."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._part = path.with_name(path.name + _WRITTEN)
        if path.is_dir():
            msg = f"--out: {path} is a folder; name a file, such as scores.csv or scores.parquet"
            raise Refused(msg)
        self._text: IO[str] | None = None
        if path.suffix.lower() in {".parquet", ".pq", ".parq"}:
            self._part.open("wb").close()
            self._sink: ScoreSink = ParquetScores(self._part)
        else:
            self._text = self._part.open("w", encoding="utf-8", newline="")
            self._sink = CsvScores(self._text)

    def write(self, rows: Scores) -> None:
        """Append rows."""
        self._sink.write(rows)

    def close(self) -> None:
        """Put the file in its place."""
        self._sink.close()
        if self._text is not None:
            self._text.close()
        self._part.replace(self._path)

    def drop(self) -> None:
        """Take away what was begun."""
        if self._text is not None:
            self._text.close()
        self._part.unlink(missing_ok=True)


def _frame(rows: Scores) -> pd.DataFrame:
    import pandas as pd

    columns: dict[str, Any] = {
        "time": rows.time,
        "asset": rows.asset,
        "score": rows.score,
        "alarm": rows.alarm.astype(np.int8),
        "state": rows.state,
        "mode": rows.mode,
    }
    for place in range(TOPS):
        columns[f"top{place + 1}"] = rows.top[:, place]
        columns[f"top{place + 1}_share"] = rows.share[:, place]
    columns |= {"expected_top1_low": rows.low, "expected_top1_high": rows.high}
    return pd.DataFrame(columns, columns=list(COLUMNS))


def _written(values: Floats, form: str) -> NDArray[np.object_]:
    """Write numbers, each as an object so that CSV takes it as it is; NaN is empty."""
    known = np.isfinite(values)
    written = np.full(len(values), "", dtype=object)
    written[known] = [form % value for value in values[known].tolist()]
    return written


def _schema() -> Any:
    import pyarrow as pa

    kinds = {"score": pa.float64(), "alarm": pa.int8()}
    return pa.schema(
        [
            (name, kinds.get(name, pa.float64() if _is_number(name) else pa.string()))
            for name in COLUMNS
        ]
    )


def _is_number(name: str) -> bool:
    return name.endswith(("_share", "_low", "_high"))
