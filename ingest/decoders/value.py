"""One value in each message: its channel is a level of the topic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from core.clock import SECOND
from core.quantity import Duration, within
from core.rejection import Reason
from ingest.decoders.body import read, read_digits, value
from ingest.decoders.bounds import Bounded, short
from ingest.decoders.conversion import CONVERSIONS, NUMBER, Kind
from ingest.decoders.paths import MISSING, Path, PathText
from ingest.decoders.times import EPOCHS, TimeForm, Times, Zone
from ingest.payload import Bad, Number, described
from ingest.sample import Sample, Value

_WORDS: dict[str, Value] = {"true": True, "false": False}
_NOT_FINITE = {"nan", "inf", "infinity"}


class ValueSettings(Bounded):
    """How a message of one value is read.

    `channel` names it where the topic has no `{channel}`. In an object the value stands at
    `value_path`, and its time, if it has one, at `timestamp_path`. Values of one asset that come
    within `join` of each other are one reading.
    """

    kind: Literal["value"] = "value"
    channel: str = Field(default="", max_length=256)
    type: Kind = "auto"
    unit: str = ""
    value_path: PathText = "value"
    unit_path: PathText = "unit"
    timestamp_path: PathText = "ts"
    timestamp_format: TimeForm = "iso"
    timestamp_timezone: Zone | None = None
    join: Annotated[Duration, within("0s", "1h")] = SECOND


class ValueDecoder:
    """Reads a number, a word, true or false, or an object with one of them and its time."""

    def __init__(self, settings: ValueSettings) -> None:
        self._settings = settings
        self._convert = CONVERSIONS[settings.type]
        self._value = Path(settings.value_path)
        self._unit = Path(settings.unit_path)
        self._time = Path(settings.timestamp_path)
        self._times = Times(settings.timestamp_format, settings.timestamp_timezone)
        self._epoch = settings.timestamp_format in EPOCHS

    def decode(self, captured: Mapping[str, str], payload: bytes) -> list[Sample]:
        """Read one message; Bad where there is no value in it."""
        name = self._settings.channel or captured.get("channel", "")
        if not name:
            detail = "the topic does not name a channel: write {channel} in its template"
            raise Bad(Reason.BAD_TOPIC, detail)
        sample = Sample({})
        said = _bare(payload)
        if said is MISSING:
            said = self._from_object(name, payload, sample)
        sample.values[name] = self._convert(name, said)
        if self._settings.unit:
            sample.units[name] = self._settings.unit
        return [sample]

    def _from_object(self, name: str, payload: bytes, sample: Sample) -> Any:
        body = read(payload)
        if type(body) is not dict:
            if type(body) is list:
                detail = f"the payload is {described(body)}, not a value or an object"
                raise Bad(Reason.MALFORMED, detail)
            return body
        said = self._value.find(body, body)
        if said is MISSING or said is None:
            detail = f'there is no value at "{self._value.text}"'
            raise Bad(Reason.NO_VALUES, detail)
        when = self._time.find(body, body)
        if type(when) is float and self._epoch:
            when = self._time.find(exact := read_digits(payload), exact)
        if when is not MISSING and when is not None:
            sample.at = self._times.read(self._time.text, when)
        unit = self._unit.find(body, body)
        if type(unit) is str:
            sample.units[name] = short(f"the unit of {name},", unit)
        return said


def _bare(payload: bytes) -> Any:
    """Read what is no JSON object: a number or a word as it stands; MISSING for all else."""
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        return MISSING
    if NUMBER.fullmatch(text):
        return Number(text.strip())
    return _word(text)


def _word(text: str) -> Any:
    word = text.strip()
    if not word or word[0] in '{["' or not word.isprintable():
        return MISSING
    if word.lower().lstrip("+-") in _NOT_FINITE:
        return value("the payload", float(word))
    return _WORDS.get(word.lower(), word)
