"""Finds assets by their id, and says what may have been meant where there is none."""

from __future__ import annotations

from collections.abc import Iterable

from core.plant import Asset, Plant
from core.rejection import Reason
from core.suggestion import quoted, unknown
from ingest.payload import Bad

_REMEMBERED = 1000
_LONGEST = 80
_COMPARED = 5000
"""So many names are compared in all to guess what was meant: as many take a quarter of a second."""


class Directory:
    """The assets of one plant. What it remembers of unknown ones is bounded."""

    def __init__(self, plant: Plant) -> None:
        self._assets = plant.assets
        self._strangers: dict[str, Bad] = {}
        self._most = min(_REMEMBERED, max(5, _COMPARED // max(1, len(plant.assets))))

    def knows(self, asset_id: str) -> bool:
        """Tell whether an asset is in the plant."""
        return asset_id in self._assets

    def assets(self) -> Iterable[Asset]:
        """List the assets of the plant."""
        return self._assets.values()

    def find(self, asset_id: str) -> Asset | Bad:
        """Find an asset, or say that it is unknown."""
        asset = self._assets.get(asset_id)
        return asset if asset is not None else self._stranger(asset_id[:_LONGEST])

    def _stranger(self, name: str) -> Bad:
        """Say that an asset is unknown; what was meant takes milliseconds to guess, so once.

        Whoever invents names must not hold up the others: after some, nothing is guessed any more.
        """
        bad = self._strangers.get(name)
        if bad is None and len(self._strangers) >= self._most:
            return Bad(Reason.UNKNOWN_ASSET, f"unknown asset {quoted(name)}")
        if bad is None:
            bad = Bad(Reason.UNKNOWN_ASSET, unknown("asset", name, self._assets))
            self._strangers[name] = bad
        return bad
