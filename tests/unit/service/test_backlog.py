from __future__ import annotations

import numpy as np

from core.alert import AlertState, Change
from core.clock import HOUR, MINUTE, SECOND, Instant, Span
from service.backlog import STANDING, Backlog, Lagging
from tests.bench import P1, Bench
from tests.plants import plant

LIMIT = 5 * MINUTE


def told(backlog: Backlog, *lags: Span, at: Instant = 0) -> Lagging:
    return backlog.update(np.arange(len(lags)), np.array(lags, np.int64), at)


def each(backlog: Backlog, lags: list[Span], step: Span = MINUTE) -> list[Lagging]:
    return [told(backlog, lag, at=place * step) for place, lag in enumerate(lags)]


def test_a_backlog_ends_with_a_reading_of_now() -> None:
    backlog = Backlog(2, LIMIT)
    assert told(backlog, HOUR, MINUTE).caught_up == []
    assert backlog.catching_up.tolist() == [True, False]
    assert told(backlog, 0, 0).caught_up == [0]
    assert told(backlog, 0, 0).caught_up == []


def test_a_lag_at_the_limit_is_no_backlog() -> None:
    assert told(Backlog(2, LIMIT), LIMIT, LIMIT + 1).behind.tolist() == [False, True]


def test_a_backlog_ends_when_nothing_of_it_came_for_two_ticks() -> None:
    backlog = Backlog(1, LIMIT)
    assert backlog.tick() == []
    told(backlog, HOUR)
    assert backlog.tick() == []
    told(backlog, HOUR)
    assert backlog.tick() == []
    assert backlog.tick() == [0]
    assert backlog.tick() == []


def test_a_backlog_goes_on_where_it_was_saved() -> None:
    first, second = Backlog(1, LIMIT), Backlog(1, LIMIT)
    each(first, [HOUR] * 6)
    first.tick()
    second.restore({name: array.copy() for name, array in first.state().items()})
    assert second.tick() == [0]
    first.tick()
    for place in range(6, 12):
        ours, theirs = (told(b, HOUR, at=place * MINUTE) for b in (first, second))
        assert ours.behind.tolist() == theirs.behind.tolist()
        assert ours.standing == theirs.standing
    assert second.offset[0] == HOUR


def test_a_lag_that_does_not_shrink_stands_and_is_held_no_longer() -> None:
    found = each(Backlog(1, LIMIT), [6 * MINUTE] * 15)
    assert [bool(one.behind[0]) for one in found] == [True] * 10 + [False] * 5
    assert [one.standing for one in found] == [[]] * 10 + [[0]] + [[]] * 4
    assert found[10].caught_up == [0]


def test_a_lag_that_grows_stands_too() -> None:
    found = each(Backlog(1, LIMIT), [HOUR + k * MINUTE for k in range(12)])
    assert any(one.standing for one in found)


def test_a_long_backlog_may_come_in_slowly() -> None:
    lags = list(range(168 * HOUR, HOUR, -3 * MINUTE))  # a week, at four times its own time
    found = each(Backlog(1, LIMIT), lags)
    assert all(one.behind[0] for one in found)
    assert not any(one.standing for one in found)


def test_a_backlog_that_shrinks_is_held_to_its_end() -> None:
    lags = [12 * HOUR - k * 8 * MINUTE for k in range(88)]
    found = each(Backlog(1, LIMIT), lags)
    assert [bool(one.behind[0]) for one in found] == [lag > LIMIT for lag in lags]
    assert not any(one.standing for one in found)


def test_a_backlog_behind_a_link_that_comes_and_goes_is_held() -> None:
    backlog = Backlog(1, LIMIT)
    for place, lag in enumerate([6 * HOUR, 6 * HOUR + 40 * MINUTE, 5 * HOUR, 6 * HOUR]):
        assert told(backlog, lag, at=place * HOUR).behind[0]


def test_a_standing_lag_ends_with_a_reading_of_now() -> None:
    backlog = Backlog(1, LIMIT)
    each(backlog, [HOUR] * 11)
    assert told(backlog, 30 * MINUTE, at=HOUR).ended == []
    assert backlog.offset[0] == 30 * MINUTE
    assert told(backlog, LIMIT, at=HOUR + MINUTE).ended == [0]
    assert told(backlog, LIMIT, at=HOUR + MINUTE).ended == []
    assert told(backlog, HOUR, at=HOUR + 2 * MINUTE).behind[0], "and then all is as at first"


def test_a_backlog_on_top_of_a_standing_lag_is_held() -> None:
    backlog = Backlog(1, LIMIT)
    each(backlog, [HOUR] * 11)
    assert told(backlog, 3 * HOUR, at=HOUR).behind[0]
    assert told(backlog, HOUR + MINUTE, at=HOUR).caught_up == [0]


def test_a_clock_that_steps_back_counts_no_time() -> None:
    backlog = Backlog(1, LIMIT)
    for at in (10 * HOUR, 9 * HOUR, 8 * HOUR, 7 * HOUR):
        assert told(backlog, HOUR, at=at).behind[0]


def lagging(bench: Bench, lag: Span, count: int, **values: float) -> Bench:
    for _ in range(count):
        bench.ticks(1).says(at=bench.now - lag, **values)
    return bench


def test_a_clock_that_differs_silences_no_notice_and_is_a_case_of_its_own() -> None:
    bench = lagging(Bench(plant(1)), 6 * MINUTE, 30)
    lagging(bench, 6 * MINUTE, 6, vibration=9.0).scored()
    assert bench.case().held
    assert bench.casefile.pending("mqtt") == ()
    lagging(bench, 6 * MINUTE, 40, vibration=9.0).scored()
    assert {notice.alert.group for notice in bench.casefile.pending("mqtt")} == {"machine", "data"}
    assert not bench.case().held
    case = bench.case("data")
    assert case.asset == P1
    assert case.title == (
        "Pump 1: its clock is 6 minutes behind ours, or its data is delayed that long"
    )
    assert bench.restart().revises().changes("data") == [Change.OPENED], "a revision keeps it"
    lagging(bench, MINUTE, 1)
    assert bench.case("data").state is AlertState.RETURNED


def test_once_a_clock_is_known_to_differ_notices_go_out_at_once() -> None:
    bench = lagging(Bench(plant(1)), 10 * MINUTE, 80)
    lagging(bench.scored().restart(), 10 * MINUTE, 1, vibration=9.0).scored()
    assert [n.alert.group for n in bench.casefile.pending("mqtt")] == ["data", "machine"]


def test_a_slow_reporter_whose_clock_differs_is_a_case_too() -> None:
    bench = Bench(plant(1))
    for _ in range(4):
        bench.passes(15 * MINUTE - 50 * SECOND).ticks(5).says(at=bench.now - 6 * MINUTE)
    assert bench.changes("data") == [Change.OPENED]


def test_a_backlog_that_is_worked_off_stays_held_to_its_end() -> None:
    bench = Bench(plant(1))
    begun = bench.now - 6 * HOUR
    for k in range(120):
        bench.ticks(1).says(at=begun + k * 3 * MINUTE, vibration=9.0)
        if bench.now - begun - k * 3 * MINUTE > LIMIT:
            bench.scored()
            assert bench.casefile.pending("mqtt") == ()
    assert bench.changes("data") == []
    lagging(bench, 0, 1, vibration=9.0).scored()
    assert len(bench.casefile.pending("mqtt")) == 1
    assert STANDING < 20 * MINUTE, "the backlog took longer than that"
