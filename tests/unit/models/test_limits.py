from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from core.plant import Mode
from models.limits import Limit, Limits, LimitsSettings
from tests.plants import pump_class
from tests.rounds import a_round, assets


def limits(**channels: Limit) -> Limits:
    return Limits(LimitsSettings(channels=channels), pump_class(), assets(1))


def score(detector: Limits, value: float, mode: int = Mode.RUNNING, channel: int = 1) -> float:
    row = np.array([[1500.0, 2.0, 50.0]])
    row[0, channel] = value
    return float(detector.score(a_round(row, mode=mode)).value[0])


@pytest.mark.parametrize(
    ("value", "expected"), [(0, 0), (2, 0.5), (4, 1), (6, 1.5), (8, 2), (12, 3)]
)
def test_the_score_is_one_at_the_warning_and_two_at_the_alarm(
    value: float, expected: float
) -> None:
    assert score(limits(vibration=Limit(warning=4, alarm=8)), value) == pytest.approx(expected)


@pytest.mark.parametrize(("value", "expected"), [(60, 0), (45, 0.5), (40, 1), (30, 2), (20, 3)])
def test_lower_lines_count_downwards(value: float, expected: float) -> None:
    detector = limits(temperature=Limit(low_warning=40, low_alarm=30))
    assert score(detector, value, channel=2) == pytest.approx(expected)


def test_a_warning_alone_never_becomes_an_alarm() -> None:
    detector = limits(vibration=Limit(warning=4))
    assert score(detector, 3.9) < 1
    assert score(detector, 4.0) == 1
    assert 1.9 < score(detector, 1e6) < 2


def test_an_alarm_alone_gives_no_warning() -> None:
    detector = limits(vibration=Limit(alarm=8))
    assert score(detector, 7.9) < 1
    assert score(detector, 8.0) == 2


def test_a_line_at_zero_has_a_scale() -> None:
    assert score(limits(temperature=Limit(low_warning=0)), -1, channel=2) == pytest.approx(1.5)


def test_a_standing_machine_is_judged_only_where_told() -> None:
    vibration, temperature = Limit(warning=4), Limit(warning=40, only_running=False)
    assert np.isnan(score(limits(vibration=vibration), 9, Mode.OFF))
    assert score(limits(temperature=temperature), 50, Mode.OFF, channel=2) > 1


def test_blame_goes_to_what_is_beyond_its_line() -> None:
    detector = limits(vibration=Limit(warning=4), temperature=Limit(warning=60))
    scored = detector.score(a_round(np.array([[1500.0, 5.0, 59.0]])))
    assert scored.blame[0].tolist() == [0, 1, 0]
    assert scored.high[0, 1:].tolist() == [4, 60]
    assert np.isnan(scored.low).all()


def test_with_nothing_beyond_blame_goes_by_nearness() -> None:
    detector = limits(vibration=Limit(warning=4, alarm=8), temperature=Limit(warning=60))
    blame = detector.score(a_round(np.array([[1500.0, 3.0, 6.0]]))).blame[0]
    assert blame[1] > blame[2] > 0


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "no line is given"),
        ({"warning": 8, "alarm": 4}, "warning (8.0) must be below alarm (4.0)"),
        ({"low_warning": 5, "warning": 5}, "low_warning (5.0) must be below warning (5.0)"),
    ],
)
def test_lines_that_make_no_sense_are_refused(given: dict[str, float], said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Limit(**given)  # type: ignore[arg-type]
    assert said in str(caught.value)


def test_an_unknown_channel_is_named() -> None:
    with pytest.raises(ValueError, match="unknown channel 'vibratio'; known: speed, vibration"):
        limits(vibratio=Limit(warning=4))
