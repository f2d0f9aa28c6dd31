"""Telemetry of every form over a real broker, with hostile messages in between."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from benchmarks.rig.corpus import HOSTILE
from benchmarks.rig.load import queue
from core.clock import SECOND, Instant, iso, system_clock
from core.journal import DeviceChanged, Kind, decode
from core.readings import Quality, Reading, Readings
from ingest.pipeline import IngestPipeline
from ingest.settings import BrokerSettings, IngestSettings
from simulators.broker import PrivateMosquitto
from storage.history_memory import MemoryHistory
from storage.journal_memory import MemoryJournal
from tests.messages import plant
from tests.waiting import until

pytestmark = pytest.mark.mosquitto

AT: Instant = system_clock() // SECOND * SECOND - 600 * SECOND
P1, P2 = "karachi/hall/p1", "karachi/hall/p2"
WALL = datetime.fromtimestamp(AT // SECOND, ZoneInfo("Asia/Karachi"))
UTC_TIME = datetime.fromtimestamp(AT // SECOND, UTC)
HALL = {"site": "karachi", "area": "hall"}
NAMES = {"channels": {"v": "vibration", "n": "speed"}}


def said(body: Any) -> bytes:
    return json.dumps(body).encode()


SHAPES: dict[str, tuple[dict[str, Any], str, bytes, list[Reading]]] = {
    "mapping": (
        {
            "topic": "gw/{site}/{area}",
            "decoder": {
                "kind": "mapping",
                "timestamp_path": "t",
                "timestamp_format": "unix_ms",
                "objects": [{"path": "list", "asset_key": "id"}],
            },
            **NAMES,
        },
        "gw/karachi/hall",
        said({"t": AT // 10**6, "list": [{"id": "p1", "v": 1.5, "n": 9}, {"id": "p2", "v": 2}]}),
        [
            Reading(P1, AT, {"speed": 9.0, "vibration": 1.5}),
            Reading(P2, AT, {"vibration": 2.0}),
        ],
    ),
    "line_protocol": (
        {
            "topic": "telegraf/{site}/{area}",
            "decoder": {"kind": "line_protocol", "asset_tag": "asset"},
            **NAMES,
        },
        "telegraf/karachi/hall",
        f"pump,asset=p1 v=1.5,n=9i {AT}\npump,asset=p2 v=2 {AT + 1}\n".encode(),
        [
            Reading(P1, AT, {"speed": 9.0, "vibration": 1.5}),
            Reading(P2, AT + 1, {"vibration": 2.0}),
        ],
    ),
    "opcua": (
        {
            "topic": "opc/{site}/{area}",
            "decoder": {"kind": "opcua", "asset_from": "writer"},
            **NAMES,
        },
        "opc/karachi/hall",
        said(
            {
                "MessageType": "ua-data",
                "Messages": [
                    {
                        "DataSetWriterName": "p1",
                        "Timestamp": iso(AT),
                        "Payload": {"v": {"Value": 1.5, "StatusCode": 2**30}, "n": 9},
                    }
                ],
            }
        ),
        [Reading(P1, AT, {"speed": 9.0, "vibration": 1.5}, {"vibration": Quality.UNCERTAIN})],
    ),
    "azure": (
        {"topic": "aio/{site}/{area}/{asset}", "decoder": {"kind": "azure"}, **NAMES},
        "aio/karachi/hall/p1",
        said({"v": {"SourceTimestamp": iso(AT).replace("Z", ".1234567Z"), "Value": 1.5}}),
        [Reading(P1, AT + 123_456_700, {"vibration": 1.5})],
    ),
    "tasmota": (
        {
            "topic": "tele/{asset}/SENSOR",
            "decoder": {"kind": "tasmota"},
            "channels": {"DS.Temperature": "temperature"},
            "units": {},
            "others": "ignore",
            **HALL,
        },
        "tele/p1/SENSOR",
        said({"Time": WALL.strftime("%Y-%m-%dT%H:%M:%S"), "DS": {"Id": "0", "Temperature": 61}}),
        [Reading(P1, AT, {"temperature": 61.0})],
    ),
    "csv": (
        {
            "topic": "csv/{site}/{area}/{asset}",
            "decoder": {"kind": "csv", "delimiter": ";", "timestamp_column": "time"},
            **NAMES,
        },
        "csv/karachi/hall/p1",
        f"time;v\n{iso(AT)};1.5\n{iso(AT + SECOND)};2.5\n".encode(),
        [
            Reading(P1, AT, {"vibration": 1.5}),
            Reading(P1, AT + SECOND, {"vibration": 2.5}),
        ],
    ),
    "msgpack": (
        {"topic": "packed/{site}/{area}/{asset}", "decoder": {"kind": "msgpack"}, **NAMES},
        "packed/karachi/hall/p1",
        msgspec.msgpack.encode({"ts": UTC_TIME, "values": {"v": 1.5}}),
        [Reading(P1, AT, {"vibration": 1.5})],
    ),
}


class Site:
    """Ingest of some sources at a broker."""

    def __init__(self, port: int, folder: Path, *sources: dict[str, Any]) -> None:
        self.journal = MemoryJournal()
        self.pipeline = IngestPipeline(
            plant(),
            BrokerSettings.model_validate({"url": f"mqtt://127.0.0.1:{port}"}),
            IngestSettings.model_validate({"sources": sources}),
            self.journal,
            MemoryHistory(),
            system_clock,
            memory=folder / "memory.json",
        )

    def __enter__(self) -> Site:
        self.pipeline.start()
        until(lambda: self.pipeline.status().connected)
        return self

    def __exit__(self, *_: object) -> None:
        self.pipeline.stop()

    def readings(self) -> list[Reading]:
        return [
            one
            for block in self._all(Kind.READINGS)
            if isinstance(block, Readings)
            for one in block
        ]

    def devices(self) -> list[tuple[tuple[str, ...], bool]]:
        found = self._all(Kind.DEVICE)
        return [(one.assets, one.online) for one in found if isinstance(one, DeviceChanged)]

    def _all(self, kind: Kind) -> Iterator[Any]:
        return (decode(entry) for entry in self.journal.read(0, 9999) if entry.kind is kind)


@pytest.mark.parametrize("kind", SHAPES)
def test_a_message_is_read_before_and_after_all_that_is_hostile(
    kind: str, mosquitto: PrivateMosquitto, tmp_path: Path
) -> None:
    source, topic, payload, expected = SHAPES[kind]
    with Site(mosquitto.port, tmp_path, {"name": kind.replace("_", "-"), **source}) as site:
        hostile = [(topic, each) for each in HOSTILE]
        queue(mosquitto.port, [(topic, payload), *hostile, (topic, payload)])
        until(lambda: len(site.readings()) >= 2 * len(expected))
    assert site.readings() == [*expected, *expected]
    assert len(site.journal.rejected()) == len(HOSTILE)


def test_values_that_come_one_by_one_are_joined_into_readings(
    mosquitto: PrivateMosquitto, tmp_path: Path
) -> None:
    source = {
        "name": "values",
        "topic": "works/{site}/{area}/{asset}/{channel}",
        "decoder": {"kind": "value", "join": "1s"},
    }
    stamped = [said({"value": k, "ts": iso(AT + k * SECOND // 4)}) for k in range(8)]
    with Site(mosquitto.port, tmp_path, source) as site:
        queue(
            mosquitto.port,
            [
                (f"works/karachi/hall/p1/{name}", each)
                for each in stamped
                for name in ("speed", "vibration")
            ],
        )
        until(lambda: sum(len(one.values) for one in site.readings()) >= 4)
        until(lambda: {one.at for one in site.readings()} >= {AT, AT + SECOND})
    joined = {one.at: set(one.values) for one in site.readings()}
    assert joined[AT] == {"speed", "vibration"}
    assert all(at % SECOND == 0 for at in joined)


def test_a_last_will_and_the_brokers_own_figures_are_heard(
    mosquitto: PrivateMosquitto, tmp_path: Path
) -> None:
    will = {"name": "will", "topic": "tele/{asset}/LWT", "decoder": {"kind": "state"}, **HALL}
    own = {"name": "own", "topic": "$SYS/broker/#", "decoder": {"kind": "broker"}}
    with Site(mosquitto.port, tmp_path, will, own) as site:
        queue(mosquitto.port, [("tele/p1/LWT", b"Online"), ("tele/p1/LWT", b"Offline")])
        until(lambda: len(site.devices()) == 2)
        until(lambda: "version" in site.pipeline._decoder.broker)
    assert site.devices() == [((P1,), True), ((P1,), False)]
