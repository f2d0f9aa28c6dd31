"""Blocks of vibration on their way: features into the journal, and raw blocks beside it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from core.blocks import Block
from core.clock import SECOND, Instant, ManualClock, iso
from core.errors import Unavailable
from core.plant import Asset, AssetClass, Channel, Plant, Site
from core.rejection import Reason
from ingest.decode import Batch, Decoder
from ingest.intake import Intake
from ingest.packets import Packet
from ingest.settings import IngestSettings
from models.bearing import Bearing
from simulators.bearing import acceleration
from tests.messages import FRESH, NOW, RETAINED, readings
from tests.stubborn import StubbornJournal

TOPIC = "wave/lahore/hall/m1"
MOTOR = AssetClass(
    "motor",
    (
        Channel("vibration_rms", "g_0", low=0, high=100),
        Channel("velocity", "mm/s", low=0, high=100),
        Channel("outer_race", "m2/s4", low=0),
    ),
)
GEOMETRY = {"balls": 9, "ball_diameter": 7.94, "pitch_diameter": 39.04}
SOURCE = {
    "name": "waves",
    "topic": "wave/{site}/{area}/{asset}",
    "channels": {"vibration_velocity": "velocity", "vibration_bpfo": "outer_race"},
    "decoder": {
        "kind": "waveform",
        "features": ["rms", "velocity", "bpfo"],
        "bearing": GEOMETRY,
        "speed": "rpm",
    },
}


def decoder(**more: Any) -> Decoder:
    plant = Plant(
        {"lahore": Site("lahore", "Asia/Karachi")},
        {"lahore/hall/m1": Asset("lahore", "hall", "m1", "motor")},
        {"motor": MOTOR},
    )
    return Decoder(plant, IngestSettings.model_validate({"sources": [SOURCE | more]}))


def sent(fault: str | None = None, at: Instant = NOW, head: int = FRESH, rpm: Any = 1480) -> Packet:
    samples = acceleration(
        Bearing(9, 7.94, 39.04), 1480, 25_600, 4096, np.random.default_rng(5), fault=fault
    )
    body = {"ts": iso(at), "rate": 25_600, "rpm": rpm, "samples": samples.round(3).tolist()}
    return TOPIC.encode(), json.dumps(body).encode(), head, 1


def decoded(*packets: Packet, **more: Any) -> Batch:
    return decoder(**more).decode(packets, NOW)


def test_features_become_channels_in_their_units() -> None:
    healthy, struck = readings(decoded(sent(), sent("bpfo", NOW - SECOND)))
    assert set(healthy.values) == {"vibration_rms", "velocity", "outer_race"}
    assert 0.1 < healthy.values["vibration_rms"] < 0.3  # of some 2 m/s2
    assert struck.values["outer_race"] > 5 * healthy.values["outer_race"]


def test_the_raw_block_comes_with_its_asset_and_moment() -> None:
    (kept,) = decoded(sent()).raw
    assert (kept.asset, kept.name, kept.at) == ("lahore/hall/m1", "vibration", NOW)
    assert (len(kept.waveform.samples), kept.waveform.speed) == (4096, 1480)


def test_a_block_that_must_be_looked_at_closer_is_kept_once() -> None:
    batch = decoded(sent(), sent(at=NOW - SECOND, rpm="fast"))
    assert [kept.at for kept in batch.raw] == [NOW, NOW - SECOND]
    assert [refused.reason for refused in batch.rejections] == [Reason.NOT_A_NUMBER]
    assert [len(reading.values) for reading in readings(batch)] == [3, 2]


def test_a_block_of_the_past_is_kept_too() -> None:
    batch = decoded(sent(at=NOW - SECOND, head=RETAINED))
    assert [kept.at for kept in batch.raw] == [NOW - SECOND]


def test_a_block_that_is_refused_is_not_kept() -> None:
    far, nobody = sent(at=NOW + 3600 * SECOND), (b"wave/lahore/hall/m9", *sent()[1:])
    batch = decoded(far, nobody)
    assert [refused.reason for refused in batch.rejections] == [
        Reason.TOO_EARLY,
        Reason.UNKNOWN_ASSET,
    ]
    assert batch.raw == ()


class Works:
    """An intake whose raw blocks are caught."""

    def __init__(self) -> None:
        self.kept: list[Block] = []
        self.journal = StubbornJournal()
        clock = ManualClock(NOW)
        self.intake = Intake(decoder(), self.journal, clock, lambda: True, self.keep)

    def keep(self, blocks: Sequence[Block]) -> None:
        assert self.journal.last_id() > 0
        self.kept += blocks


def test_raw_blocks_are_handed_over_once_their_features_are_durable() -> None:
    works = Works()
    works.journal.trouble = Unavailable("the disk is full")
    batch = works.intake.judge([sent(), (TOPIC.encode(), b"?", FRESH, 2)])
    assert not works.intake.append(batch, lambda _: False)
    assert works.kept == []
    works.journal.trouble = None
    assert works.intake.append(batch, lambda _: False)
    assert [kept.at for kept in works.kept] == [NOW]
