"""`score` on recordings as people have them: a right result, or words that say what is wrong."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cli.main import main
from cli.score_compile import compile_all, patience
from storage.score_file import COLUMNS
from tests.recordings import FAULT, ROWS, csv, frame


class Run:
    """The command, run in this process: exit code, output, and what was written."""

    def __init__(
        self, where: Path, patch: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]
    ) -> None:
        self.out, self._patch, self._capture = where / "scores.csv", patch, capture

    def __call__(self, *given: object, command: str = "score") -> int:
        self._patch.setattr(sys, "argv", ["millwright", command, *map(str, given)])
        try:
            with pytest.raises(SystemExit) as left:
                main()
        finally:
            captured = self._capture.readouterr()
            self.said, self.err = captured.out, captured.err
        return int(left.value.code or 0)

    def scores(self, *given: object) -> pd.DataFrame:
        assert self(*given, "--out", self.out) == 0, self.err
        return pd.read_csv(self.out, dtype={"time": str, "asset": str})


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.setattr("cli.signals.leave_on_signal", lambda: None)
    return Run(tmp_path, monkeypatch, capsys)


def check(found: pd.DataFrame, rows: int = ROWS, fault: int = FAULT) -> None:
    """Every row is there, and the fault is found and blamed."""
    assert tuple(found.columns) == COLUMNS
    assert len(found) == rows
    assert set(found["state"]) <= {"learning", "ok", "cannot_judge"}
    judged = found["state"] == "ok"
    assert found["score"].notna().equals(judged)
    assert not found["alarm"][: fault - 1].any()
    assert found["alarm"][fault + 5 :].all()
    assert (found["top1"][fault + 5 :] == "a").all()
    assert (found["expected_top1_high"][fault + 5 :] < 15).all()


def test_a_recording_is_judged_row_by_row(run: Run, tmp_path: Path) -> None:
    found = run.scores(csv(tmp_path))
    check(found)
    assert (found["state"][:100] == "learning").all()
    assert found["time"].tolist() == frame()["time"].tolist()
    assert "1 episode beyond the alarm line" in run.said
    assert re.search(r"a (1[5-9]|2\d)(\.\d)?, expected", run.said)
    assert "budget not yet supported: 0.1 false alerts a month need 30 days more" in run.said
    assert "readings in" in run.said


def test_rows_to_learn_from_are_given_in_three_ways(run: Run, tmp_path: Path) -> None:
    data = csv(tmp_path)
    assert (run.scores(data, "--train-rows", 200)["state"] == "learning").sum() == 200
    assert (run.scores(data, "--warmup", 0.5)["state"] == "learning").sum() == 200
    healthy = csv(tmp_path, frame(fault=None), "healthy.csv")
    found = run.scores(data, "--train", healthy)
    check(found)
    assert (found["state"] == "ok").all()
    assert run(data, "--train", healthy, "--train-rows", 3) == 2
    assert run.err.startswith("--train and --train-rows: say in one way what is learned from")
    assert run(data, "--warmup", 2) == 2
    assert "--warmup: 2 is no share; allowed: above 0 and below 1" in run.err


def test_wrong_separators_are_recognised_or_told(run: Run, tmp_path: Path) -> None:
    check(run.scores(csv(tmp_path, sep="^")))
    odd = csv(tmp_path, sep="/")
    assert run(odd) == 2
    assert f"{odd}:1: no column holds numbers" in run.err
    assert "--separator" in run.err
    check(run.scores(odd, "--separator", "/"))


def test_without_a_time_column_rows_are_counted(run: Run, tmp_path: Path) -> None:
    found = run.scores(csv(tmp_path, frame()[["a", "b"]]))
    check(found)
    assert found["time"].tolist() == [str(k) for k in range(ROWS)]


def test_where_all_is_constant_nothing_can_be_judged(run: Run, tmp_path: Path) -> None:
    found = run.scores(csv(tmp_path, frame().assign(a=3, b=4)))
    assert (found["state"][100:] == "cannot_judge").all()
    assert "no channel can be judged (a: always 3; b: always 4)" in run.said


def test_rows_of_nothing_cannot_be_judged_and_hurt_no_other(run: Run, tmp_path: Path) -> None:
    data = frame()
    data.loc[150:169, ["a", "b"]] = np.nan
    found = run.scores(csv(tmp_path, data))
    check(found)
    assert (found["state"][150:170] == "cannot_judge").all()


def test_times_that_repeat_are_judged_and_told(run: Run, tmp_path: Path) -> None:
    data = frame()
    data["time"] = np.repeat(data["time"].to_numpy()[::2], 2)
    check(run.scores(csv(tmp_path, data)))
    assert "200 rows repeat the time of the row before" in run.said


def test_times_that_run_backwards_are_put_in_order(run: Run, tmp_path: Path) -> None:
    data = csv(tmp_path, frame().iloc[::-1])
    found = run.scores(data)
    assert found["time"].tolist() == frame()["time"].tolist()[::-1]
    check(found.iloc[::-1].reset_index(drop=True))
    assert f"times step back 399 times, first at {data}:3" in run.said


def test_where_there_is_too_much_to_put_in_order_late_rows_are_not_judged(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.recorded.SORTED_CELLS", 0)
    data = frame()
    data.loc[200, "time"] = data["time"][10]
    found = run.scores(csv(tmp_path, data))
    check(found)
    assert found["state"][200] == "cannot_judge"
    assert "1 rows are older than what came before" in run.said


def test_columns_of_text_alone_are_an_error_that_says_so(run: Run, tmp_path: Path) -> None:
    words = pd.DataFrame({f"t{k}": [f"word {n}" for n in range(50)] for k in range(10)})
    path = csv(tmp_path, words)
    assert run(path) == 2
    assert f'{path}:1: no column holds numbers cut at ","; columns: t0 (text)' in run.err


def test_a_single_row_is_too_little_to_learn_from(run: Run, tmp_path: Path) -> None:
    found = run.scores(csv(tmp_path, frame().iloc[:1]))
    assert found["state"].tolist() == ["learning"]
    assert "only 1 rows to learn from; at least 40 are needed" in run.said


def test_no_row_is_an_error_that_says_so(run: Run, tmp_path: Path) -> None:
    path = csv(tmp_path, frame().iloc[:0])
    assert run(path) == 2
    assert run.err == f"{path}:1: no row of data; at least one is needed below the header\n"


def test_pieces_give_what_the_whole_gives(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = pd.concat([frame().assign(machine=name) for name in ("m1", "m2")])
    path = csv(tmp_path, data.sort_values("time", kind="stable"))
    run.scores(path, "--asset", "machine")
    whole = run.out.read_bytes()
    monkeypatch.setattr("storage.table_file.ROWS", (37, 37))
    run.scores(path, "--asset", "machine")
    assert run.out.read_bytes() == whole


def test_assets_are_judged_each_by_itself(run: Run, tmp_path: Path) -> None:
    data = pd.concat([frame().assign(machine="m1"), frame(fault=None).assign(machine="m2")])
    found = run.scores(csv(tmp_path, data), "--asset", "machine")
    check(found[found["asset"] == "m1"].reset_index(drop=True))
    assert not found["alarm"][found["asset"] == "m2"].any()


def test_a_folder_of_parquet_is_one_recording(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "parts"
    folder.mkdir()
    for number in range(4):
        part = frame().iloc[number * 100 : (number + 1) * 100]
        stamps = pd.to_datetime(part["time"])
        part.assign(time=stamps).to_parquet(folder / f"part-{number}.parquet")
    check(run.scores(folder))


def test_scores_are_written_as_parquet_too(run: Run, tmp_path: Path) -> None:
    run.out = tmp_path / "scores.parquet"
    assert run(csv(tmp_path), "--out", run.out) == 0
    check(pd.read_parquet(run.out))


def test_scores_go_to_the_standard_output_alone_where_asked(run: Run, tmp_path: Path) -> None:
    assert run(csv(tmp_path), "--out", "-") == 0
    lines = run.said.splitlines()
    assert lines[0] == ",".join(COLUMNS)
    assert len(lines) == ROWS + 1
    assert "episode" in run.err


@pytest.mark.parametrize("ending", [".svg", ".html"])
def test_it_is_drawn(run: Run, tmp_path: Path, ending: str) -> None:
    plot = tmp_path / f"plot{ending}"
    assert run(csv(tmp_path), "--plot", plot) == 0, run.err
    text = plot.read_text()
    for part in ("<svg", 'id="score"', 'id="expected"', 'id="alarm"', ">a<"):
        assert part in text
    assert run(csv(tmp_path), "--plot", tmp_path / "plot.gif") == 2
    assert "--plot: plot.gif has no known form; allowed: .svg, .html" in run.err
    assert run(csv(tmp_path), "--plot", tmp_path / "none" / f"plot{ending}") == 2
    assert f"there is no folder {tmp_path / 'none'}" in run.err


def test_settings_choose_the_detector_and_faults_in_them_are_told(run: Run, tmp_path: Path) -> None:
    settings = tmp_path / "detector.yaml"
    settings.write_text("kind: mewma\nsmoothing: 1\n")
    sharp = run.scores(csv(tmp_path), "--settings", settings)
    assert not sharp.equals(run.scores(csv(tmp_path)))
    settings.write_text("kind: mewma\nlearn: {rows: 250}\n")
    assert (run.scores(csv(tmp_path), "--settings", settings)["state"] == "learning").sum() == 250
    settings.write_text("kind: mewma\nsmothing: 1\n")
    assert run(csv(tmp_path), "--settings", settings) == 2
    assert f"{settings}:2: " in run.err
    assert 'unknown key "smothing"; did you mean "smoothing"?' in run.err
    settings.write_text("kind: limits\nchannels: {c: {alarm: 3}}\n")
    assert run(csv(tmp_path), "--settings", settings) == 2
    assert "unknown channel 'c'; known: a, b" in run.err


def test_a_file_is_graded(run: Run, tmp_path: Path) -> None:
    path = csv(tmp_path, frame(fault=None).assign(c=7))
    assert run("grade", path, command="models") == 0, run.err
    assert "pump: 400 readings, running 100%" in run.said
    assert "c  left out" in run.said
    assert "always 7" in run.said


def test_a_long_recording_is_judged_after_compiling_apart(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs: list[list[str]] = []

    def kept(command: list[str], **_: object) -> None:
        programs.append(command)

    monkeypatch.setattr("cli.score_compile.subprocess.run", kept)
    check(run.scores(csv(tmp_path)))
    assert programs == []
    monkeypatch.setattr("cli.score_compile.LONG", 1)
    check(run.scores(csv(tmp_path)))
    assert [program[1:] for program in programs] == [["-m", "cli.score_compile"]]
    compile_all()


def test_who_waits_long_is_told_why(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Waited:
        daemon = False

        def __init__(self, _after: float, tell: Callable[[], None]) -> None:
            self._tell = tell

        def start(self) -> None:
            self._tell()

        def cancel(self) -> None:
            pass

    monkeypatch.setattr("cli.score_compile.Timer", Waited)
    with patience():
        assert "compiles its loops" in capsys.readouterr().err
