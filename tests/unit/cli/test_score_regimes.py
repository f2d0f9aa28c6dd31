"""`millwright score` over a recording that comes to run as it never did while it was learned."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cli.main import main


def test_where_a_new_regime_hides_what_follows_it_is_said_since_when_and_how(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rng, count = np.random.default_rng(3), 700
    load = np.where(np.arange(count) // 100 % 2 == 1, 1.0, 0.6)
    load[600:] = 1.2
    clean = {"a": 5 * load, "b": 20 * load, "c": 0 * load}
    rows = {name: one + rng.normal(size=count) * 0.1 for name, one in clean.items()}
    time = pd.date_range("2026-01-01", periods=count, freq="min").strftime("%Y-%m-%dT%H:%M:%S")
    path = tmp_path / "loads.csv"
    pd.DataFrame({"time": time, **rows, "speed": 1500 * load}).to_csv(path, index=False)
    out = str(tmp_path / "scores.csv")
    given = ["millwright", "score", str(path), "--train-rows", "600", "--out", out]
    monkeypatch.setattr("sys.argv", given)
    monkeypatch.setattr("cli.signals.leave_on_signal", lambda: None)
    with pytest.raises(SystemExit) as left:
        main()
    assert not left.value.code
    said = capsys.readouterr()
    line = "cannot judge from 2026-01-01T10:00:00 on: speed 1,800, learned 900 or 1,500"
    assert line in said.out + said.err
