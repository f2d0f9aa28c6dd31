"""A small plant for the simulators' tests."""

from __future__ import annotations

import pytest

from core.plant import Asset, AssetClass, Channel, Plant, Site
from simulators.machine import KINDS


def small_plant() -> Plant:
    """Two sites, two machines of each kind."""
    classes = {
        name: AssetClass(name, tuple(Channel(channel) for channel in make(0).sensors))
        for name, make in KINDS.items()
    }
    sites = {"lahore": Site("lahore", "Asia/Karachi"), "bremen": Site("bremen", "Europe/Berlin")}
    assets = [
        Asset(site, "hall", f"{name}-{number}", name)
        for name in classes
        for number, site in enumerate(sites)
    ]
    return Plant(sites, {asset.id: asset for asset in assets}, classes)


@pytest.fixture
def plant() -> Plant:
    """Give a small plant."""
    return small_plant()
