from __future__ import annotations

import json

import numpy as np
import pytest

from core.clock import SECOND
from core.plant import Asset
from simulators.message import messages, stamp, topic_of

ASSET = Asset("lahore", "hall", "p1", "centrifugal_pump")


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (SECOND // 2, "1970-01-01T00:00:00.500Z"),
        (1_000, "1970-01-01T00:00:00.000001Z"),
        (86_400 * SECOND + 1, "1970-01-02T00:00:00.000000001Z"),
    ],
)
def test_a_time_is_written_with_all_its_digits(at: int, text: str) -> None:
    assert stamp(at) == text


def test_what_is_absent_is_left_out_and_an_empty_row_with_it() -> None:
    values = np.array([[1.5, np.nan], [np.nan, np.nan], [0.1, 2.0]])
    at = np.array([0, SECOND, 2 * SECOND], np.int64)
    sent = list(messages(ASSET, topic_of(ASSET), ("a", "b"), at, values))
    assert [json.loads(m.payload)["values"] for m in sent] == [{"a": 1.5}, {"a": 0.1, "b": 2.0}]
    assert [m.at for m in sent] == [0, 2 * SECOND]
    assert sent[0].topic == "plant/lahore/hall/p1/telemetry"


def test_a_topic_template_is_followed() -> None:
    assert topic_of(ASSET, "{asset}/of/{site}") == "p1/of/lahore"
