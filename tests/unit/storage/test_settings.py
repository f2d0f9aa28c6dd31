"""What may be set about the journal and the history."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from core.settings import Settings
from storage.settings import HistorySettings, JournalSettings

OUT_OF_BOUNDS = [
    *((JournalSettings, "max_size", said) for said in ("0B", "9MB")),
    *((JournalSettings, "keep", said) for said in ("0s", "59s")),
    *((JournalSettings, "rejected_max_size", said) for said in ("0B", "99kB")),
    *((JournalSettings, "rejected_per_source", said) for said in ("0B", "19kB")),
    *((JournalSettings, "commit_every", said) for said in ("0ms", "11s")),
    *((HistorySettings, "keep", said) for said in ("0d", "23h")),
]


@pytest.mark.parametrize(("form", "key", "said"), OUT_OF_BOUNDS)
def test_what_could_not_work_is_refused_in_a_file_with_what_is_allowed(
    form: type[Settings], key: str, said: str
) -> None:
    with pytest.raises(ValidationError, match="out of bounds; allowed: "):
        form.model_validate_json(json.dumps({key: said}))


def test_the_bounds_themselves_are_allowed() -> None:
    least = {"max_size": "10MB", "keep": "1min", "commit_every": "1ms"}
    kept = {"rejected_max_size": "100kB", "rejected_per_source": "20kB"}
    assert JournalSettings.model_validate_json(json.dumps(least | kept)).max_size == 10_000_000
    assert HistorySettings.model_validate_json('{"keep": "1d"}').kind == "sqlite"


REACHED = {"kind": "influxdb", "url": "http://127.0.0.1:8086/", "org": "o", "token": "env:T"}


def test_an_influxdb_is_named_by_address_organisation_and_token() -> None:
    said = HistorySettings.model_validate_json(json.dumps(REACHED))
    assert (said.url, said.bucket) == ("http://127.0.0.1:8086", "telemetry")


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"kind": "influxdb"}, "kind: influxdb also needs url, org, token"),
        (REACHED | {"token": None}, "kind: influxdb also needs token"),
        (REACHED | {"token": "in-clear"}, "never in clear|should match pattern"),
        (REACHED | {"kind": "sqlite"}, "url, org and token are InfluxDB's"),
        (REACHED | {"url": "influx:8086"}, "write it like http://127.0.0.1:8086"),
        (REACHED | {"url": "http://h:99999"}, "write it like http://127.0.0.1:8086"),
        (REACHED | {"url": "http://u:p@h"}, "no user and no query"),
        (REACHED | {"bucket": "_monitoring"}, "should match pattern"),
    ],
)
def test_an_influxdb_that_cannot_be_meant_is_refused(said: dict[str, object], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        HistorySettings.model_validate_json(json.dumps(said))
