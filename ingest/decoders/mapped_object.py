"""Objects of JSON, and lists of them, all of whose values are taken."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from core.clock import Instant
from core.readings import Quality
from core.rejection import Reason
from core.settings import Settings
from ingest.decoders.bounds import LONGEST_TEXT, short
from ingest.decoders.conversion import CONVERSIONS, Kind
from ingest.decoders.flatten import flattened
from ingest.decoders.mapped_field import Fields, MappedField, Name
from ingest.decoders.mapped_source import Source, Timed
from ingest.decoders.paths import MISSING, Path, PathText, flat_name
from ingest.decoders.times import TimeForm, Times, Zone
from ingest.instants import WallTime
from ingest.payload import Bad, described
from ingest.sample import Sample

_MOST_NAMES = 10_000
_PLAIN = {"auto", "float"}


class MappedObject(Settings):
    """An object, or a list of objects, all of whose values are taken.

    Keys are given by their flat names: `temp` in `motor` is `motor_temp`. `timestamp_key` and
    `asset_key` are paths within each object; with `asset_is_key` each value of the object is a
    sample, and its key the asset. With `fields_at` only those are taken.
    """

    path: PathText = ""
    optional: bool = False
    timestamp_key: PathText | None = None
    timestamp_format: TimeForm | None = None
    timestamp_timezone: Zone | None = None
    asset_key: PathText | None = None
    asset_is_key: bool = False
    included_keys: tuple[Name, ...] = ()
    excluded_keys: tuple[Name, ...] = ()
    renames: dict[Name, Name] = Field(default_factory=dict)
    fields: dict[Name, Kind] = Field(default_factory=dict)
    fields_at: tuple[MappedField, ...] = ()
    disable_prepend_keys: bool = False
    separator: Literal["_", "."] = "_"


class Object:
    """One object or list of objects, compiled."""

    def __init__(
        self, settings: MappedObject, words: dict[str, Quality], mapping: Timed, *, wary: bool
    ) -> None:
        self._settings = settings
        self._bounds = mapping
        self._path = Path(settings.path)
        times = Times(
            settings.timestamp_format or mapping.timestamp_format,
            settings.timestamp_timezone or mapping.timestamp_timezone,
        )
        self._source = Source(
            settings.timestamp_key,
            times,
            settings.asset_key,
            optional=mapping.timestamp_optional,
            wary=wary,
        )
        self._own = settings.timestamp_key is not None or settings.asset_key is not None
        self._fields = Fields(settings.fields_at, words, mapping)
        own = (settings.timestamp_key, settings.asset_key)
        keys = [flat_name(each, settings.separator) for each in own]
        self._excluded = {*settings.excluded_keys, *(each for each in keys if each)}
        self._names: dict[str, str] = {}
        self._plain: set[str] = set()
        self._included = set(settings.included_keys)

    def fill(self, found: list[Sample], root: Any) -> None:
        """Add the samples of this object; without a source of its own it is of the first."""
        first, here = found[0], self._path.find(root, root)
        if here is MISSING or here is None:
            if not self._settings.optional:
                detail = f'there is no "{self._path.text}"'
                first.bad.append(Bad(Reason.NO_VALUES, detail))
            return
        if self._settings.asset_is_key and type(here) is dict:
            elements = [(str(key), each) for key, each in here.items()]
        elif type(here) is list:
            elements = [(first.asset, each) for each in here]
        elif self._own:
            elements = [(first.asset, here)]
        else:
            self._fill_one(first, here, root)
            return
        self._bounds.check(len(found) + len(elements) - 1)
        for asset, each in elements:
            found.append(self._sample(first.at, asset, each, root))

    def _sample(self, at: Instant | WallTime | None, asset: str, here: Any, root: Any) -> Sample:
        sample = Sample({}, asset, at, {}, {}, [])
        try:
            sample.asset = short("the asset", asset)
            sample.at, sample.asset = self._source.read(here, root, at, asset)
        except Bad as bad:
            sample.bad.append(bad)
        else:
            self._fill_one(sample, here, root)
        return sample

    def _fill_one(self, sample: Sample, here: Any, root: Any) -> None:
        if type(here) is not dict:
            detail = f"{self._path.text or 'the payload'} is {described(here)}, not an object"
            sample.bad.append(Bad(Reason.MALFORMED, detail))
            return
        if self._settings.fields_at:
            self._fields.fill(sample, here, root)
            return
        names, values = self._names, sample.values
        for name, said in flattened(here, self._settings.separator):
            shown = names[name] if name in names else self._name(name)
            if type(said) is float and shown in self._plain and said - said == 0:
                values[shown] = said
            elif shown:
                self._put(sample, name, shown, said)
        self._bounds.check_values(len(values))

    def _name(self, name: str) -> str:
        """Find what a value is called, and keep it; empty where it is not wanted."""
        settings, shown = self._settings, ""
        if self._wanted(name):
            shown = (
                name.rsplit(settings.separator, 1)[-1] if settings.disable_prepend_keys else name
            )
            shown = settings.renames.get(name, shown)
        if len(name) > LONGEST_TEXT:
            return shown
        if len(self._names) >= _MOST_NAMES:
            self._names.clear()
            self._plain.clear()
        self._names[name] = shown
        if shown and settings.fields.get(name, "auto") in _PLAIN:
            self._plain.add(shown)
        return shown

    def _put(self, sample: Sample, name: str, shown: str, said: Any) -> None:
        if said is None:
            return
        try:
            convert = CONVERSIONS[self._settings.fields.get(name, "auto")]
            sample.values[short("the name", shown)] = convert(shown, said)
        except Bad as bad:
            sample.bad.append(bad)

    def _wanted(self, name: str) -> bool:
        if not self._included and not self._excluded:
            return True
        whole, mark = [], self._settings.separator
        parts = name.split(mark)
        for k in range(1, len(parts) + 1):
            whole.append(mark.join(parts[:k]))
        if self._included and not self._included.intersection(whole):
            return False
        return not self._excluded.intersection(whole)
