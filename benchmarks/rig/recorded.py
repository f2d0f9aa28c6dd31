"""A recording heard by the live code without a broker: read, auto class, journal, scoring.

What `millwright replay FILE --class auto` does, with memory stores and no waiting, so that dozens
of recordings take seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from cli.class_text import ClassText
from cli.resolving import asset_class_of
from core.alert import Alert, AlertQuery, AlertState
from core.clock import DAY, Instant
from core.journal import draft
from core.plant import AssetClass, Plant, Site
from core.readings import Readings
from service.scoring import Scoring
from service.words import describe
from simulators.autoclass import NAME, assets, class_document, varying
from simulators.layout import Layout
from simulators.recording import Recording, Track, read
from storage.casefile_memory import MemoryCaseFile
from storage.journal_memory import MemoryJournal
from storage.settings import JournalSettings

GROUP = "machine"
_NOW: Instant = 1_750_000_000_000_000_000
_BATCH = 64
_BOUND = 1 << 40


@dataclass(frozen=True, slots=True)
class Heard:
    """The machine alerts of one track, as rows of it, earliest first, out of how many rows.

    `wait` is what the first says of the time left.
    """

    name: str
    rows: tuple[int, ...]
    count: int
    alerts: tuple[Alert, ...]
    wait: str

    @property
    def first(self) -> int | None:
        """The row of the first machine alert."""
        return self.rows[0] if self.rows else None


def recording(path: Path, layout: Layout | None = None, only: tuple[str, ...] = ()) -> Recording:
    """Read a file as `replay --class auto` reads it, of many assets perhaps only some."""
    found = varying(read(path, layout))[0]
    if only:
        found = replace(found, tracks=tuple(t for t in found.tracks if t.name in only))
    return found


def hear(heard: Recording, changes: Mapping[str, Any] | None = None) -> list[Heard]:
    """Score every track with the shipped defaults, or with `changes` to the detector's settings."""
    moved = heard.ending(_NOW)
    document = class_document(moved)
    document["detectors"]["pattern"] |= changes or {}
    asset_class = asset_class_of(NAME, ClassText.model_validate(document))
    made = assets(moved, "site", "area")
    plant = Plant(
        sites={"site": Site("site", "UTC")},
        assets={asset.id: asset for asset in made},
        classes={NAME: asset_class},
        retention=36_500 * DAY,
    )
    journal = MemoryJournal(JournalSettings(max_size=_BOUND))
    casefile = MemoryCaseFile()
    scoring = Scoring(plant, journal, casefile)
    for block in _blocks(moved, asset_class, tuple(plant.assets)):
        journal.append([draft(block.arrived, block)])
    while scoring.step():
        pass
    query = AlertQuery(states=frozenset(AlertState), group=GROUP, limit=10_000)
    alerts = sorted(casefile.alerts(query).alerts, key=lambda alert: alert.opened_at)
    return [
        _heard(track, [alert for alert in alerts if alert.asset == asset.id], plant)
        for track, asset in zip(moved.tracks, made, strict=True)
    ]


def _heard(track: Track, alerts: list[Alert], plant: Plant) -> Heard:
    rows = np.searchsorted(track.at, [alert.opened_at for alert in alerts]).tolist()
    wait = describe(alerts[0], plant).wait if alerts else ""
    return Heard(track.name, tuple(rows), len(track.at), tuple(alerts), wait)


def _blocks(moved: Recording, asset_class: AssetClass, names: tuple[str, ...]) -> list[Readings]:
    """Cut all tracks, in time order together, into batches as a journal holds them."""
    at = np.concatenate([track.at for track in moved.tracks])
    values = np.concatenate([track.values for track in moved.tracks])
    asset = np.repeat(np.arange(len(moved.tracks)), [len(track.at) for track in moved.tracks])
    order = np.argsort(at, kind="stable")
    parts = [order[i : i + _BATCH] for i in range(0, len(order), _BATCH)]
    return [
        Readings(
            NAME,
            names,
            asset_class.channel_names,
            asset[p].astype(np.int32),
            at[p],
            values[p],
            arrived=int(at[p][-1]),
        )
        for p in parts
    ]
