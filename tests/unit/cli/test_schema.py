"""The schemas are tried with a small judge of the words of JSON Schema that they use."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.check import check
from cli.configuration import schema
from cli.options import SHIPPED
from core.document import parse
from tests.configurations import PLANT, PUMP

SCHEMAS = schema()
FILES = [
    ("plant", SHIPPED / "plant.yaml"),
    ("service", SHIPPED / "service.yaml"),
    ("import", SHIPPED / "import.yaml"),
    *(("class", path) for path in sorted((SHIPPED / "classes").glob("*.yaml"))),
]
SILENT = {"$schema", "$defs", "title", "description", "default", "examples", "discriminator"}
TYPES: dict[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "number": (int, float),
    "integer": int,
    "boolean": bool,
    "null": type(None),
}


def is_a(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, TYPES[kind])


def fails(value: Any, form: dict[str, Any], root: dict[str, Any]) -> str:
    """Return the first word of the schema that does not hold; an unknown word is an error."""
    words = sorted(form, key=lambda word: word != "type")  # the others are for values of the type
    return next((word for word in words if not holds(word, value, form, root)), "")


def holds(word: str, value: Any, form: dict[str, Any], root: dict[str, Any]) -> bool:
    said = form[word]
    if word in SILENT:
        return True
    if word in {"$ref", "anyOf", "oneOf"}:
        return among(word, value, said, root)
    if word in {"type", "enum", "const"}:
        return named(word, value, said)
    if isinstance(value, dict):
        return in_object(word, value, form, root)
    return in_list(word, value, said, root) if isinstance(value, list) else plain(word, value, said)


def among(word: str, value: Any, said: Any, root: dict[str, Any]) -> bool:
    if word == "$ref":
        return not fails(value, root["$defs"][said.rsplit("/", 1)[1]], root)
    fitting = sum(not fails(value, each, root) for each in said)
    return fitting == 1 if word == "oneOf" else fitting > 0


def named(word: str, value: Any, said: Any) -> bool:
    if word == "type":
        return any(is_a(value, kind) for kind in ([said] if isinstance(said, str) else said))
    return value in said if word == "enum" else bool(value == said)


def in_object(word: str, value: dict[str, Any], form: dict[str, Any], root: dict[str, Any]) -> bool:
    known, patterns = form.get("properties", {}), form.get("patternProperties", {})
    matched = {key: each for p, each in patterns.items() for key in value if re.search(p, key)}
    rest = set(value) - set(known) - set(matched)
    judges = {
        "properties": lambda: all(not fails(value[k], known[k], root) for k in known if k in value),
        "patternProperties": lambda: all(not fails(value[k], f, root) for k, f in matched.items()),
        "additionalProperties": lambda: (
            not rest
            if form[word] is False
            else all(not fails(value[key], form[word], root) for key in rest)
        ),
        "required": lambda: set(form[word]) <= set(value),
        "minProperties": lambda: len(value) >= form[word],
    }
    return bool(judges[word]())


def in_list(word: str, value: list[Any], said: Any, root: dict[str, Any]) -> bool:
    judges = {
        "items": lambda: all(not fails(each, said, root) for each in value),
        "prefixItems": lambda: all(
            not fails(each, form, root) for each, form in zip(value, said, strict=False)
        ),
        "minItems": lambda: len(value) >= said,
        "maxItems": lambda: len(value) <= said,
    }
    return bool(judges[word]())


def plain(word: str, value: Any, said: Any) -> bool:
    """Judge text and numbers; a word about the other of the two says nothing."""
    of_text = {
        "pattern": lambda: re.search(said, value),
        "minLength": lambda: len(value) >= said,
        "maxLength": lambda: len(value) <= said,
        "format": lambda: said == "path",
    }
    of_numbers = {
        "minimum": lambda: value >= said,
        "maximum": lambda: value <= said,
        "exclusiveMinimum": lambda: value > said,
        "exclusiveMaximum": lambda: value < said,
    }
    if word in (of_numbers if isinstance(value, str) else of_text):
        return True
    return bool((of_text if isinstance(value, str) else of_numbers)[word]())


def fits(kind: str, text: str) -> bool:
    document, _ = parse(text, "x.yaml")
    assert document is not None
    return not fails({} if document.data is None else document.data, SCHEMAS[kind], SCHEMAS[kind])


def nodes(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    for child in (
        node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    ):
        yield from nodes(child)


@pytest.mark.parametrize(("kind", "path"), FILES, ids=[path.name for _, path in FILES])
def test_every_file_that_ships_fits_its_schema_and_names_it(kind: str, path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    first = text.splitlines()[0]
    named = first.removeprefix("# yaml-language-server: $schema=")

    assert fits(kind, text)
    assert (path.parent / named).resolve() == (SHIPPED / "schema" / f"{kind}.schema.json").resolve()


def test_the_schemas_that_ship_are_those_that_check_writes(tmp_path: Path) -> None:
    check(SHIPPED, schema=tmp_path, as_json=True)

    for path in sorted(tmp_path.iterdir()):
        shipped = SHIPPED / "schema" / path.name
        assert shipped.read_text() == path.read_text(), (
            "run: millwright check --schema configs/schema"
        )


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("plant", PLANT),
        ("class", PUMP),
        ("service", ""),
        ("class", "channels: {a: {range: [null, 5]}}\nsilent_after: 1.5h\n"),
        ("service", "broker: {password: env:A}\njournal: {max_size: 2 GB}\nnotifiers: [{}]\n"),
    ],
)
def test_what_is_right_is_not_underlined(kind: str, text: str) -> None:
    assert fits(kind, text)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("plant", ""),
        ("plant", "sites: {}"),
        ("plant", "sites: {a: {}}"),
        ("plant", "sites: {a b: {timezone: UTC}}"),
        ("plant", "sites: {a: {timezone: UTC, tilte: x}}"),
        ("plant", "sites: {a: {timezone: UTC}}\ntick_every: 600"),
        ("plant", "sites: {a: {timezone: UTC}}\ntick_every: soon"),
        ("class", "channels: {a: {range: [1]}}"),
        ("class", "channels: {a: {range: [1, 2, 3]}}"),
        ("class", "channels: {a: {role: boss}}"),
        ("class", "channels: {a: {max_rate: 0}}"),
        ("class", "channels: {a: {max_rate: '1'}}"),
        ("class", "channels: {a: {}}\ndetectors: {d: {smoothing: 0.5}}"),
        ("class", "channels: {a: {}}\ndetectors: {d: {kind: zscore}}"),
        ("class", "channels: {a: {}}\ndetectors: {d: {kind: limits}}"),
        ("class", "channels: {a: {}}\ndetectors: {d: {kind: mewma, hold: 0}}"),
        ("class", "channels: {a: {}}\nrules: {r: {}}"),
        ("class", "channels: {a: {}}\nfailure_modes: {m: {title: x, actions: []}}"),
        ("service", "broker: {password: tiger}"),
        ("service", "feed: {port: 99999}"),
        ("service", "feed: {port: true}"),
        ("service", "journal: {max_size: 2000}"),
        ("service", "notifiers: [{name: MQTT}]"),
        ("service", "brokr: {}"),
    ],
)
def test_what_is_wrong_is_underlined(kind: str, text: str) -> None:
    assert not fits(kind, text)


@pytest.mark.parametrize("kind", SCHEMAS)
def test_defaults_are_written_as_a_person_would(kind: str) -> None:
    for node in nodes(SCHEMAS[kind]):
        default = node.get("default")
        assert not isinstance(default, dict) or "type" in default
        if "pattern" in node and isinstance(default, str) and default:
            assert re.search(node["pattern"], default)
    json.dumps(SCHEMAS[kind], allow_nan=False)


@pytest.mark.parametrize("kind", SCHEMAS)
def test_every_description_is_one_line(kind: str) -> None:
    said = [n["description"] for n in nodes(SCHEMAS[kind]) if isinstance(n.get("description"), str)]

    assert len(said) > 5
    assert all("\n" not in each and each.strip() for each in said)
