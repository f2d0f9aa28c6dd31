from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np

from core.alert import Alert, AlertState, Change, Evidence, Notice, Transition
from core.casefile import Advance, Condition
from core.plant import Severity
from storage import casefile_sqlite
from storage.casefile_commit import trim_conditions
from storage.casefile_sqlite import SqliteCaseFile

ALERT = Alert(
    "a1",
    "s/a/p1",
    "machine",
    Severity.WARNING,
    AlertState.UNACKNOWLEDGED,
    "title",
    "summary",
    1,
    1,
    ("r",),
    ("r",),
    Evidence(1, "zones", float("nan")),
)
STEP = Transition("a1", 1, 1, Change.OPENED, None, ALERT.state, "me", "why", ALERT.severity)


def test_all_of_an_advance_is_there_after_opening_again(tmp_path: Path) -> None:
    cases = SqliteCaseFile(tmp_path / "c.db")
    notice = Notice("mqtt", "key", ALERT, STEP)
    cases.commit(Advance(4, (ALERT,), (STEP,), (notice,), checkpoint={"a": b"x"}))
    cases.close()
    cases = SqliteCaseFile(tmp_path / "c.db")
    saved = cases.load()
    assert (saved.position, saved.alerts[0].id, saved.checkpoint) == (4, "a1", {"a": b"x"})
    assert np.isnan(saved.alerts[0].evidence.score or 0)
    assert cases.pending("mqtt")[0].transition == replace(STEP, id=1)
    cases.commit(Advance(5, transitions=(replace(STEP, version=2),)))
    assert [step.id for step in cases.transitions("a1")] == [1, 2]
    cases.close()


def test_another_opening_sees_events_without_gaps_while_scoring_commits(tmp_path: Path) -> None:
    cases = SqliteCaseFile(tmp_path / "c.db")
    cases.commit(Advance(0, (ALERT,)))
    seen: list[int] = []
    done = threading.Event()

    def follow() -> None:
        feed = SqliteCaseFile(tmp_path / "c.db")
        while not (done.is_set() and len(seen) >= 200):
            seen.extend(step.id for step, _ in feed.events(seen[-1] if seen else 0, 7))
        feed.close()

    reader = threading.Thread(target=follow)
    reader.start()
    for number in range(100):
        steps = tuple(replace(STEP, version=2 * number + k) for k in (1, 2))
        cases.commit(Advance(number + 1, (replace(ALERT, version=number),), steps))
    done.set()
    reader.join()
    assert seen == list(range(1, 201))
    cases.close()


def test_thinned_scores_are_kept_for_so_long(tmp_path: Path) -> None:
    cases = SqliteCaseFile(tmp_path / "c.db", keep_conditions=100)
    rows = [Condition("p1", at, "health", 1.0) for at in range(0, 2000, 10)]
    cases.commit(Advance(1, conditions=(*rows, Condition("p2", 5, "health", 1.0))))
    with cases._file.writing() as connection:
        trim_conditions(connection, 100)
    assert cases.conditions("p1", ("health",), 0, 9999).at[0] == 1890
    assert len(cases.conditions("p2", ("health",), 0, 9999)) == 1
    cases.close()


def test_thinned_scores_are_trimmed_now_and_then(tmp_path: Path) -> None:
    cases = SqliteCaseFile(tmp_path / "c.db", keep_conditions=100)
    cases._commits = casefile_sqlite._TRIM_EVERY - 1
    rows = tuple(Condition("p1", at, "health", 1.0) for at in range(0, 2000, 10))
    cases.commit(Advance(1, conditions=rows))
    assert len(cases.conditions("p1", ("health",), 0, 9999)) < 20
    cases.close()
