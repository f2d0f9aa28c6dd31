"""`millwright forward` beside ingest and serve: it goes on, ends when it is told, and runs once."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from cli.adapters import open_journal
from cli.configuration import load
from core import site
from core.journal import draft
from core.site import Topic
from service.mqtt_link import LinkTarget, MqttLink
from service.positions import PositionFile
from simulators.broker import PrivateMosquitto
from storage.casefile_sqlite import SqliteCaseFile
from tests import folders
from tests.forwarding import NOW, block
from tests.processes import Running, millwright
from tests.waiting import until

pytestmark = pytest.mark.mosquitto


def test_it_forwards_what_is_there_and_ends_with_0(
    tmp_path: Path, mosquitto: PrivateMosquitto
) -> None:
    url = f"mqtt://127.0.0.1:{mosquitto.port}"
    more = f"forward: {{site: lahore, url: '{url}', every: 100ms}}\n"
    folder = folders.write(tmp_path / "plant", more=more)
    heard: list[bytes] = []
    topic = site.topic("millwright", "lahore", Topic.READINGS)
    centre = MqttLink(LinkTarget(url, "centre"), topic, heard.append)
    centre.look()
    refused = millwright("forward", "-c", folder)
    assert refused.returncode != 0 and "nothing has run" in refused.stderr
    config = load(folder)
    journal = open_journal(config)
    SqliteCaseFile(config.data / "cases.db").close()
    journal.append([draft(NOW, block("p1", "p2"))])
    with Running(tmp_path, "forward", "-c", folder) as running:
        running.says(f"centre: {url}")
        until(lambda: heard, 30)
        second = millwright("forward", "-c", folder)
        assert second.returncode != 0 and "forward.lock" in second.stderr
        running.process.send_signal(signal.SIGTERM)
        assert running.process.wait(30) == 0
    centre.close()
    assert PositionFile(config.data / "forward.json").now.sent == 1
    assert journal.marks()["forward"] >= 1
    journal.close()
