"""Topics: templates, assets and what may be shown."""

from __future__ import annotations

import pytest

from core.rejection import Reason
from ingest.payload import Bad
from ingest.topics import LONGEST_SHOWN, TopicTemplate, shown

TEMPLATE = TopicTemplate("plant/{site}/{area}/{asset}/telemetry")


def test_a_template_makes_the_filter() -> None:
    assert TEMPLATE.filter == "plant/+/+/+/telemetry"


def test_names_in_any_script_are_taken() -> None:
    assert TEMPLATE.asset_id("plant/کراچی/泵房/P-1 a/telemetry".encode()) == "کراچی/泵房/P-1 a"


@pytest.mark.parametrize(
    ("topic", "words"),
    [
        (b"plant/\xc3/a/b/telemetry", "not UTF-8"),
        (b"plant/a\x00/a/b/telemetry", "control characters"),
        ("plant/a\u202e/a/b/telemetry".encode(), "control characters"),
        (b"plant//a/b/telemetry", "empty level"),
        (b"plant/a/b/c/d/telemetry", "does not look like"),
        (b"works/a/b/c/telemetry", "does not look like"),
    ],
)
def test_a_bad_topic_says_why(topic: bytes, words: str) -> None:
    found = TEMPLATE.asset_id(topic)
    assert isinstance(found, Bad)
    assert found.reason is Reason.BAD_TOPIC
    assert words in found.detail


@pytest.mark.parametrize(
    "topic", [b"\xff\x00\n", "a\u202eb".encode(), b"x" * 65_535, b"\x00" * 900]
)
def test_whatever_is_in_a_topic_it_can_be_shown(topic: bytes) -> None:
    text = shown(topic)
    assert text.isprintable()
    assert 0 < len(text) <= LONGEST_SHOWN


def test_a_plain_topic_is_shown_as_it_is() -> None:
    assert shown("plant/泵".encode()) == "plant/泵"


def test_a_template_is_filled_with_names_where_nothing_else_is_open() -> None:
    names = {"site": "s", "area": "a", "asset": "x"}
    assert TopicTemplate("p/{site}/{area}/{asset}/t").filled(names) == b"p/s/a/x/t"
    for other in ("p/{site}/{area}/{asset}/+", "p/{site}/{area}/{asset}/#", "{line}/{asset}"):
        assert TopicTemplate(other).filled(names) is None
