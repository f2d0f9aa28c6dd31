from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from pydantic import ValidationError

from core.clock import HOUR, MINUTE
from core.life import CannotSay, Remaining
from models.detector import Scored
from models.threshold import MISSING, Threshold, ThresholdSettings
from tests.plants import pump_class
from tests.rounds import START, STEP, a_round, assets, moments, pumps


def threshold(**settings: object) -> Threshold:
    given = ThresholdSettings.model_validate({"channel": "vibration", "end": 8.0, **settings})
    return Threshold(given, pump_class(), assets(1))


def show(model: Threshold, values: np.ndarray, step: int = STEP, begin: int = START) -> Threshold:
    for rows in moments(values, step=step, begin=begin):
        model.observe(rows, {})
    return model


def refusal(model: Threshold) -> tuple[str, str]:
    found = model.remaining(0)
    assert isinstance(found, CannotSay)
    return found.reason, found.words


def scores(**values: float) -> Mapping[str, Scored]:
    none = np.zeros((1, 3))
    return {name: Scored(np.array([value]), none, none, none) for name, value in values.items()}


def test_health_is_the_way_from_the_learned_level_to_the_end() -> None:
    model = show(threshold(), pumps(200, 1))
    assert model.health()[0] == pytest.approx(1, abs=0.05)
    worse = pumps(100, 1, 2)
    worse[:, :, 1] += 3
    show(model, worse, begin=START + 200 * STEP)
    assert model.health()[0] == pytest.approx(0.5, abs=0.05)


def test_a_given_healthy_level_needs_no_learning() -> None:
    model = show(threshold(healthy=2.0), pumps(1, 1))
    assert model.health()[0] == pytest.approx(1, abs=0.1)
    assert "as learned" not in model.basis(0)


def test_an_end_below_the_healthy_level_is_reached_downwards() -> None:
    values = pumps(600, 1, wear=-1.2)
    model = show(threshold(end=0.5), values)
    assert model.health()[0] == pytest.approx(0.2, abs=0.07)
    found = model.remaining(0)
    assert isinstance(found, Remaining)
    assert found.p50 == pytest.approx(25, rel=0.25)


def test_an_estimate_stands_until_the_trail_has_a_new_point_less_the_time_gone_by() -> None:
    model = show(threshold(), pumps(600, 1, wear=5))
    before = model.remaining(0)
    assert isinstance(before, Remaining)
    model.observe(a_round(pumps(600, 1, wear=5)[-1], START + 600 * STEP), {})
    after = model.remaining(0)
    assert isinstance(after, Remaining)
    assert after.p50 == pytest.approx(before.p50 - STEP / HOUR)


def test_without_an_end_nothing_is_said() -> None:
    model = show(threshold(end=None), pumps(200, 1))
    assert np.isnan(model.health()).all()
    assert refusal(model) == ("no_threshold", "no end-of-life threshold is configured for it")
    assert model.basis(0) == "vibration velocity; no end-of-life threshold is configured"


def test_while_learning_nothing_is_said() -> None:
    model = show(threshold(), pumps(40, 1))
    assert refusal(model) == ("learning", "still learning: 40 of 60 readings")
    assert np.isnan(model.health()[0])
    short = show(threshold(min_rows=10), pumps(30, 1))
    assert refusal(short) == ("learning", "still learning: not enough history for a trend")


def test_a_signal_that_is_gone_is_said_so() -> None:
    model = show(threshold(), pumps(600, 1, wear=5))
    silent = pumps(MISSING, 1)
    silent[:, :, 1] = np.nan
    show(model, silent[1:], begin=START + 600 * STEP)
    assert isinstance(model.remaining(0), Remaining)
    show(model, silent[:1], begin=START + 700 * STEP)
    assert refusal(model) == ("channel_missing", "vibration is missing")


def test_a_steady_machine_has_no_end_in_sight() -> None:
    assert refusal(show(threshold(), pumps(600, 1)))[0] == "not_falling"


def test_a_fall_that_is_too_uneven_is_not_predicted() -> None:
    values = pumps(600, 1, wear=0.35)
    assert refusal(show(threshold(end=400.0), values))[0] in {"too_wide", "not_falling"}


def test_beyond_the_end_nothing_is_left() -> None:
    model = show(threshold(), pumps(600, 1, wear=12))
    assert model.remaining(0) == Remaining(0.0, 0.0, 0.0)
    assert model.health()[0] == 0


