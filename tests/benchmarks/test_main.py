"""Every module in benchmarks/ is a benchmark, and all of them are known."""

from __future__ import annotations

import importlib
import sys

import pytest

from benchmarks.__main__ import BENCHMARKS, RECORDED, main
from tests.benchmarks.test_smoke import SMALL


def test_every_benchmark_is_found_and_held_by_a_small_run() -> None:
    assert set(BENCHMARKS) == {*SMALL, *RECORDED}


@pytest.mark.parametrize("name", BENCHMARKS)
def test_every_benchmark_takes_what_all_take(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", [name, "--help"])
    with pytest.raises(SystemExit) as ended:
        importlib.import_module(f"benchmarks.{name}").main()
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert "--check" in said
    assert "--json" in said


def test_a_name_that_is_no_benchmark_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["ingest", "fleets"])
    assert ended.value.code == 2
    assert (
        f"no benchmark is called fleets; known: {', '.join(BENCHMARKS)}" in capsys.readouterr().err
    )
