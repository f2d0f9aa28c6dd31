from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from core.clock import HOUR, MINUTE
from core.readings import Floats
from models.rate import Rate, RateSettings, Speed
from tests.plants import pump_class
from tests.rounds import a_round, assets, play


def speed(**lines: float) -> Speed:
    given = RateSettings(changes={"temperature": Rate.model_validate(lines)})
    return Speed(given, pump_class(), assets(1))


def warming(steps: int, by_hour: float, noise: float = 0.0) -> Floats:
    values = np.full((steps, 1, 3), 50.0)
    values[:, 0, 2] += by_hour * np.arange(steps) / 60
    values[:, 0, 2] += np.random.default_rng(1).normal(0, noise, steps)
    return values


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    ("by_hour", "score"), [(0.0, 0.0), (5.0, 0.5), (10.0, 1.0), (15.0, 1.5), (20.0, 2.0)]
)
def test_warning_scores_one_and_alarm_two(by_hour: float, score: float, sign: int) -> None:
    found = play(speed(warning=10, alarm=20), warming(400, sign * by_hour), step=MINUTE)
    assert found[-1, 0] == pytest.approx(score, abs=0.02)


def test_a_line_that_is_alone_has_its_other_side() -> None:
    warned = play(speed(warning=10), warming(400, 20.0), step=MINUTE)
    alarmed = play(speed(alarm=20), warming(400, 20.0), step=MINUTE)
    assert warned[-1, 0] == pytest.approx(2.0, abs=0.02)
    assert alarmed[-1, 0] == pytest.approx(2.0, abs=0.02)


def test_noise_and_a_high_level_are_no_change() -> None:
    found = play(speed(warning=5), warming(3000, 0.0, noise=1.0) + 500, step=MINUTE)
    assert (found < 1).all()


def test_a_single_step_passes_within_the_time_it_is_told_over() -> None:
    values = warming(600, 0.0)
    values[100:, 0, 2] += 20.0
    found = play(speed(warning=5), values, step=MINUTE)
    assert (found[110:130] > 1).all()
    assert found[-1, 0] < 0.1


def test_a_stop_and_a_long_silence_begin_anew() -> None:
    detector = speed(warning=10)
    play(detector, warming(200, 30.0), step=MINUTE, begin=0)
    cold = np.array([[0.0, 0.0, 20.0]])
    assert detector.score(a_round(cold, 200 * MINUTE + 4 * HOUR)).value[0] == 0.0
    detector.observe(a_round(cold, 200 * MINUTE, mode=1))
    assert detector.score(a_round(cold, 201 * MINUTE)).value[0] == 0.0


def test_lines_must_be_there_and_in_order() -> None:
    with pytest.raises(ValidationError, match="no line is given"):
        Rate()
    with pytest.raises(ValidationError, match="must be below alarm"):
        Rate(warning=2, alarm=1)
    with pytest.raises(ValueError, match="unknown channel 'temp'"):
        Speed(RateSettings(changes={"temp": Rate(warning=1)}), pump_class(), assets(1))
