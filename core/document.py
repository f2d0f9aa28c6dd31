"""YAML files as plain data in which every place knows its line.

Only what YAML 1.2 calls its core is understood: `true` and `false` are the only booleans, so that
a machine may be named `on` and a title may be `no`; keys are always text; a duplicate key is a
fault, and so is a tag. Aliases are allowed, within bounds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import yaml

from core.errors import Fault

Place: TypeAlias = tuple[str | int, ...]
"""The way to a value: keys, and positions in lists."""

MAX_BYTES = 1_000_000
MAX_DEPTH = 40
MAX_VALUES = 100_000

# Neither is shown: a password that begins with ! or * may stand there by mistake.
_TAG = "a tag is not allowed; put text that begins with ! in quotes"
_ALIAS = "an alias without its anchor; put text that begins with * in quotes"
_NULL = re.compile(r"^(~|null|Null|NULL|)$")
_BOOLEAN = re.compile(r"^(true|True|TRUE|false|False|FALSE)$")
_INTEGER = re.compile(r"^[-+]?(0|[1-9]\d{0,18})$", re.ASCII)
_NUMBER = re.compile(r"^[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?$", re.ASCII)
_TAB = re.compile(r"^ *\t")
_SPECIAL = re.compile(r"^[-+]?\.(inf|Inf|INF|nan|NaN|NAN)$")


@dataclass(frozen=True, slots=True)
class Document:
    """One file's content. `name` is what faults call the file."""

    name: str
    data: Any
    lines: dict[Place, int]

    def line(self, place: Place) -> int | None:
        """Find the line of a place, or of the nearest thing around it."""
        for length in range(len(place), -1, -1):
            if place[:length] in self.lines:
                return self.lines[place[:length]]
        return None

    def get(self, *place: str | int) -> Any:
        """Return the value at a place; None where there is none."""
        value = self.data
        for part in place:
            try:
                value = value[part]
            except (KeyError, IndexError, TypeError):
                return None
        return value

    def block(self, *place: str | int) -> dict[str, Any]:
        """Return the block of keys at a place; an empty one where there is none."""
        found = self.get(*place)
        return found if isinstance(found, dict) else {}

    def fault(self, place: Place, message: str) -> Fault:
        """Make the fault of a place: its file, line and key before the message."""
        return Fault(self.name, self.line(place), _keyed(place, message))


def _keyed(place: Place, message: str) -> str:
    key = ".".join(str(part) for part in place)
    return f"{key}: {message}" if key else message


@dataclass(slots=True)
class _Node:
    line: int
    value: Any  # a scalar, a list of nodes, or a dict of key to (line, node)


class _Broken(Exception):
    def __init__(self, line: int | None, message: str, place: Place = ()) -> None:
        super().__init__(_keyed(place, message))
        self.line = line


def read(path: Path, name: str | None = None) -> tuple[Document | None, list[Fault]]:
    """Read a file. Without a document the faults say why; with one they are duplicate keys."""
    shown = name or str(path)
    try:
        if path.exists() and not path.is_file():  # a pipe would be waited on for ever
            return None, [Fault(shown, None, "cannot be read: not a file")]
        with path.open("rb") as file:
            body = file.read(MAX_BYTES + 1)
        if len(body) > MAX_BYTES:
            return None, [Fault(shown, None, f"larger than {MAX_BYTES // 1000} kB")]
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body[: error.start].count(b"\n") + 1
        return None, [Fault(shown, line, f"not UTF-8: byte 0x{body[error.start]:02x}")]
    except OSError as error:
        return None, [Fault(shown, None, f"cannot be read: {error.strerror}")]
    return parse(text, shown)


def parse(text: str, name: str) -> tuple[Document | None, list[Fault]]:
    """Read YAML text; `name` is what faults call it."""
    reader = _Reader(name)
    try:
        root = reader.read(text)
        lines: dict[Place, int] = {}
        data = None if root is None else _plain(root, (), lines)
        lines.setdefault((), 1)
    except _Broken as broken:
        return None, [Fault(name, broken.line, str(broken))]
    except yaml.MarkedYAMLError as error:
        return None, [_unparsed(name, text, error)]
    except yaml.YAMLError as error:
        said = str(error).splitlines()[0]
        at = getattr(error, "position", None)
        line = None if at is None else text[:at].count("\n") + 1
        return None, [Fault(name, line, f"not YAML: {said}")]
    return Document(name, data, lines), reader.faults


