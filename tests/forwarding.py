"""What sites send to a centre, made by hand: parcels of readings, cases, state."""

from __future__ import annotations

from dataclasses import replace

from core import parcel, site
from core.clock import SECOND, Instant
from core.plant import Asset, Place, Plant
from core.readings import Reading, Readings
from ingest.packets import RETAINED, Packet
from tests.plants import CHANNELS, plant

NOW: Instant = 1_795_420_800 * SECOND
JOURNAL = "a1b2c3d4e5f6"


def centre_plant(*judged_here: str) -> Plant:
    """A plant of three pumps as a centre sees it; those named are judged at the centre."""
    made = plant(3)
    assets = {
        name: replace(asset, judged_at=Place.CENTRE if name in judged_here else Place.SITE)
        for name, asset in made.assets.items()
    }
    return replace(made, assets=assets, place=Place.CENTRE, senders=("lahore", "suzhou"))


def block(
    *names: str, at: Instant = NOW, vibration: float = 1.5, asset_class: str = "pump"
) -> Readings:
    """One reading of each pump, each in a message of its own."""
    values = {"speed": 1500.0, "vibration": vibration, "temperature": 60.25}
    rows = [Reading(f"site/hall/{name}", at + k * SECOND, values) for k, name in enumerate(names)]
    return Readings.of(asset_class, CHANNELS, rows, at, source="telemetry", messages=len(rows))


def packed(first: int, last: int, *blocks: Readings, journal: str = JOURNAL) -> bytes:
    """Write a parcel."""
    return parcel.pack(parcel.Parcel(journal, first, last, blocks))


def packet(
    what: site.Topic, body: bytes, sender: str = "lahore", *, retained: bool = False
) -> Packet:
    """Make a message as it comes from the broker."""
    name = site.topic("millwright", sender, what).encode()
    return name, body, 0x32 | (RETAINED if retained else 0), 7


def assets_of(found: Plant) -> list[Asset]:
    """List the assets in order."""
    return [found.assets[name] for name in sorted(found.assets)]
