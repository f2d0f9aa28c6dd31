"""What may be set about the broker and what comes from it."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from core.clock import DAY
from ingest.settings import BrokerSettings, IngestSettings


def test_the_shipped_settings_are_those_of_the_documentation() -> None:
    assert IngestSettings().topic == "plant/{site}/{area}/{asset}/telemetry"
    assert (BrokerSettings().host, BrokerSettings().port) == ("127.0.0.1", 1883)
    assert BrokerSettings().session_expiry == 7 * DAY


def test_an_address_may_leave_the_port_out() -> None:
    settings = BrokerSettings(url="mqtt://broker.site/")
    assert (settings.host, settings.port) == ("broker.site", 1883)
    assert BrokerSettings(url="mqtt://[::1]:1884").host == "::1"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("127.0.0.1:1883", "write it like mqtt://127.0.0.1:1883"),
        ("http://127.0.0.1", "write it like"),
        ("mqtt://:1883", "write it like"),
        ("mqtt://host:0", "write it like"),
        ("mqtt://host:99999", "write it like"),
        ("mqtt://host/path", "write it like"),
        ("mqtt://me:secret@host", "no user name"),
    ],
)
def test_an_address_that_is_none_says_how_to_write_one(url: str, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        BrokerSettings(url=url)


@pytest.mark.parametrize(
    "topic",
    [
        "plant/{site}/{area}/telemetry",
        "{site}/{area}/{asset}/{asset}",
        "{site}/{area}/{asset}/{unit}",
        "{site}/{area}/x{asset}",
        "{site}/{area}/{asset}/",
        "{site}/{area}/{asset}/#",
        "$share/g/{site}/{area}/{asset}",
        "{site}/{area}/{asset}/a\n",
    ],
)
def test_a_template_needs_site_area_and_asset_and_plain_levels(topic: str) -> None:
    with pytest.raises(ValidationError, match="topic template"):
        IngestSettings(topic=topic)


def test_history_takes_at_least_one_row_at_once() -> None:
    with pytest.raises(ValidationError):
        IngestSettings(history_rows=0)
