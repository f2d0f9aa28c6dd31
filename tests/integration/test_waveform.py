"""Blocks of vibration over a real broker, into journal, history and the store of raw blocks."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from benchmarks.rig.load import queue
from core.clock import DAY, SECOND, Instant, iso, system_clock
from core.plant import Asset, AssetClass, Channel, Plant, Site
from ingest.block_keeper import BlockKeeper
from ingest.pipeline import IngestPipeline
from ingest.settings import BrokerSettings, IngestSettings
from models.bearing import Bearing
from simulators.bearing import acceleration
from simulators.broker import PrivateMosquitto
from storage.blocks_sqlite import SqliteBlocks
from storage.history_memory import MemoryHistory
from storage.journal_sqlite import SqliteJournal
from storage.settings import JournalSettings
from tests.waiting import until

pytestmark = pytest.mark.mosquitto
M1 = "lahore/hall/m1"
TOPIC = f"wave/{M1}"
BEGIN: Instant = system_clock() // SECOND * SECOND - 60 * SECOND
BEARING = Bearing(9, 7.94, 39.04)
SOURCE = {
    "name": "waves",
    "topic": "wave/{site}/{area}/{asset}",
    "others": "ignore",
    "decoder": {
        "kind": "waveform",
        "encoding": "int16",
        "scale": 0.01,
        "bearing": {"balls": 9, "ball_diameter": 7.94, "pitch_diameter": 39.04},
        "speed": 1480,
        "envelope_band": [2000, 5000],
    },
}
MOTOR = AssetClass("motor", (Channel("vibration_rms", "m/s2"), Channel("vibration_bpfo", "m2/s4")))


def counts(number: int, fault: str | None) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    rng = np.random.default_rng(number)
    samples = acceleration(BEARING, 1480, 25_600, 4096, rng, fault=fault)
    return (samples * 100).round().astype("<i2")


def message(number: int, fault: str | None = None) -> tuple[str, bytes]:
    text = base64.b64encode(counts(number, fault).tobytes()).decode()
    body = {"ts": iso(BEGIN + number * SECOND), "rate": 25_600, "samples": text}
    return TOPIC, json.dumps(body).encode()


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[tuple[SqliteJournal, MemoryHistory, SqliteBlocks]]:
    journal = SqliteJournal(tmp_path / "journal.db", JournalSettings())
    blocks = SqliteBlocks(tmp_path / "blocks.db", 1_000_000)
    yield journal, MemoryHistory(), blocks
    journal.close()
    blocks.close()


def test_a_struck_race_shows_in_history_and_its_raw_block_can_be_looked_at(
    mosquitto: PrivateMosquitto, stores: tuple[SqliteJournal, MemoryHistory, SqliteBlocks]
) -> None:
    journal, history, blocks = stores
    plant = Plant(
        {"lahore": Site("lahore", "Asia/Karachi")},
        {M1: Asset("lahore", "hall", "m1", "motor")},
        {"motor": MOTOR},
    )
    pipeline = IngestPipeline(
        plant,
        BrokerSettings.model_validate({"url": f"mqtt://127.0.0.1:{mosquitto.port}"}),
        IngestSettings.model_validate({"sources": [SOURCE]}),
        journal,
        history,
        system_clock,
        keeper=BlockKeeper(blocks, DAY),
    )
    pipeline.start()
    try:
        until(lambda: pipeline.status().connected)
        hostile = [(TOPIC, b'{"samples": "AAA'), (TOPIC, b"\xff" * 999)]
        queue(mosquitto.port, [message(0), *hostile, message(1), message(2, "bpfo")])
        until(lambda: history.count() == 3)
        until(lambda: blocks.usage().blocks == 3)
    finally:
        pipeline.stop()
    energy = history.read(M1, ("vibration_bpfo",), BEGIN, BEGIN + 9 * SECOND).values[:, 0]
    assert energy[2] > 5 * energy[:2].max()
    kept = blocks.load(M1, "vibration", BEGIN + 2 * SECOND)
    assert kept is not None
    right = counts(2, "bpfo") * 0.01
    assert np.allclose(kept.waveform.samples, right, atol=1e-5)
    assert len(journal.rejected()) == 2
