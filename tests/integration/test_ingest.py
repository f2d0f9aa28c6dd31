"""Ingest over a real broker: nothing acknowledged before it is kept, nothing lost or silent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.publish import single
from structlog.testing import capture_logs

from benchmarks.rig.load import queue
from core.clock import SECOND, Instant, iso, system_clock
from core.errors import Refused, Unavailable
from core.journal import Journal, Kind, Link, LinkChanged, decode
from core.plant import Asset
from core.readings import Readings
from core.rejection import Reason
from ingest import connection
from ingest.pipeline import IngestPipeline
from ingest.probe import Kept, kept_while_away, reach
from ingest.retry import Retried, retry
from ingest.settings import BrokerSettings, IngestSettings
from simulators.broker import PrivateMosquitto, free_port
from storage.history_memory import MemoryHistory
from storage.history_sqlite import SqliteHistory
from storage.journal_sqlite import SqliteJournal
from storage.lockfile import LockFile
from storage.settings import JournalSettings
from tests.messages import plant
from tests.stubborn import StubbornJournal
from tests.waiting import until

pytestmark = pytest.mark.mosquitto
TOPIC = "plant/karachi/hall/p1/telemetry"
BEGIN: Instant = system_clock() // SECOND * SECOND - 3600 * SECOND


def message(number: int, topic: str = TOPIC) -> tuple[str, bytes]:
    """Make a good message; its value is its number."""
    text = {"ts": iso(BEGIN + number * SECOND), "values": {"speed": number}}
    return topic, json.dumps(text).encode()


def messages(*numbers: int) -> list[tuple[str, bytes]]:
    return [message(number) for number in numbers]


class Site:
    """Ingest at a broker, started and stopped as often as needed."""

    def __init__(self, port: int, folder: Path) -> None:
        self.port, self.folder = port, folder
        self.journal: Any = StubbornJournal()
        self.history: Any = MemoryHistory()
        self.pipelines: list[IngestPipeline] = []

    def start(self, **changes: Any) -> IngestPipeline:
        given = {"url": f"mqtt://127.0.0.1:{self.port}", "reconnect_max": "100ms", **changes}
        memory = self.folder / f"{given.get('client_id', 'millwright')}.json"
        pipeline = IngestPipeline(
            plant(tick_every=SECOND // 5),
            BrokerSettings.model_validate(given),
            IngestSettings(),
            self.journal,
            self.history,
            system_clock,
            memory=memory,
        )
        self.pipelines.append(pipeline)
        pipeline.start()
        return pipeline

    def connect(self, **changes: Any) -> IngestPipeline:
        pipeline = self.start(**changes)
        until(lambda: pipeline.status().connected)
        return pipeline

    def stop(self) -> None:
        for pipeline in self.pipelines:
            pipeline.stop()
        self.pipelines.clear()

    def heard(self) -> list[int]:
        return numbers(self.journal)

    def links(self) -> list[LinkChanged]:
        found = [decode(entry) for entry in self.journal.read(0, 99_999)]
        return [each for each in found if isinstance(each, LinkChanged)]


def numbers(journal: Journal) -> list[int]:
    found = [decode(entry) for entry in journal.read(0, 99_999) if entry.kind is Kind.READINGS]
    blocks = [each for each in found if isinstance(each, Readings)]
    return [int(reading.values["speed"]) for block in blocks for reading in block]


@pytest.fixture
def site(mosquitto: PrivateMosquitto, tmp_path: Path) -> Iterator[Site]:
    found = Site(mosquitto.port, tmp_path)
    yield found
    found.stop()


HOSTILE = [b"", b"\xff\xfe", b"[" * 50_000, b'{"ts":1e999}', b" " * 400_000, b"\x00" * 40]


@pytest.mark.parametrize("protocol", ["auto", "3.1.1"])
@pytest.mark.parametrize("fast", [True, False], ids=["tap", "without the seam"])
def test_hostile_messages_are_set_aside_and_the_next_good_one_gets_in(
    site: Site, protocol: str, fast: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not fast:
        monkeypatch.delattr(connection._TappedClient, "_create_socket")
        monkeypatch.setattr(connection, "SEAM", "_no_longer_there")
    pipeline = site.connect(protocol=protocol)
    sent = [message(1), *((TOPIC, payload) for payload in HOSTILE), message(2)]
    queue(site.port, [*sent, message(3, "plant/karachi/hall/p9/telemetry"), message(4)])
    until(lambda: pipeline.status().acknowledged == 10)
    assert site.heard() == [1, 2, 4]
    until(lambda: site.history.count() == 3)
    reasons = [letter.reason for letter in site.journal.rejected()]
    assert len(reasons) == 7 and reasons[0] is Reason.UNKNOWN_ASSET
    assert site.links()[0].detail.endswith("MQTT 5" if protocol == "auto" else "MQTT 3.1.1")
    site.stop()
    again = site.connect(protocol=protocol)
    queue(site.port, messages(5))
    until(lambda: site.heard() == [1, 2, 4, 5])
    assert again.status().received == 1  # so the hostile ones were acknowledged too


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_what_was_not_committed_comes_again_after_a_restart(site: Site, protocol: str) -> None:
    pipeline = site.connect(protocol=protocol)
    until(site.links)
    site.journal.trouble = Unavailable("the disk is full", retry_after=0.01)
    queue(site.port, messages(*range(1, 501)))
    until(lambda: any("the disk is full" in words for words in pipeline.status().trouble))
    assert pipeline.status().received > 0
    assert pipeline.status().acknowledged == 0
    site.stop()
    assert site.heard() == []
    site.journal.trouble = None
    site.connect(protocol=protocol)
    until(lambda: len(site.heard()) == 500)
    assert site.heard() == list(range(1, 501))


def test_a_broker_that_comes_late_is_found(tmp_path: Path) -> None:
    site = Site(free_port(), tmp_path)
    with capture_logs() as logs:
        pipeline = site.start()
        until(lambda: pipeline.status().trouble)
        with PrivateMosquitto(tmp_path / "late", port=site.port):
            until(lambda: pipeline.status().connected)
            queue(site.port, messages(1))
            until(lambda: site.heard() == [1])
            site.stop()
    assert [entry["event"] for entry in logs].count("broker_unavailable") == 1


def test_a_broker_that_restarts_keeps_the_session_and_its_queue(
    site: Site, mosquitto: PrivateMosquitto
) -> None:
    site.connect()
    site.stop()
    queue(site.port, messages(1, 2, 3))
    mosquitto.stop()
    mosquitto.start()
    pipeline = site.connect()
    until(lambda: site.heard() == [1, 2, 3])
    mosquitto.stop()
    until(lambda: not pipeline.status().connected)
    mosquitto.start()
    until(lambda: pipeline.status().connected)
    queue(site.port, messages(4))
    # a broker that ends before it has read our acknowledgements sends again
    until(lambda: list(dict.fromkeys(site.heard())) == [1, 2, 3, 4])
    kinds = [link.link for link in site.links()]
    assert Link.SESSION_LOST not in kinds and Link.DISCONNECTED in kinds


def test_a_session_that_a_killed_broker_forgot_is_told(
    site: Site, mosquitto: PrivateMosquitto
) -> None:
    pipeline = site.connect()
    mosquitto.kill()
    until(lambda: not pipeline.status().connected)
    mosquitto.start()
    until(lambda: Link.SESSION_LOST in [link.link for link in site.links()])
    queue(site.port, messages(1))
    until(lambda: site.heard() == [1])


def test_a_second_instance_that_takes_the_client_id_is_named(site: Site) -> None:
    site.connect()
    other = Site(site.port, site.folder / "other")
    other.folder.mkdir()
    other.start()
    try:
        until(lambda: Link.TAKEN_OVER in [link.link for link in site.links()])
    finally:
        other.stop()
    (taken, *_) = [link for link in site.links() if link.link is Link.TAKEN_OVER]
    assert 'as "millwright"' in taken.detail


def test_a_second_instance_on_the_same_folder_refuses_to_start(tmp_path: Path) -> None:
    with (
        LockFile(tmp_path / "ingest.lock"),
        pytest.raises(Refused, match="another ingest runs on this data folder"),
        LockFile(tmp_path / "ingest.lock"),
    ):
        pass


def test_a_retained_message_is_marked_as_a_state(site: Site) -> None:
    topic, payload = message(1)
    single(topic, payload, qos=1, retain=True, hostname="127.0.0.1", port=site.port)
    site.connect()
    until(lambda: site.heard() == [1])
    (block,) = [decode(e) for e in site.journal.read(0, 999) if e.kind is Kind.READINGS]
    assert isinstance(block, Readings) and block.retained


def test_properties_without_measure_are_refused_once_and_stop_nothing(site: Site) -> None:
    properties = Properties(PacketTypes.PUBLISH)
    properties.UserProperty = [("padding", "x" * 60_000)] * 8
    pipeline = site.connect()
    client = Client(CallbackAPIVersion.VERSION2, "hostile", protocol=MQTTv5)
    client.connect("127.0.0.1", site.port)
    client.loop_start()
    client.publish(*message(1), qos=1, properties=properties).wait_for_publish(10)
    client.publish(*message(2), qos=1).wait_for_publish(10)
    client.disconnect()
    client.loop_stop()
    until(lambda: site.heard() == [2])
    (letter,) = site.journal.rejected()
    assert letter.reason is Reason.OVERSIZED
    until(lambda: pipeline.status().acknowledged == 2)
    assert pipeline.status().received == 2


def test_refused_messages_are_listed_retried_and_reach_the_history(site: Site) -> None:
    site.journal = SqliteJournal(site.folder / "journal.db", JournalSettings())
    site.history = SqliteHistory(site.folder / "history.db")
    pipeline = site.connect()
    queue(site.port, [message(1, "plant/karachi/hall/p9/telemetry"), (TOPIC, b"?"), message(2)])
    until(lambda: pipeline.status().acknowledged == 3)
    letters = site.journal.rejected()
    assert [letter.reason for letter in letters] == [Reason.MALFORMED, Reason.UNKNOWN_ASSET]
    known, added = plant(), Asset("karachi", "hall", "p9", "pump")
    mended = replace(known, assets={**known.assets, added.id: added})
    done = retry(letters, mended, IngestSettings(), site.journal, system_clock)
    assert done == Retried(taken=1, refused=1)
    until(lambda: site.history.count("karachi/hall/p9") == 1)
    assert [letter.payload for letter in site.journal.rejected()] == [b"?"]
    assert site.journal.rejected_counts() == {Reason.UNKNOWN_ASSET: 1, Reason.MALFORMED: 1}
    site.stop()
    site.history.close()
    site.journal.close()


def test_a_probe_tells_how_many_messages_a_broker_keeps(tmp_path: Path) -> None:
    few = ("max_queued_messages 30", "max_inflight_messages 10")
    with PrivateMosquitto(tmp_path / "small", extra=few) as broker:
        settings = BrokerSettings(url=f"mqtt://127.0.0.1:{broker.port}")
        reach(settings)
        kept = kept_while_away(settings, probes=100, wait=0.3)
    assert kept.published == 100
    assert 0 < kept.received < 100


def test_a_probe_finds_all_at_a_broker_that_keeps_them(
    mosquitto: PrivateMosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROKER_WORD", "any")
    given = {"url": f"mqtt://127.0.0.1:{mosquitto.port}", "username": "ali"}
    settings = BrokerSettings.model_validate({**given, "password": "env:BROKER_WORD"})
    assert kept_while_away(settings, probes=200) == Kept(200, 200, 200)


def test_a_probe_says_why_it_cannot_reach_a_broker(tmp_path: Path) -> None:
    port = free_port()
    with pytest.raises(Unavailable, match=f"no broker at mqtt://127.0.0.1:{port}"):
        reach(BrokerSettings(url=f"mqtt://127.0.0.1:{port}"))


def test_a_probe_tells_of_refused_credentials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    passwords = tmp_path / "passwords"
    passwords.touch(0o600)
    monkeypatch.setenv("BROKER_WORD", "wrong")
    strict = ("allow_anonymous false", f"password_file {passwords}")
    with PrivateMosquitto(tmp_path / "strict", extra=strict) as broker:
        given = {"url": f"mqtt://127.0.0.1:{broker.port}", "username": "ali"}
        settings = BrokerSettings.model_validate({**given, "password": "env:BROKER_WORD"})
        with pytest.raises(Unavailable, match="(?i)refused: not authori"):
            reach(settings)
        site = Site(broker.port, tmp_path)
        pipeline = site.start(username="ali", password="env:BROKER_WORD")
        until(lambda: any("Not authorized" in words for words in pipeline.status().trouble))
        site.stop()
