"""All features of one block of acceleration, by the names that channels are called after."""

from __future__ import annotations

from dataclasses import dataclass

from core.readings import Floats
from models.bearing import FAULTS, Bearing
from models.envelope import Band, energy, envelope
from models.waveform import VELOCITY_BAND, levels, velocity_rms

FEATURES: dict[str, str] = {
    "rms": "m/s2",
    "peak": "m/s2",
    "crest": "",
    "kurtosis": "",
    "velocity": "mm/s",
    **dict.fromkeys(FAULTS, "m2/s4"),
}
"""Every feature and its unit; the energies of faults need a bearing and a speed."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """How a block is looked at.

    `velocity_band` and `envelope_band` are in Hz; without the latter the envelope is taken where
    it knocks most. `tolerance` is the share by which a fault's frequency may be missed.
    """

    bearing: Bearing | None = None
    velocity_band: Band = VELOCITY_BAND
    envelope_band: Band | None = None
    tolerance: float = 0.02
    harmonics: int = 3


def features(
    samples: Floats, rate: float, rpm: float | None = None, analysis: Analysis | None = None
) -> dict[str, float]:
    """Read the features of a block in m/s2 at `rate` Hz, of a shaft that turns at `rpm`.

    What a block cannot say is absent: the shape of silence, a band that it is too short for, and
    the faults of a bearing that stands or whose speed is not known.
    """
    how = analysis or Analysis()
    size = levels(samples)
    found = {
        "rms": size.rms,
        "peak": size.peak,
        "crest": size.crest,
        "kurtosis": size.kurtosis,
        "velocity": velocity_rms(samples, rate, how.velocity_band),
    }
    if how.bearing is not None and rpm:
        found |= _faults(samples, rate, how.bearing.frequencies(rpm), how)
    return {name: value for name, value in found.items() if value is not None}


def _faults(
    samples: Floats, rate: float, frequencies: dict[str, float], how: Analysis
) -> dict[str, float | None]:
    knocks = envelope(samples, rate, how.envelope_band)
    if knocks is None:
        return {}
    return {
        fault: energy(knocks, frequency, how.tolerance, how.harmonics)
        for fault, frequency in frequencies.items()
    }
