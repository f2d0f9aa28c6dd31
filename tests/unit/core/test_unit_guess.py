from __future__ import annotations

import pytest

from core.unit_guess import _ENDINGS, _WORDS, guessed_unit
from core.units import scale


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("bearing_temp", "degC"),
        ("bearing_temp_degF", "degF"),
        ("OilTemperature", "degC"),
        ("vibration_mm_s", "mm/s"),
        ("vibration-x", "mm/s"),
        ("motorCurrentA", "A"),
        ("dischargePressure_psi", "psi"),
        ("acc_m_s2", "m/s2"),
        ("flow_m3h", "m3/h"),
        ("Speed", "rpm"),
        ("a", ""),
        ("template", ""),
        ("", ""),
        ("x1", ""),
    ],
)
def test_a_unit_is_guessed_from_the_end_or_the_words_of_a_name(name: str, unit: str) -> None:
    assert guessed_unit(name) == unit


@pytest.mark.parametrize("unit", sorted({*_ENDINGS.values(), *(unit for _, unit in _WORDS)}))
def test_every_guess_is_a_unit_that_channels_can_have(unit: str) -> None:
    assert scale(unit).factor == 1
