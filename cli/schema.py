"""JSON Schemas of the configuration files, so that editors complete, explain and underline."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from core.quantity import size_text, span_text

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schemas(forms: Mapping[str, type[BaseModel]]) -> dict[str, dict[str, Any]]:
    """Return a JSON Schema for each kind of file."""
    made = {}
    for kind, form in forms.items():
        body = form.model_json_schema(by_alias=True)
        _tidy(body)
        _want_kind(body)
        made[kind] = {"$schema": _DIALECT, **body}
    return made


def _tidy(node: Any) -> None:
    """Write defaults of spans and sizes as a person would, and docstrings on single lines."""
    if isinstance(node, list):
        for item in node:
            _tidy(item)
    if not isinstance(node, dict):
        return
    for child in node.values():
        _tidy(child)
    pattern, default = node.get("pattern"), node.get("default")
    if isinstance(default, int) and isinstance(pattern, str):
        node["default"] = (size_text if "GB" in pattern else span_text)(default)
    if isinstance(default, dict):
        del node["default"]  # its own keys say theirs
    if "patternProperties" in node:
        node["additionalProperties"] = False
    if isinstance(node.get("description"), str):
        node["description"] = re.sub(r"\s+", " ", node["description"])


def _want_kind(body: dict[str, Any]) -> None:
    """Where several kinds of block are possible, each must say which it is."""
    for node in _nodes(body):
        for reference in node.get("discriminator", {}).get("mapping", {}).values():
            form = body["$defs"][reference.rsplit("/", 1)[1]]
            form["required"] = sorted({*form.get("required", ()), "kind"})


def _nodes(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        node = list(node.values())
    for child in node if isinstance(node, list) else ():
        yield from _nodes(child)