def _unparsed(name: str, text: str, error: yaml.MarkedYAMLError) -> Fault:
    mark: Any = error.problem_mark or error.context_mark
    start: Any = error.context_mark
    said = ", ".join(part for part in (error.context, error.problem) if part)
    if mark is None:
        return Fault(name, None, f"not YAML: {said}")
    lines = text.rstrip("\n").split("\n")
    line = min(mark.line + 1, len(lines))  # what is never closed is missed beyond the end
    if start is not None and start.line + 1 < line:
        said += f" for what begins on line {start.line + 1}"
    if _TAB.match(lines[line - 1]):
        said += "; indent with spaces, not with tabs"
    return Fault(name, line, f"not YAML: {said}")


@dataclass(slots=True)
class _Reader:
    """Turns the events of PyYAML's parser into nodes."""

    name: str
    faults: list[Fault] = field(default_factory=list)
    _anchors: dict[str, _Node] = field(default_factory=dict)
    _events: Iterator[Any] = field(default_factory=lambda: iter(()))

    def read(self, text: str) -> _Node | None:
        self._events = iter(yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
        root = None
        for event in self._events:
            line = event.start_mark.line + 1
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    raise _Broken(line, "a second document; one is allowed")
                root = self._node(next(self._events), ())
        return root

    def _node(self, event: Any, place: Place) -> _Node:
        line = event.start_mark.line + 1
        if len(place) > MAX_DEPTH:
            raise _Broken(line, f"nested deeper than {MAX_DEPTH} levels")
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._anchors:
                raise _Broken(line, _ALIAS, place)
            return self._anchors[event.anchor]
        node = _Node(line, None)
        if isinstance(event, yaml.ScalarEvent):
            node.value = _scalar(event, line, place)
        elif isinstance(event, yaml.SequenceStartEvent):
            _untagged(event, line, place)
            node.value = self._items(place)
        else:
            _untagged(event, line, place)
            node.value = self._pairs(place)
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _items(self, place: Place) -> list[_Node]:
        items: list[_Node] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._node(event, (*place, len(items))))
        return items

    def _pairs(self, place: Place) -> dict[str, tuple[int, _Node]]:
        pairs: dict[str, tuple[int, _Node]] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            line = event.start_mark.line + 1
            if not isinstance(event, yaml.ScalarEvent) or event.value == "":
                raise _Broken(line, "a key must be plain text", place)
            if event.value == "<<":
                raise _Broken(line, "merge keys (<<) are not allowed; repeat the keys", place)
            node = self._node(next(self._events), (*place, event.value))
            if event.value in pairs:
                message = f"duplicate key; it is first given on line {pairs[event.value][0]}"
                self.faults.append(Fault(self.name, line, _keyed((*place, event.value), message)))
            else:
                pairs[event.value] = (line, node)
        return pairs


def _untagged(event: Any, line: int, place: Place) -> None:
    if not event.implicit:
        raise _Broken(line, _TAG, place)


def _scalar(event: Any, line: int, place: Place) -> Any:
    plain, quoted = event.implicit
    if quoted or event.tag in {"!", "tag:yaml.org,2002:str"}:
        return event.value
    if not plain:
        raise _Broken(line, _TAG, place)
    text: str = event.value
    if _NULL.match(text):
        return None
    if _BOOLEAN.match(text):
        return text[0] in "tT"
    if _INTEGER.match(text):
        return int(text)
    if _NUMBER.match(text) and not re.match(r"^[-+]?0\d", text):
        return float(text)
    return float(text.replace(".", "")) if _SPECIAL.match(text) else text


def _plain(node: _Node, place: Place, lines: dict[Place, int]) -> Any:
    """Unfold nodes, and aliases with them, into plain data; note the line of each place."""
    lines.setdefault(place, node.line)
    if len(lines) > MAX_VALUES:
        raise _Broken(node.line, f"more than {MAX_VALUES} values, aliases unfolded")
    if len(place) > MAX_DEPTH:
        raise _Broken(node.line, f"nested deeper than {MAX_DEPTH} levels")
    if isinstance(node.value, list):
        return [_plain(item, (*place, i), lines) for i, item in enumerate(node.value)]
    if isinstance(node.value, dict):
        data = {}
        for key, (line, child) in node.value.items():
            lines[*place, key] = line
            data[key] = _plain(child, (*place, key), lines)
        return data
    return node.value
