"""Checkpoints: the state of every part as bytes, written only where it changed. Never pickled."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import msgspec
import numpy as np
import structlog
from numpy.typing import NDArray

from models.detector import State


class Section(Protocol):
    """A part of scoring that holds arrays whose first axis is the asset."""

    def state(self) -> State:
        """Return everything needed to go on elsewhere exactly as here."""
        ...

    def restore(self, state: State) -> None:
        """Take over a state of the same form."""
        ...


@runtime_checkable
class Growing(Protocol):
    """A section that may hold more than it does at first."""

    def expect(self, names: Collection[str]) -> None:
        """Make room for what a saved state of these names holds."""
        ...


class _Array(msgspec.Struct, array_like=True):
    kind: str
    shape: tuple[int, ...]
    data: bytes


class Layout(msgspec.Struct, frozen=True):
    """What a saved state was made for: its assets in order, and a signature per section."""

    assets: tuple[str, ...]
    sections: dict[str, str]


_KINDS = "biufU"
_SLICE = 64
"""Of a wider array so many columns are written together: what only grows at its end stays put."""

LEARNED = "detector."
"""How the sections are called that can be learned again."""

_BESIDE = ("crosscheck", "regimes")
_BROKEN = (ValueError, KeyError, IndexError, TypeError, msgspec.MsgspecError)
_log = structlog.get_logger("scoring")
_encoder = msgspec.msgpack.Encoder()
_arrays = msgspec.msgpack.Decoder(_Array)
_layouts = msgspec.json.Decoder(Layout)


def pack(array: NDArray[np.generic]) -> bytes:
    """Turn an array of numbers, flags or text into bytes."""
    if array.dtype.kind not in _KINDS:
        msg = f"a checkpoint keeps numbers, flags and text, not {array.dtype}"
        raise TypeError(msg)
    data = np.ascontiguousarray(array).tobytes()
    return _encoder.encode(_Array(array.dtype.str, array.shape, data))


def unpack(body: bytes) -> NDArray[np.generic]:
    """Read back what `pack` wrote, as an array of its own."""
    kept = _arrays.decode(body)
    kind = np.dtype(kept.kind)
    if kind.kind not in _KINDS:
        msg = f"a checkpoint holds {kind}, which is never kept"
        raise ValueError(msg)
    found: NDArray[np.generic] = np.frombuffer(kept.data, kind).reshape(kept.shape).copy()
    return found


def write_array(name: str, array: NDArray[np.generic]) -> dict[str, bytes]:
    """Turn an array into named bytes; a wide one into slices and, as `name`, its width."""
    width = array.shape[1] if array.ndim > 1 else 0
    if width <= _SLICE:
        return {name: pack(array)}
    slices = range(0, width, _SLICE)
    parts = {f"{name}#{at // _SLICE}": pack(array[:, at : at + _SLICE]) for at in slices}
    return {name: pack(np.array(len(slices))), **parts}


def read_array(name: str, saved: Mapping[str, bytes]) -> NDArray[np.generic]:
    """Read back what `write_array` wrote; KeyError where it is not there."""
    found = unpack(saved[name])
    if found.ndim > 0:
        return found
    return np.concatenate([unpack(saved[f"{name}#{at}"]) for at in range(int(found[()]))], axis=1)


@dataclass(frozen=True, slots=True)
class Part:
    """The sections of one asset class, and what each was made for."""

    name: str
    assets: tuple[str, ...]
    sections: Mapping[str, Section]
    signatures: Mapping[str, str]

    def write(self) -> dict[str, bytes]:
        """Turn all sections into named bytes."""
        layout = Layout(self.assets, dict(self.signatures))
        written = {f"{self.name}/layout": msgspec.json.encode(layout)}
        for section, holder in self.sections.items():
            for name, array in holder.state().items():
                written |= write_array(f"{self.name}/{section}/{name}", array)
        return written

    def read(self, saved: Mapping[str, bytes]) -> list[str]:
        """Take over saved sections; returns those that were made for another configuration.

        Assets that came or went since are matched by their ids; a new one starts anew. So does a
        detector whose state is damaged or of a layout that it does not open.
        """
        if f"{self.name}/layout" not in saved:
            return []
        layout = _layouts.decode(saved[f"{self.name}/layout"])
        rows = _matched(self.assets, layout.assets)
        dropped = []
        for section, holder in self.sections.items():
            same = layout.sections.get(section) == self.signatures[section]
            if not same or not _filled(holder, rows, f"{self.name}/{section}/", saved, section):
                dropped.append(section)
        return dropped


def _matched(now: Sequence[str], then: Sequence[str]) -> list[tuple[int, int]]:
    place = {asset: number for number, asset in enumerate(then)}
    return [(new, place[asset]) for new, asset in enumerate(now) if asset in place]


def _filled(
    holder: Section,
    rows: list[tuple[int, int]],
    prefix: str,
    saved: Mapping[str, bytes],
    section: str,
) -> bool:
    """Fill a section; tells whether that went well, which only what is learned may fail in."""
    if not section.startswith((LEARNED, *_BESIDE)):
        _fill(holder, rows, prefix, saved)
        return True
    blank = {name: array.copy() for name, array in holder.state().items()}
    try:
        _fill(holder, rows, prefix, saved)
    except _BROKEN as error:
        _log.warning("state_unreadable", section=prefix.rstrip("/"), why=str(error))
        holder.restore(blank)
        return False
    return True


def _fill(
    holder: Section, rows: Iterable[tuple[int, int]], prefix: str, saved: Mapping[str, bytes]
) -> None:
    pairs = list(rows)
    new, old = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    if isinstance(holder, Growing):
        names = (name.removeprefix(prefix) for name in saved if name.startswith(prefix))
        holder.expect([name.partition("#")[0] for name in names])
    state = {}
    for name, fresh in holder.state().items():
        state[name] = fresh.copy()
        if prefix + name in saved:
            kept = read_array(prefix + name, saved)
            if kept.shape[1:] != fresh.shape[1:]:
                # Buffers grow: a fresh one is shorter than a saved one of the same section.
                state[name] = np.zeros((len(fresh), *kept.shape[1:]), kept.dtype)
            state[name][new] = kept[old]
    holder.restore(state)


class Ledger:
    """Knows what was written last, so that only what changed is written again."""

    def __init__(self, written: Mapping[str, bytes] | None = None) -> None:
        self._written = dict(written or {})

    def changed(self, parts: Mapping[str, bytes]) -> dict[str, bytes]:
        """Return the parts that differ from what was written last; a slice gone is empty."""
        differ = {name: body for name, body in parts.items() if self._written.get(name) != body}
        gone = [
            name
            for name in self._written
            if name not in parts and "#" in name and name.partition("#")[0] in parts
        ]
        return differ | dict.fromkeys(gone, b"")

    def note(self, parts: Mapping[str, bytes]) -> None:
        """Note that parts were written."""
        self._written |= parts
        for name in [name for name, body in parts.items() if not body]:
            del self._written[name]
