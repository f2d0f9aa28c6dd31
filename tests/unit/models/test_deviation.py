"""Synthetic courses of each kind, over many seeds, and courses that must not be named wrongly."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from core.clock import MINUTE
from core.deviation import Kind
from models.deviation import Deviation, deviations, overall
from models.recent import Past, Recent

ROWS, SEEDS, HALF = 2500, 40, 3.0
EVERY = 5 * MINUTE


def healthy(seed: int, echo: float = 0.0) -> tuple[np.ndarray, np.random.Generator]:
    """Make three channels: one by itself, two that move together (correlation 0.8)."""
    random = np.random.default_rng(seed)
    own = random.normal(0, 1, (ROWS, 3))
    for row in range(1, ROWS if echo else 0):
        own[row] = echo * own[row - 1] + np.sqrt(1 - echo**2) * own[row]
    common = random.normal(0, 1, ROWS)
    own[:, 1:] = 0.9 * common[:, None] + 0.436 * own[:, 1:]
    return 10 + own, random


def laid(kind: Kind | None, seed: int, since: int, echo: float = 0.0) -> np.ndarray:
    """Lay a deviation over the last `since` rows: 1.5 halves of the band, or as much scatter."""
    values, random = healthy(seed, echo)
    begin, size = ROWS - since, 1.5 * HALF
    passed = np.arange(since)
    if kind is Kind.STEP:
        values[begin:, 0] += size
    elif kind is Kind.DRIFT:
        values[begin:, 0] += size * passed / since
    elif kind is Kind.OSCILLATION:
        values[begin:, 0] += size * np.sin(2 * np.pi * passed / random.uniform(3, since / 3.2))
    elif kind is Kind.NOISE:
        values[begin:, 0] = 10 + random.normal(0, 3, since)
    elif kind is Kind.STUCK:
        values[begin:, 0] = values[begin, 0]
    elif kind is Kind.SPIKE:
        values[ROWS - 1 - random.integers(0, 8), 0] += 4 * size * random.choice([-1, 1])
    elif kind is Kind.CORRELATION:
        values[begin:, 2] = 10 + random.normal(0, 1, since)
    return values


def past_of(values: np.ndarray, *, banded: bool) -> Past:
    recent, band = Recent(1, 3), np.full(values.shape, 10.0)
    half = HALF if banded else np.nan
    rows = np.zeros(ROWS, np.intp), np.arange(ROWS) * EVERY
    recent.add(*rows, values, band - half, band + half, np.ones(ROWS, np.bool_))
    return recent.past(0)


def named(kind: Kind | None, since: int, *, banded: bool = True, echo: float = 0.0) -> Counter[str]:
    blamed = [1, 2] if kind is Kind.CORRELATION else [0, 1]
    found: Counter[str] = Counter()
    for seed in range(SEEDS):
        past = past_of(laid(kind, seed, since, echo), banded=banded)
        found[str(overall(past, deviations(past), blamed))] += 1
    return found


RECALL = {
    (Kind.STEP, 24): 0.95,
    (Kind.STEP, 300): 0.95,
    (Kind.DRIFT, 48): 0.85,
    (Kind.DRIFT, 300): 0.95,
    (Kind.DRIFT, 1200): 0.95,
    (Kind.OSCILLATION, 48): 0.95,
    (Kind.OSCILLATION, 300): 0.95,
    (Kind.NOISE, 24): 0.9,
    (Kind.NOISE, 300): 0.95,
    (Kind.STUCK, 24): 0.95,
    (Kind.SPIKE, 24): 0.95,
    (Kind.CORRELATION, 48): 0.75,
    (Kind.CORRELATION, 300): 0.7,
}


@pytest.mark.parametrize("banded", [True, False], ids=["against a band", "against its own past"])
@pytest.mark.parametrize(("kind", "since"), RECALL)
def test_each_kind_is_told_by_its_course(kind: Kind, since: int, banded: bool) -> None:
    found = named(kind, since, banded=banded)
    assert found[str(kind)] >= RECALL[kind, since] * SEEDS, found


@pytest.mark.parametrize("banded", [True, False], ids=["against a band", "against its own past"])
@pytest.mark.parametrize("echo", [0.0, 0.8], ids=["white", "following itself"])
def test_healthy_noise_has_no_kind(echo: float, banded: bool) -> None:
    found = named(None, 48, banded=banded, echo=echo)
    assert found["None"] >= 0.97 * SEEDS, found


@pytest.mark.parametrize(
    ("kind", "never"),
    [
        (Kind.STEP, {Kind.OSCILLATION, Kind.NOISE, Kind.STUCK, Kind.CORRELATION}),
        (Kind.DRIFT, {Kind.NOISE, Kind.STUCK, Kind.CORRELATION}),
        (Kind.NOISE, {Kind.STUCK, Kind.DRIFT, Kind.STEP}),
        (Kind.OSCILLATION, {Kind.NOISE, Kind.STUCK, Kind.STEP}),
    ],
)
def test_what_it_is_not_it_is_not_called(kind: Kind, never: set[Kind]) -> None:
    found = named(kind, 48)
    assert sum(found[str(one)] for one in never) <= 0.03 * SEEDS, found


def first(values: np.ndarray) -> Deviation:
    return deviations(past_of(values, banded=True))[0]


def test_the_way_and_about_when_it_began_are_told() -> None:
    for since in (36, 200, 900):
        up = first(laid(Kind.STEP, 1, since))
        assert up.direction == 1
        assert up.moved == pytest.approx(1.5, abs=0.25)
        assert up.since is not None
        assert abs(up.since - (ROWS - since) * EVERY) <= 0.15 * since * EVERY
    down = first(20 - laid(Kind.DRIFT, 1, 400))
    assert (down.direction, down.kind) == (-1, Kind.DRIFT)


def test_a_level_that_was_always_off_its_band_is_told_as_moved() -> None:
    values, _ = healthy(4)
    values[:, 0] += 2 * HALF
    found = first(values)
    assert found.direction == 1


def test_a_band_that_gets_narrower_is_not_more_noise() -> None:
    recent, (values, _) = Recent(1, 3), healthy(6)
    half = np.where(np.arange(ROWS) < 1500, 3 * HALF, HALF)[:, None] * np.ones((1, 3))
    rows = np.zeros(ROWS, np.intp), np.arange(ROWS) * EVERY
    recent.add(*rows, values, 10 - half, 10 + half, np.ones(ROWS, np.bool_))
    assert [one.kind for one in deviations(recent.past(0))] == [None, None, None]


def test_a_channel_that_often_stands_still_is_not_called_stuck() -> None:
    values, _ = healthy(5)
    values[:, 0] = np.round(values[:, 0].cumsum() / 400)
    assert first(values).kind is not Kind.STUCK
    values[:, 0] = 7.0
    assert first(values).kind is None


def test_of_too_few_readings_nothing_is_said() -> None:
    recent = Recent(1, 1)
    few = np.ones((5, 1))
    recent.add(np.zeros(5, np.intp), np.arange(5), few, few, few, np.ones(5, np.bool_))
    [found] = deviations(recent.past(0))
    assert found.kind is None
    assert np.isnan(found.moved)
    assert found.direction == 0
    [none] = deviations(Recent(1, 1).past(0))
    assert np.isnan(none.moved)


@pytest.mark.parametrize("seed", range(30))
def test_whatever_a_machine_says_something_sound_comes_out(seed: int) -> None:
    random = np.random.default_rng(seed)
    count = int(random.integers(1, 700))
    values = random.normal(0, 10.0 ** random.integers(-6, 7), (count, 4))
    values[:, 1] = values[0, 1]
    values[random.random((count, 4)) < random.choice([0, 0.1, 0.9])] = np.nan
    values[:, 3] = np.round(values[:, 3])
    half = np.abs(random.normal(0, 1, (count, 4)))
    half[random.random((count, 4)) < random.choice([0, 0.5, 1])] = random.choice([np.nan, 0.0])
    low = np.where(random.random((count, 4)) < random.choice([0, 0.3]), -np.inf, values - half)
    recent, at = Recent(1, 4), np.cumsum(random.integers(1, 10**12, count))
    recent.add(np.zeros(count, np.intp), at, values, low, values + half, random.random(count) < 0.9)
    past = recent.past(0)
    found = deviations(past)
    for one in found:
        assert one.kind is None or one.kind in Kind
        assert np.isnan(one.moved) or np.isfinite(one.moved)
        assert one.since is None or at[0] <= one.since <= at[-1]
    overall(past, found, [0, 1, 2, 3])
