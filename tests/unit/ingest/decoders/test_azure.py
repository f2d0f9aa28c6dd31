"""What Azure IoT Operations sends."""

from __future__ import annotations

import pytest

from core.clock import SECOND
from core.readings import Quality
from core.rejection import Reason
from ingest.sample import Sample
from tests.unit.ingest.decoders.tables import decoded, refused

AT = 1_795_420_800 * SECOND  # 2026-11-23T08:00:00Z


def test_values_of_one_moment_are_a_sample() -> None:
    payload = """{
      "temperature": {"SourceTimestamp": "2026-11-23T08:00:00.1234567Z", "Value": 4558},
      "Tag 10": {"SourceTimestamp": "2026-11-23T08:00:00.1234567Z", "Value": 4.5,
                 "StatusCode": {"Code": 2150891520, "Symbol": "BadNoCommunication"}},
      "state": {"SourceTimestamp": "2026-11-23T08:00:01Z", "Value": "RUN"},
      "bare": 7}"""
    assert decoded(payload, kind="azure") == [
        Sample(
            {"temperature": 4558.0, "Tag 10": 4.5},
            at=AT + 123_456_700,
            quality={"Tag 10": Quality.BAD},
        ),
        Sample({"state": "RUN"}, at=AT + SECOND),
        Sample({"bare": 7.0}),
    ]


@pytest.mark.parametrize(
    ("payload", "why", "says"),
    [
        ("[]", Reason.MALFORMED, "a list, not an object"),
        ("{}", Reason.NO_VALUES, "no value"),
        ('{"t": {"Value": {"deep": 1}}}', Reason.NOT_A_NUMBER, "t is an object"),
        ('{"t": {"SourceTimestamp": "now", "Value": 1}}', Reason.BAD_TIME, "t.SourceTimestamp"),
        ('{"t": {"Value": 1, "StatusCode": {"Code": "x"}}}', Reason.MALFORMED, "32 bits"),
        ('{"t": 1, "t": 2}', Reason.DUPLICATE_KEY, '"t" comes twice'),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(
    payload: str, why: Reason, says: str
) -> None:
    reason, detail = refused(payload, kind="azure")
    assert reason is why
    assert says in detail
