"""A plant's past in a folder of CSV files, read in pieces."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from zoneinfo import available_timezones

import msgspec
import numpy as np
from pydantic import AfterValidator, Field

from core.errors import Refused, Unavailable
from core.past import Chunk, PastRows
from core.readings import Bools, Floats, Instants
from core.settings import Settings
from core.suggestion import quoted, unknown

if TYPE_CHECKING:
    import pandas as pd

_SCALES = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
_TAG = re.compile(r"\{([A-Za-z_]\w*)\}")
_YEARS = (1970, 2200)
_LATEST = 7.2e18
_OFFSET = r"\d[T ]\d\d.*(?:[Zz]|[+-]\d\d(?::?\d\d)?)\s*$"


def _check_zone(name: str) -> str:
    if name not in available_timezones():
        msg = f'unknown time zone {quoted(name)}; known: IANA names such as "Asia/Karachi"'
        raise ValueError(msg)
    return name


def _check_form(form: str) -> str:
    if form != "iso" and form not in _SCALES and "%d" not in form:
        allowed = "iso, s, ms, us, ns, or a layout such as %d.%m.%Y %H:%M:%S"
        msg = f"{quoted(form)} is no form of times; allowed: {allowed}"
        raise ValueError(msg)
    return form


def _check_name(template: str) -> str:
    if "/" in template or len(set(_TAG.findall(template))) != len(_TAG.findall(template)):
        msg = f"file_name {template!r} must be a file's name with each {{tag}} once"
        raise ValueError(msg)
    return template


class PastCsvSettings(Settings):
    """A folder of CSV files with a header each, and a row for each moment.

    Files are read in the order of their names. A file's name without its ending is the
    measurement; what stands at a `{tag}` of `file_name` is a tag, and so is what stands in a
    column of `tags`. Times without an offset are of `timezone`; in the hour that comes twice they
    are taken for its first pass.
    """

    kind: Literal["csv"] = "csv"
    folder: Path
    files: str = "*.csv"
    file_name: Annotated[str, AfterValidator(_check_name)] | None = None
    separator: str = Field(default=",", min_length=1, max_length=1)
    decimal: Literal[".", ","] = "."
    encoding: str = "utf-8-sig"
    time: str = "time"
    time_format: Annotated[str, AfterValidator(_check_form)] = "iso"
    timezone: Annotated[str, AfterValidator(_check_zone)] = "UTC"
    tags: tuple[str, ...] = ()
    rows: int = Field(default=20_000, ge=1, le=1_000_000)


class _Position(msgspec.Struct, array_like=True):
    """The file that was being read, and how many of its rows are done."""

    file: str
    row: int


class CsvPast:
    """Implements `core.past.PastSource`. `base` is what a relative folder is relative to."""

    def __init__(self, settings: PastCsvSettings, base: Path) -> None:
        self._settings = settings
        self._folder = base / settings.folder
        self._pattern = None if settings.file_name is None else _pattern(settings.file_name)

    def read(self, after: str = "") -> Iterator[Chunk]:
        """Read on behind a position, file by file."""
        done = _position(after)
        files = self._files()
        sizes = [path.stat().st_size for path in files]
        before, total = 0, max(sum(sizes), 1)
        for path, size in zip(files, sizes, strict=True):
            if path.name >= done.file:
                skip = done.row if path.name == done.file else 0
                for rows, row, part in self._chunks(path, skip):
                    position = msgspec.json.encode(_Position(path.name, row)).decode()
                    yield Chunk(rows, position, (before + part * size) / total)
            before += size

    def _files(self) -> list[Path]:
        if not self._folder.is_dir():
            msg = f"no such folder: {self._folder}"
            raise Refused(msg)
        files = sorted(path for path in self._folder.glob(self._settings.files) if path.is_file())
        if not files:
            msg = f"no file in {self._folder} is called like {quoted(self._settings.files)}"
            raise Refused(msg)
        return files

    def _chunks(self, path: Path, skip: int) -> Iterator[tuple[tuple[PastRows, ...], int, float]]:
        """Read one file behind `skip` rows; gives rows, how many are done, and which share."""
        import pandas as pd

        settings, row = self._settings, 0
        try:
            with path.open("rb") as file:
                reader = pd.read_csv(
                    file,
                    sep=settings.separator,
                    decimal=settings.decimal,
                    encoding=settings.encoding,
                    dtype=dict.fromkeys((settings.time, *settings.tags), str),
                    chunksize=settings.rows,
                    skipinitialspace=True,
                    index_col=False,
                    on_bad_lines="warn",
                )
                size = max(path.stat().st_size, 1)
                for frame, broken in _counted(reader):
                    left = frame.iloc[max(skip - row, 0) :]
                    row += len(frame)
                    if len(left):
                        share = min(file.tell() / size, 1.0)
                        left = left.reset_index(drop=True)
                        yield tuple(self._series(path, left, broken)), row, share
        except pd.errors.EmptyDataError:
            return
        except (pd.errors.ParserError, UnicodeError, LookupError) as error:
            msg = f"{path} cannot be read as a table: {str(error).strip()}"
            raise Refused(msg) from error
        except OSError as error:
            msg = f"{path} cannot be read: {error.strerror or error}"
            raise Unavailable(msg) from error

    def _series(self, path: Path, frame: pd.DataFrame, broken: int) -> Iterator[PastRows]:
        settings = self._settings
        frame.columns = [str(name).strip() for name in frame.columns]
        for name in (settings.time, *settings.tags):
            if name not in frame.columns:
                msg = f"{path}: {unknown('column', name, list(frame.columns))}"
                raise Refused(msg)
        at, timed = _instants(frame[settings.time], settings)
        fields = [n for n in frame.columns if n not in {settings.time, *settings.tags}]
        values, wordy = _numbers(frame, fields)
        named = self._from_name(path)
        unread = {
            "broken row": broken,
            "time cannot be read": int((~timed).sum()),
            "not a number": wordy,
        }
        for tags, unsorted in _split(frame, settings.tags, timed):
            rows = unsorted[np.argsort(at[unsorted], kind="stable")]
            told, unread = unread, {}
            yield PastRows(path.stem, named | tags, tuple(fields), at[rows], values[rows], told)

    def _from_name(self, path: Path) -> dict[str, str]:
        if self._pattern is None:
            return {}
        found = self._pattern.fullmatch(path.name)
        if found is None:
            msg = f"{path.name} is not called like {quoted(str(self._settings.file_name))}"
            raise Refused(msg)
        return found.groupdict()


def _position(after: str) -> _Position:
    return msgspec.json.decode(after, type=_Position) if after else _Position("", 0)


def _pattern(template: str) -> re.Pattern[str]:
    parts = _TAG.split(template)
    return re.compile(
        "".join(
            f"(?P<{part}>.+?)" if number % 2 else re.escape(part)
            for number, part in enumerate(parts)
        )
    )


def _split(
    frame: pd.DataFrame, tags: tuple[str, ...], timed: Bools
) -> Iterator[tuple[dict[str, str], Any]]:
    """Tell the series of a frame apart by its tags; at least one, so that nothing goes untold."""
    rows = np.flatnonzero(timed)
    if not tags or not len(rows):
        yield {}, rows
        return
    for key, found in frame.iloc[rows].groupby(list(tags), sort=True, dropna=False).indices.items():
        values = key if isinstance(key, tuple) else (key,)
        yield dict(zip(tags, map(str, values), strict=True)), rows[found]


def _numbers(frame: pd.DataFrame, fields: list[str]) -> tuple[Floats, int]:
    """Make columns of numbers; returns how many cells hold something else."""
    import pandas as pd

    values, wordy = np.full((len(frame), len(fields)), np.nan), 0
    for k, name in enumerate(fields):
        cells = frame[name]
        read = pd.to_numeric(cells, errors="coerce")
        wordy += int((read.isna() & cells.notna()).sum())
        values[:, k] = read.to_numpy(np.float64, na_value=np.nan)
    return values, wordy


def _counted(reader: Iterable[pd.DataFrame]) -> Iterator[tuple[pd.DataFrame, int]]:
    """Read frame by frame, each with how many rows had too many cells and were left out."""
    frames = iter(reader)
    while True:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            frame = next(frames, None)
        if frame is None:
            return
        yield frame, sum(str(one.message).count("Skipping line") for one in told)


def _instants(cells: pd.Series[str], settings: PastCsvSettings) -> tuple[Instants, Bools]:
    """Read times; where the second is false, one could not be read or is out of all bounds."""
    import pandas as pd

    scale = _SCALES.get(settings.time_format)
    if scale is not None:
        return _epochs(pd.to_numeric(cells, errors="coerce"), scale)
    form = "ISO8601" if settings.time_format == "iso" else settings.time_format
    read = pd.to_datetime(cells, utc=True, format=form, errors="coerce")
    bare = ~cells.str.contains(_OFFSET, na=False)
    if settings.timezone != "UTC" and bare.any():
        first = np.ones(len(cells), np.bool_)
        wall = read.where(bare).dt.tz_localize(None)
        local = wall.dt.tz_localize(settings.timezone, ambiguous=first, nonexistent="NaT")
        read = read.where(~bare, local.dt.tz_convert("UTC"))
    timed = read.dt.year.between(*_YEARS)
    at = read.where(timed, pd.Timestamp(0, tz="UTC")).dt.as_unit("ns").astype(np.int64)
    found: Instants = np.asarray(at, np.int64)
    return found, timed.to_numpy()


def _epochs(numbers: pd.Series[Any], scale: int) -> tuple[Instants, Bools]:
    """Read counts since 1970: whole ones to the digit, others to the microsecond."""
    values = numbers.to_numpy(np.float64, na_value=np.nan)
    within = (values >= 0) & (values * scale < _LATEST)
    if numbers.dtype.kind in "iu":
        return np.where(within, numbers.to_numpy(), 0).astype(np.int64) * scale, within
    held = np.where(within, values, 0.0)
    whole = np.floor(held)
    rest = ((held - whole) * (scale / 1000)).round()
    return whole.astype(np.int64) * scale + rest.astype(np.int64) * 1000, within
