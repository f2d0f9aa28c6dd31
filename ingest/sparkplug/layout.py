"""Which asset a node or device belongs to, and which channel a metric is."""

from __future__ import annotations

import re

from core.plant import Plant
from ingest.sparkplug.settings import PlaceSettings, SparkplugSettings
from ingest.sparkplug.topic import Place

_LONGEST = 64
_MOST_PLACES = 10_000
_ODD = re.compile(r"[^A-Za-z0-9_.:-]+")


class Layout:
    """The plant as Sparkplug names it."""

    def __init__(self, plant: Plant, settings: SparkplugSettings) -> None:
        self._plant = plant
        self._settings = settings
        self._assets: dict[Place, str] = {}
        self._given: dict[Place, PlaceSettings] = {
            Place(each.group, each.node, each.device or ""): each for each in settings.mapping
        }

    def asset(self, place: Place) -> str:
        """Tell the id of a place's asset, known or not; empty where it has no telemetry."""
        found = self._assets.get(place)
        if found is None:
            if len(self._assets) >= _MOST_PLACES:
                self._assets.clear()
            found = self._assets[place] = self._asset(place)
        return found

    def _asset(self, place: Place) -> str:
        given = self._given.get(place)
        if given is not None:
            return given.asset
        template = self._settings.asset if place.device else self._settings.node_asset
        if template is None:
            return ""
        names = {"group": place.group, "node": place.node, "device": place.device}
        return template.format(**{key: plain(name) for key, name in names.items()})

    def knows(self, asset: str) -> bool:
        """Tell whether the plant has the asset."""
        return asset in self._plant.assets

    def channel(self, place: Place, metric: str) -> str:
        """Tell the channel that a metric of a known asset is; empty where it is none."""
        asset = self.asset(place)
        if not self.knows(asset):
            return ""
        names = self._plant.class_of(asset).channel_names
        given = self._given.get(place)
        wanted = (given.channels.get(metric) if given else None) or (
            self._settings.channels.get(metric)
        )
        for name in (wanted, metric) if wanted else (metric, plain(metric)):
            if name in names:
                return name
        return ""


def plain(name: str) -> str:
    """Write a name with the letters that names of assets and channels have."""
    return _ODD.sub("_", name)[:_LONGEST].strip("_") or "_"
