"""JSON of any shape, by an engineer's mapping in the words of Telegraf's json_v2.

`fields` name single values by their paths; `objects` take all that is in an object, or in each
object of a list, as a sample with a time and an asset of its own. Without either, everything in
the message is a value but its time and its asset.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from ingest.decoders.body import read, read_digits
from ingest.decoders.bounds import usable
from ingest.decoders.mapped_field import Fields, MappedField
from ingest.decoders.mapped_object import MappedObject, Object
from ingest.decoders.mapped_plain import Plain
from ingest.decoders.mapped_source import Fraction, Source, Timed
from ingest.decoders.paths import PathText, flat_name
from ingest.decoders.qualities import QualityWords
from ingest.decoders.times import Times
from ingest.sample import Sample


class Mapped(Timed):
    """How messages of one shape are read.

    Without `fields` and `objects` everything in a message is a value but its time and its asset.
    """

    asset_path: PathText | None = None
    quality: QualityWords = QualityWords()
    fields: tuple[MappedField, ...] = ()
    objects: tuple[MappedObject, ...] = ()


class MappingSettings(Mapped):
    """How JSON of one shape is read."""

    kind: Literal["mapping"] = "mapping"


class Mapper:
    """Compiled paths, for JSON and for anything else that becomes dicts and lists."""

    def __init__(self, settings: Mapped, *, wary: bool = False) -> None:
        self._settings = settings
        self._source = Source(
            settings.timestamp_path,
            Times(settings.timestamp_format, settings.timestamp_timezone),
            settings.asset_path,
            optional=settings.timestamp_optional,
            wary=wary,
        )
        words = settings.quality.table()
        self._fields = Fields(settings.fields, words, settings)
        objects = settings.objects
        if not objects and not settings.fields:
            own = (settings.timestamp_path, settings.asset_path)
            left = tuple(name for each in own if (name := flat_name(each, "_")))
            objects = (MappedObject(excluded_keys=left),)
        self._objects = [Object(each, words, settings, wary=wary) for each in objects]

    def map(self, body: Any) -> list[Sample]:
        """Read a decoded message; Bad where nothing in it can be used."""
        at, asset = self._source.read(body, body, None, "")
        sample = Sample({}, asset, at, {}, {}, [])
        found = [sample]
        self._fields.fill(sample, body, body)
        for each in self._objects:
            each.fill(found, body)
        if len(found) > 1 and not sample.values and not sample.bad:
            del found[0]
        self._settings.check(len(found))
        return usable(found)


class MappingDecoder:
    """Reads JSON by a mapping."""

    def __init__(self, settings: MappingSettings) -> None:
        self._mapper = Mapper(settings, wary=True)
        self._plain: Plain | None = None
        ways = (settings.timestamp_path, settings.asset_path)
        if not settings.objects and Plain.fits(settings.fields, *ways):
            times = Times(settings.timestamp_format, settings.timestamp_timezone)
            self._plain = Plain(settings.fields, *ways, times, settings.max_values)

    def decode(self, captured: Mapping[str, str], payload: bytes) -> list[Sample]:
        """Read one message; Bad where nothing in it can be used."""
        body = read(payload)
        if self._plain is not None:
            sample = self._plain.read(body, payload)
            if sample is not None:
                return [sample]
        try:
            return self._mapper.map(body)
        except Fraction:
            return self._mapper.map(read_digits(payload))
