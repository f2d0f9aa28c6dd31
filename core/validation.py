"""What pydantic found wrong in a file, as faults with line, key, value and what is allowed."""

from __future__ import annotations

import json
import re
import types
import typing
from dataclasses import replace
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from core.document import Document, Place
from core.errors import Fault
from core.quantity import size_text, span, span_text
from core.secret import Secret
from core.suggestion import closest, listed, quoted, unknown

NAME_PATTERN = r"^[A-Za-z0-9_.:-]{1,64}$"

_PLAIN_NUMBER = re.compile(r"^[-+]?(0|[1-9]\d*)(\.\d+)?$", re.ASCII)
_Model = TypeVar("_Model", bound=BaseModel)
_EXPECTED = {
    "string": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "finite": "a finite number",
    "dict": "a block of keys",
    "model": "a block of keys",
    "tuple": "a list",
    "list": "a list",
    "path": "a path",
}
_BOUNDS = {
    "greater_than": "above {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "below {lt}",
    "less_than_equal": "at most {le}",
    "multiple_of": "a multiple of {multiple_of}",
    "string_too_short": "at least {min_length} characters long",
    "string_too_long": "at most {max_length} characters long",
}


def validate(model: type[_Model], document: Document) -> tuple[_Model | None, list[Fault]]:
    """Read a document as a model; without a result the faults say why.

    It goes through JSON, since that is where strict means what a file means by it: `"4"` is no
    number and `true` is none either, but a list may be a tuple and a text an enumeration.
    """
    data = {} if document.data is None else document.data
    try:
        return model.model_validate_json(json.dumps(data), strict=True), []
    except ValidationError as error:
        every = error.errors(include_url=False)
        found = [_fault(each, model, document) for each in every if not _follows(each, every)]
        return None, list(dict.fromkeys(found))


def _follows(error: Any, every: list[Any]) -> bool:
    """Tell whether a list is only too short because what is in it is at fault."""
    if error["type"] != "too_short":
        return False
    place, depth = error["loc"], len(error["loc"])
    return any(len(each["loc"]) > depth and each["loc"][:depth] == place for each in every)


def _fault(error: Any, model: type[BaseModel], document: Document) -> Fault:
    place = _place(error["loc"], document, missing=error["type"] == "missing")
    if error["type"] == "extra_forbidden":
        known = _keys(_types(model, error["loc"][:-1]))
        message = unknown("key", str(error["loc"][-1]), known)
        return replace(document.fault(place[:-1], message), line=document.line(place))
    if error["type"] == "union_tag_invalid":
        place = (*place, error["ctx"]["discriminator"].strip("'"))
    written = document.get(*place)
    return document.fault(place, _words(error, written, _types(model, error["loc"])))


def _place(loc: Place, document: Document, *, missing: bool) -> Place:
    """Keep of pydantic's way to an error what is written in the file, and a key that is not."""
    place: Place = ()
    for part in loc:
        if (*place, part) in document.lines:
            place = (*place, part)
    return (*place, loc[-1]) if missing else place


def _words(error: Any, written: Any, expected: list[Any]) -> str:
    kind, ctx, value = error["type"], error.get("ctx", {}), error["input"]
    if Secret in expected:
        return "a secret is written as env:NAME or file:PATH, never in clear"
    if kind in _BOUNDS:
        return _beyond(kind, ctx, value, written)
    if kind == "string_pattern_mismatch" and ctx["pattern"] == NAME_PATTERN:
        return not_a_name(value)
    words = _SPECIAL.get(kind)
    return words(ctx, value, expected) if words else _wrong_type(kind, error["msg"], value)


def not_a_name(text: str) -> str:
    """Say what a name may be made of."""
    return f"{_shown(text)} is not a name; allowed: 1 to 64 of the letters A-Z a-z 0-9 _ . : -"


def _beyond(kind: str, ctx: dict[str, Any], value: Any, written: Any) -> str:
    """Say a bound, in the way of what is written: a span of `2min` is bound by `60s`."""
    if isinstance(written, str) and isinstance(value, int):
        said = span_text if _is_span(written, value) else size_text
        ctx, value = {name: said(bound) for name, bound in ctx.items()}, written
    ctx = {name: _shown(bound) if type(bound) is float else bound for name, bound in ctx.items()}
    return f"must be {_BOUNDS[kind].format(**ctx)}, not {_shown(value)}"


def _is_span(written: str, value: int) -> bool:
    try:
        return span(written) == value
    except ValueError:
        return False


def _missing(_ctx: Any, _value: Any, _expected: list[Any]) -> str:
    return "missing; it has no default"


def _refused(ctx: Any, value: Any, _expected: list[Any]) -> str:
    said = str(ctx["error"])
    if value is None or isinstance(value, str | bool):
        said = said.replace(repr(value), _shown(value))
    return _with_value(_masked(said), value)


def _too_few(ctx: Any, _value: Any, _expected: list[Any]) -> str:
    return f"must have at least {ctx['min_length']}, has {ctx['actual_length']}"


