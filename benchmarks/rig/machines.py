"""A hall of simulated machines with their truth: half stay healthy, the others have a fault each.

What the fault does to a channel is known exactly: the same machine is asked for the same moments
without it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from cli.configuration import load
from cli.options import SHIPPED
from core.clock import DAY, HOUR, MINUTE, Instant, Span
from core.history import Columns
from core.plant import Plant, Role
from core.readings import Floats, Instants
from simulators.faults import Drifting, Fault, Stuck, Trouble
from simulators.harm import Ailment
from simulators.machine import KINDS, Machine

EVERY: Span = 10 * MINUTE
SITE, AREA = "bench", "hall"
_AT_ONCE = 30 * DAY
SPOILED = 0.05
"""The share of anomalous rows among those of the first thirty days, where some are."""

STRETCH = 12
"""How many readings an anomaly lasts there."""

_SENSORS = {
    "centrifugal_pump": ("discharge_pressure", "suction_pressure", "bearing_temp"),
    "electric_motor": ("winding_temp", "bearing_temp", "vibration_rms"),
    "compressor": ("discharge_pressure", "oil_pressure", "oil_temp"),
}
_GROWN = {Ailment.MISALIGNMENT, Ailment.OVERHEATING, Ailment.CLOGGED_FILTER, Ailment.CAVITATION}


@dataclass(frozen=True, slots=True)
class Ill:
    """What is wrong with one machine, and from when to when. `channel` is set for a sensor."""

    asset: str
    kind: str
    begin: Instant
    end: Instant
    channel: str = ""

    @property
    def wears(self) -> bool:
        """Whether it ends in a failure that could be seen coming."""
        return self.kind == Ailment.BEARING_WEAR


@dataclass(slots=True, eq=False)
class Hall:
    """The machines, what is wrong with them, and a reader of what they measured.

    What was simulated once is kept in `shelf`, for whoever plays the same machines again.
    """

    plant: Plant
    start: Instant
    stop: Instant
    machines: dict[str, Machine]
    well: dict[str, Machine]
    ills: tuple[Ill, ...]
    spoiled: bool = False
    shelf: Path | None = None
    _kept: dict[str, tuple[Instant, Columns]] = field(default_factory=dict)

    def read(self, asset: str, channels: Sequence[str], start: Instant, stop: Instant) -> Columns:
        """Read `start <= at < stop` of one machine, as the history would give it."""
        block = self.start + (start - self.start) // _AT_ONCE * _AT_ONCE
        kept = self._kept.get(asset)
        if kept is None or kept[0] != block:
            machine = self.machines[asset]
            at = np.arange(block, min(block + _AT_ONCE, self.stop), EVERY, dtype=np.int64)
            at += machine.key % (EVERY // MINUTE) * MINUTE
            values = self._simulated(machine, channels, at)
            if self.spoiled and block == self.start:
                spoil(values, self._condition(asset, channels), machine.key)
            kept = self._kept[asset] = (block, Columns(tuple(channels), at, values))
        columns = kept[1]
        part = slice(*np.searchsorted(columns.at, (start, stop)))
        return Columns(columns.channels, columns.at[part], columns.values[part])

    def _simulated(self, machine: Machine, channels: Sequence[str], at: Instants) -> Floats:
        if self.shelf is None or not len(at):
            return measured(self.plant, machine, channels, at)
        path = self.shelf / f"{machine.asset.name}-{at[0]}-{len(at)}.npy"
        if not path.exists():
            own = path.with_suffix(f".{os.getpid()}.npy")
            np.save(own, measured(self.plant, machine, channels, at))
            own.rename(path)
        found: Floats = np.load(path)
        return found

    def truth(self, ill: Ill) -> str:
        """Name the channel that a fault moves most, in standard deviations of healthy running."""
        if ill.channel:
            return ill.channel
        channels = self.plant.class_of(ill.asset).channel_names
        at = np.arange(ill.begin, ill.end, HOUR, dtype=np.int64)
        sick = measured(self.plant, self.machines[ill.asset], channels, at)
        well = measured(self.plant, self.well[ill.asset], channels, at)
        spread = np.maximum(np.nanstd(np.diff(well, axis=0), axis=0), 1e-9)
        return channels[int(np.argmax(np.nanmean(np.abs(sick - well), axis=0) / spread))]

    def _condition(self, asset: str, channels: Sequence[str]) -> NDArray[np.intp]:
        known = self.plant.class_of(asset)
        judged = [known.channel(name).role is Role.CONDITION for name in channels]
        return np.flatnonzero(judged)


def spoil(values: Floats, condition: NDArray[np.intp], key: int) -> None:
    """Make a part of rows anomalous, in stretches in which some condition channels are far off."""
    rng = np.random.default_rng(key % 2**32)
    spread = np.nanstd(np.diff(values, axis=0), axis=0)
    for begin in rng.permutation(len(values) // STRETCH)[: round(SPOILED * len(values) / STRETCH)]:
        part = slice(begin * STRETCH, (begin + 1) * STRETCH)
        for k in rng.permutation(condition)[: rng.integers(1, 4)]:
            values[part, k] += spread[k] * rng.uniform(4, 10) * rng.choice([-1, 1])


def measured(plant: Plant, machine: Machine, channels: Sequence[str], at: Instants) -> Floats:
    """Give what a machine's sensors say, in the class's channels and within their ranges."""
    known = plant.class_of(machine.asset.id).channels
    columns = [machine.channels.index(name) for name in channels]
    low, high = np.array([c.low for c in known]), np.array([c.high for c in known])
    return np.clip(machine.readings(at)[:, columns], low, high)


def configure(
    folder: Path,
    count: int,
    change: dict[str, Any],
    *,
    fixed: bool,
    settings: dict[str, Any] | None = None,
) -> Plant:
    """Write a configuration of so many machines into a folder; `change` goes into each class.

    Where lines are `fixed`, only the given ones of the shipped classes are left. `settings` are
    laid over those of learned detectors.
    """
    shutil.copytree(SHIPPED / "classes", folder / "classes")
    for path in (folder / "classes").iterdir():
        read = yaml.safe_load(path.read_text()) | change
        for detector in read["detectors"].values():
            if detector["kind"] != "limits":
                detector.update(settings or {})
        if fixed:
            learned = {n for n, d in read["detectors"].items() if d["kind"] != "limits"}
            read["detectors"] = {n: d for n, d in read["detectors"].items() if n not in learned}
            rules = {n: r for n, r in read["rules"].items() if r["detector"] not in learned}
            read["rules"] = rules
        path.write_text(yaml.safe_dump(read, allow_unicode=True))
    kinds = sorted(KINDS)
    assets = {f"m-{k:03d}": {"class": kinds[k % len(kinds)]} for k in range(count)}
    areas = {AREA: {"assets": assets}}
    sites = {SITE: {"timezone": "Asia/Karachi", "areas": areas}}
    (folder / "plant.yaml").write_text(yaml.safe_dump({"sites": sites}))
    return load(folder).plant


def hall(
    plant: Plant,
    start: Instant,
    span: Span,
    seed: int,
    *,
    spoiled: bool = False,
    shelf: Path | None = None,
) -> Hall:
    """Make the machines; every second one has a fault in the last two thirds of the time."""
    rng = np.random.default_rng(seed)
    site = plant.sites[SITE]
    machines, well, ills = {}, {}, []
    for number, asset in enumerate(plant.assets.values()):
        faults: list[Fault] = []
        if number % 2:
            ill, fault = _fault(asset.id, asset.asset_class, number // 2, start, span, rng)
            ills.append(ill)
            faults.append(fault)
        machines[asset.id] = Machine(asset, site, seed, faults)
        well[asset.id] = Machine(asset, site, seed)
    return Hall(plant, start, start + span, machines, well, tuple(ills), spoiled, shelf)


def _fault(
    asset: str, kind: str, number: int, start: Instant, span: Span, rng: np.random.Generator
) -> tuple[Ill, Fault]:
    """Draw a fault: every second one wears a bearing, the others grow, or are of a sensor."""
    begin = start + round(span * rng.uniform(0.35, 0.6)) // MINUTE * MINUTE
    if number % 2 == 0:
        end = begin + round(rng.uniform(40, 120)) * DAY
        return (
            Ill(asset, Ailment.BEARING_WEAR, begin, end),
            Trouble(Ailment.BEARING_WEAR, begin, end, end),
        )
    end = begin + 40 * DAY
    if number % 4 == 1:
        possible = sorted(_GROWN & KINDS[kind](0).ailments)
        ailment = possible[int(rng.integers(len(possible)))]
        grows, severity = round(rng.uniform(2, 8)) * DAY, float(rng.uniform(0.6, 1.0))
        return Ill(asset, ailment, begin, end), Trouble(ailment, begin, None, end, grows, severity)
    names = [name for name in _SENSORS[kind] if name in KINDS[kind](0).sensors]
    channel = names[int(rng.integers(len(names)))]
    ill = Ill(asset, "stuck" if number % 8 == 3 else "drift", begin, end, channel)
    if ill.kind == "stuck":
        return ill, Stuck(channel, begin, end)
    return ill, Drifting(channel, begin, _PER_DAY[channel] * float(rng.choice([-1, 1])), end)


_PER_DAY = {
    "discharge_pressure": 0.05,
    "suction_pressure": 0.02,
    "oil_pressure": 0.05,
    "bearing_temp": 1.0,
    "winding_temp": 1.5,
    "oil_temp": 1.0,
    "vibration_rms": 0.1,
}
"""How far a drifting sensor is off a day more, in the channel's unit."""
