from __future__ import annotations

from math import pi, sqrt

import numpy as np
import pytest
from scipy import stats

from core.readings import Floats
from models.waveform import levels, velocity_rms


def sine(frequency: float, amplitude: float, rate: float, count: int, phase: float = 0.3) -> Floats:
    made: Floats = amplitude * np.sin(2 * pi * frequency * np.arange(count) / rate + phase)
    return made


def test_a_sine_has_the_levels_of_a_sine_whatever_constant_it_stands_on() -> None:
    found = levels(sine(100, 3.0, 10_000, 10_000) + 9.81)
    assert found.rms == pytest.approx(3 / sqrt(2), rel=1e-6)
    assert found.peak == pytest.approx(3, rel=1e-3)
    assert found.crest == pytest.approx(sqrt(2), rel=1e-3)
    assert found.kurtosis == pytest.approx(1.5, rel=1e-3)


def test_kurtosis_is_that_of_scipy() -> None:
    block = np.random.default_rng(3).standard_t(5, 5000)
    assert levels(block).kurtosis == pytest.approx(float(stats.kurtosis(block, fisher=False)))


def test_a_block_with_an_impact_is_told_by_its_shape() -> None:
    quiet = np.random.default_rng(4).normal(0, 1, 4096)
    struck = quiet.copy()
    struck[2000] += 30
    calm, shaken = levels(quiet), levels(struck)
    assert calm.crest is not None
    assert shaken.crest is not None
    assert shaken.crest > 4 * calm.crest
    assert shaken.kurtosis is not None
    assert shaken.kurtosis > 20


@pytest.mark.parametrize("value", [0.0, 9.81, -1e6, 1e-300])
def test_a_block_that_stands_still_has_no_shape(value: float) -> None:
    found = levels(np.full(1000, value))
    assert (found.rms, found.peak, found.crest, found.kurtosis) == (0, 0, None, None)


def test_levels_do_not_leave_the_range_of_numbers() -> None:
    tiny, huge = (levels(sine(100, size, 10_000, 1000)) for size in (1e-150, 1e150))
    assert tiny.kurtosis == pytest.approx(1.5, rel=1e-2)
    assert huge.kurtosis == pytest.approx(1.5, rel=1e-2)


@pytest.mark.parametrize("phase", [0.0, 1.0, 2.5])
@pytest.mark.parametrize(
    ("frequency", "amplitude", "rate", "count"),
    [
        (26.3, 0.4, 25_600, 4096),  # 4.2 turns
        (49.7, 2.0, 25_600, 4096),
        (159.155, 1.0, 10_000, 4096),
        (24.87, 5.0, 25_600, 16_384),
        (487.3, 30.0, 51_200, 8192),
        (961.1, 120.0, 25_600, 16_384),
        (13.7, 0.05, 2048, 2048),
    ],
)
def test_the_velocity_of_a_sine_is_right_within_one_per_cent(
    frequency: float, amplitude: float, rate: float, count: int, phase: float
) -> None:
    block = sine(frequency, amplitude, rate, count, phase) - 9.81
    right = 1000 * amplitude / (2 * pi * frequency) / sqrt(2)
    assert velocity_rms(block, rate) == pytest.approx(right, rel=0.01)


def test_the_velocity_of_several_tones_is_that_of_their_powers() -> None:
    tones = ((24.8, 1.0), (49.6, 0.7), (312.4, 12.0), (777.7, 20.0))
    block = np.sum([sine(f, a, 25_600, 16_384, f) for f, a in tones], axis=0)
    powers = [(1000 * a / (2 * pi * f)) ** 2 / 2 for f, a in tones]
    assert velocity_rms(block, 25_600) == pytest.approx(sqrt(sum(powers)), rel=0.01)


@pytest.mark.parametrize("frequency", [3.0, 1500.0])
def test_what_lies_outside_the_band_is_not_counted(frequency: float) -> None:
    block = sine(frequency, 10.0, 25_600, 51_200)
    right = 1000 * 10 / (2 * pi * frequency) / sqrt(2)
    found = velocity_rms(block, 25_600)
    assert found is not None
    assert found < 0.001 * right


def test_a_tone_on_the_edge_counts_half_of_its_power() -> None:
    block = sine(1000.0, 10.0, 25_600, 25_600)
    right = 1000 * 10 / (2 * pi * 1000) / sqrt(2)
    assert velocity_rms(block, 25_600) == pytest.approx(right * sqrt(5 / 6), rel=0.01)


@pytest.mark.parametrize(("rate", "count"), [(15.0, 4096), (25_600, 30), (1000, 1), (1000, 2)])
def test_a_block_that_sees_nothing_of_the_band_says_nothing(rate: float, count: int) -> None:
    assert velocity_rms(np.arange(float(count)), rate) is None


def test_a_block_that_stands_still_has_no_velocity() -> None:
    assert velocity_rms(np.full(4096, 9.81), 25_600) == pytest.approx(0, abs=1e-9)
