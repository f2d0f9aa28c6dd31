"""What systemd is told, and when it is told nothing."""

from __future__ import annotations

import os
import socket
import uuid
from pathlib import Path

from cli.notify_socket import NotifySocket
from tests.manager import Manager


def test_lines_go_to_the_socket_that_is_named(tmp_path: Path) -> None:
    with Manager(tmp_path) as manager:
        notify = NotifySocket(manager.environment)
        assert notify.listened
        notify.tell("READY=1", "STATUS=all well")
        assert manager.listen() == ["READY=1", "STATUS=all well"]


def test_an_abstract_socket_is_found_too() -> None:
    name = f"millwright-{uuid.uuid4().hex}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as link:
        link.bind(f"\0{name}")
        NotifySocket({"NOTIFY_SOCKET": f"@{name}"}).tell("READY=1")
        assert link.recv(100) == b"READY=1"


def test_without_a_manager_nothing_is_said_and_nothing_fails(tmp_path: Path) -> None:
    nobody = NotifySocket({})
    assert not nobody.listened and nobody.patience == 0
    nobody.tell("READY=1")
    NotifySocket({"NOTIFY_SOCKET": str(tmp_path / "gone")}).tell("READY=1")


def test_the_watchdog_is_ours_only_where_it_is_meant_for_this_process() -> None:
    assert NotifySocket({"WATCHDOG_USEC": "60000000"}).patience == 60
    ours = {"WATCHDOG_USEC": "500000", "WATCHDOG_PID": str(os.getpid())}
    assert NotifySocket(ours).patience == 0.5
    assert NotifySocket({**ours, "WATCHDOG_PID": "1"}).patience == 0
    assert NotifySocket({"WATCHDOG_USEC": "soon"}).patience == 0