def test_the_basis_names_signal_way_source_and_method() -> None:
    model = show(threshold(source="ISO 10816-3 zone D"), pumps(200, 1))
    said = model.basis(0)
    assert said.startswith("vibration velocity from 1.9")
    assert "as learned to 8 mm/s (ISO 10816-3 zone D)" in said
    assert said.endswith("Wiener process with drift, first passage")


def test_a_score_can_be_followed() -> None:
    model = threshold(channel=None, detector="zones", end=3.0)
    for i in range(400):
        rows = a_round(pumps(1, 1)[0], START + i * STEP)
        model.observe(rows, scores(zones=0.5 + 2.0 * i / 400, other=99.0))
    assert 0.1 < model.health()[0] < 0.5
    assert "score of zones" in model.basis(0)
    assert "times the alarm line" in model.basis(0)
    assert isinstance(model.remaining(0), Remaining)


def test_with_nothing_named_the_worst_score_is_followed() -> None:
    model = threshold(channel=None, end=3.0, healthy=0.0)
    for i in range(100):
        rows = a_round(pumps(1, 1)[0], START + i * STEP)
        model.observe(rows, scores(a=float("nan"), b=1.5, c=0.1))
    assert model.health()[0] == pytest.approx(0.5)
    silent = show(threshold(channel=None, end=3.0), pumps(40, 1), step=MINUTE)
    assert refusal(silent) == ("channel_missing", "the score is missing")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"detector": "zones"}, "not both"),
        ({"healthy": 8.0}, "they must differ"),
    ],
)
def test_settings_that_make_no_sense_are_refused(given: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        threshold(**given)


def test_unknown_names_are_told_with_what_is_known() -> None:
    with pytest.raises(ValueError, match="unknown channel 'vib'; known: speed, vibration"):
        threshold(channel="vib")
    with pytest.raises(ValueError, match="unknown detector 'mewma'; known: zones"):
        threshold(channel=None, detector="mewma")


def by_paths(count: int) -> Threshold:
    given = ThresholdSettings(channel="vibration", end=8.0, method="paths")
    return Threshold(given, pump_class(), assets(count))


def test_many_paths_say_what_is_left_with_all_of_its_points() -> None:
    model = show(by_paths(1), pumps(600, 1, wear=5))
    found = model.remaining(0)
    assert isinstance(found, Remaining)
    assert found.p05 < 20 < found.p95
    assert list(found.course) == sorted(found.course)
    assert "many paths at once, first passage" in model.basis(0)
    model.observe(a_round(pumps(600, 1, wear=5)[-1], START + 600 * STEP), {})
    later = model.remaining(0)
    assert isinstance(later, Remaining)
    assert later.course == pytest.approx([point - STEP / HOUR for point in found.course])


def test_a_life_that_ends_teaches_the_others_and_a_restart_forgets_none() -> None:
    wear = np.concatenate([pumps(600, 1, wear=6), pumps(600, 2, 3, wear=4)], axis=1)
    model = show(by_paths(3), wear)
    alone = model.remaining(1)
    model.forget(0)  # learned anew without work, which teaches nothing
    assert model.remaining(1) == alone
    show(model, wear, begin=START + 600 * STEP)
    alone = model.remaining(1)
    model.mend(0)
    taught = model.remaining(1)
    assert taught != alone
    assert "many paths at once after 1 past life," in model.basis(1)
    again = by_paths(3)
    again.restore(model.state())
    assert again.remaining(1) == taught
    model.mend(0)  # of a life that has not begun nothing is to be learned
    assert model.remaining(1) == taught


def test_a_state_of_before_there_were_paths_is_taken_over() -> None:
    old = show(threshold(), pumps(600, 1, wear=5))
    model = by_paths(1)
    model.restore(old.state())
    assert isinstance(model.remaining(0), Remaining)


def test_where_the_healthy_level_is_the_end_nothing_is_said_or_learned() -> None:
    model = show(by_paths(1), np.full((200, 1, 3), 8.0))
    assert model.remaining(0) == Remaining(0.0, 0.0, 0.0)
    show(model, np.full((200, 1, 3), 9.0), begin=START + 200 * STEP)
    assert refusal(model)[0] == "not_falling"
    model.mend(0)
    assert "past li" not in model.basis(0)


def test_another_healthy_level_is_counted_at_once() -> None:
    model = show(by_paths(1), pumps(600, 1, wear=5))
    model.remaining(0)
    model.rebase(0, 3.0)
    again = by_paths(1)
    again.restore(model.state())
    assert model.remaining(0) == again.remaining(0)
