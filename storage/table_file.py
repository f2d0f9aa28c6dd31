"""One file of a table, CSV or Parquet, as frames whose columns are named by their places."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from storage.table_form import PARQUET, Form, begins, fault, line_of, look, opened

if TYPE_CHECKING:
    import pandas as pd

CELLS = 200_000
"""How many cells are read at once, more or less."""

ROWS = (500, 20_000)
"""How many rows are read at once, at least and at most."""

EXTRA = 8
"""So many cells more than the header has are seen in a row; what is beyond is not."""

_AT_LINE = re.compile(r"\b(?:line|row) (\d+)")


@dataclass(frozen=True, slots=True)
class TableFile:
    """A file that was looked at: its columns' names, and how it is written (None: Parquet)."""

    path: Path
    names: tuple[str, ...]
    form: Form | None

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what was made up to read it."""
        return () if self.form is None else self.form.notes

    def line(self, row: int) -> int | None:
        """Find the line of a row of data, counted from 0; None where there are no lines."""
        return None if self.form is None else line_of(self.path, self.form, row)

    def kind(self, name: str) -> Any:
        """Return the kind of a column as Parquet has it; None in a CSV, or where it has none."""
        if self.form is not None or name not in self.names:
            return None
        from pyarrow import parquet

        with parquet.ParquetFile(self.path) as file:
            return file.schema_arrow.field(self.names.index(name)).type

    def frames(
        self,
        wanted: list[int],
        as_text: set[int],
        rows: int | None = None,
        *,
        narrow: bool = False,
    ) -> Iterator[pd.DataFrame]:
        """Read the wanted columns in pieces; those in `as_text` as they stand there.

        The first piece has at most `rows` rows. A column -1 tells by true where a row of a CSV has
        more cells than the header: which cell belongs where is not known. `narrow` is quicker, and
        does not look at what is not wanted.
        """
        least, most = ROWS
        count = max(least, min(CELLS // max(len(wanted), 1), most))
        if self.form is None:
            yield from self._parquet(wanted, rows or count)
        else:
            yield from self._csv(self.form, wanted, as_text, rows or count, narrow)

    def _csv(
        self, form: Form, wanted: list[int], as_text: set[int], rows: int, narrow: bool
    ) -> Iterator[pd.DataFrame]:
        import pandas as pd

        width = max(wanted) + 1 if narrow else len(self.names)
        beyond = [] if narrow else list(range(width, width + EXTRA))
        try:
            with opened(self.path) as file, warnings.catch_warnings():
                warnings.simplefilter("ignore")
                reader = pd.read_csv(
                    file,
                    sep=r"\s+" if form.separator is None else form.separator,
                    header=None,
                    names=[*range(width), *beyond],
                    usecols=wanted if narrow else None,
                    dtype=dict.fromkeys(as_text, str) | dict.fromkeys(beyond, str),
                    skiprows=form.skip,
                    decimal=form.decimal,
                    encoding=form.encoding,
                    encoding_errors="replace",
                    skipinitialspace=True,
                    index_col=False,
                    low_memory=False,
                    chunksize=rows,
                )
                for frame in reader:
                    ragged = frame[beyond].notna().any(axis=1)
                    piece = frame[wanted].reset_index(drop=True)
                    piece[-1] = ragged.to_numpy()
                    yield piece
        except pd.errors.EmptyDataError:
            return
        except (pd.errors.ParserError, UnicodeError, EOFError, OSError) as error:
            said = str(error).strip().removeprefix("Error tokenizing data. C error: ")
            found = _AT_LINE.search(said)
            line = int(found[1]) if found else None
            raise fault(self.path, line, f"cannot be read as a table: {said}") from error

    def _parquet(self, wanted: list[int], rows: int) -> Iterator[pd.DataFrame]:
        import pyarrow as pa
        from pyarrow import parquet

        try:
            with parquet.ParquetFile(self.path) as file:
                names = [self.names[place] for place in wanted]
                for batch in file.iter_batches(rows, columns=names, use_threads=False):
                    frame = batch.select(names).to_pandas(ignore_metadata=True)
                    frame.columns = wanted
                    frame[-1] = False
                    yield frame
        except (pa.ArrowException, OSError) as error:
            raise _broken(self.path, error) from error


def look_at(path: Path, separator: str | None = None) -> TableFile:
    """Recognise a file; ConfigError says why it is no table."""
    if begins(path).startswith(PARQUET):
        return TableFile(path, _parquet_names(path), None)
    form = look(path, separator)
    return TableFile(path, form.names, form)


def _parquet_names(path: Path) -> tuple[str, ...]:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as file:
            return tuple(file.schema_arrow.names)
    except (pa.ArrowException, OSError) as error:
        raise _broken(path, error) from error


def _broken(path: Path, error: Any) -> Exception:
    said = str(error).strip().splitlines()[0]
    return fault(path, None, f"cannot be read as Parquet: {said}")
