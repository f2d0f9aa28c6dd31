"""The commands as processes of their own, over a real broker and on real files."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from core.clock import SECOND, iso, system_clock
from simulators.broker import PrivateMosquitto, free_port
from simulators.message import Message
from simulators.publisher import Publisher
from tests import folders
from tests.processes import Running, command, environment, here, millwright
from tests.waiting import until

HEALTHY = {"speed": 1480, "vibration": 2.0, "temperature": 50}


def publish(port: int, asset: str, **values: object) -> None:
    """Publish one reading of now, confirmed by the broker."""
    now = system_clock() // SECOND * SECOND
    body = json.dumps({"ts": iso(now), "values": {**HEALTHY, **values}}).encode()
    topic = f"plant/site/hall/{asset}/telemetry"
    with Publisher(port=port) as publisher:
        assert publisher.publish([Message(asset, now, topic, body)]).acked == 1


def rows(*words: str | Path) -> list[dict[str, str]]:
    """Run a command that lists, and read its JSON lines."""
    done = here(*words, "--json")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.mosquitto
def test_an_alert_is_followed_acknowledged_and_ended_by_work_from_the_terminal(
    mosquitto: PrivateMosquitto, tmp_path: Path
) -> None:
    folder = folders.write(tmp_path / "plant", mosquitto.port)
    with (
        Running(tmp_path, "ingest", "-c", folder) as ingest,
        Running(tmp_path, "serve", "-c", folder) as serve,
    ):
        ingest.says("broker_connected")
        serve.says("page: http://127.0.0.1:")
        with Running(tmp_path, "alerts", "tail", "--after", "0", "-c", folder) as tail:
            publish(mosquitto.port, "p1", vibration=5.5)
            tail.says("opened")
            (case,) = rows("alerts", "list", "-c", folder)
            assert (case["asset"], case["state"]) == ("site/hall/p1", "unacknowledged")
            shown = millwright("alerts", "show", case["id"], "-c", folder).stdout
            assert "Look at the bearing." in shown

            told = millwright("alerts", "ack", case["id"], "--note", "on my way", "-c", folder)
            assert told.returncode == 0, told.stderr
            tail.says("acknowledged")
            (case,) = rows("alerts", "list", "-c", folder)
            assert case["state"] == "acknowledged"
            refused = millwright("alerts", "end", case["id"], "-c", folder)
            assert refused.returncode == 3
            assert "Traceback" not in refused.stderr

            mended = ("work", "add", "site/hall/p1", "replaced", "--failure-mode", "bearing")
            assert millwright(*mended, "-c", folder).returncode == 0
            tail.says("work recorded")
            assert tail.end(signal.SIGINT) == 0
        assert rows("alerts", "list", "-c", folder) == []
        (work,) = rows("work", "list", "-c", folder)
        assert (work["asset"], work["work"], work["by"]) == ("site/hall/p1", "replaced", "Ayesha")
        assert ingest.end() == 0
        assert serve.end() == 0
    assert "Traceback" not in ingest.err + serve.err


@pytest.mark.mosquitto
def test_refused_messages_are_listed_and_taken_once_the_plant_is_mended(
    mosquitto: PrivateMosquitto, tmp_path: Path
) -> None:
    folder = folders.write(tmp_path / "plant", mosquitto.port)
    with Running(tmp_path, "run", "-c", folder) as service:
        service.says("broker_connected")
        publish(mosquitto.port, "p3")
        publish(mosquitto.port, "p1", vibration="loud")
        publish(mosquitto.port, "p2")
        until(lambda: len(rows("messages", "rejected", "-c", folder)) == 2)
        assert service.end(signal.SIGINT) == 0
    (stranger,) = rows("messages", "rejected", "--reason", "unknown asset", "-c", folder)
    assert stranger["topic"] == "plant/site/hall/p3/telemetry"

    folders.add_pump(folder)
    tried = millwright("messages", "retry", "-c", folder)
    assert tried.stdout == "taken now: 1, refused again: 1, not kept whole: 0\n"
    (left,) = rows("messages", "rejected", "-c", folder)
    assert left["reason"] == "not a number"


@pytest.mark.mosquitto
def test_a_missing_broker_is_said_once_and_waited_for(tmp_path: Path) -> None:
    port = free_port()
    folder = folders.write(tmp_path / "plant", port)
    with Running(tmp_path, "ingest", "-c", folder) as ingest:
        ingest.says("broker_unavailable")
        second = millwright("ingest", "-c", folder)
        assert second.returncode == 3
        assert f"held by process {ingest.process.pid}: another ingest runs on" in second.stderr
        assert ingest.err.count("broker_unavailable") == 1
        with PrivateMosquitto(tmp_path / "broker", port):
            ingest.says("broker_connected")
            assert ingest.end() == 0
    assert "Traceback" not in ingest.err


def test_a_corrupt_journal_is_left_alone_and_the_way_out_is_said(tmp_path: Path) -> None:
    folder = folders.write(tmp_path / "plant")
    journal = folder / "data" / "journal.db"
    journal.parent.mkdir()
    journal.write_bytes(b"not a database " * 1000)
    before = journal.read_bytes()
    done = millwright("run", "-c", folder)
    assert done.returncode == 3
    assert f"{journal} is damaged" in done.stderr
    assert "move journal.db aside" in done.stderr
    assert "Traceback" not in done.stderr
    assert journal.read_bytes() == before


@pytest.mark.mosquitto
def test_tail_ends_when_its_reader_has_gone(mosquitto: PrivateMosquitto, tmp_path: Path) -> None:
    folder = folders.write(tmp_path / "plant", mosquitto.port)
    with Running(tmp_path, "run", "-c", folder) as service:
        service.says("broker_connected")
        words = command("alerts", "tail", "--after", "0", "-c", folder)
        with subprocess.Popen(words, stdout=subprocess.PIPE, env=environment()) as tail:
            publish(mosquitto.port, "p1", vibration=5.5)
            assert tail.stdout is not None
            assert b"opened" in tail.stdout.readline()
            tail.stdout.close()
            assert tail.wait(20) == 0
        assert service.end() == 0


def test_a_taken_page_port_is_named(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = millwright("serve", "-c", folders.write(tmp_path / "plant", feed=port))
    assert done.returncode == 3
    assert f"feed.port {port} on 127.0.0.1 is taken" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_page_for_other_machines_is_refused_without_a_token(tmp_path: Path) -> None:
    folder = folders.write(tmp_path / "plant")
    service = folder / "service.yaml"
    service.write_text(service.read_text().replace("feed: {", "feed: {host: 0.0.0.0, "))
    done = millwright("serve", "-c", folder)
    assert done.returncode == 2
    assert "service.yaml:3: feed.host 0.0.0.0 can be reached from other machines" in done.stderr
    assert not (folder / "data").exists()


@pytest.mark.parametrize("command", ["run", "serve"])
def test_without_its_token_nothing_starts(tmp_path: Path, command: str) -> None:
    folder = folders.write(tmp_path / "plant")
    service = folder / "service.yaml"
    service.write_text(service.read_text().replace("feed: {", "feed: {token: env:NOT_SET_HERE, "))
    done = millwright(command, "-c", folder)
    assert done.returncode == 3
    assert "feed.token: environment variable NOT_SET_HERE is not set" in done.stderr
    assert "broker:" not in done.stderr
    assert not (folder / "data").exists()


def test_a_fault_in_the_configuration_ends_every_service_with_2(tmp_path: Path) -> None:
    folder = folders.write(tmp_path / "plant", more="brokr: {}\n")
    done = millwright("run", "-c", folder)
    assert done.returncode == 2
    assert "service.yaml:4" in done.stderr
    assert not (folder / "data").exists()
