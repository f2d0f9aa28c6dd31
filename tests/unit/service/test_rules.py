from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from core.clock import HOUR, SECOND
from core.plant import Mode, RuleSpec, Severity
from core.readings import Floats, Instants
from models.crosscheck import Checked
from models.detector import Round, Scored
from service.rules import RuleLatch

NAN = float("nan")
Places = NDArray[np.intp]


def played(rule: RuleSpec, scores: list[float], every: int = SECOND) -> list[tuple[int, bool]]:
    """Play scores of one asset, one each `every`; returns at which place the rule turned."""
    latch = RuleLatch([rule], ["d"], 1)
    turned = []
    for place, score in enumerate(scores):
        passed = np.array([every if place else 0])
        at = np.array([place * every])
        for _, _, on in latch.update(np.array([0]), at, passed, np.array([[score]])):
            turned.append((place, on))
    return turned


def test_without_delay_a_rule_turns_at_once() -> None:
    assert played(RuleSpec("r", "d"), [0.9, 1.0, 1.2, 0.5]) == [(1, True), (3, False)]


def test_a_score_within_the_deadband_does_not_turn_a_rule_off() -> None:
    rule = RuleSpec("r", "d", deadband=0.1)
    assert played(rule, [1.0, 0.95, 0.9, 0.89]) == [(0, True), (3, False)]


def test_a_rule_waits_for_its_on_delay_and_begins_anew_after_a_lower_score() -> None:
    rule = RuleSpec("r", "d", on_delay=2 * SECOND)
    assert played(rule, [1, 1, 0.99, 1, 1, 1, 1]) == [(5, True)]


def test_a_rule_waits_for_its_off_delay() -> None:
    rule = RuleSpec("r", "d", off_delay=2 * SECOND)
    assert played(rule, [1, 0, 0, 1, 0, 0, 0, 0]) == [(0, True), (6, False)]


def test_a_missing_score_turns_nothing_and_stops_the_delay() -> None:
    assert played(RuleSpec("r", "d"), [1, NAN, NAN, 0]) == [(0, True), (3, False)]
    rule = RuleSpec("r", "d", on_delay=2 * SECOND)
    assert played(rule, [1, NAN, NAN, NAN, 1, 1, 1]) == [(5, True)]


WARM = [1.5] * 6 + [0.0] * 18
"""The scores of a day of a condition that shows for six hours of it."""


def shows_daily(days: int) -> RuleLatch:
    """Play a condition that shows daily; returns the latch of its rule."""
    latch = RuleLatch([RULE], ["d"], 1)
    for hour, score in enumerate(WARM * days):
        latch.update(*_row(hour, score))
    return latch


RULE = RuleSpec("r", "d", off_delay=2 * HOUR)


def _row(hour: int, score: float) -> tuple[Places, Instants, Instants, Floats]:
    passed = np.array([HOUR if hour else 0])
    return np.array([0]), np.array([hour * HOUR]), passed, np.array([[score]])


