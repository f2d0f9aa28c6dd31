"""A past of some pumps in columns, as a history would read it, and the same as a journal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from core.clock import DAY, HOUR, MINUTE, SECOND, Instant
from core.history import Columns
from core.journal import Journal, Tick, draft
from core.plant import Plant
from core.readings import Quality, Readings
from core.work import WorkEvent

START = 1_700_006_400 * SECOND
"""A midnight."""


@dataclass
class Rows:
    """Reads like a history."""

    columns: dict[str, Columns] = field(default_factory=dict)

    def read(self, asset: str, channels: Sequence[str], start: Instant, stop: Instant) -> Columns:
        known = self.columns[asset]
        first, last = np.searchsorted(known.at, [start, stop])
        quality = None if known.quality is None else known.quality[first:last]
        return Columns(known.channels, known.at[first:last], known.values[first:last], quality)


def eventful(plant: Plant, days: int = 3) -> Rows:
    """Make pumps that wear, stand still, fall silent, stop, and whose sensors lie."""
    rows = Rows()
    for number, asset in enumerate(plant.assets):
        rng = np.random.default_rng(number)
        count = days * DAY // MINUTE
        at = START + np.arange(count) * MINUTE + number * 7 * SECOND * (number % 2)
        values = np.stack(
            [
                1500 + rng.normal(0, 5, count),
                2 + rng.normal(0, 0.1, count),
                50 + rng.normal(0, 0.5, count),
            ],
            axis=1,
        )
        quality = np.zeros(values.shape, np.uint8)
        kept = np.ones(count, np.bool_)
        if number == 0:
            values[-1500:, 1] += np.linspace(0, 4, 1500)
        if number == 1:
            values[1500:2300, 2] = 51.25
            kept[3000:3100] = False
            values[1300:1320:2, 1] += 9
        if number == 2:
            values[1000:1200, 0] = 0.0
            values[1600:1700, 1] = np.nan
            quality[2400:2700, 1] = Quality.BAD
            quality[2800:2900, 0] = Quality.UNCERTAIN
            values[3300:, 1] += 0.8
        names = ("speed", "vibration", "temperature")
        rows.columns[asset] = Columns(names, at[kept], values[kept], quality[kept])
    return rows


def journalled(
    rows: Rows, plant: Plant, journal: Journal, work: Sequence[WorkEvent], stop: Instant
) -> None:
    """Write what live would have: each moment's readings as they come, ticks, and work."""
    at = np.unique(np.concatenate([known.at for known in rows.columns.values()]))
    done: list[tuple[Instant, int, object]] = [(one.at, 0, one) for one in work]
    (asset_class,) = plant.classes.values()
    for now in at.tolist():
        said, values, quality = [], [], []
        for asset, known in sorted(rows.columns.items()):
            place = int(np.searchsorted(known.at, now))
            if place < len(known.at) and known.at[place] == now:
                said.append(asset)
                values.append(known.values[place])
                assert known.quality is not None
                quality.append(known.quality[place])
        done.append(
            (
                now,
                1,
                Readings(
                    asset_class.name,
                    tuple(said),
                    asset_class.channel_names,
                    np.arange(len(said), dtype=np.int32),
                    np.full(len(said), now, np.int64),
                    np.array(values),
                    now,
                    np.array(quality) if np.any(quality) else None,
                ),
            )
        )
    every = plant.tick_every
    done += [(now, 2, Tick(True)) for now in range(START, stop, every)]
    for now, _, body in sorted(done, key=lambda one: one[:2]):
        journal.append([draft(now, body)])  # type: ignore[arg-type]


def end(days: int = 3) -> Instant:
    """When a past of so many days is over, and everybody is silent."""
    return START + days * DAY + 2 * HOUR
