"""The plain case of a mapping: numbers in objects, read with as few steps as can be.

It may only ever say "good" or "look closer": on anything but finite numbers, each where it should
be, the general way decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ingest.decoders.bounds import LONGEST_TEXT, MOST_EXACT
from ingest.decoders.mapped_field import MappedField
from ingest.decoders.paths import Path, last_key
from ingest.decoders.times import Times
from ingest.payload import Number
from ingest.sample import Sample

_MORE = {bytes([byte]) for byte in b"0123456789.eE"}


class Plain:
    """Reads samples of one mapping; each of its fields must be a number."""

    def __init__(
        self,
        fields: Sequence[MappedField],
        time: str | None,
        asset: str | None,
        times: Times,
        most: int,
    ) -> None:
        self._times = times
        self._time = _key(time)
        self._asset = _key(asset)
        self._most = most
        found: dict[tuple[str, ...], list[tuple[str, str]]] = {}
        for field in fields:
            *parents, key = (step for step, _, _ in Path(field.path).steps)
            name = field.rename or last_key(field.path)
            found.setdefault(tuple(parents), []).append((key, name))
        self._groups = [(parents, tuple(pairs)) for parents, pairs in found.items()]

    @staticmethod
    def fits(fields: Sequence[MappedField], time: str | None, asset: str | None) -> bool:
        """Tell whether fields are of the plain kind, and time and asset keys of the message."""
        ways = [Path(field.path) for field in fields]
        marked = any(
            field.unit or field.unit_path is not None or field.quality_path is not None
            for field in fields
        )
        return (
            not marked
            and all(field.type in {"auto", "float"} for field in fields)
            and not any(way.many or way.from_root or not way.steps for way in ways)
            and all(each is None or Path(each).key is not None for each in (time, asset))
        )

    def read(self, body: Any, payload: bytes) -> Sample | None:
        """Read a message; None where the general way must look at it.

        The payload itself tells whether a time's fraction is whole.
        """
        if type(body) is not dict:
            return None
        values = self._values(body) if self._groups else self._rest(body)
        if values is None:
            return None
        at, asset = None, ""
        if self._time is not None:
            said = body.get(self._time)
            if type(said) is float:
                said = _written(said, payload)
            if said is None:
                return None
            at = self._times.read(self._time, said)
        if self._asset is not None:
            said = body.get(self._asset)
            if type(said) is not str or not 0 < len(said) <= LONGEST_TEXT:
                return None
            asset = said
        return Sample(values, asset, at, {}, {}, [], False, None, {})

    def _values(self, body: dict[str, Any]) -> dict[str, Any] | None:
        found: dict[str, Any] = {}
        try:
            for parents, pairs in self._groups:
                here = body
                for key in parents:
                    here = here[key]
                for key, name in pairs:
                    said = here[key]
                    found[name] = said if type(said) is float else _as_float(said)
        except (KeyError, TypeError):  # something is missing, or is no number
            return None
        return found

    def _rest(self, body: dict[Any, Any]) -> dict[str, Any] | None:
        found = body.copy()
        found.pop(self._time, None)
        found.pop(self._asset, None)
        if not found or len(found) > self._most or max(map(len, found)) > LONGEST_TEXT:
            return None
        try:
            for name, said in found.items():
                if type(said) is not float:
                    found[name] = _as_float(said)
        except TypeError:
            return None
        return found


def _written(said: float, payload: bytes) -> Number | None:
    """Give a number as it was written, where a float holds all of its digits."""
    text = repr(said)
    found, raw = payload.partition(text.encode())[1:]
    return Number(text) if found and raw[:1] not in _MORE else None


def _as_float(said: Any) -> float:
    """Make a float of a whole number that loses nothing by it; TypeError for anything else."""
    if type(said) is not int or not -MOST_EXACT < said < MOST_EXACT:
        raise TypeError
    return float(said)


def _key(path: str | None) -> str | None:
    return None if path is None else Path(path).key
