"""What a block of acceleration samples says in numbers: levels, shape and velocity.

All take the samples of one block in m/s2 and, where it matters, their rate in Hz. What a block
cannot say, because it is too short, too slow or silent, is None and never a guess.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import pi, sqrt

import numpy as np

from core.readings import Floats

VELOCITY_BAND = (10.0, 1000.0)
"""Where broad-band velocity is judged, in Hz: ISO 20816-1, and ISO 2954 for the instrument."""

LEAST_BINS = 1.5
"""Below so many turns per block, a Hann window cannot tell a tone from a constant."""


@dataclass(frozen=True, slots=True)
class Levels:
    """RMS and peak in m/s2 about the mean; crest factor and kurtosis are None for a silent block.

    Kurtosis is Pearson's: 3 for Gaussian noise, 1.5 for a sine, more where there are impacts.
    """

    rms: float
    peak: float
    crest: float | None
    kurtosis: float | None


def levels(samples: Floats) -> Levels:
    """Measure the size and the shape of a block, its mean taken away."""
    centred = samples - samples.mean()
    peak = float(np.abs(centred).max())
    # a constant block leaves the rounding of its mean; that has no shape
    if peak <= 1e-9 * float(np.abs(samples).max()):
        return Levels(0.0, 0.0, None, None)
    shape = centred / peak  # so that no fourth power leaves the range of a double
    squared = shape * shape
    power = float(squared.mean())
    fourth = float((squared * squared).mean())
    rms = peak * sqrt(power)
    return Levels(rms, peak, 1 / sqrt(power), fourth / power**2)


def velocity_rms(
    samples: Floats, rate: float, band: tuple[float, float] = VELOCITY_BAND
) -> float | None:
    """Integrate acceleration to velocity within a band, in mm/s; None where none of it is seen.

    The integral is taken in the frequency domain. To divide a windowed spectrum by the angular
    frequency alone would weigh the two flanks of a tone differently, by 3 % at four turns per
    block; integration by parts, `(wv)' = wa + w'v`, gives what mends it, to the third term. The
    band's edges are as sharp as the block's length allows: a tone on an edge counts half of its
    power, as at the corner of a filter.
    """
    from scipy import fft  # heavy

    count = len(samples)
    low = max(band[0], LEAST_BINS * rate / count)
    first, last = int(np.ceil(low * count / rate)), int(band[1] * count / rate)
    last = min(last, (count - 1) // 2)
    if last < first:
        return None
    lines = fft.rfft(_windows(count) * (samples - samples.mean()))[:, first : last + 1]
    bins = 1j * np.arange(first, last + 1)
    velocity = (lines[0] + (lines[1] + lines[2] / bins) / bins) / bins * count / (2 * pi * rate)
    energy = 2 * float((velocity.real**2 + velocity.imag**2).sum())
    return 1000 * sqrt(energy / (count * float((_windows(count)[0] ** 2).sum())))


@lru_cache(maxsize=4)
def _windows(count: int) -> Floats:
    """Hann's window and its first two derivatives, by the turn's part; rows of `count`."""
    turn = 2 * pi * np.arange(count) / count
    return 0.5 * np.stack((1 - np.cos(turn), np.sin(turn), np.cos(turn)))
