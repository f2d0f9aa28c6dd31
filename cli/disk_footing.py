"""When the disk will be full at the rate at which the data folder has grown."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cli.footing import Examined
from core.clock import DAY, HOUR, Instant, Span
from core.errors import MillwrightError

if TYPE_CHECKING:
    from cli.configuration import Configuration

_SOON, _SAMPLED = 30.0, 10
_MEND = (
    "free some space, move `data` to a larger disk, lower history.keep or journal.max_size, or"
    " let the machines publish less often"
)


@dataclass(frozen=True, slots=True)
class Growth:
    """How many bytes something holds, over how long they came, and how many it may come to hold.

    `most` is infinite where nothing but `keep` bounds it.
    """

    size: float
    covered: Span
    keep: Span
    most: float = float("inf")

    @property
    def per_day(self) -> float:
        """Bytes a day that it grew by."""
        return self.size / max(self.covered, 1) * DAY

    @property
    def to_come(self) -> float:
        """Bytes that it will still grow by, until it lets go as much as it takes."""
        by_age = max(0, self.keep - self.covered) / DAY * self.per_day
        return max(0.0, min(by_age, self.most - self.size))


def forecast(config: Configuration, now: Instant) -> Examined:
    """Tell whether the disk is large enough for what will be kept, or when it will be full."""
    try:
        growths = [each for each in _growths(config, now) if each.covered >= HOUR]
    except MillwrightError as error:
        return Examined("disk forecast", "unknown", f"could not be looked at: {error}")
    if not growths:
        return Examined("disk forecast", "unknown", "too early: it needs an hour of telemetry")
    return judged(growths, shutil.disk_usage(config.data).free)


def judged(growths: list[Growth], free: float) -> Examined:
    """Judge growth against the room there is."""
    growing = [each for each in growths if each.to_come > 0]
    per_day = sum(each.per_day for each in growing)
    to_come = sum(each.to_come for each in growing)
    grows = f"grows by {per_day / 1e6:,.1f} MB a day and by {to_come / 1e9:,.1f} GB in all"
    if to_come <= free:
        return Examined("disk forecast", "ok", f"{grows}; {free / 1e9:,.1f} GB are free")
    days = free / per_day
    verdict = "fault" if days < _SOON else "warning"
    return Examined("disk forecast", verdict, f"full in {days:,.0f} days: {grows}", _MEND)


def _growths(config: Configuration, now: Instant) -> Iterator[Growth]:
    from cli.adapters import open_journal

    service = config.service
    if not (config.data / "journal.db").exists():
        return
    journal = open_journal(config)
    try:
        usage = journal.usage()
    finally:
        journal.close()
    if usage.oldest is not None:
        most = service.journal.max_size
        yield Growth(usage.bytes, now - usage.oldest, service.journal.keep, most)
    size = _size(config.data / "history.db")
    if service.history.kind == "sqlite" and size:
        yield Growth(size, _covered(config, now), service.history.keep)


def _covered(config: Configuration, now: Instant) -> Span:
    """Tell how far history reaches back, by the hours of some assets."""
    from cli.adapters import open_history

    history = open_history(config)
    first = now
    try:
        for asset in sorted(config.plant.assets)[:_SAMPLED]:
            name = config.plant.assets[asset].asset_class
            channels = config.plant.classes[name].channel_names[:1]
            hours = history.summary(asset, channels, 0, now, HOUR)
            first = min(first, int(hours.at[0])) if len(hours) else first
    finally:
        history.close()
    return min(now - first, config.service.history.keep)


def _size(path: Path) -> int:
    files = [path.with_name(path.name + end) for end in ("", "-wal")]
    return sum(each.stat().st_size for each in files if each.exists())
