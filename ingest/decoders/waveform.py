"""Blocks of vibration: an array of acceleration samples, reduced to its features.

The raw block goes along with them, so that it can be kept for a while. The features' names are
those of `models/vibration.py` behind the sensor's: `vibration_rms`, `vibration_bpfo`.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Annotated, Any, Literal

import msgspec
import numpy as np
from pydantic import AfterValidator, Field, model_validator

from core.blocks import Waveform
from core.quantity import Share
from core.readings import Floats
from core.rejection import Reason
from core.settings import Settings
from ingest.decoders.body import number, read, read_digits
from ingest.decoders.bounds import LONGEST_TEXT, short
from ingest.decoders.paths import MISSING, Path, PathText
from ingest.decoders.samples import Encoding, read_samples
from ingest.decoders.times import EPOCHS, TimeForm, Times, Zone
from ingest.payload import Bad
from ingest.sample import Sample
from models.bearing import FAULTS, Bearing
from models.vibration import FEATURES, Analysis, features

_SCALES = {"g": 9.80665, "g_0": 9.80665, "m/s2": 1.0, "mm/s2": 1e-3}
_SHORTEST = 64
_STRONGEST = 1e6
"""In m/s2; no sensor of a machine measures more, and no square of less leaves a double."""
_SLOWEST, _FASTEST = 0.01, 10_000_000.0
_SPEEDIEST = 1_000_000.0

Feature = Literal["rms", "peak", "crest", "kurtosis", "velocity", "ftf", "bpfo", "bpfi", "bsf"]
_Name = Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT)]
_Positive = Annotated[float, Field(gt=0)]


def _check_band(band: tuple[float, float]) -> tuple[float, float]:
    if not 0 <= band[0] < band[1]:
        low, high = band
        msg = f"a band goes from its lower to its upper end in Hz, not from {low:g} to {high:g}"
        raise ValueError(msg)
    return band


_Band = Annotated[tuple[float, float], AfterValidator(_check_band)]


class BearingSettings(Settings):
    """The geometry of a rolling bearing: diameters in one unit, the contact angle in degrees."""

    balls: int = Field(ge=3, le=1000)
    ball_diameter: float = Field(gt=0)
    pitch_diameter: float = Field(gt=0)
    contact_angle: float = Field(default=0.0, ge=0, lt=90)

    @model_validator(mode="after")
    def _fits(self) -> BearingSettings:
        if self.ball_diameter >= self.pitch_diameter:
            msg = (
                f"ball_diameter ({self.ball_diameter:g}) must be below"
                f" pitch_diameter ({self.pitch_diameter:g})"
            )
            raise ValueError(msg)
        return self


class WaveformSettings(Settings):
    """How blocks of acceleration are read, and what is read from them.

    `samples` gives each sensor's name the path of its array. Packed arrays (`encoding`) are
    little-endian, as base64 or, in MessagePack, as bytes; one count is `scale` times `unit`.
    `rate` in Hz and `speed` in rpm are numbers, or paths to them. Fault energies need a `bearing`
    and a speed; `envelope_band` is where its knocks ring, in Hz, chosen by kurtosis where absent.
    Without `features` all are taken that can be.
    """

    kind: Literal["waveform"] = "waveform"
    format: Literal["json", "msgpack"] = "json"
    samples: dict[_Name, PathText] = Field({"vibration": "samples"}, min_length=1, max_length=32)
    encoding: Encoding = "list"
    scale: _Positive = 1.0
    unit: Literal["g", "g_0", "m/s2", "mm/s2"] = "m/s2"
    rate: _Positive | PathText = "rate"
    speed: _Positive | PathText | None = None
    speed_name: _Name | None = None
    timestamp_path: PathText | None = "ts"
    timestamp_format: TimeForm = "iso"
    timestamp_timezone: Zone | None = None
    asset_path: PathText | None = None
    features: Annotated[tuple[Feature, ...], Field(min_length=1)] | None = None
    velocity_band: _Band = (10.0, 1000.0)
    bearing: BearingSettings | None = None
    envelope_band: _Band | None = None
    tolerance: Share = 0.02
    harmonics: int = Field(default=3, ge=1, le=20)
    max_length: int = Field(default=262_144, ge=_SHORTEST, le=4_194_304)

    @model_validator(mode="after")
    def _can_be_read(self) -> WaveformSettings:
        for wanted in self.features or ():
            for what in ("bearing", "speed"):
                if wanted in FAULTS and getattr(self, what) is None:
                    msg = f"features: {wanted} cannot be told without the {what}; set {what}"
                    raise ValueError(msg)
        if self.bearing is not None and self.speed is None:
            msg = "bearing: its faults cannot be told without the speed; set speed"
            raise ValueError(msg)
        return self

    def analysis(self) -> Analysis:
        """Say to the model how a block is looked at."""
        bearing = None if self.bearing is None else Bearing(**dict(self.bearing))
        return Analysis(
            bearing, self.velocity_band, self.envelope_band, self.tolerance, self.harmonics
        )


class WaveformDecoder:
    """Reads blocks of acceleration into features, one sample for all sensors of a message."""

    def __init__(self, settings: WaveformSettings) -> None:
        import_module("scipy.fft")  # takes a third of a second: now, not at the first block
        self._settings = settings
        self._sensors = {name: Path(path) for name, path in settings.samples.items()}
        self._rate = _either(settings.rate)
        self._speed = None if settings.speed is None else _either(settings.speed)
        self._time = None if settings.timestamp_path is None else Path(settings.timestamp_path)
        self._asset = None if settings.asset_path is None else Path(settings.asset_path)
        self._times = Times(settings.timestamp_format, settings.timestamp_timezone)
        self._factor = settings.scale * _SCALES[settings.unit]
        self._exact = settings.format == "json" and settings.timestamp_format in EPOCHS
        self._analysis = settings.analysis()
        self._wanted = set(settings.features or FEATURES)

    def decode(self, captured: Mapping[str, str], payload: bytes) -> list[Sample]:
        """Read one message; Bad where no sensor's block can be used."""
        body = self._body(payload)
        sample = Sample({})
        self._head(body, payload, sample)
        rate = _number("rate", self._rate, body, _SLOWEST, _FASTEST)
        speed = self._shaft(body, sample)
        for name, path in self._sensors.items():
            try:
                said = path.find(body, body)
                self._sensor(name, path.text, said, rate, speed, sample)
            except Bad as bad:
                sample.bad.append(bad)
        if not sample.waveforms:
            raise sample.bad[0]
        return [sample]

    def _body(self, payload: bytes) -> Any:
        if self._settings.format == "json":
            return read(payload)
        try:
            return msgspec.msgpack.decode(payload)
        except (
            msgspec.MsgspecError,
            RecursionError,
            ValueError,
            OverflowError,
            TypeError,
        ) as error:
            detail = f"not MessagePack: {error}"
            raise Bad(Reason.MALFORMED, detail) from None

    def _head(self, body: Any, payload: bytes, sample: Sample) -> None:
        """Read when the block was, and whose it is where the payload says so."""
        if self._time is not None:
            said = self._time.find(body, body)
            if type(said) is float and self._exact:
                said = self._time.find(exact := read_digits(payload), exact)
            if said is MISSING or said is None:
                detail = f'there is no "{self._time.text}", where the time should stand'
                raise Bad(Reason.BAD_TIME, detail)
            sample.at = self._times.read(self._time.text, said)
        if self._asset is not None:
            said = self._asset.find(body, body)
            if type(said) is not str or not said:
                detail = f'no name stands at "{self._asset.text}", where the asset should be named'
                raise Bad(Reason.UNKNOWN_ASSET, detail)
            sample.asset = short("the asset", said)

    def _shaft(self, body: Any, sample: Sample) -> float | None:
        """Find the shaft's speed; without it a block still has all but its fault energies."""
        if self._speed is None:
            return None
        try:
            speed = _number("speed", self._speed, body, -_SPEEDIEST, _SPEEDIEST)
        except Bad as bad:
            sample.bad.append(bad)
            return None
        if self._settings.speed_name is not None:
            sample.values[self._settings.speed_name] = speed
            sample.units[self._settings.speed_name] = "rpm"
        return abs(speed)

    def _sensor(
        self, name: str, path: str, said: Any, rate: float, speed: float | None, sample: Sample
    ) -> None:
        if said is MISSING or said is None:
            detail = f'there are no samples at "{path}"'
            raise Bad(Reason.NO_VALUES, detail)
        block = self._block(path, said)
        for feature, value in features(block, rate, speed, self._analysis).items():
            if feature in self._wanted:
                sample.values[f"{name}_{feature}"] = value
                if FEATURES[feature]:
                    sample.units[f"{name}_{feature}"] = FEATURES[feature]
        sample.waveforms[name] = Waveform(block.astype(np.float32), rate, speed)

    def _block(self, path: str, said: Any) -> Floats:
        settings = self._settings
        block = read_samples(path, said, settings.encoding, settings.max_length)
        if len(block) < _SHORTEST:
            detail = f"{path} has {len(block)} samples; at least {_SHORTEST} are needed"
            raise Bad(Reason.NO_VALUES, detail)
        with np.errstate(over="ignore"):
            block = block * self._factor
        strongest = float(np.abs(block).max())
        if strongest > _STRONGEST:
            detail = f"a sample of {path} is {strongest:g} m/s2; possible: up to {_STRONGEST:g}"
            raise Bad(Reason.OUT_OF_RANGE, detail)
        return block


def _number(what: str, at: float | Path, body: Any, least: float, most: float) -> float:
    """Take a number as it is set, or from its place in the payload, within bounds."""
    if isinstance(at, float):
        return at
    said = at.find(body, body)
    if said is MISSING or said is None:
        detail = f'there is no "{at.text}", where the {what} should stand'
        raise Bad(Reason.NO_VALUES, detail)
    found = number(at.text, said)
    if not least <= found <= most:
        detail = f"the {what} at {at.text} is {found:g}; possible: {least:g} to {most:g}"
        raise Bad(Reason.OUT_OF_RANGE, detail)
    return found


def _either(setting: float | str) -> float | Path:
    return Path(setting) if isinstance(setting, str) else setting
