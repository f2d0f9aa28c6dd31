"""Where life estimates of a table are written: CSV or Parquet."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from core.errors import Refused
from storage.table import files_of

COLUMNS = (
    "unit", "time", "rul", "rul_p05", "rul_p50", "rul_p95", "p_fail_10", "p_fail_30", "health",
    "state", "reason", "basis",
)  # fmt: skip
"""The columns of a file of life estimates."""

FORMS = (".csv", ".parquet", ".pq", ".parq")


_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?")


def write(path: Path, rows: Sequence[Mapping[str, Any]], kinds: Mapping[str, Any]) -> None:
    """Write rows to a file that is there only once it is whole, or to stdout where it is `-`.

    `kinds` are those of columns of text as Parquet is to have them; where one is None, it is
    numbers where all cells are.
    """
    import pandas as pd

    frame = pd.DataFrame([dict(row) for row in rows], columns=list(COLUMNS))
    if str(path) == "-":
        frame.to_csv(sys.stdout, index=False, float_format="%.6g", lineterminator="\n")
        return
    part = path.with_name(path.name + ".part")
    if path.suffix.lower() == ".csv":
        frame.to_csv(part, index=False, float_format="%.6g", lineterminator="\n")
    else:
        for name, kind in kinds.items():
            frame[name] = _as_kind(frame[name].tolist(), kind)
        frame.to_parquet(part, index=False)
    part.replace(path)


def _as_kind(said: Sequence[str], kind: Any) -> Any:
    """Write texts as what they were; as texts where that cannot be."""
    import pandas as pd
    import pyarrow as pa

    text, real = pa.array(said, pa.string()), pa.float64()
    ways = [(kind, kind), (real, kind)]  # whole numbers beside an empty cell are told as 7.0
    if kind is None:
        plain = all(_NUMBER.fullmatch(each) for each in said)
        ways = [(pa.int64(), pa.int64()), (real, real)] if plain else []
    for first, then in ways:
        with contextlib.suppress(pa.ArrowException):
            return text.cast(first).cast(then).to_pandas()
    return pd.Series(said, dtype=object)


def check(path: Path, read: Path) -> None:
    """Raise Refused where estimates of `read` cannot be written to a file of this name."""
    if str(path) == "-":
        return
    if path.exists() and any(path.samefile(each) for each in files_of(read)):
        msg = f"--out: {path} is what is read; name another file"
        raise Refused(msg)
    if path.is_dir():
        msg = f"--out: {path} is a folder; name a file, such as left.csv or left.parquet"
    elif path.suffix.lower() not in FORMS:
        msg = f"--out: {path.name} has no known form; allowed: {', '.join(FORMS)}, or -"
    elif not path.absolute().parent.is_dir():
        msg = f"--out: there is no folder {path.absolute().parent}"
    elif not os.access(path.absolute().parent, os.W_OK | os.X_OK):
        msg = f"--out: {path.absolute().parent} cannot be written to; name a file elsewhere"
    else:
        return
    raise Refused(msg)
