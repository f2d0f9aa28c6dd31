"""What the messages of one asset class look like: channels, limits, and a decoder made for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np

from core.plant import AssetClass, Plant
from core.readings import Floats


class Form:
    """One asset class as ingest needs it; `rows` numbers its assets."""

    def __init__(self, asset_class: AssetClass, plant: Plant) -> None:
        self.name = asset_class.name
        self.channels = asset_class.channels
        self.channel_names = asset_class.channel_names
        self.column = {name: k for k, name in enumerate(self.channel_names)}
        self.assets = tuple(asset.id for asset in plant.assets_of(self.name))
        self.rows = {asset: row for row, asset in enumerate(self.assets)}
        self.low = np.array([channel.low for channel in self.channels])
        self.high = np.array([channel.high for channel in self.channels])
        self.factor = np.array([channel.factor for channel in self.channels])
        self.offset = np.array([channel.offset for channel in self.channels])
        self.converts = bool((self.factor != 1).any() or (self.offset != 0).any())
        self.decode = _decoder(self.channel_names)

    def canonical(self, values: Floats) -> Floats:
        """Turn payload numbers, a row each, into canonical units."""
        if self.converts:
            with np.errstate(over="ignore", invalid="ignore"):  # what overflows is refused later
                values = values * self.factor + self.offset
        canonical: Floats = values + 0.0  # makes -0.0 and 0.0 one
        return canonical


def forms(plant: Plant) -> dict[str, Form]:
    """Make the form of every class of the plant, by its name."""
    return {name: Form(asset_class, plant) for name, asset_class in plant.classes.items()}


def _decoder(channels: tuple[str, ...]) -> Callable[[bytes], Any]:
    """Make a decoder of `{"ts": …, "values": {channel: number}}` in which a missing one is NaN.

    It may have a `sequence`, by which the sender counts its messages.

    JSON has no NaN, so the mark cannot be mistaken. Field names are our own; a channel may have
    any name.
    """
    fields = [(f"c{k}", float, msgspec.field(default=float("nan"))) for k in range(len(channels))]
    names = {f"c{k}": name for k, name in enumerate(channels)}
    values = msgspec.defstruct(
        "Values", fields, rename=names, forbid_unknown_fields=True, gc=False, frozen=True
    )
    message = msgspec.defstruct(
        "Message",
        [
            ("ts", msgspec.Raw),
            ("values", values),
            ("sequence", int | None, msgspec.field(default=None)),
        ],
        forbid_unknown_fields=True,
        gc=False,
        frozen=True,
    )
    return msgspec.json.Decoder(message).decode
