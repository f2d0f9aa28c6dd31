from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from pydantic import ValidationError

from core.clock import MINUTE, Span
from core.plant import Mode
from models.limits import Limit, Limits, LimitsSettings
from tests.plants import pump_class
from tests.rounds import START, a_round, assets, take


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


NAN = float("nan")


def judged(
    detector: Limits, vibration: float, temperature: float, after: Span, mode: int = Mode.RUNNING
) -> float:
    row = np.array([[1500.0, vibration, temperature]])
    return float(take(detector, a_round(row, START + after, mode=mode)).value[0])


def both() -> Limits:
    return limits(vibration=Limit(warning=4, alarm=8), temperature=Limit(warning=85, alarm=95))


def test_a_channel_that_is_not_in_a_reading_is_judged_by_what_it_last_said() -> None:
    detector = both()
    assert judged(detector, 8.0, NAN, 0) == 2
    assert judged(detector, NAN, 50.0, MINUTE) == 2
    assert judged(detector, NAN, NAN, 2 * MINUTE) == 2
    scored = detector.score(a_round(np.array([[1500.0, NAN, 50.0]]), START + 2 * MINUTE))
    assert scored.values is not None
    assert scored.values[0].tolist() == [1500.0, 8.0, 50.0]
    assert scored.high[0, 1:].tolist() == [4, 85]
    assert judged(detector, 2.0, NAN, 3 * MINUTE) == 0.5


def test_what_a_channel_said_is_held_for_as_long_as_it_may_be_silent_and_no_longer() -> None:
    detector = both()
    judged(detector, 8.0, 50.0, 0)
    assert judged(detector, NAN, 50.0, 15 * MINUTE) == 2
    assert judged(detector, NAN, 50.0, 15 * MINUTE + 1) < 1
    scored = detector.score(a_round(np.array([[1500.0, NAN, 50.0]]), START + 16 * MINUTE))
    assert np.isnan([scored.low[0, 1], scored.high[0, 1]]).all(), "no opinion on it any more"


def test_a_time_before_it_was_said_is_not_judged_by_it() -> None:
    detector = both()
    judged(detector, 8.0, 50.0, 0)
    assert judged(detector, NAN, 50.0, -MINUTE) < 1


@pytest.mark.parametrize("mode", [Mode.OFF, Mode.IDLE, Mode.STARTING])
def test_what_was_said_before_a_stop_is_not_held_across_it(mode: Mode) -> None:
    detector = both()
    judged(detector, 8.0, NAN, 0)
    assert np.isnan(judged(detector, 8.0, NAN, MINUTE, mode))
    assert np.isnan(judged(detector, NAN, NAN, 2 * MINUTE))


def test_a_channel_that_is_always_judged_is_held_while_the_machine_stands() -> None:
    detector = limits(temperature=Limit(warning=40, only_running=False))
    assert judged(detector, NAN, 60.0, 0) > 1
    assert judged(detector, NAN, NAN, MINUTE, Mode.OFF) > 1


def test_nothing_stands_in_for_what_was_said_and_is_not_believed() -> None:
    detector = both()
    judged(detector, 8.0, 50.0, 0)
    bad = replace(
        a_round(np.array([[1500.0, NAN, 50.0]]), START + MINUTE),
        refused=np.array([[False, True, False]]),
    )
    assert take(detector, bad).value[0] < 1
    assert judged(detector, NAN, 50.0, 2 * MINUTE) < 1, "not even in the next reading"


def test_what_one_asset_said_is_forgotten_alone() -> None:
    detector = Limits(
        LimitsSettings(channels={"vibration": Limit(warning=4, alarm=8)}), pump_class(), assets(2)
    )
    take(detector, a_round(np.array([[1500.0, 8.0, 50.0]] * 2)))
    detector.forget(0)
    scored = take(detector, a_round(np.array([[1500.0, NAN, 50.0]] * 2), START + MINUTE))
    assert np.array_equal(scored.value, [np.nan, 2.0], equal_nan=True)


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
