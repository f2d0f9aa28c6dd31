"""What brokers say of themselves."""

from __future__ import annotations

import pytest

from core.rejection import Reason
from ingest.sample import BrokerSaid
from tests.unit.ingest.decoders.tables import decoded, refused

TOPIC = {"#": "clients/connected"}


@pytest.mark.parametrize(
    ("payload", "value"),
    [
        ("12", 12.0),
        ("4096 seconds", 4096.0),
        ("0.37", 0.37),
        ("mosquitto version 2.0.11", "mosquitto version 2.0.11"),
    ],
)
def test_a_figure_is_called_by_its_topic(payload: str, value: float | str) -> None:
    assert decoded(payload, TOPIC, kind="broker") == [BrokerSaid("clients/connected", value)]


@pytest.mark.parametrize(
    ("payload", "topic", "why", "says"),
    [
        (b"", TOPIC, Reason.MALFORMED, "empty"),
        (b"a\x00b", TOPIC, Reason.MALFORMED, "control characters"),
        (b"\xff", TOPIC, Reason.NOT_UTF8, "byte 0"),
        (b"x" * 300, TOPIC, Reason.OVERSIZED, "at most 256"),
        (b"1", {}, Reason.BAD_TOPIC, "end its template in #"),
    ],
)
def test_what_is_no_figure_is_refused(
    payload: bytes, topic: dict[str, str], why: Reason, says: str
) -> None:
    reason, detail = refused(payload, topic, kind="broker")
    assert reason is why
    assert says in detail
