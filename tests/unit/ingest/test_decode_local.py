"""Decoding times without an offset, in the hour that comes twice."""

from __future__ import annotations

import pytest

from core.clock import SECOND
from core.plant import ClockPolicy
from ingest.decode import Decoder
from tests.messages import AGAIN, FRESH, RETAINED, body, decoder, packet, plant, readings

FALL_BACK = 1_792_888_200 * SECOND
"""2026-10-25T00:30:00Z, which is 02:30 in Berlin, for the first time."""


def in_berlin(found: Decoder, wall: str, arrived: int, head: int = FRESH) -> int:
    """Tell how many seconds after the first 02:30 a local time is taken for."""
    said = packet(body(f"2026-10-25T{wall}"), "berlin/hall/p3", head)
    (reading,) = readings(found.decode([said], FALL_BACK + arrived * SECOND))
    return (reading.at - FALL_BACK) // SECOND


@pytest.mark.parametrize("head", [AGAIN, FRESH])
def test_a_message_that_comes_again_in_a_repeated_hour_is_of_its_first_time(head: int) -> None:
    found = decoder()
    for second in (0, 10, 20, 30):
        assert in_berlin(found, f"02:30:{second:02}", second + 1) == second
    assert in_berlin(found, "02:30:10", 32, head) == 10
    for second in (40, 50):
        assert in_berlin(found, f"02:30:{second}", second + 1) == second
    assert in_berlin(found, "02:10:00", 2401) == 2400
    assert in_berlin(found, "02:30:00", 2402, head) == 0
    assert in_berlin(found, "02:10:10", 2411) == 2410


@pytest.mark.parametrize("head", [AGAIN, RETAINED])
def test_a_message_out_of_its_order_moves_no_source_into_the_second_hour(head: int) -> None:
    found = decoder()
    assert in_berlin(found, "02:30:00", 0) == 0
    assert in_berlin(found, "02:10:00", 2400, head) == 2400
    assert in_berlin(found, "02:31:00", 2460) == 60


def test_a_corrected_clock_far_behind_still_comes_into_the_second_hour() -> None:
    found = decoder(plant(ClockPolicy.CORRECTED))
    late = 9 * 3600
    assert in_berlin(found, "02:30:00", late) == late
    assert in_berlin(found, "02:30:10", late + 10) == late + 10
    assert in_berlin(found, "02:10:00", late + 2400) == late + 2400
