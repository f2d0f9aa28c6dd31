"""The watchdog is fed by real progress only."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from cli import watchdog as watchdog_module
from cli.notify_socket import NotifySocket
from cli.runtime import Runtime
from cli.watchdog import Watchdog, heartbeats
from storage.settings import HistorySettings
from tests import folders
from tests.manager import Manager
from tests.waiting import until


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    with Manager(tmp_path) as found:
        yield found


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    with Runtime(folders.written(tmp_path / "plant")) as found:
        yield found


def watching(manager: Manager, runtime: Runtime) -> Watchdog:
    return Watchdog(NotifySocket(manager.environment), runtime)


def test_it_is_fed_while_every_thread_gets_somewhere(manager: Manager, runtime: Runtime) -> None:
    runtime.start_ingest()
    runtime.start_scoring()
    assert {"subscriber", "history", "heartbeat", "scoring"} <= set(heartbeats(runtime))
    watchdog = watching(manager, runtime)
    watchdog.turn()
    watchdog.turn()
    assert manager.listen().count("WATCHDOG=1") == 2


def test_a_thread_that_hangs_stops_it_and_is_named_once(
    manager: Manager, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watchdog_module, "HANGS_AFTER", 0.5)
    release = threading.Event()
    monkeypatch.setattr(runtime.journal, "append", lambda _: release.wait(60) and [])
    runtime.start_ingest()  # its heartbeat cannot append, and its subscriber goes on
    watchdog = watching(manager, runtime)
    until(lambda: heartbeats(runtime)["heartbeat"] > 0.6)
    with capture_logs() as logs:
        watchdog.turn()
        watchdog.turn()
    assert manager.listen() == ["STATUS=hanging: heartbeat"]
    assert [entry["event"] for entry in logs] == ["threads_hang"]
    release.set()
    until(lambda: heartbeats(runtime)["heartbeat"] < 0.5)
    watchdog.turn()
    assert "WATCHDOG=1" in manager.listen()


def test_scoring_that_hangs_stops_it_too(
    manager: Manager, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime.start_scoring()
    assert runtime.scoring is not None
    runtime.stop.set()
    until(lambda: not any(t.name == "scoring" for t in threading.enumerate()))
    monkeypatch.setattr(runtime.scoring, "heartbeat", time.monotonic() - 61)
    watching(manager, runtime).turn()
    assert manager.listen() == ["STATUS=hanging: scoring"]


def test_what_is_wrong_is_said_and_only_when_it_changes(manager: Manager, runtime: Runtime) -> None:
    runtime.start_ingest()
    assert runtime.pipeline is not None
    pipeline = runtime.pipeline
    until(lambda: pipeline.status().trouble)
    watchdog = watching(manager, runtime)
    watchdog.turn()
    watchdog.turn()
    said = [line for line in manager.listen() if line.startswith("STATUS=")]
    assert len(said) == 1 and "no connection to the broker" in said[0]


def test_it_looks_three_times_as_often_as_the_manager_is_patient(
    tmp_path: Path, runtime: Runtime
) -> None:
    stop = threading.Event()
    with Manager(tmp_path, watchdog=0.03) as manager:
        watchdog = watching(manager, runtime)
        thread = threading.Thread(target=watchdog.run, args=(stop,))
        thread.start()
        manager.hears("WATCHDOG=1", times=3)
        stop.set()
        thread.join(10)
    assert not thread.is_alive()


def test_a_history_that_waits_for_an_answer_of_influxdb_does_not_hang(
    manager: Manager, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    ages = {"history": 100.0}
    monkeypatch.setattr(watchdog_module, "heartbeats", lambda _: ages)
    watchdog = watching(manager, runtime)
    watchdog.turn()
    assert manager.listen() == ["STATUS=hanging: history"]
    given = {"kind": "influxdb", "url": "http://x", "org": "o", "token": "env:T", "timeout": "60s"}
    service = runtime.config.service.model_copy(
        update={"history": HistorySettings.model_validate(given)}
    )
    runtime.config = replace(runtime.config, service=service)
    watchdog.turn()
    assert "WATCHDOG=1" in manager.listen()
    ages["history"] = 121.0
    watchdog.turn()
    assert manager.listen().count("WATCHDOG=1") == 1
