"""What a block of vibration costs and what it tells: `python -m benchmarks.waveform`.

Blocks of 4,096 and 16,384 samples, as a list and packed, go through the decoder with all features;
a struck outer race is held against a healthy bearing, and velocity against analytic sines.
"""

from __future__ import annotations

import base64
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from math import pi, sqrt

import numpy as np

from benchmarks.rig.report import Figure, arguments, finish
from core.readings import Floats
from ingest.decoders.waveform import WaveformDecoder, WaveformSettings
from models.bearing import Bearing
from models.envelope import energy, envelope
from models.waveform import velocity_rms
from simulators.bearing import acceleration
from storage.block_body import packed, unpacked

GOALS = {"energy": ">= 5", "velocity": "<= 1"}
_GEOMETRY = {"balls": 9, "ball_diameter": 7.94, "pitch_diameter": 39.04}
_BEARING = Bearing(9, 7.94, 39.04)
_RPM, _RATE = 1480.0, 25_600.0
_COUNTS = (4096, 16_384)
_BAND = [2000, 5000]
_PLAIN = "json.loads of the list"
_STRENGTH = 3.0
"""The ringing of a weak defect, in m/s2: three times the noise."""


def _block(count: int, seed: int, fault: str | None = None) -> Floats:
    rng = np.random.default_rng(seed)
    return acceleration(_BEARING, _RPM, _RATE, count, rng, fault=fault, strength=_STRENGTH)


def _said(samples: object) -> bytes:
    body = {"ts": "2026-11-23T08:00:00Z", "rate": _RATE, "rpm": _RPM, "samples": samples}
    return json.dumps(body).encode()


def _decoder(**settings: object) -> WaveformDecoder:
    return WaveformDecoder(WaveformSettings.model_validate(settings))


def _cost(rounds: int, act: Callable[[], object]) -> float:
    """Time an act; returns the least of many rounds in microseconds, which others disturb least."""
    act()
    took = []
    for _ in range(rounds):
        began = time.perf_counter()
        act()
        took.append(time.perf_counter() - began)
    return 1e6 * min(took)


def _costs(count: int, rounds: int) -> Iterator[tuple[str, float]]:
    samples = _block(count, 1, "bpfo")
    listed = _said(samples.round(3).tolist())
    counts = (samples * 100).round().astype("<i2")
    text = _said(base64.b64encode(counts.tobytes()).decode())
    yield _PLAIN, _cost(rounds, lambda: json.loads(listed))
    packing = {"encoding": "int16", "scale": 0.01}
    faults = {"bearing": _GEOMETRY, "speed": "rpm"}
    for name, settings in (
        ("levels and velocity", {}),
        ("all, band given", faults | {"envelope_band": _BAND}),
        ("all, band sought", faults),
    ):
        reading, quick = _decoder(**settings), _decoder(**packing, **settings)
        yield f"list, {name}", _cost(rounds, lambda r=reading: r.decode({}, listed))  # type: ignore[misc]
        yield f"int16, {name}", _cost(rounds, lambda q=quick: q.decode({}, text))  # type: ignore[misc]
    kept = samples.astype(np.float32)
    yield "pack the raw block", _cost(rounds, lambda: packed(kept))
    body = packed(kept)
    yield "unpack it", _cost(rounds, lambda: unpacked(body))


def _raised(count: int, seeds: int, band: tuple[float, float] | None) -> float:
    """Tell how many times more energy a struck outer race has, at the least over all seeds."""

    def of(block: Floats) -> float:
        found = envelope(block, _RATE, band)
        frequency = _BEARING.frequencies(_RPM)["bpfo"]
        return (found and energy(found, frequency)) or float("nan")

    return min(
        of(_block(count, seed + 1000, "bpfo")) / of(_block(count, seed)) for seed in range(seeds)
    )


def _velocity_error() -> float:
    """Tell the largest error of sines of four turns a block and more, in per cent."""
    worst = 0.0
    for count in _COUNTS:
        for frequency in (26.3, 49.7, 123.4, 316.9, 777.7, 961.1):
            for phase in (0.0, 1.0, 2.0):
                wave = 3 * np.sin(2 * pi * frequency * np.arange(count) / _RATE + phase)
                right = 3000 / (2 * pi * frequency * sqrt(2))
                found = velocity_rms(wave, _RATE) or 0.0
                worst = max(worst, 100 * abs(found / right - 1))
    return worst


def main(given: Sequence[str] | None = None) -> int:
    """Run from the command line."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--seeds", type=int, default=50)
    args = parser.parse_args(given)
    figures = []
    for count in _COUNTS:
        for name, value in _costs(count, args.rounds):
            note = "the baseline" if name == _PLAIN else ""
            figures.append(Figure(f"{name}, {count:,} samples", value, "us", None, note))
    for count in _COUNTS:
        for how, band in (("sought", None), ("given", (float(_BAND[0]), float(_BAND[1])))):
            name = f"outer race over healthy, {count:,} samples, band {how}"
            note = f"least of {args.seeds}, ringing {_STRENGTH:g} times the noise"
            raised = _raised(count, args.seeds, band)
            figures.append(Figure(name, raised, "times", GOALS["energy"], note))
    figures.append(Figure("velocity of a sine, error", _velocity_error(), "%", GOALS["velocity"]))
    least = min(figure.value for figure in figures if figure.unit == "times")
    headline = f"waveform: a struck race has at least {least:.0f} times the energy of a healthy one"
    return finish("waveform", figures, headline, args)


if __name__ == "__main__":
    sys.exit(main())
