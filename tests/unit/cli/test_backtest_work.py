"""The work on machines as a CSV beside their readings."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.backtest_work import read_work
from core.errors import Refused


def test_a_line_that_says_both_routine_and_failed_is_refused_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "work.csv"
    lines = ("yes,", ",yes", "yes,no", "yes,yes")
    told = "".join(f"p1,2026-01-0{day},replaced,{line}\n" for day, line in enumerate(lines, 1))
    head = "asset,at,work,routine,failed\n"
    path.write_text(head + told, "utf-8")
    with pytest.raises(Refused, match=r"work\.csv:5: routine and failed: .*give one of the two"):
        read_work(path, ["p1"])
    path.write_text(head + told.rpartition("p1")[0], "utf-8")
    done = [(one.routine, one.failed) for one in read_work(path, ["p1"])]
    assert done == [(True, False), (False, True), (True, False)]
