"""How the chaos benchmark judges what it saw."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.chaos import BEYOND, Played, lasting, plan, unexplained
from benchmarks.rig.publisher import Log
from benchmarks.rig.seen import Seen


def log(acked: list[float], ended: float = 0.0, away: float = 0.0) -> Log:
    return Log(np.array(acked), ended, away)


def test_the_rate_counts_what_was_acknowledged_while_the_broker_was_there() -> None:
    acked = np.linspace(1000, 1010, 1001)
    assert Log(acked, 1010, 0).rate == pytest.approx(100, rel=0.01)
    assert Log(acked, 1010, 5).rate == pytest.approx(200, rel=0.01)


def test_what_was_never_acknowledged_is_counted_and_adds_nothing_to_the_rate() -> None:
    found = log([1000.0, 0.0, 1001.0, 0.0, 1002.0])
    assert found.unacknowledged == 2
    assert found.rate == 1.5


@pytest.mark.parametrize("acked", [[], [0.0, 0.0], [1000.0, 0.0]])
def test_a_rate_that_cannot_be_told_is_no_number(acked: list[float]) -> None:
    assert np.isnan(log(acked).rate)


def test_a_log_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    log([1000.0, 0.0], 7.0, 3.0).save(tmp_path / "l.npz")
    found = Log.load(tmp_path / "l.npz")
    assert (found.acked.tolist(), found.ended, found.away) == ([1000.0, 0.0], 7.0, 3.0)


def test_an_act_after_the_last_message_is_late() -> None:
    done = [("kill", 10.0), ("restart", 20.0), ("broker", 30.0), ("ended", 40.0)]
    played = Played(Seen(0, True, 0), log([5.0], ended=15.0), np.zeros(1, bool), done)
    assert played.late == 2


def test_the_load_outlasts_every_wait() -> None:
    acts = plan(50, 5, 3, seed=1)
    assert sorted(act.what for act in acts) == ["broker"] * 3 + ["kill"] * 50 + ["restart"] * 5
    assert lasting(acts) >= sum(act.wait + act.away for act in acts) + BEYOND
    assert plan(50, 5, 3, seed=1) == acts


def test_a_kill_explains_what_was_acknowledged_until_ingest_was_back() -> None:
    kills, back = [100.0, 200.0], [50.0, 110.0]
    assert unexplained(back, [98.5, 100.0, 110.5], kills) == 0
    assert unexplained(back, [97.0, 112.0], kills) == 2
    assert unexplained(back, [200.5, 202.0], kills) == 1  # never back: a second, not for ever
