"""Where life estimates of a table are written: CSV or Parquet."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from core.errors import Refused

COLUMNS = (
    "unit", "time", "rul", "rul_p05", "rul_p50", "rul_p95", "p_fail_10", "p_fail_30", "health",
    "state", "reason", "basis",
)  # fmt: skip
"""The columns of a file of life estimates."""

FORMS = (".csv", ".parquet", ".pq", ".parq")


def write(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows to a file that is there only once it is whole, or to stdout where it is `-`.

    Raises Refused where the name cannot be that of a file.
    """
    import pandas as pd

    frame = pd.DataFrame([dict(row) for row in rows], columns=list(COLUMNS))
    if str(path) == "-":
        frame.to_csv(sys.stdout, index=False, float_format="%.6g", lineterminator="\n")
        return
    check(path)
    part = path.with_name(path.name + ".part")
    if path.suffix.lower() == ".csv":
        frame.to_csv(part, index=False, float_format="%.6g", lineterminator="\n")
    else:
        frame.to_parquet(part, index=False)
    part.replace(path)


def check(path: Path) -> None:
    """Raise Refused where estimates cannot be written to a file of this name."""
    if str(path) == "-":
        return
    if path.is_dir():
        msg = f"--out: {path} is a folder; name a file, such as left.csv or left.parquet"
    elif path.suffix.lower() not in FORMS:
        msg = f"--out: {path.name} has no known form; allowed: {', '.join(FORMS)}, or -"
    elif not path.absolute().parent.is_dir():
        msg = f"--out: there is no folder {path.absolute().parent}"
    else:
        return
    raise Refused(msg)
