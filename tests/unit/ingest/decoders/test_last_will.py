"""Last wills and births of devices."""

from __future__ import annotations

from typing import Any

import pytest

from core.rejection import Reason
from ingest.sample import DeviceState
from tests.unit.ingest.decoders.tables import decoded, refused


@pytest.mark.parametrize(
    ("payload", "settings", "online"),
    [
        ("Online", {}, True),
        ("Offline", {}, False),
        ("1", {}, True),
        (' "connected"\n', {}, True),
        ("tot", {"online": ["lebt"], "offline": ["tot"]}, False),
        ('{"online": true, "ts": 5}', {"state_path": "online"}, True),
        ('{"s": {"is": "OFFLINE"}}', {"state_path": "s.is"}, False),
        ('{"online": 0}', {"state_path": "online"}, False),
    ],
)
def test_a_word_says_whether_a_device_is_there(
    payload: str, settings: dict[str, Any], online: bool
) -> None:
    assert decoded(payload, kind="state", **settings) == [DeviceState(online)]


@pytest.mark.parametrize(
    ("payload", "settings", "why", "says"),
    [
        (b"", {}, Reason.MALFORMED, '"" is no state'),
        (b"\xff", {}, Reason.NOT_UTF8, "byte 0"),
        ("perhaps", {}, Reason.MALFORMED, "known: offline, 0, false"),
        ("{}", {"state_path": "a"}, Reason.MALFORMED, 'nothing stands at "a"'),
        ('{"a": []}', {"state_path": "a"}, Reason.MALFORMED, 'a list stands at "a"'),
        ("no", {"state_path": "a"}, Reason.MALFORMED, "not JSON"),
    ],
)
def test_any_other_word_is_refused(
    payload: bytes | str, settings: dict[str, Any], why: Reason, says: str
) -> None:
    reason, detail = refused(payload, kind="state", **settings)
    assert reason is why
    assert says in detail
