"""Waiting is weighed against acting now by what each is expected to cost."""

from __future__ import annotations

import pytest

from core.cost import CostClass
from core.life import CannotSay, Remaining
from models.wait_or_act import NOW, Advice, ranked, weigh

COSTS = CostClass(planned=1000, failure=5000, per_day=1000, stand_now=1, stand_failure=3)
LONG = Remaining(2000, 4000, 8000)
SHORT = Remaining(5, 20, 60)


def advice(left: Remaining, stops: list[float], renewed: float | None = None) -> Advice:
    said = weigh(left, stops, COSTS, renewed, "wear 100 %")
    assert isinstance(said, Advice)
    return said


def test_a_long_life_waits_for_the_stop_and_a_short_one_does_not() -> None:
    assert advice(LONG, [72]).best.at == 72
    assert advice(SHORT, [72]).best.at == NOW


def test_acting_now_costs_work_and_standstill_and_no_failure() -> None:
    now = advice(LONG, [72]).choices[0]
    assert (now.at, now.chance, now.cost) == (NOW, 0.0, 2000)


def test_without_a_worth_of_use_a_later_stop_never_costs_less() -> None:
    costs = [choice.cost for choice in advice(LONG, [2400, 72, 800]).choices[1:]]
    assert costs == sorted(costs)


def test_use_is_worth_its_share_of_the_work_it_puts_off() -> None:
    assert advice(LONG, [72, 800]).best.at == 72
    assert advice(LONG, [72, 800], renewed=2000).best.at == 800


def test_a_certain_failure_costs_what_a_failure_costs() -> None:
    last = advice(Remaining(1, 2, 3), [10_000]).choices[-1]
    assert last.chance == pytest.approx(1.0, abs=1e-3)
    assert last.cost == pytest.approx(8000, rel=1e-2)


def test_stops_that_are_past_do_not_count() -> None:
    said = advice(LONG, [-5, 0])
    assert len(said.choices) == 1
    assert said.waiting == 0


def test_it_says_what_it_rests_on() -> None:
    words = advice(LONG, [72], renewed=4000).rests_on
    assert words == (
        "planned work 1,000, now 2,000, a failure 8,000; work lasts 4,000 h; life: wear 100 %"
    )


def test_cases_are_ranked_by_what_waiting_costs_and_unknown_ones_come_last() -> None:
    unknown = CannotSay("too_short", "too little of it has been seen")
    cases = {"a": unknown, "b": advice(LONG, [72]), "c": advice(SHORT, [72])}
    assert [name for name, _ in ranked(cases)] == ["c", "b", "a"]
    assert weigh(unknown, [72], COSTS) is unknown