def test_what_comes_and_goes_daily_is_one_trouble_from_the_fifth_time_on() -> None:
    turned = played(RULE, WARM * 10, HOUR)
    daily = [(day, on) for day in range(4) for on in (True, False)]
    assert [(place // 24, on) for place, on in turned] == [*daily, (4, True)]


def test_what_came_and_went_returns_once_it_is_gone_for_longer_than_soon() -> None:
    turned = played(RULE, WARM * 10 + [0.0] * 48, HOUR)
    assert turned[-1] == (9 * 24 + 6 + 31, False)
    later = played(RULE, WARM * 10 + [0.0] * 72 + WARM, HOUR)
    assert later[-1][0] - later[-2][0] == 8
    assert not later[-1][1]


def test_what_comes_and_goes_for_forty_days_stands_no_longer_than_it_lasts() -> None:
    turned = [place // 24 for place, on in played(RULE, WARM * 60, HOUR) if not on]
    assert turned == [0, 1, 2, 3, *range(40, 60)]


def test_a_moment_each_day_does_not_hold_what_came_and_went() -> None:
    rule = RuleSpec("r", "d", on_delay=2 * HOUR, off_delay=2 * HOUR)
    turned = played(rule, WARM * 8 + ([1.5] + [0.0] * 23) * 8, HOUR)
    assert turned[-1] == (7 * 24 + 6 + 31, False)


def test_a_machine_that_stands_still_in_between_returns_by_the_clock() -> None:
    day = [1.5] * 4 + [0.0] * 4 + [NAN] * 16
    turned = played(RULE, day * 8 + ([0.0] * 8 + [NAN] * 16) * 4, HOUR)
    assert turned[-1] == (9 * 24, False)


def checked(sensor: bool, barred: bool) -> Checked:
    """Say that channel 0 has departed alone, whether by its sensor's doing, or is at fault."""
    one, two = np.array([[1.5, 1.5]]), np.zeros((1, 2), np.bool_)
    no, lone = np.zeros(1, np.bool_), np.zeros(1, np.int64)
    faults = np.array([[barred, False]])
    return Checked(one, two, lone, lone - 1, no | sensor, no, faults, two, one, one, [])


def sensing(latch: RuleLatch, hours: range, *, sensor: bool, barred: bool = False) -> list[int]:
    """Play the hours of what shows daily on channel 0; returns those in which it was told of."""
    told = []
    for hour in hours:
        asset, at, passed, score = _row(hour, WARM[hour % 24])
        band = np.full((1, 2), 1.0)
        said = Scored(score[0], np.eye(2)[[0]], band, band * 2)
        rows = Round(asset, at, np.full((1, 2), 1.5), np.full(1, Mode.RUNNING, np.int8))
        clue = checked(sensor, barred)
        led = latch.follow(rows, passed, score, {"d": said}, clue)
        latch.keep(led)
        told += [hour for _, _, on in led.fired if on] + [hour for *_, on in led.sensed if on]
    return told


def test_a_sensor_s_case_returns_as_the_rule_says_and_counts_for_no_machine() -> None:
    latch = RuleLatch([RULE], ["d"], 1)
    assert sensing(latch, range(8 * 24), sensor=True) == [24 * day for day in range(8)]
    later = range(8 * 24, 13 * 24)
    assert sensing(latch, later, sensor=False) == [24 * day for day in range(8, 13)]


def test_what_is_handed_to_a_sensor_begins_to_count_anew() -> None:
    latch = RuleLatch([RULE], ["d"], 1)
    sensing(latch, range(3 * 24 + 1), sensor=False)
    sensing(latch, range(3 * 24 + 1, 3 * 24 + 4), sensor=False, barred=True)
    assert not latch.on(0)
    later = range(4 * 24, 9 * 24)
    assert sensing(latch, later, sensor=False) == [24 * day for day in range(4, 9)]


def blaming(latch: RuleLatch, scores: list[float], blamed: list[int]) -> list[tuple[int, bool]]:
    """Play hours of scores, each blamed on one of two channels; returns when the rule turned."""
    turned = []
    for hour, (score, channel) in enumerate(zip(scores, blamed, strict=True)):
        asset, at, passed, said = _row(hour, score)
        band = np.full((1, 2), 1.0)
        told = Scored(said[0], np.eye(2)[[channel]], band, band * 2)
        rows = Round(asset, at, np.full((1, 2), 1.5), np.full(1, Mode.RUNNING, np.int8))
        led = latch.follow(rows, passed, said, {"d": told})
        latch.keep(led)
        turned += [(hour, on) for _, _, on in led.fired]
    return turned


@pytest.mark.parametrize(("days", "stands"), [([0] * 8, True), ([0, 1] * 4, False)])
def test_only_what_the_same_channel_tells_again_and_again_stands(
    days: list[int], stands: bool
) -> None:
    latch = RuleLatch([RULE], ["d"], 1)
    blaming(latch, WARM * 8, [channel for channel in days for _ in range(24)])
    assert bool(latch.on(0)) is stands


def test_what_another_channel_tells_while_a_rule_stands_between_is_told() -> None:
    latch = RuleLatch([RuleSpec("r", "d", on_delay=HOUR, off_delay=2 * HOUR)], ["d"], 1)
    turned = blaming(latch, WARM * 8 + [1.5] * 240, [0] * 186 + [1] * 246)
    assert turned[-2:] == [(193, False), (194, True)]
    assert latch.on(0)


def test_a_line_that_a_person_drew_returns_as_it_says() -> None:
    latch = RuleLatch([RULE], ["d"], 1, given={"d"})
    turned = [
        on for hour, score in enumerate(WARM * 7) for _, _, on in latch.update(*_row(hour, score))
    ]
    assert turned == [True, False] * 7


def test_work_and_a_restart_each_know_what_they_know_of_comings_and_goings() -> None:
    first, second = shows_daily(5), RuleLatch([RULE], ["d"], 1)
    second.restore({name: kept.copy() for name, kept in first.state().items()})
    second.suspect({name: kept.copy() for name, kept in first.suspects().items()})
    first.reset(0)
    first.update(*_row(120, 1.5))
    gone = [[0, 0] for _ in range(2)]
    for number, latch in enumerate((first, second)):
        for hour in range(121, 123 + 1):
            for _, _, on in latch.update(*_row(hour, 0.0)):
                gone[number] = [hour, on]
    assert gone == [[123, False], [0, 0]]


def test_rules_of_one_detector_turn_each_at_its_own_line_gravest_first() -> None:
    rules = [RuleSpec("a", "d"), RuleSpec("b", "d", Severity.CRITICAL, at_score=2.0)]
    latch = RuleLatch(rules, ["d"], 2)
    assets, zero = np.array([1, 0]), np.zeros(2, np.int64)
    fired = latch.update(assets, np.array([5, 5]), zero, np.array([[1.5, 2.5]]))
    assert fired == [(0, 0, True), (1, 1, True), (0, 1, True)]
    assert [rule.name for rule in latch.on(0)] == ["a", "b"]
    assert [rule.name for rule in latch.on(1)] == ["a"]


def test_learning_is_locked_from_the_first_score_over_the_line_until_the_rule_is_off() -> None:
    latch = RuleLatch([RuleSpec("r", "d", on_delay=2, off_delay=2)], ["d"], 2)
    asset, locked = np.array([0]), []
    for at, score in enumerate([0.5, 1, 1, 1, 0, 0, 0, 0]):
        latch.update(asset, np.array([at]), np.array([1]), np.array([[score]]))
        locked.append(bool(latch.locked(asset)[0]))
        assert not latch.locked(np.array([1]))[0]
    assert locked == [False, True, True, True, True, True, False, False]


def test_after_a_reset_a_condition_that_persists_is_found_anew() -> None:
    latch = RuleLatch([RuleSpec("r", "d"), RuleSpec("s", "d", group="other")], ["d"], 1)
    row = (np.array([0]), np.array([1]), np.array([0]), np.array([[1.5]]))
    assert len(latch.update(*row)) == 2
    latch.reset(0, {"machine"})
    assert latch.update(*row) == [(0, 0, True)]
    latch.reset(0)
    assert len(latch.update(*row)) == 2


def test_time_that_runs_backwards_does_not_hold_a_rule_for_ever() -> None:
    latch = RuleLatch([RuleSpec("r", "d", on_delay=5)], ["d"], 1)
    turned = [
        bool(latch.update(np.array([0]), np.array([at]), np.array([0]), np.array([[1.0]])))
        for at in (1000, 10, 12, 15)
    ]
    assert turned == [False, False, False, True]


def test_a_latch_goes_on_where_it_was_saved() -> None:
    rule = RuleSpec("r", "d", on_delay=3)
    first, second = RuleLatch([rule], ["d"], 1), RuleLatch([rule], ["d"], 1)
    first.update(np.array([0]), np.array([1]), np.array([0]), np.array([[1.0]]))
    second.restore({name: array.copy() for name, array in first.state().items()})
    for latch in (first, second):
        row = (np.array([0]), np.array([4]), np.array([3]), np.array([[1.0]]))
        assert latch.update(*row) == [(0, 0, True)]


def test_a_class_without_rules_finds_nothing() -> None:
    latch = RuleLatch([], ["d"], 1)
    assert latch.update(np.array([0]), np.array([1]), np.array([0]), np.array([[9.0]])) == []
    assert not latch.locked(np.array([0])).any()
