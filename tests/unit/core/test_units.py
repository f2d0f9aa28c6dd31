from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.units import _KNOWN, COMMON, Scale, scale


@pytest.mark.parametrize(
    ("unit", "sent", "number", "canonical"),
    [
        ("degC", "degF", 212.0, 100.0),
        ("°C", "°F", 32.0, 0.0),
        ("K", "degC", 0.0, 273.15),
        ("mm/s", "in/s", 1.0, 25.4),
        ("mm/s", "ips", 1.0, 25.4),
        ("mm/s²", "g_0", 1.0, 9806.65),
        ("bar", "psi", 100.0, 6.89475729317),
        ("rpm", "Hz", 50.0, 3000.0),
        ("rpm", "rad/s", 3.14159265358979, 30.0),
        ("%", "", 0.5, 50.0),
        ("m3/h", "l/min", 1000.0, 60.0),
        ("kNm", "Nm", 500.0, 0.5),
        ("kvar", "var", 500.0, 0.5),
        ("m3/h", "gpm", 1.0, 0.227124707),
        ("MOhm", "ohm", 2e6, 2.0),
        ("h", "min", 90.0, 1.5),
        ("rpm", "r/min", 50.0, 50.0),
        ("rpm", "rev/s", 1.0, 60.0),
        ("l/s", "lpm", 60.0, 1.0),
        ("kW", "metric_horsepower", 1.0, 0.73549875),
        ("mm", "thou", 1.0, 0.0254),
    ],
)
def test_a_payloads_number_becomes_canonical(
    unit: str, sent: str, number: float, canonical: float
) -> None:
    found = scale(unit, sent)
    assert number * found.factor + found.offset == pytest.approx(canonical, rel=1e-8, abs=1e-9)


@pytest.mark.parametrize("unit", [*COMMON, "", "1/min", "µm", "μS/cm", "dBm", "Ohm"])
def test_a_unit_turned_into_itself_is_left_alone(unit: str) -> None:
    assert scale(unit) == scale(unit, unit) == Scale(1.0, 0.0)


@pytest.mark.parametrize("unit", sorted(_KNOWN - {""}))
def test_what_is_known_without_pint_is_known_to_pint(unit: str) -> None:
    assert scale(f"({unit})", unit) == scale(f"({unit})") == Scale(1.0, 0.0)


def test_for_a_plant_of_common_units_pint_is_not_loaded() -> None:
    program = (
        "import sys; from cli.configuration import load; from cli.options import SHIPPED;"
        "load(SHIPPED); print('pint' in sys.modules)"
    )
    assert subprocess.check_output([sys.executable, "-c", program], text=True) == "False\n"


@pytest.mark.parametrize(
    ("unit", "sent", "words"),
    [
        ("mmm/s", None, 'unknown unit "mmm/s"; did you mean "mm/s" or '),
        ("furlongz", None, 'unknown unit "furlongz"; known: what Pint knows, such as "mm/s"'),
        ("g", None, 'g is the gram; for acceleration write "g_0"'),
        ("m/s2", "g", 'for acceleration write "g_0"'),
        ("C", None, 'C is the coulomb; for temperature write "degC"'),
        ("degC", "F", 'F is the farad; for temperature write "degF"'),
        ("Nm3/h", None, "normal cubic metres are not known"),
        ("pH", None, 'pH is the picohenry; for acidity write ""'),
        ("T/h", None, 'T is the tesla; for mass write "t"'),
        ("MM/S", None, 'for length write "mm"'),
        ("M3/h", None, 'M is the molar; for length write "m"'),
        ("mil", None, 'for length write "thou"'),
        ("RPM", None, 'did you mean "rpm"'),
        ("dB(A)", None, "unknown unit"),
        ("dB(A)", "dB", "unknown unit"),
        ("degC", "delta_degC", '"delta_degC" cannot be turned into "degC": Cannot convert'),
        ("mm/s", "bar", '"bar" cannot be turned into "mm/s": '),
        ("", "bar", "a number without dimension are not the same quantity"),
        ("1/s", "Hz", 'only one of them says that turns are counted; write "rpm", "Hz" or "rad/s"'),
        ("kW", "dBm", '"dBm" cannot be turned into "kW": not by a factor'),
        ("m^99999999", "mm^99999999", '"mm^99999999" cannot be turned into "m^99999999": '),
        ("9**9**9**9", None, "unknown unit"),
        ("m*1e999", None, "unknown unit"),
        ("(" * 16, None, "unknown unit"),
        ("m" * 33, None, "unknown unit"),
        ("m\x00", None, "unknown unit"),
        ("__import__('os')", None, "unknown unit"),
    ],
)
def test_what_cannot_be_is_said(unit: str, sent: str | None, words: str) -> None:
    with pytest.raises(ValueError, match=".") as caught:
        scale(unit, sent)
    assert words in str(caught.value)


@settings(max_examples=150)
@given(
    st.text(alphabet="mskgCFHzradBV/*^()[]%. 0123456789+-_°²", max_size=34),
    st.text(alphabet="mskgHz/*^() 29-", max_size=12),
)
def test_any_text_is_a_unit_or_refused_in_words(unit: str, sent: str) -> None:
    try:
        found = scale(unit, sent)
    except ValueError as error:
        assert str(error)
    else:
        assert found.factor != 0
