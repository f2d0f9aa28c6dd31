"""What a drill has told of an asset: the faults that would be caught, and how soon."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from core.clock import Instant, Span


@dataclass(frozen=True, slots=True)
class Trial:
    """One fault on one channel: its size in the channel's unit and in deviations, what came of it.

    `after` is how long it took until it was told of (ns), None where it was missed; `named` whether
    the channel was among the three most blamed; `sensor` whether it was first told as a sensor's.
    """

    asset: str
    channel: str
    fault: str
    deviations: float
    size: float
    after: Span | None
    named: bool
    sensor: bool = False


@dataclass(frozen=True, slots=True)
class Drilled:
    """A drill of one asset, made at `at` on its past from `start` to `stop`.

    `anyway` names what was told of the asset as it was; `why` says why nothing could be tried.
    """

    asset: str
    at: Instant
    start: Instant
    stop: Instant
    trials: tuple[Trial, ...] = ()
    anyway: str = ""
    why: str = ""


class Drills(Protocol):
    """Keeps the latest drill of every asset."""

    def latest(self, asset: str) -> Drilled | None:
        """Return the latest drill of an asset; None where there is none that can be read."""
        ...

    def keep(self, drilled: Drilled) -> None:
        """Keep a drill in place of the one before; `Unavailable` where the disk takes nothing."""
        ...


def smallest(trials: tuple[Trial, ...] | list[Trial]) -> dict[tuple[str, str], Trial | None]:
    """Find for each channel and fault the smallest that was caught with all larger ones."""
    found: dict[tuple[str, str], Trial | None] = {}
    missed: set[tuple[str, str]] = set()
    for one in sorted(trials, key=lambda trial: -trial.deviations):
        key = (one.channel, one.fault)
        found.setdefault(key, None)
        if one.after is None:
            missed.add(key)
        elif key not in missed:
            found[key] = one
    return found
