"""Regimes in words: what they are, and in what one is new."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from core.plant import Channel
from core.readings import Floats
from models.regimes import Regimes
from service.lengths import length
from service.words import number, quantity

if TYPE_CHECKING:
    from service.grading import Graded
    from service.regime_doubts import Moved

MOST = 2
"""So many channels are named that were never where they are."""


def regime_lines(asset: str, channels: Sequence[Channel], known: Regimes) -> Iterator[str]:
    """Tell the regimes of a machine in a line each: share of time, centre, range."""
    count = len(known.centre)
    learned = "one regime" if count == 1 else f"{count} regimes"
    settled = "" if count == 1 else f"; a change takes {length(known.settle)}"
    yield f"{asset} runs in {learned}, told by {', '.join(c.name for c in channels)}{settled}"
    for n in range(count):
        said = [
            f"{channel.name} {quantity(float(known.centre[n, p]), channel.unit)}"
            f" ({span(float(known.low[n, p]), float(known.high[n, p]))})"
            for p, channel in enumerate(channels)
        ]
        name = "running" if count == 1 else f"running {n + 1}"
        yield f"  {name}  {known.share[n]:.0%} of the time  {', '.join(said)}"


def ways(graded: Graded, channel: str) -> list[dict[str, float]]:
    """Give what a channel read in each regime of an asset, where it tells them."""
    names, known = [one.name for one in graded.telling], graded.regimes
    if known is None or channel not in names:
        return []
    p = names.index(channel)
    return [
        {
            "share": float(known.share[n]),
            "centre": float(known.centre[n, p]),
            "low": float(known.low[n, p]),
            "high": float(known.high[n, p]),
        }
        for n in range(len(known.centre))
    ]


def newness(channels: Sequence[Channel], known: Regimes, said: Floats) -> str:
    """Say which channels are where they never were, and where they were; units once."""
    beyond = np.maximum(known.low - said, said - known.high) / known.margin
    least = np.nan_to_num(beyond, nan=0.0).min(axis=0)
    new = [p for p in np.argsort(-least).tolist() if least[p] > 1][:MOST]
    if new:
        return "; ".join(_one(channels[p], known, p, float(said[p])) for p in new)
    heard = [p for p in range(len(channels)) if np.isfinite(said[p])]
    together = " with ".join(
        f"{channels[p].label} {quantity(float(said[p]), channels[p].unit)}" for p in heard
    )
    return f"{together}, never seen together"


def _one(channel: Channel, known: Regimes, place: int, value: float) -> str:
    spans = sorted(zip(known.low[:, place].tolist(), known.high[:, place].tolist(), strict=True))
    learned = " or ".join(span(*ends) for ends in _merged(spans))
    return f"{channel.label} {quantity(value, channel.unit)}, learned {learned}"


def moved(found: Sequence[Moved]) -> str:
    """Say what condition channels read, and would by what was learned; empty where none moved."""
    return ", ".join(
        f"{one.channel.label} {quantity(one.value, one.channel.unit, one.expected)}"
        f" (by what was learned about {number(one.expected, one.value)})"
        for one in found
    )


def span(low: float, high: float) -> str:
    """Write a range, without its unit."""
    least, most = number(low, high), number(high, low)
    return least if least == most else f"{least} to {most}"


def _merged(spans: list[tuple[float, float]]) -> list[tuple[float, float]]:
    found = spans[:1]
    for low, high in spans[1:]:
        if low <= found[-1][1]:
            found[-1] = found[-1][0], max(high, found[-1][1])
        else:
            found.append((low, high))
    return found
