"""The commands of the units and of the image, run as they stand there, under a manager of ours."""

from __future__ import annotations

import json
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from cli.configuration import load
from simulators.broker import PrivateMosquitto
from tests import folders
from tests.manager import Manager
from tests.processes import ROOT, command, environment
from tests.waiting import until

DEPLOY = ROOT / "deploy"
CONTAINERFILE = (DEPLOY / "Containerfile").read_text(encoding="utf-8")


def unit_command(instance: str, folder: Path) -> list[str]:
    """Give what systemd would run, with our program and our folder."""
    text = (DEPLOY / "systemd" / "millwright@.service").read_text(encoding="utf-8")
    line = re.search(r"^ExecStart=(.+)$", text, re.MULTILINE)
    assert line is not None
    program, *words = shlex.split(line[1].replace("%i", instance))
    assert program.endswith("/bin/millwright")
    return command(*(str(folder) if word == "/etc/millwright" else word for word in words))


@contextmanager
def started(words: list[str], manager: Manager, **more: str) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(
        words,
        env=environment(**manager.environment, **more),
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


@pytest.mark.mosquitto
@pytest.mark.parametrize("instance", ["run", "ingest", "serve"])
def test_what_the_unit_starts_says_ready_feeds_the_watchdog_and_says_when_it_stops(
    tmp_path: Path, mosquitto: PrivateMosquitto, instance: str
) -> None:
    folder = folders.write(tmp_path / "plant", mosquitto.port)
    with (
        Manager(tmp_path, watchdog=0.3) as manager,
        started(unit_command(instance, folder), manager) as process,
    ):
        manager.hears("READY=1")
        manager.hears("WATCHDOG=1", times=3)
        until(lambda: any(line.startswith("STATUS=") for line in manager.listen()))
        if instance != "serve":
            manager.hears(f"STATUS=connected to mqtt://127.0.0.1:{mosquitto.port}")
        assert "STOPPING=1" not in manager.heard
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
        manager.hears("STOPPING=1")


def test_a_broker_that_is_away_is_told_and_does_not_starve_the_watchdog(tmp_path: Path) -> None:
    folder = folders.write(tmp_path / "plant", broker=1)
    with (
        Manager(tmp_path, watchdog=0.3) as manager,
        started(unit_command("run", folder), manager) as process,
    ):
        manager.hears("READY=1")
        until(lambda: any("no connection to the broker" in line for line in manager.listen()))
        manager.hears("WATCHDOG=1", times=3)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


def test_a_configuration_at_fault_is_never_ready_and_is_not_tried_again(tmp_path: Path) -> None:
    (tmp_path / "plant").mkdir()
    with (
        Manager(tmp_path) as manager,
        started(unit_command("run", tmp_path / "plant"), manager) as process,
    ):
        assert process.wait(30) == 2  # RestartPreventExitStatus
        assert manager.listen() == []


def test_the_image_starts_and_its_health_check_tells_life_from_death(tmp_path: Path) -> None:
    folder = folders.write(tmp_path / "plant", broker=1)
    port = load(folder).service.feed.port
    entry = json.loads(re.findall(r"^ENTRYPOINT (.+)$", CONTAINERFILE, re.MULTILINE)[0])
    words = json.loads(re.findall(r"^CMD (.+)$", CONTAINERFILE, re.MULTILINE)[0])
    assert entry == ["millwright"]
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    service = compose["services"]["millwright"]
    assert service["command"] == words
    assert "MILLWRIGHT_CONFIG=/etc/millwright" in CONTAINERFILE
    python, *check = service["healthcheck"]["test"][1:]
    assert python == "python" and ":8765/" in check[1]
    check = [sys.executable, *(word.replace(":8765/", f":{port}/") for word in check)]
    with (
        Manager(tmp_path) as manager,
        started(command(*words), manager, MILLWRIGHT_CONFIG=str(folder)) as process,
    ):
        manager.hears("READY=1")
        until(lambda: subprocess.run(check, capture_output=True, check=False).returncode == 0)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert subprocess.run(check, capture_output=True, check=False).returncode != 0
