"""Single values of JSON, each by its path."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from core.readings import Quality
from core.rejection import Reason
from core.settings import Settings
from ingest.decoders.bounds import LONGEST_TEXT, MOST_EXACT, Bounded, short
from ingest.decoders.conversion import CONVERSIONS, Kind
from ingest.decoders.paths import MISSING, Path, PathText, last_key
from ingest.decoders.qualities import quality_of
from ingest.payload import Bad
from ingest.sample import Sample

Name = Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT)]
"""A settings field that holds a name as a payload has it."""


class MappedField(Settings):
    """One value: where it stands, and what it is called.

    Without `rename` its name is the last key of its path. `unit` is the unit that it is sent in,
    where the payload does not say so at `unit_path`.
    """

    path: PathText
    rename: Name | None = None
    type: Kind = "auto"
    optional: bool = False
    unit: str = ""
    unit_path: PathText | None = None
    quality_path: PathText | None = None


class Fields:
    """Fields by their paths."""

    def __init__(
        self, fields: tuple[MappedField, ...], words: dict[str, Quality], bounds: Bounded
    ) -> None:
        self._fields = [_Field(each) for each in fields]
        self._words = words
        self._bounds = bounds

    def fill(self, sample: Sample, here: Any, root: Any) -> None:
        """Put the values of one place into a sample."""
        values = sample.values
        get = here.get if type(here) is dict else None
        for field in self._fields:
            key = field.path.key
            if key is not None and get is not None:
                said = get(key, MISSING)
            else:
                said = field.path.find(here, root)
            kind = type(said)
            if field.plain and kind is float and said - said == 0:
                values[field.name] = said
            elif field.plain and kind is int and -MOST_EXACT < said < MOST_EXACT:
                values[field.name] = float(said)
            else:
                self._take(sample, field, said, here, root)

    def _take(self, sample: Sample, field: _Field, said: Any, here: Any, root: Any) -> None:
        if said is MISSING or said is None:
            if said is MISSING and not field.optional:
                detail = f'there is no "{field.path.text}"'
                sample.bad.append(Bad(Reason.NO_VALUES, detail))
            return
        try:
            if field.path.many:
                self._bounds.check_values(len(sample.values) + len(said))
                for k, each in enumerate(said, 1):
                    self._put(sample, field, f"{field.name}_{k}", each)
            else:
                self._put(sample, field, field.name, said)
                self._put_marks(sample, field, here, root)
        except Bad as bad:
            sample.bad.append(bad)

    def _put(self, sample: Sample, field: _Field, name: str, said: Any) -> None:
        sample.values[name] = field.convert(name, said)
        if field.unit:
            sample.units[name] = field.unit

    def _put_marks(self, sample: Sample, field: _Field, here: Any, root: Any) -> None:
        name = field.name
        if field.unit_path is not None:
            unit = field.unit_path.find(here, root)
            if type(unit) is str:
                sample.units[name] = short(f"the unit of {name},", unit)
        if field.quality_path is not None:
            mark = field.quality_path.find(here, root)
            if mark is not MISSING and mark is not None:
                try:
                    quality = quality_of(name, mark, self._words)
                except Bad:
                    del sample.values[name]
                    raise
                if quality is not Quality.GOOD:
                    sample.quality[name] = quality


class _Field:
    """One field, compiled."""

    __slots__ = (
        "convert",
        "name",
        "optional",
        "path",
        "plain",
        "quality_path",
        "unit",
        "unit_path",
    )

    def __init__(self, field: MappedField) -> None:
        self.path = Path(field.path)
        self.name = field.rename or last_key(field.path) or "value"
        self.convert = CONVERSIONS[field.type]
        self.optional = field.optional
        self.unit = field.unit
        self.unit_path = None if field.unit_path is None else Path(field.unit_path)
        self.quality_path = None if field.quality_path is None else Path(field.quality_path)
        marked = field.unit or field.unit_path is not None or field.quality_path is not None
        self.plain = field.type in {"auto", "float"} and not marked and not self.path.many
