"""The page that lists every key is held against the models that read them."""

from __future__ import annotations

import json
import re
import typing
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, WithJsonSchema
from pydantic.fields import FieldInfo

from cli.configuration import KINDS, load
from core.quantity import size_text, span_text
from tests.configurations import faults

REFERENCE = Path(__file__).parents[3] / "docs" / "reference"
TEXT = (REFERENCE / "configuration.md").read_text(encoding="utf-8")
PAYLOADS = (REFERENCE / "payloads.md").read_text(encoding="utf-8")
"""The page of its own that the decoders in `service.yaml` have."""

TOPS = {
    "plant": "`plant.yaml`",
    "class": "`classes/*.yaml`",
    "service": "`service.yaml`",
    "import": "`import.yaml`",
}
ROW = re.compile(r"^\| `([^`]+)` \| (.+) \| (.+) \| (.+) \|$")


def models_in(kind: Any, path: str) -> Iterator[tuple[type[BaseModel], str]]:
    """Find the blocks that a field may hold, each with its place."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind, path
        return
    origin, args = typing.get_origin(kind), typing.get_args(kind)
    if origin is dict:
        yield from models_in(args[1], f"{path}.NAME")
    elif origin is tuple:
        yield from models_in(args[0], f"{path}[]")
    else:
        for each in args:
            yield from models_in(each, path)


def blocks(model: type[BaseModel], path: str, heading: str) -> Iterator[tuple[str, Any]]:
    yield heading, model
    for key, info in fields(model).items():
        found = list(models_in(info.annotation, f"{path}.{key}" if path else key))
        for inner, place in found:
            if (inner, place.removesuffix("[]")) in found and place.endswith("[]"):
                continue  # one of them, or a list of the same
            kinds = typing.get_args(getattr(inner.model_fields.get("kind"), "annotation", None))
            title = f"`{place}`, `kind: {kinds[0]}`" if len(kinds) == 1 else f"`{place}`"
            yield from blocks(inner, place, title)


def fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    return {info.alias or name: info for name, info in model.model_fields.items()}


BLOCKS = {
    f"{TOPS[kind]} {heading}": model
    for kind, form in KINDS.items()
    for heading, model in blocks(form, "", TOPS[kind])
}


def sections() -> dict[str, dict[str, tuple[str, str, str]]]:
    """Read the page: the rows of each heading, by file and heading."""
    found: dict[str, dict[str, tuple[str, str, str]]] = {}
    top = heading = ""
    text = f"{TEXT}\n## `service.yaml`\n{PAYLOADS}"
    for line in re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE).splitlines():
        if line.startswith("#"):
            heading = line.lstrip("# ")
            top = heading if line.startswith("## ") else top
        elif row := ROW.match(line):
            found.setdefault(f"{top} {heading}", {})[row[1]] = (row[2], row[3], row[4])
    return found


def default_of(info: FieldInfo) -> str:
    if info.is_required():
        return "required"
    value = info.get_default(call_default_factory=True, validated_data={})
    if isinstance(value, BaseModel):
        return "as below"
    if value is None:
        return "none"
    return f"`{as_written(value, info)}`"


def as_written(value: Any, info: FieldInfo) -> str:
    forms = [each.json_schema for each in info.metadata if isinstance(each, WithJsonSchema)]
    if forms and "pattern" in (forms[0] or {}):
        return (size_text if "GB" in str(forms[0]) else span_text)(value)
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, str | Path):
        return str(value) or '""'
    if isinstance(value, float):
        return f"{value:g}"
    return json.dumps(value)


def test_the_page_has_every_block_and_no_other() -> None:
    assert sorted(sections()) == sorted(BLOCKS)


@pytest.mark.parametrize("heading", BLOCKS)
def test_the_page_has_every_key_with_its_default(heading: str) -> None:
    told = {key: default for key, (_, default, _) in sections()[heading].items()}
    expected = {key: default_of(info) for key, info in fields(BLOCKS[heading]).items()}
    if "`detectors.NAME`, " in heading:
        expected["kind"] = "required"

    assert told == expected


def test_its_examples_are_a_sound_configuration(tmp_path: Path) -> None:
    for name, text in re.findall(r"^```yaml\n# (\S+\.yaml)\n(.*?)^```", TEXT, re.DOTALL | re.M):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)

    assert faults(tmp_path) == []
    found = load(tmp_path)
    assert list(found.plant.classes) == ["fan"]
    assert len(found.plant.assets) == 2


def test_its_examples_of_errors_are_what_is_said(tmp_path: Path) -> None:
    given = re.search(r"^```yaml\n# wrong plant.yaml\n(.*?)^```", TEXT, re.DOTALL | re.M)
    assert given is not None
    (tmp_path / "classes").mkdir()
    (tmp_path / "classes" / "fan.yaml").write_text("channels: {vibration: {}}\n")
    (tmp_path / "plant.yaml").write_text(given[1])

    said = faults(tmp_path)

    assert len(said) >= 4
    for fault in said:
        assert f"my-plant/{fault}" in TEXT
