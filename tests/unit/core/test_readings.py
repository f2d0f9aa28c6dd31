import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.readings import Quality, Reading, Readings

CHANNELS = ("vibration_rms", "bearing_temp")
READING = st.builds(
    Reading,
    asset=st.sampled_from(["a/b/one", "a/b/two"]),
    at=st.integers(0, 2**62),
    values=st.dictionaries(st.sampled_from(CHANNELS), st.floats(allow_nan=False), min_size=1),
)


@given(st.lists(READING), st.booleans())
def test_readings_survive_the_journal(rows: list[Reading], retained: bool) -> None:
    block = Readings.of("pump", CHANNELS, rows, arrived=7, retained=retained)

    again = Readings.decode(block.encode())

    assert list(again) == rows
    assert (again.asset_class, again.arrived, again.retained) == ("pump", 7, retained)


def test_a_missing_channel_is_absent_and_a_marked_one_keeps_its_mark() -> None:
    row = Reading("a/b/one", 1, {"vibration_rms": 2.0}, {"vibration_rms": Quality.BAD})

    block = Readings.decode(Readings.of("pump", CHANNELS, [row], arrived=7).encode())

    assert next(iter(block)) == row
    assert np.isnan(block.values[0, 1])


def test_rows_are_taken_by_mask_in_their_order() -> None:
    rows = [Reading("a/b/one", at, {"bearing_temp": float(at)}) for at in range(4)]
    rows[3] = Reading("a/b/one", 3, {"bearing_temp": 3.0}, {"bearing_temp": Quality.UNCERTAIN})
    block = Readings.of("pump", CHANNELS, rows, arrived=7)

    assert list(block.take(np.array([True, False, False, True]))) == [rows[0], rows[3]]
    assert len(block) == 4


def test_an_unknown_channel_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(KeyError):
        Readings.of("pump", CHANNELS, [Reading("a/b/one", 1, {"speed": 1.0})], arrived=7)
