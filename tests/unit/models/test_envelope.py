from __future__ import annotations

import numpy as np
import pytest
from scipy import signal

from core.readings import Floats
from models.bearing import FAULTS, Bearing
from models.envelope import energy, envelope
from simulators.bearing import acceleration

BEARING = Bearing(9, 7.94, 39.04)
RPM, RATE = 1797.0, 25_600.0


def modulated(carrier: float, beat: float, depth: float = 0.5, count: int = 16_384) -> Floats:
    at = np.arange(count) / RATE
    made: Floats = (1 + depth * np.cos(2 * np.pi * beat * at)) * np.sin(2 * np.pi * carrier * at)
    return made


def of_fault(block: Floats, fault: str = "bpfo", band: tuple[float, float] | None = None) -> float:
    found = envelope(block, RATE, band)
    assert found is not None
    much = energy(found, BEARING.frequencies(RPM)[fault])
    assert much is not None
    return much


def block(seed: int, fault: str | None = None, count: int = 16_384, strength: float = 8) -> Floats:
    rng = np.random.default_rng(seed)
    return acceleration(BEARING, RPM, RATE, count, rng, fault=fault, strength=strength)


def test_what_a_carrier_is_modulated_by_is_all_found_at_its_frequency() -> None:
    found = envelope(modulated(4000, 103.7), RATE, (3000, 5000))
    assert found is not None
    assert found.power.argmax() * found.step == pytest.approx(103.7, abs=found.step)
    assert energy(found, 103.7, harmonics=1) == pytest.approx(0.5**2 / 2, rel=0.02)


def test_the_envelope_varies_as_that_of_hilbert_does() -> None:
    rough = block(1, "bpfo")
    found = envelope(rough, RATE, (2000, 5000))
    assert found is not None
    filtered = signal.sosfiltfilt(
        signal.butter(8, (2000, 5000), "bandpass", fs=RATE, output="sos"), rough
    )
    size = np.abs(signal.hilbert(filtered))
    lines, power = signal.periodogram(size, RATE, "hann", scaling="spectrum")
    near = np.abs(lines - BEARING.frequencies(RPM)["bpfo"]) < 5
    ours = np.arange(len(found.power)) * found.step
    same = np.abs(ours - BEARING.frequencies(RPM)["bpfo"]) < 5
    # scipy scales a tone's peak right, we its whole lobe: a Hann window lies 1.5 bins between
    assert found.power[same].sum() == pytest.approx(float(power[near].sum()) / 1.5, rel=0.05)


@pytest.mark.parametrize("band", [None, (2000.0, 5000.0)])
@pytest.mark.parametrize("count", [4096, 16_384])
@pytest.mark.parametrize("seed", range(3))
def test_a_struck_outer_race_raises_its_energy_at_least_five_times(
    seed: int, count: int, band: tuple[float, float] | None
) -> None:
    healthy = of_fault(block(seed, count=count), band=band)
    struck = of_fault(block(seed + 100, "bpfo", count, strength=3), band=band)
    assert struck > 5 * healthy


@pytest.mark.parametrize("fault", ["bpfo", "bpfi"])
def test_a_fault_shows_most_at_its_own_frequency(fault: str) -> None:
    rough = block(7, fault)
    assert max(FAULTS, key=lambda each: of_fault(rough, each)) == fault


@pytest.mark.parametrize("fault", ["bpfi", "bsf"])
def test_other_faults_raise_theirs_too(fault: str) -> None:
    assert of_fault(block(8, fault), fault) > 5 * of_fault(block(9), fault)


def test_the_band_is_chosen_where_it_rings() -> None:
    found = envelope(block(2, "bpfo"), RATE)
    assert found is not None
    assert found.band[0] < 3200 < found.band[1]


def test_what_cannot_be_told_apart_is_not_said() -> None:
    found = envelope(block(3, count=4096), RATE, (2000, 5000))
    assert found is not None
    assert energy(found, 2 * found.step) is None  # two periods in the block
    assert energy(found, 0.0) is None  # the machine stands
    assert energy(found, 2999.0) is None  # beyond what the band can carry


def test_a_harmonic_beyond_the_spectrum_is_left_out() -> None:
    found = envelope(modulated(4000, 900), RATE, (3000, 5000))
    assert found is not None
    assert energy(found, 900, harmonics=9) == energy(found, 900, harmonics=2)


@pytest.mark.parametrize("band", [(13_000.0, 15_000.0), (3000.0, 3005.0)])
def test_a_band_that_the_block_does_not_hold_has_no_envelope(band: tuple[float, float]) -> None:
    assert envelope(block(4), RATE, band) is None


@pytest.mark.parametrize("count", [1, 2, 16, 20])
def test_a_block_of_few_samples_has_no_envelope(count: int) -> None:
    assert envelope(np.arange(float(count)), RATE) is None


def test_a_block_that_stands_still_has_none_of_any_energy() -> None:
    assert of_fault(np.full(4096, 9.81)) == pytest.approx(0, abs=1e-12)
