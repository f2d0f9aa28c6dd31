r"""Ways into JSON, in the part of GJSON's language that needs no search.

`motor.bearings.0.temp` goes by keys and, in lists, by positions from 0; `#` stands for every
element of a list; `\` before a character takes it as it is, so that `a\.b` is one key. `@this`, or
nothing, is the place itself, and what begins with `$.` is sought from the whole message.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field

MISSING: Final = object()
"""Stands for what is not there; a null is."""

_EVERY = "#"
_LONGEST = 64
_REFUSED = {
    "*": "wildcards",
    "?": "wildcards",
    "|": "pipes",
    "@": "modifiers",
    "(": "queries",
    "{": "multipaths",
    "[": "multipaths",
    "!": "literals",
}


class Path:
    """A way that was read once. `many` says that it may lead to several values."""

    __slots__ = ("from_root", "key", "many", "steps", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        steps = _steps(text)
        self.from_root = text == "$" or text.startswith("$.")
        self.steps = tuple(steps[1:] if self.from_root else steps)
        self.many = any(key == _EVERY and not plain for key, plain, _ in self.steps)
        if self.from_root and self.many:
            msg = f"path {text!r}: what begins with $. leads to one value, so # can't be in it"
            raise ValueError(msg)
        plain = len(self.steps) == 1 and not self.many and not self.from_root
        self.key: str | None = self.steps[0][0] if plain else None

    def find(self, here: Any, root: Any) -> Any:
        """Follow the way from a place; MISSING where it leads nowhere, a list where `many`."""
        if self.many:
            return self._all(root if self.from_root else here)
        found = root if self.from_root else here
        for key, _, position in self.steps:
            if type(found) is dict:
                found = found.get(key, MISSING)
            elif type(found) is list and 0 <= position < len(found):
                found = found[position]
            else:
                return MISSING
        return found

    def _all(self, here: Any) -> list[Any]:
        found = [here]
        for key, plain, position in self.steps:
            if key == _EVERY and not plain:
                found = [one for each in found if type(each) is list for one in each]
            else:
                ones = [_step(each, key, position) for each in found]
                found = [one for one in ones if one is not MISSING]
        return found


def _step(here: Any, key: str, position: int) -> Any:
    if type(here) is dict:
        return here.get(key, MISSING)
    if type(here) is list and 0 <= position < len(here):
        return here[position]
    return MISSING


def _steps(text: str) -> list[tuple[str, bool, int]]:
    """Split a way into keys, each with whether it was escaped and the position that it may be."""
    if text in {"", "@this"}:
        return []
    steps, key, plain, escaped = [], "", False, False
    for k, char in enumerate([*text, "."]):
        if escaped and k < len(text):
            key, escaped, plain = key + char, False, True
        elif char == "\\":
            escaped = True
        elif char == ".":
            if not key:
                msg = f"path {text!r} has an empty part; escape a dot that belongs to a key: \\."
                raise ValueError(msg)
            steps.append((key, plain, int(key) if _is_position(key) else -1))
            key, plain = "", False
        elif char in _REFUSED:
            msg = f"path {text!r} has {char}: {_REFUSED[char]} are not known; to mean it: \\{char}"
            raise ValueError(msg)
        else:
            key += char
    if escaped:
        msg = f"path {text!r} ends in \\; to mean it: \\\\"
        raise ValueError(msg)
    if len(steps) > _LONGEST:
        msg = f"path {text[:40]!r}… has more than {_LONGEST} parts"
        raise ValueError(msg)
    return steps


def _is_position(key: str) -> bool:
    return key.isascii() and key.isdigit() and len(key) < 9


def _check(text: str) -> str:
    Path(text)
    return text


PathText = Annotated[str, AfterValidator(_check), Field(max_length=500)]
"""A settings field that holds a path."""


def last_key(path: str) -> str:
    """Name what stands at a path by its last key that is not `#`; empty where there is none."""
    keys = _names(path)
    return keys[-1] if keys else ""


def flat_name(path: str | None, separator: str) -> str:
    """Name what stands at a path as it is called when its message is laid flat."""
    return "" if path is None else separator.join(_names(path))


def _names(path: str) -> list[str]:
    return [key for key, plain, _ in Path(path).steps if plain or key != _EVERY]
