"""Telemetry of Tasmota devices."""

from __future__ import annotations

from datetime import datetime

import pytest

from core.clock import SECOND
from core.rejection import Reason
from ingest.instants import WallTime
from ingest.sample import Sample
from tests.unit.ingest.decoders.tables import decoded, refused

AT = 1_795_420_800 * SECOND  # 2026-11-23T08:00:00Z
LOCAL = WallTime(datetime(2026, 11, 23, 13), 0)

ENERGY = """{"Time": "2026-11-23T13:00:00", "ENERGY": {"TotalStartTime": "2023-01-01T00:00:00",
  "Total": 12.345, "Power": [100, 110, 95], "Factor": 0.91, "Voltage": 231}}"""
CLIMATE = """{"Time": "2026-11-23T13:00:00+05:00", "ANALOG": {"Temperature": 70.1},
  "DS18B20-1": {"Id": "01144A0CB2AA", "Temperature": 142.5},
  "BME280": {"Temperature": 78, "Humidity": 41, "DewPoint": null, "Pressure": 1013.2},
  "PressureUnit": "hPa", "TempUnit": "F"}"""
STATE = """{"Time": "2026-11-23T13:00:00", "Uptime": "0T01:10:20", "UptimeSec": 4220,
  "Heap": 27, "SleepMode": "Dynamic", "POWER": "ON",
  "Wifi": {"AP": 1, "SSId": "plant", "BSSId": "AA:BB", "RSSI": 86, "Mode": "11n"}}"""


def test_a_meter_of_three_phases_is_laid_flat() -> None:
    assert decoded(ENERGY, kind="tasmota") == [
        Sample(
            {
                "ENERGY.Total": 12.345,
                "ENERGY.Power.1": 100.0,
                "ENERGY.Power.2": 110.0,
                "ENERGY.Power.3": 95.0,
                "ENERGY.Factor": 0.91,
                "ENERGY.Voltage": 231.0,
            },
            at=LOCAL,
        )
    ]


def test_units_go_to_the_values_that_are_measured_in_them() -> None:
    (sample,) = decoded(CLIMATE, kind="tasmota")
    assert isinstance(sample, Sample)
    assert sample.at == AT
    assert sample.units == {
        "ANALOG.Temperature": "degF",
        "DS18B20-1.Temperature": "degF",
        "BME280.Temperature": "degF",
        "BME280.Pressure": "hPa",
    }
    assert "DS18B20-1.Id" not in sample.values
    assert "BME280.DewPoint" not in sample.values


def test_the_device_s_own_state_is_tolerated() -> None:
    assert decoded(STATE, kind="tasmota") == [
        Sample(
            {"UptimeSec": 4220.0, "Heap": 27.0, "POWER": "ON", "Wifi.AP": 1.0, "Wifi.RSSI": 86.0},
            at=LOCAL,
        )
    ]


@pytest.mark.parametrize(
    ("payload", "why", "says"),
    [
        ("Online", Reason.MALFORMED, "not JSON"),
        ("[]", Reason.MALFORMED, "a list, not an object"),
        ('{"Time": "2026-11-23T13:00:00"}', Reason.NO_VALUES, "no value"),
        ('{"Time": 5, "A": 1}', Reason.BAD_TIME, '"Time" is the number 5'),
        ('{"A": {"Temperature": 1}, "TempUnit": 5}', Reason.MALFORMED, "not a text"),
        ('{"A": nan}', Reason.MALFORMED, "not JSON"),
        ('{"A": NaN}', Reason.NOT_FINITE, "A is NaN"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(
    payload: str, why: Reason, says: str
) -> None:
    reason, detail = refused(payload, kind="tasmota")
    assert reason is why
    assert says in detail
