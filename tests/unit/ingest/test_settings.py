"""What may be set about the broker and what comes from it."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from core.clock import DAY, SECOND
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


OUT_OF_BOUNDS = {
    "keepalive": ("0s", "4s", "19h"),
    "session_expiry": ("0s", "59s"),
    "reconnect_max": ("0s", "999ms", "2h"),
    "max_payload": ("0B", "999B", "17MB"),
    "batch": ("0B", "999B", "1GB"),
}


@pytest.mark.parametrize("key", OUT_OF_BOUNDS)
def test_what_could_not_work_is_refused_in_a_file_with_what_is_allowed(key: str) -> None:
    form = BrokerSettings if key in BrokerSettings.model_fields else IngestSettings
    for said in OUT_OF_BOUNDS[key]:
        with pytest.raises(ValidationError, match=r"out of bounds; allowed: \S+ \S+"):
            form.model_validate_json(json.dumps({key: said}))


def test_the_bounds_themselves_are_allowed() -> None:
    broker = BrokerSettings.model_validate_json(
        '{"keepalive": "18h", "session_expiry": "1min", "reconnect_max": "1s"}'
    )
    assert broker.keepalive // SECOND < 2**16  # as much as the protocol can say
    IngestSettings.model_validate_json('{"max_payload": "16MB", "batch": "1kB"}')


def test_history_takes_at_least_one_row_at_once() -> None:
    with pytest.raises(ValidationError):
        IngestSettings(history_rows=0)
