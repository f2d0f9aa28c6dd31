"""Picks from the history what detectors are to learn from a past that was imported."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from core.clock import Instant
from core.history import TelemetryHistory
from core.journal import Lesson
from core.plant import AssetClass, Plant
from core.readings import Readings

NEWEST = 5_000
"""So many readings of an asset make a lesson: what a detector takes at most."""

_TOGETHER = 20
_NEVER = -(2**62)


def lessons(
    history: TelemetryHistory,
    plant: Plant,
    assets: Iterable[str],
    since: Mapping[str, Instant],
    now: Instant,
) -> Iterator[Lesson]:
    """Read the newest readings of each asset, of some assets of a class at a time.

    `since` is when an asset was last mended: what was before says nothing of it any more.
    """
    by_class: dict[str, list[str]] = {}
    for asset in sorted(set(assets)):
        by_class.setdefault(plant.assets[asset].asset_class, []).append(asset)
    for name, members in sorted(by_class.items()):
        for first in range(0, len(members), _TOGETHER):
            some = tuple(members[first : first + _TOGETHER])
            lesson = _lesson(history, plant.classes[name], some, since, now)
            if len(lesson.readings):
                yield lesson


def _lesson(
    history: TelemetryHistory,
    asset_class: AssetClass,
    assets: tuple[str, ...],
    since: Mapping[str, Instant],
    now: Instant,
) -> Lesson:
    channels = asset_class.channel_names
    found = [
        history.read(asset, channels, since.get(asset, _NEVER), now + 1, NEWEST) for asset in assets
    ]
    asset = np.repeat(np.arange(len(assets), dtype=np.int32), [len(each) for each in found])
    at = np.concatenate([each.at for each in found])
    values = np.concatenate([each.values for each in found])
    quality = None
    if any(each.quality is not None for each in found):
        quality = np.concatenate(
            [
                np.zeros(each.values.shape, np.uint8) if each.quality is None else each.quality
                for each in found
            ]
        )
    order = np.argsort(at, kind="stable")
    whole = Readings(asset_class.name, assets, channels, asset, at, values, now, quality)
    return Lesson(whole.take(order))
