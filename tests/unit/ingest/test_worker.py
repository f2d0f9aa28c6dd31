"""A thread that must not die."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from structlog.testing import capture_logs

from core.errors import Refused
from ingest import worker as worker_module
from ingest.worker import Worker, rest


def test_a_task_that_fails_is_started_again() -> None:
    runs: list[int] = []
    done = threading.Event()

    def task(stop: threading.Event, _: Callable[[], None]) -> None:
        runs.append(1)
        if len(runs) < 3:
            raise ZeroDivisionError
        done.set()
        stop.wait()

    worker = Worker("test", task, pause=0.001)
    with capture_logs() as logs:
        worker.start()
        assert done.wait(10)
        worker.stop()
        assert worker.join(10)
    assert worker.restarts == 2
    assert [entry["thread"] for entry in logs] == ["test", "test"]


def test_what_will_never_succeed_ends_a_task_for_good_and_loudly() -> None:
    runs: list[int] = []

    def task(_: threading.Event, __: Callable[[], None]) -> None:
        runs.append(1)
        raise Refused("journal.db is damaged")

    worker = Worker("test", task, pause=0.001)
    with capture_logs() as logs:
        worker.start()
        assert worker.join(10)
    assert len(runs) == 1 and worker.restarts == 0
    assert str(worker.refusal) == "journal.db is damaged"
    (said,) = logs
    assert (said["log_level"], said["why"]) == ("critical", "journal.db is damaged")


def test_a_task_that_beats_is_young_and_one_that_hangs_grows_old() -> None:
    def task(stop: threading.Event, beat: Callable[[], None]) -> None:
        beat()
        stop.wait()

    worker = Worker("test", task)
    worker.start()
    assert worker.age < 30
    worker._beat -= 100
    assert worker.age > 99
    worker.beat()
    assert worker.age < 30
    assert not worker.join(0.01)
    worker.stop()
    assert worker.join(10)


def test_a_long_rest_comes_round_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "_ROUND", 0.001)
    beats: list[int] = []
    assert rest(threading.Event(), lambda: beats.append(1), 0.05)
    assert len(beats) > 3


def test_a_rest_ends_when_it_is_time_to_stop() -> None:
    stop = threading.Event()
    assert not rest(stop, stop.set, 1000)
    assert not rest(stop, lambda: None, 0)


def test_one_that_was_never_started_has_ended() -> None:
    assert Worker("test", lambda *_: None).join(1)
