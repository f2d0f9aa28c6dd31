import os
import socket
from collections import namedtuple
from dataclasses import replace
from pathlib import Path

import pytest

from cli import footing
from cli.configuration import Configuration, load
from core.secret import Secret
from storage.lockfile import LockFile
from tests import folders


@pytest.fixture
def config(tmp_path: Path) -> Configuration:
    return folders.written(tmp_path / "plant")


def test_a_free_port_is_well(config: Configuration) -> None:
    assert footing.page(config).verdict == "ok"


def test_a_taken_port_is_a_fault_and_another_is_advised(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        found = footing.page(load(folders.write(tmp_path / "plant", feed=port)))
    assert (found.verdict, found.what) == ("fault", "page")
    assert f"feed.port {port}" in found.found
    assert "set another feed.port" in found.mend


def test_a_port_taken_by_our_own_service_is_well(config: Configuration) -> None:
    with LockFile(config.data / "serve.lock"):
        found = footing.page(config)
    assert found.verdict == "ok"
    assert f"served by process {os.getpid()}" in found.found


def test_a_page_that_would_stand_open_is_a_fault(config: Configuration) -> None:
    feed = config.service.feed.model_copy(update={"host": "0.0.0.0"})
    service = config.service.model_copy(update={"feed": feed})
    found = footing.page(replace(config, service=service))
    assert found.verdict == "fault"
    assert "feed.token" in found.mend


def test_who_works_on_the_data_folder_is_named(config: Configuration) -> None:
    assert footing.folder(config).found == f"{config.data} will be made"
    with LockFile(config.data / "ingest.lock"):
        assert footing.folder(config).found.endswith(f"ingest runs as process {os.getpid()}")
    assert footing.folder(config).found == f"{config.data}"


def test_a_lock_that_nobody_holds_has_no_holder(tmp_path: Path) -> None:
    lock = tmp_path / "serve.lock"
    assert footing.holder(lock) == ""
    with LockFile(lock):
        assert footing.holder(lock) == str(os.getpid())
    assert footing.holder(lock) == ""


@pytest.mark.parametrize(
    ("free", "verdict"), [(1_000_000_000, "fault"), (3_000_000_000, "warning"), (10**12, "ok")]
)
def test_the_disk_is_judged_against_what_the_journal_may_take(
    free: int, verdict: str, config: Configuration, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")(10**12, 0, free)
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage)
    found = footing.disk(config)
    assert found.verdict == verdict
    assert bool(found.mend) == (verdict != "ok")
    assert "the journal may take 2.0 GB more" in found.found


def test_a_secret_that_cannot_be_read_is_named(config: Configuration) -> None:
    broker = config.service.broker.model_copy(
        update={"username": "m", "password": Secret("env:NO_SUCH_SECRET_HERE")}
    )
    service = config.service.model_copy(update={"broker": broker})
    (found,) = footing.secrets(replace(config, service=service))
    assert found.verdict == "fault"
    assert "broker.password: environment variable NO_SUCH_SECRET_HERE is not set" in found.found


def test_the_clock_is_told_with_how_to_mend_it() -> None:
    found = footing.clock()
    assert (found.verdict == "ok") == (found.mend == "")
    assert found.verdict in {"ok", "warning"}
