"""A compiled loop gives what the same loop in plain Python gives, wherever it may be kept."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numba
import numpy as np
import pytest

import models.kernel
from models.kernel import keep, kernel, stamp


def _smooth(rows: np.ndarray, rate: float) -> np.ndarray:
    out = np.empty_like(rows)
    mean = 0.0
    for i in range(len(rows)):
        if not np.isnan(rows[i]):
            mean += rate * (rows[i] - mean)
        out[i] = mean
    return out


def test_a_compiled_loop_gives_to_the_last_bit_what_plain_python_gives() -> None:
    rows = np.random.default_rng(3).normal(size=1_000)
    rows[17] = np.nan
    assert kernel(_smooth)(rows, 0.3).tobytes() == _smooth(rows, 0.3).tobytes()


@kernel
def _half(rows: np.ndarray) -> np.ndarray:
    return rows * 0.5


def _twice(rows: np.ndarray) -> np.ndarray:
    return _half(rows) * 4.0


def test_where_nothing_can_be_kept_it_is_compiled_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plain = numba.njit

    def homeless(function: object = None, *, cache: bool = False) -> object:
        def refuse(_: object) -> object:
            raise RuntimeError("cannot cache function: no locator available")

        return refuse if cache else plain(function)

    monkeypatch.setattr("models.kernel._Kernel.waiting", [])  # all others wait for the real one
    monkeypatch.setattr(numba, "njit", homeless)
    assert kernel(_smooth)(np.ones(2), 1.0).tolist() == [1.0, 1.0]


def test_any_change_of_any_file_is_another_state(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text("a = 1")
    (tmp_path / "two.py").write_text("b = 1")
    before = stamp(tmp_path)
    assert stamp(tmp_path) == before
    (tmp_path / "two.py").write_text("b = 10")
    assert stamp(tmp_path) != before


def test_it_is_kept_where_it_can_be_written_and_what_is_old_goes(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    old, young = tmp_path / "home" / "kernels-old", tmp_path / "home" / "kernels-young"
    for folder in (old, young):
        folder.mkdir(parents=True)
    os.utime(old, (0, 0))
    mine = keep((tmp_path / "file", tmp_path / "home"), "new")
    assert mine == tmp_path / "home" / "kernels-new"
    assert mine.is_dir()
    assert young.is_dir()
    assert not old.exists()
    assert keep((tmp_path / "file",), "new") is None


def test_nothing_is_loaded_for_it_before_something_is_judged() -> None:
    program = "import sys, cli.configuration, ingest.pipeline; print('numba' in sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert ran.stdout == "False\n"


def test_loops_that_name_each_other_are_compiled_together_by_whichever_thread_comes_first() -> None:
    twice = kernel(_twice)
    with ThreadPoolExecutor(4) as pool:
        found = [each.tolist() for each in pool.map(twice, [np.ones(2)] * 4)]
    assert found == [[2.0, 2.0]] * 4


def test_what_is_compiled_is_kept_under_the_state_of_the_files() -> None:
    kernel(_smooth)(np.ones(2), 1.0)
    assert stamp(Path(models.kernel.__file__).parent) in numba.config.CACHE_DIR


def test_no_two_named_tuples_look_alike_to_numba() -> None:
    """It tells them apart by name and fields first; of two alike it looks up one at every call."""
    found = [
        (node.name, *(ast.unparse(line).partition(":")[0] for line in node.body[1:]))
        for path in sorted(Path(models.kernel.__file__).parent.glob("*.py"))
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef) and "NamedTuple" in map(ast.unparse, node.bases)
    ]
    assert len(found) > 40
    assert [each for each in found if found.count(each) > 1] == []
