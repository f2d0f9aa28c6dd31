"""Small plants to score."""

from __future__ import annotations

from core.clock import MINUTE, SECOND
from core.plant import (
    Asset,
    AssetClass,
    Channel,
    FailureMode,
    ModeRule,
    NamedDetector,
    Plant,
    Role,
    RuleSpec,
    Severity,
    Site,
)
from models.limits import Limit, LimitsSettings

CHANNELS = ("speed", "vibration", "temperature")


def pump_class(**changes: object) -> AssetClass:
    """A pump judged by limits: vibration warns at 4 (score 1) and alarms at 8 (score 2)."""
    limits = LimitsSettings(channels={"vibration": Limit(warning=4.0, alarm=8.0)})
    given = {
        "name": "pump",
        "channels": (
            Channel("speed", "1/min", role=Role.OPERATING),
            Channel("vibration", "mm/s", title="vibration velocity"),
            Channel("temperature", "°C", title="bearing temperature"),
        ),
        "modes": ModeRule("speed", off_below=10, running_above=100),
        "detectors": (NamedDetector("zones", limits),),
        "rules": (
            RuleSpec("vibration high", "zones", title="vibration above its line"),
            RuleSpec(
                "vibration very high",
                "zones",
                Severity.CRITICAL,
                at_score=2.0,
                title="vibration far above its line",
                action="Stop the pump at the next occasion.",
            ),
        ),
        "failure_modes": (
            FailureMode("bearing", "Bearing wear", ("vibration",), ("Look at the bearing.",)),
        ),
        "silent_after": 15 * MINUTE,
        "catching_up_after": 5 * MINUTE,
    }
    return AssetClass(**{**given, **changes})  # type: ignore[arg-type]


def plant(count: int = 3, asset_class: AssetClass | None = None) -> Plant:
    """A plant with pumps p1, p2, … in one hall in Karachi."""
    pump = asset_class or pump_class()
    assets = [
        Asset("site", "hall", f"p{n}", pump.name, title=f"Pump {n}") for n in range(1, count + 1)
    ]
    return Plant(
        sites={"site": Site("site", "Asia/Karachi")},
        assets={asset.id: asset for asset in assets},
        classes={pump.name: pump},
        tick_every=10 * SECOND,
    )