def _too_many(ctx: Any, _value: Any, _expected: list[Any]) -> str:
    return f"must have at most {ctx['max_length']}, has {ctx['actual_length']}"


def _mismatch(ctx: Any, value: Any, _expected: list[Any]) -> str:
    return f"{_shown(value)} is not allowed; it must match {ctx['pattern']}"


def _untagged(ctx: Any, _value: Any, expected: list[Any]) -> str:
    tag = ctx["discriminator"].strip("'")
    return f'"{tag}" is missing; known: {listed(sorted(_tags(expected, tag)))}'


def _wrong_type(kind: str, said: str, value: Any) -> str:
    expected = _EXPECTED.get(kind.split("_", maxsplit=1)[0])
    if expected is None:
        return _with_value(said[:1].lower() + said[1:], value)
    hint = ""
    if expected == "text" and isinstance(value, int | float):
        hint = f'; write it in quotes: "{_shown(value)}"'
    if "number" in expected and isinstance(value, str) and _PLAIN_NUMBER.match(value):
        hint = "; write it without quotes"
    return f"must be {expected}, not {_shown(value)}{hint}"


def _choice(ctx: dict[str, Any], value: Any, _expected: list[Any]) -> str:
    allowed = ctx.get("expected") or ctx.get("expected_tags") or ""
    names = re.findall(r"'([^']*)'", str(allowed))
    given = str(ctx.get("tag", value))
    if given in names:
        return f'must be text, not {_shown(value)}; write it in quotes: "{given}"'
    near = closest(given, names)
    meant = f'did you mean "{near[0]}"? ' if near else ""
    what = f"unknown {ctx['discriminator']} " if "discriminator" in ctx else ""
    what = what.replace("'", "")
    return (
        f"{what}{quoted(given)}{'' if what else ' is not allowed'}; {meant}known: {listed(names)}"
    )


_SPECIAL = {
    "missing": _missing,
    "value_error": _refused,
    "literal_error": _choice,
    "enum": _choice,
    "union_tag_invalid": _choice,
    "union_tag_not_found": _untagged,
    "too_short": _too_few,
    "too_long": _too_many,
    "string_pattern_mismatch": _mismatch,
}


def _with_value(said: str, value: Any) -> str:
    if isinstance(value, dict | list) or str(value) in said or _shown(value) in said:
        return said
    return f"{said}; it is {_shown(value)}"


def _shown(value: Any) -> str:
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "a block of keys"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, str):
        return quoted(_masked(value))
    return f"{value:.15g}" if isinstance(value, float) else str(value)[:40]


def _masked(text: str) -> str:
    """Hide what stands before the @ of an address: a password may be in it."""
    return re.sub(r"//.*@", "//…@", text, flags=re.DOTALL)


def _types(model: Any, loc: Place) -> list[Any]:
    """Walk the types of a model along pydantic's way to an error."""
    found = _unfold(model)
    for part in loc:
        tagged = [each for each in found if _is_model(each) and part in _labels(each)]
        if tagged and (len(found) > 1 or not any(part in _fields(each) for each in tagged)):
            found = tagged
            continue
        found = [each for kind in found for step in _step(kind, part) for each in _unfold(step)]
    return found


def _unfold(kind: Any) -> list[Any]:
    """Take off annotations, and list the members of a union."""
    origin = typing.get_origin(kind)
    if origin is typing.Annotated:
        return _unfold(typing.get_args(kind)[0])
    if origin in {typing.Union, types.UnionType}:
        return [each for arg in typing.get_args(kind) for each in _unfold(arg)]
    return [] if kind is type(None) else [kind]


def _step(kind: Any, part: str | int) -> list[Any]:
    if _is_model(kind):
        fields = _fields(kind)
        return [fields[part]] if part in fields else []
    args = typing.get_args(kind)
    origin = typing.get_origin(kind)
    if origin is dict:
        return [args[1]]
    if origin is tuple and Ellipsis not in args and isinstance(part, int):
        return [args[part]] if part < len(args) else []
    return [args[0]] if args and isinstance(part, int) else []


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _fields(kind: Any) -> dict[Any, Any]:
    return {
        info.alias or name: info.annotation
        for name, info in typing.cast("type[BaseModel]", kind).model_fields.items()
    }


def _labels(kind: Any) -> set[Any]:
    """List what pydantic may call a member of a union: its name, or one of its tags."""
    return {kind.__name__}.union(*(_tags([kind], name) for name in kind.model_fields))


def _tags(kinds: list[Any], field: str) -> set[str]:
    """List the texts by which a field tells the members of a union apart."""
    fields = [kind.model_fields.get(field) for kind in kinds if _is_model(kind)]
    texts = [one.annotation for one in fields if one is not None]
    literal = [each for each in texts if typing.get_origin(each) is typing.Literal]
    return {each for kind in literal for each in typing.get_args(kind)}


def _keys(kinds: list[Any]) -> list[str]:
    return list(dict.fromkeys(key for kind in kinds if _is_model(kind) for key in _fields(kind)))
