"""The reference page's examples are read as it says they are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from ingest.sample import BrokerSaid, DeviceState, Sample
from ingest.sources import SourceSettings
from ingest.topics import TopicTemplate
from tests.unit.ingest.decoders.tables import decoded

PAGE = (Path(__file__).parents[4] / "docs" / "reference" / "payloads.md").read_text("utf-8")
SECTION = re.compile(
    r"^### `ingest\.sources\[\]\.decoder`, `kind: (\w+)`\n(.*?)(?=^###? )", re.M | re.S
)
EXAMPLE = re.compile(r"^```(?:json)?\n(.*?)^```\n\n```yaml\n(.*?)^```", re.M | re.S)
EXAMPLES = [
    (kind, *found) for kind, text in SECTION.findall(PAGE) for found in EXAMPLE.findall(text)
]


@pytest.mark.parametrize(
    ("kind", "payload", "source"), EXAMPLES, ids=[each[0] for each in EXAMPLES]
)
def test_an_example_is_read_by_its_configuration(kind: str, payload: str, source: str) -> None:
    block = yaml.safe_load(source)
    SourceSettings.model_validate({"name": kind, "topic": "x"} | block)
    topic = block.get("topic", "x").replace("/#", "/uptime").replace("{", "").replace("}", "")
    captured = TopicTemplate(block.get("topic", "x")).captured(topic.encode())
    assert isinstance(captured, dict)
    if kind == "value":
        payload = payload.rsplit(maxsplit=1)[-1]

    said = decoded(payload.strip(), captured, **block["decoder"])

    assert said
    for each in said:
        assert isinstance(each, Sample | DeviceState | BrokerSaid)
        assert not isinstance(each, Sample) or (each.values and not each.bad)


def test_most_kinds_have_an_example() -> None:
    assert len({kind for kind, _, _ in EXAMPLES}) >= 9
