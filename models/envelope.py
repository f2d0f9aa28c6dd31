"""Finds the repeated knocks of a bearing fault: envelope of a resonance, and its spectrum.

Each strike makes the structure ring at its own resonance, some kHz up; how often it is struck
shows in the envelope of that ringing. The way is that of Randall and Antoni (2011), section 5.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from core.readings import Floats

Band: TypeAlias = tuple[float, float]
"""Its lower and upper end in Hz."""

_Lines: TypeAlias = NDArray[np.complex128]

_LEAST_TURNS = 3
_LEAST_BINS = 1.5
_WIDTHS = (4, 8)


@dataclass(frozen=True, slots=True)
class Envelope:
    """The power spectrum of an envelope about its mean.

    `power[k]` is the mean square, in (m/s2)2, of what repeats `k * step` times a second; all of
    it together is the variance of the envelope. `band` is where the envelope was taken.
    """

    power: Floats
    step: float
    band: Band


def envelope(samples: Floats, rate: float, band: Band | None = None) -> Envelope | None:
    """Take the envelope of a block in a band, by default in the one that knocks the most.

    The analytic signal comes from the one-sided spectrum, which is Hilbert's transform, already
    thinned out to the band. None where the band lies beyond half the rate.
    """
    from scipy import fft  # heavy

    count = len(samples)
    spectrum = fft.rfft(samples - samples.mean())
    if band is None:
        band = _knocking(spectrum, rate / count)
    first, last = _bins(band, rate / count, len(spectrum))
    if last - first < 2 * _LEAST_TURNS:
        return None
    ringing = _analytic(spectrum[first:last]) * (2 / count)
    size = np.abs(ringing)
    length = len(size)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)
    lines = fft.rfft(window * (size - size.mean()))[: last - first]
    power: Floats = (lines.real**2 + lines.imag**2) * (2 / (length * (window @ window)))
    return Envelope(power, rate / count, band)


def energy(
    found: Envelope, frequency: float, tolerance: float = 0.02, harmonics: int = 3
) -> float | None:
    """Add up what repeats at a frequency and its harmonics, in (m/s2)2.

    `tolerance` is the share by which a bearing may slip. Harmonics beyond the spectrum are left
    out. None where the block holds less than three periods, or the first lies beyond.
    """
    if frequency < _LEAST_TURNS * found.step:
        return None
    taken = np.zeros(len(found.power), np.bool_)
    for order in range(1, harmonics + 1):
        centre = order * frequency / found.step
        half = max(tolerance * centre, _LEAST_BINS)
        if centre + half > len(taken) - 1:
            break
        taken[int(np.ceil(centre - half)) : int(centre + half) + 1] = True
    return float(found.power[taken].sum()) if taken.any() else None


def _knocking(spectrum: _Lines, step: float) -> Band:
    """Choose the band whose envelope has the highest kurtosis, above the lowest eighth.

    A plain bank of overlapping bands in place of the kurtogram (Antoni, 2007): a quarter and an
    eighth of the range wide.
    """
    most = step * (len(spectrum) - 1)
    bands = [
        (most * (1 + k / 2) / parts, most * (2 + k / 2) / parts)
        for parts in _WIDTHS
        for k in range(2 * (parts - 2) + 1)
    ]

    def kurtosis(band: Band) -> float:
        first, last = _bins(band, step, len(spectrum))
        if last - first < 2 * _LEAST_TURNS:
            return 0.0
        power = np.abs(_analytic(spectrum[first:last])) ** 2
        mean = float(power.mean())
        return float((power / mean @ power) / (mean * len(power))) if mean > 0 else 0.0

    return max(bands, key=kurtosis)


def _bins(band: Band, step: float, most: int) -> tuple[int, int]:
    """Find a band's first bin, never the constant's, and the one after its last."""
    return max(1, int(np.ceil(band[0] / step))), min(most, int(band[1] / step) + 1)


def _analytic(lines: _Lines) -> _Lines:
    """Return the analytic signal of a band, at twice its width so that its envelope fits."""
    from scipy import fft

    length = fft.next_fast_len(2 * len(lines))
    signal: _Lines = fft.ifft(lines, length, norm="forward")
    return signal
