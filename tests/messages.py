"""Messages as machines send them, and a plant in two time zones that they come from."""

from __future__ import annotations

import json
from typing import Any

from core.clock import SECOND, Instant, iso
from core.plant import Asset, AssetClass, Channel, ClockPolicy, Plant, Role, Site
from core.readings import Reading
from ingest.decode import Batch, Decoder
from ingest.packets import Packet
from ingest.settings import IngestSettings

NOW: Instant = 1_795_420_800 * SECOND
"""2026-11-23T08:00:00Z."""

FRESH, RETAINED, AGAIN, QOS_0 = 0x32, 0x33, 0x3A, 0x30

PUMP = AssetClass(
    "pump",
    (
        Channel("speed", "1/min", low=0, high=6000, role=Role.OPERATING),
        Channel("vibration", "mm/s", low=0, high=100),
        Channel("temperature", "°C", low=-40, high=200),
    ),
)
OVEN = AssetClass(
    "oven",
    (
        Channel("heat", "°C", low=-40, high=1200, factor=5 / 9, offset=-160 / 9),
        Channel("draught", factor=10.0),
    ),
)


def plant(clock: ClockPolicy = ClockPolicy.DEVICE, **changes: Any) -> Plant:
    """Pumps p1 and p2 in Karachi, an oven that speaks Fahrenheit and a pump p3 in Berlin."""
    assets = [
        Asset("karachi", "hall", "p1", "pump", clock=clock),
        Asset("karachi", "hall", "p2", "pump", clock=clock),
        Asset("berlin", "hall", "p3", "pump", clock=clock),
        Asset("berlin", "hall", "oven", "oven", clock=clock),
    ]
    return Plant(
        sites={
            "karachi": Site("karachi", "Asia/Karachi"),
            "berlin": Site("berlin", "Europe/Berlin"),
        },
        assets={asset.id: asset for asset in assets},
        classes={"pump": PUMP, "oven": OVEN},
        **changes,
    )


def body(at: Instant | str | None = NOW, **values: Any) -> bytes:
    """Write a payload; a text stands for itself as `ts`, None leaves it out."""
    said: dict[str, Any] = {} if at is None else {"ts": at if isinstance(at, str) else iso(at)}
    return json.dumps({**said, "values": values or {"vibration": 2.5}}).encode()


def packet(
    payload: bytes | None = None, asset: str = "karachi/hall/p1", head: int = FRESH, mid: int = 1
) -> Packet:
    """Make a received message."""
    return f"plant/{asset}/telemetry".encode(), body() if payload is None else payload, head, mid


def decoder(of: Plant | None = None, **settings: Any) -> Decoder:
    """Make a decoder with shipped settings, but for those given."""
    return Decoder(of or plant(), IngestSettings(**settings))


def readings(batch: Batch) -> list[Reading]:
    """List the readings of a batch one by one."""
    return [reading for block in batch.readings for reading in block]
