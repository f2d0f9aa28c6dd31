"""A made-up fleet for load: many machines of one class, seeded noise, steps of trouble.

The same fleet gives the same messages, so that a disturbed run can be held against an
undisturbed one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from core.clock import MINUTE, Instant, Span, iso

NOMINAL = 10.0
LIMIT = 20.0


@dataclass(frozen=True, slots=True)
class Fleet:
    """`assets` machines with `channels` channels, a reading each `step` ending before `end`.

    Every `faulty_every`-th machine has `episodes` of trouble, each a twentieth of the run long.
    """

    assets: int
    channels: int
    rows: int
    end: Instant
    step: Span = MINUTE
    seed: int = 1
    faulty_every: int = 5
    episodes: int = 2

    @property
    def names(self) -> list[str]:
        """The machines' names."""
        return [f"m-{i:03d}" for i in range(self.assets)]

    @property
    def channel_names(self) -> list[str]:
        """The channels' names."""
        return [f"c{k}" for k in range(self.channels)]

    def at(self, row: int) -> Instant:
        """When a row was measured."""
        return self.end - (self.rows - row) * self.step

    def values(self) -> NDArray[np.float64]:
        """Make all values, shaped (rows, assets, channels)."""
        rng = np.random.default_rng(self.seed)
        values = rng.normal(NOMINAL, 0.3, (self.rows, self.assets, self.channels)).round(3)
        length = self.rows // 20
        for i in range(0, self.assets, self.faulty_every):
            channel = int(rng.integers(self.channels))
            for episode in range(self.episodes):
                low = int(self.rows * (0.3 + 0.6 * episode / self.episodes))
                start = low + int(rng.integers(max(1, self.rows // 10)))
                values[start : start + length, i, channel] += 15
        return values

    def messages(self) -> Iterator[tuple[str, bytes]]:
        """Walk all messages in order of time, as topic and payload."""
        values = self.values()
        topics = [f"plant/bench/hall/{name}/telemetry" for name in self.names]
        names = self.channel_names
        for row in range(self.rows):
            ts = iso(self.at(row))
            for i, topic in enumerate(topics):
                pairs = ", ".join(
                    f'"{name}": {value}'
                    for name, value in zip(names, values[row, i].tolist(), strict=True)
                )
                yield topic, f'{{"ts": "{ts}", "values": {{{pairs}}}}}'.encode()


def write_config(
    folder: Path,
    fleet: Fleet,
    port: int,
    feed_port: int,
    *,
    tick_every: str = "10s",
    **service: Any,
) -> Path:
    """Write the configuration folder of a fleet for a broker on `port`, and return it."""
    (folder / "classes").mkdir(parents=True, exist_ok=True)
    channel = {"unit": "", "range": [-1000, 1000]}
    limit = {"warning": LIMIT, "alarm": 2 * LIMIT}
    machine = {
        "name": "machine",
        "channels": {name: dict(channel) for name in fleet.channel_names},
        "detectors": {
            "limits": {
                "kind": "limits",
                "channels": {name: dict(limit) for name in fleet.channel_names},
            },
            "pattern": {"kind": "mewma"},
        },
        "rules": {
            "limit": {"detector": "limits", "severity": "critical"},
            "pattern": {"detector": "pattern", "severity": "warning", "on_delay": "10min"},
        },
    }
    assets = {name: {"class": "machine"} for name in fleet.names}
    sites = {"bench": {"timezone": "UTC", "areas": {"hall": {"assets": assets}}}}
    plant = {"sites": sites, "tick_every": tick_every}
    settings = {
        "data": str(folder / "data"),
        "broker": {"url": f"mqtt://127.0.0.1:{port}"},
        "feed": {"port": feed_port},
        **service,
    }
    for path, body in (
        (folder / "classes" / "machine.yaml", machine),
        (folder / "plant.yaml", plant),
        (folder / "service.yaml", settings),
    ):
        path.write_text(yaml.safe_dump(body, sort_keys=False))
    return folder
