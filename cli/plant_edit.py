"""Puts an asset into the text of `plant.yaml` and leaves every other character as it is."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Sequence
from typing import Any

import yaml

from core.document import parse
from core.errors import Refused

_PLAIN = re.compile(
    r"^(?!(?:true|false|null|yes|no|on|off|y|n)$)[A-Za-z_][\w.-]*$", re.I | re.ASCII
)


def with_asset(text: str, asset: str, entry: dict[str, str], timezone: str | None) -> str:
    """Return the text with an asset (`site/area/name`) in it; what it says is checked.

    `timezone` is for a site that is not there yet. `Refused` where the file is written in a way
    that cannot be added to safely; it says what to add by hand.
    """
    site, area, name = asset.split("/")
    keys = ["sites", site, "areas", area, "assets", name]
    before, faults = parse(text, "plant.yaml")
    if before is None or faults or not isinstance(before.data, dict):
        msg = "plant.yaml cannot be read: run `millwright check`"
        raise Refused(msg)
    wanted = _with(before.data, keys, entry, timezone)
    made = _insert(text, keys, entry, timezone)
    after, faults = parse(made, "plant.yaml")
    if after is None or faults or after.data != wanted:
        line = f"{_scalar(name)}: {_flow(entry)}"
        msg = f"plant.yaml is written in a way that cannot be added to; add under {area}: {line}"
        raise Refused(msg)
    return made


def _with(data: Any, keys: Sequence[str], entry: dict[str, str], timezone: str | None) -> Any:
    """Return the data as it should be."""
    whole = copy.deepcopy(data)
    inner = whole
    for key in keys[:-1]:
        if not isinstance(inner.get(key), dict):
            inner[key] = {}
        inner = inner[key]
    inner[keys[-1]] = dict(entry)
    if timezone is not None:
        whole["sites"][keys[1]] = {"timezone": timezone} | whole["sites"][keys[1]]
    return whole


def _insert(text: str, keys: list[str], entry: dict[str, str], timezone: str | None) -> str:
    node: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    holder, depth = node, 0
    while depth < len(keys) - 1:
        found = next((pair for pair in holder.value if pair[0].value == keys[depth]), None)
        if found is None:
            break
        key, value = found
        depth += 1
        if not isinstance(value, yaml.MappingNode):  # a key with nothing under it
            indent = key.start_mark.column + 2
            lines = _block(keys[depth:], entry, indent, None)
            return _after_line(text, _last(value) or key.end_mark.index, lines)
        holder = value
    zone = timezone if depth <= 1 else None
    if holder.flow_style:
        inside = _nested(keys[depth:], entry, zone)
        comma = ", " if holder.value else ""
        end = holder.end_mark.index - 1
        return f"{text[:end]}{comma}{inside}{text[end:]}"
    indent = holder.value[0][0].start_mark.column
    lines = _block(keys[depth:], entry, indent, zone)
    return _after_line(text, _last(holder), lines)


def _last(node: Any) -> int:
    """Find where the last character of a node stands; its end mark may be lines further."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        key, value = last if isinstance(last, tuple) else (last, last)
        return max(int(key.end_mark.index), _last(value))
    if isinstance(node, yaml.ScalarNode) and node.style in {"|", ">"}:
        return int(node.end_mark.index) - 1
    return int(node.end_mark.index)


def _after_line(text: str, index: int, lines: Sequence[str]) -> str:
    end = text.find("\n", index)
    if end < 0:
        return text + "\n" + "".join(lines)
    return text[: end + 1] + "".join(lines) + text[end + 1 :]


def _block(
    keys: Sequence[str], entry: dict[str, str], indent: int, timezone: str | None
) -> list[str]:
    """Write what is missing as lines, each key two columns further in."""
    lines = []
    for level, key in enumerate(keys[:-1]):
        lines.append(f"{' ' * (indent + 2 * level)}{_scalar(key)}:\n")
        if timezone is not None and keys[level + 1] == "areas":
            lines.append(f"{' ' * (indent + 2 * level + 2)}timezone: {_scalar(timezone)}\n")
    inner = indent + 2 * (len(keys) - 1)
    return [*lines, f"{' ' * inner}{_scalar(keys[-1])}: {_flow(entry)}\n"]


def _nested(keys: Sequence[str], entry: dict[str, str], timezone: str | None) -> str:
    inside = f"{_scalar(keys[-1])}: {_flow(entry)}"
    for level in range(len(keys) - 2, -1, -1):
        at_site = timezone is not None and keys[level + 1] == "areas"
        zone = f"timezone: {_scalar(timezone or '')}, " if at_site else ""
        inside = f"{_scalar(keys[level])}: {{{zone}{inside}}}"
    return inside


def _flow(entry: dict[str, str]) -> str:
    return "{" + ", ".join(f"{key}: {_scalar(value)}" for key, value in entry.items()) + "}"


def _scalar(value: str) -> str:
    """Write text so that it stays text; JSON's quotes are YAML's as well."""
    return value if _PLAIN.match(value) else json.dumps(value, ensure_ascii=False)
