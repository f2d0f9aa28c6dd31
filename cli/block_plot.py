"""Draws a raw block of vibration: its samples, their spectrum and that of their envelope."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from core.clock import iso

if TYPE_CHECKING:
    from core.blocks import Block


def draw(kept: Block, out: Path) -> None:
    """Write the plot as the form that the file's name asks for."""
    import numpy as np
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from models.envelope import envelope

    wave = kept.waveform
    samples = wave.samples.astype(np.float64)
    count = len(samples)
    window = np.hanning(count)
    lines = np.abs(np.fft.rfft(window * (samples - samples.mean()))) * 2 / window.sum()
    figure = Figure(figsize=(9, 8), layout="constrained")
    FigureCanvasAgg(figure)
    above, middle, below = figure.subplots(3, 1)
    speed = "" if wave.speed is None else f", {wave.speed:g} rpm"
    figure.suptitle(f"{kept.asset} {kept.name}, {iso(kept.at)}{speed}")
    above.plot(np.arange(count) / wave.rate, samples, linewidth=0.5)
    above.set(xlabel="s", ylabel="m/s²")
    middle.plot(np.fft.rfftfreq(count, 1 / wave.rate), lines, linewidth=0.7)
    middle.set(xlabel="Hz", ylabel="m/s²")
    knocks = envelope(samples, wave.rate)
    if knocks is not None:
        power = np.sqrt(2 * knocks.power)
        below.plot(np.arange(len(power)) * knocks.step, power, linewidth=0.7)
        low, high = knocks.band
        below.set(xlabel=f"Hz, envelope of {low:.0f} to {high:.0f} Hz", ylabel="m/s²")
        below.set_xlim(0, min(1000.0, len(power) * knocks.step))
    figure.savefig(out, format=out.suffix[1:])
