"""One MQTT message of telemetry: the default topic and the default payload."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec
import numpy as np

from core.clock import SECOND, Instant, iso
from core.plant import Asset
from core.readings import Floats, Instants

TOPIC = "plant/{site}/{area}/{asset}/telemetry"
"""Where an asset's telemetry goes unless the configuration says otherwise."""

_encode = msgspec.json.Encoder().encode


class Message(NamedTuple):
    """A payload for a topic; (`asset`, `at`) is what it says and identifies it."""

    asset: str
    at: Instant
    topic: str
    payload: bytes


def topic_of(asset: Asset, template: str = TOPIC) -> str:
    """Fill an asset's names into a topic template."""
    return template.format(site=asset.site, area=asset.area, asset=asset.name)


def stamp(at: Instant) -> str:
    """Write an instant as ISO 8601 with all the digits it needs, down to nanoseconds."""
    below = at % SECOND
    whole = iso(at - below)
    if below == 0:
        return whole
    digits = f"{below:09d}"
    for length in (3, 6):
        if not digits[length:].strip("0"):
            digits = digits[:length]
            break
    return f"{whole[:-1]}.{digits}Z"


def messages(
    asset: Asset, topic: str, channels: Sequence[str], at: Instants, values: Floats
) -> Iterator[Message]:
    """Turn rows into messages; a NaN is left out, and a row of nothing else with it."""
    complete = not np.isnan(values).any()
    moments: list[int] = at.tolist()
    for moment, row in zip(moments, values.tolist(), strict=True):
        said = dict(zip(channels, row, strict=True))
        if not complete:
            said = {name: value for name, value in said.items() if value == value}  # noqa: PLR0124
        if said:
            payload = _encode({"ts": stamp(moment), "values": said})
            yield Message(asset.id, moment, topic, payload)
