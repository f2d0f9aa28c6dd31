"""Recordings of machines that there are not, healthy and with labelled faults, from a seed.

Each is of one character (how its channels behave while healthy), has shared causes and own noise,
channels of very different scales, some of them coarse, and perhaps faults of one kind. Nothing in
it is taken from a recorded data set.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from core.readings import Bools, Floats

CHARACTERS = ("white", "slow noise", "heavy tails", "loads", "cycles", "day", "wander", "walk")
"""How healthy channels behave; the last three go places that the learning has not seen."""

FAULTS = ("step", "drift", "variance", "correlation", "stuck", "spikes")

WARMUP = 0.15
"""No fault begins within this share of the rows, nor just behind it."""

_DAY = 288
_SIZES = (2.5, 6.0)


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """One recording: character, fault ("" where healthy), `values[n, k]`, which rows are faulty.

    `events` are the first and last row of each fault.
    """

    character: str
    fault: str
    values: Floats
    faulty: Bools
    events: tuple[tuple[int, int], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Name the channels."""
        return tuple(f"c{k}" for k in range(self.values.shape[1]))


def recordings(seeds: range, *, lone: bool = False, most: int = 50_000) -> Iterator[Made]:
    """Make one recording of each character with each fault, and one that is healthy, per seed."""
    for seed in seeds:
        for character in CHARACTERS:
            for fault in ("", *FAULTS):
                if not (lone and fault == "correlation"):
                    yield made(seed, character, fault, lone=lone, most=most)


def made(seed: int, character: str, fault: str, *, lone: bool = False, most: int = 50_000) -> Made:
    """Make one recording."""
    kinds = (CHARACTERS.index(character), FAULTS.index(fault) if fault else len(FAULTS))
    rng = np.random.default_rng((seed, *kinds, int(lone)))
    count = int(np.exp(rng.uniform(np.log(300), np.log(most))))
    width = 1 if lone else int(rng.integers(2, 31))
    causes = _causes(rng, character, count, int(rng.integers(1, 1 + max(width // 3, 1))))
    mixing = rng.normal(size=(causes.shape[1], width)) * (
        rng.random((causes.shape[1], width)) < 0.6
    )
    part = rng.uniform(0.3, 0.95, width)
    shared = causes @ mixing
    size = shared.std(axis=0)
    shared = shared / np.where(size > 0, size, 1.0)
    noise = _noise(rng, character, count, width)
    values = np.sqrt(part) * shared + np.sqrt(1 - part) * noise
    values, faulty, events = _harmed(rng, values, fault)
    return Made(character, fault, _scaled(rng, values), faulty, events)


def _causes(rng: np.random.Generator, character: str, count: int, number: int) -> Floats:
    """Make what channels share, of variance about 1."""
    columns = [_cause(rng, character, count) for _ in range(number)]
    return np.stack(columns, axis=1)


def _cause(rng: np.random.Generator, character: str, count: int) -> Floats:
    at = np.arange(count)
    phase = rng.uniform(0, 2 * np.pi)
    if character == "loads":
        changes = rng.random(count) < 1 / rng.integers(30, 200)
        level = rng.normal(size=count)[np.cumsum(changes)]
        return _smoothed(level, rng.uniform(0.05, 0.5))
    if character == "cycles":
        period = int(rng.integers(20, 200))
        wave = np.sin(2 * np.pi * at / period + phase)
        return np.asarray(1.4 * np.tanh(rng.uniform(0.5, 4) * wave), np.float64)
    if character == "day":
        period = min(_DAY, count // 6)
        wave = np.sin(2 * np.pi * at / period + phase) + 0.4 * np.sin(4 * np.pi * at / period)
        swing = 1 + 0.2 * rng.normal(size=count // period + 2)[at // period]
        return np.asarray(1.3 * wave * swing, np.float64)
    if character == "wander":
        return _autoregressive(rng, count, 1 - 1 / (count * rng.uniform(0.02, 0.1)))
    if character == "walk":
        steps = np.cumsum(rng.normal(size=count)) / np.sqrt(count)
        return np.asarray(2 * steps, np.float64)
    return _autoregressive(rng, count, rng.uniform(0.0, 0.9) if character != "white" else 0.0)


def _noise(rng: np.random.Generator, character: str, count: int, width: int) -> Floats:
    """Make what each channel does for itself, of variance 1."""
    if character == "heavy tails":
        return np.asarray(rng.standard_t(3, size=(count, width)) / np.sqrt(3), np.float64)
    if character == "slow noise":
        pulls = rng.uniform(0.5, 0.97, width)
        return np.stack([_autoregressive(rng, count, pull) for pull in pulls], axis=1)
    return rng.normal(size=(count, width))


def _autoregressive(rng: np.random.Generator, count: int, pull: float) -> Floats:
    """Make a first-order autoregression of variance 1."""
    out, now, fresh = np.empty(count), float(rng.normal()), rng.normal(size=count)
    push = np.sqrt(1 - pull**2)
    for i in range(count):
        now = pull * now + push * fresh[i]
        out[i] = now
    return out


def _smoothed(values: Floats, rate: float) -> Floats:
    out, now = np.empty(len(values)), values[0]
    for i, value in enumerate(values):
        now = now + rate * (value - now)
        out[i] = now
    return out


def _harmed(
    rng: np.random.Generator, values: Floats, fault: str
) -> tuple[Floats, Bools, tuple[tuple[int, int], ...]]:
    """Lay one to three faults of a kind over some channels; sizes are in their own deviations."""
    count, width = values.shape
    faulty: Bools = np.zeros(count, np.bool_)
    events: list[tuple[int, int]] = []
    if not fault:
        return values, faulty, ()
    number = int(rng.integers(1, 4))
    bounds = np.linspace(count * (WARMUP + 0.05), count, number + 1).astype(int)
    for first, after in pairwise(bounds.tolist()):
        room = after - first
        length = int(np.clip(room * rng.uniform(0.1, 0.5), 3, 3000))
        begin = int(first + rng.integers(0, max(room - length, 1)))
        rows = slice(begin, min(begin + length, count))
        hit = rng.choice(width, size=int(rng.integers(1, 1 + max(width // 4, 1))), replace=False)
        if fault == "spikes":
            rows = slice(begin, begin + 1)
            values[rows, hit] += rng.choice([-1, 1]) * rng.uniform(6, 12)
        else:
            for k in hit:
                _harm(rng, values[:, k], rows, fault)
        faulty[rows] = True
        events.append((rows.start, rows.stop - 1))
    return values, faulty, tuple(events)


def _harm(rng: np.random.Generator, channel: Floats, rows: slice, fault: str) -> None:
    """Change rows of one channel in place; a correlation breaks as it says what it said before."""
    part, way, size = channel[rows], rng.choice([-1.0, 1.0]), rng.uniform(*_SIZES)
    if fault == "step":
        part += way * size
    elif fault == "drift":
        part += way * size * np.linspace(0, 1.5, len(part))
    elif fault == "variance":
        part += rng.normal(size=len(part)) * size / 2
    elif fault == "correlation":
        part[:] = np.roll(channel, int(rng.integers(len(channel) // 5, len(channel) // 2)))[rows]
    elif fault == "stuck":
        part[:] = part[0]


def _scaled(rng: np.random.Generator, values: Floats) -> Floats:
    """Give channels units of their own; some are coarse."""
    width = values.shape[1]
    coarse = rng.random(width) < 0.2
    values = np.where(coarse, np.round(values / 0.25) * 0.25, values)
    units: Floats = 10.0 ** rng.uniform(-3, 4, width)
    return np.asarray(values * units + rng.normal(size=width) * 100, np.float64)
