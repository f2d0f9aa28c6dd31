"""Which failures are confirmed, which alerts are about them, and what a change would lose."""

from __future__ import annotations

from core.clock import DAY, HOUR
from core.work import Work, WorkEvent
from service.backtest_compare import compare
from service.backtest_truth import Episode, confirmed, false_alerts, labelled, verdicts

P1 = "site/hall/p1"


def alert(began: int, ended: int | None = None, asset: str = P1, group: str = "machine") -> Episode:
    return Episode("a", asset, group, ("r",), "warning", "t", "s", (), began, ended)


def work(
    at: int, kind: Work = Work.REPLACED, mode: str = "", *, routine: bool = False
) -> WorkEvent:
    return WorkEvent(P1, at, kind, "Bilal", failure_mode=mode, routine=routine)


def test_routine_work_and_inspections_that_found_nothing_are_no_failures() -> None:
    done = [work(40 * DAY, routine=True), work(50 * DAY, Work.INSPECTED)]
    done += [work(60 * DAY, Work.INSPECTED, "bearing"), work(60 * DAY + HOUR)]
    (failure,) = confirmed(done, 30 * DAY)
    assert (failure.at, failure.begin, failure.what) == (60 * DAY, 30 * DAY, "bearing")


def test_an_alert_that_stands_within_the_time_before_is_about_the_failure() -> None:
    (failure,) = confirmed([work(60 * DAY)], 30 * DAY)
    early, late = alert(20 * DAY, 29 * DAY), alert(20 * DAY, 31 * DAY)
    after, other = alert(61 * DAY), alert(40 * DAY, asset="site/hall/p2")
    assert false_alerts([early, late, after, other], [failure]) == [early, after, other]
    (found,) = verdicts([failure], [early, late, after, other], [failure])
    assert found.first is late
    assert found.lead == 40 * DAY


def test_a_failure_of_which_nothing_was_measured_is_not_missed() -> None:
    (failure,) = labelled(P1, [(5 * DAY, 6 * DAY)])
    (found,) = verdicts([failure], [], [])
    assert not found.judged
    assert found.lead is None


def test_an_alert_at_another_time_is_another_alert() -> None:
    failures = labelled(P1, [(5 * DAY, 6 * DAY)])
    ours, theirs = [alert(5 * DAY, 6 * DAY), alert(9 * DAY)], [alert(10 * DAY), alert(1, 2)]
    of_ours, of_theirs = (verdicts(failures, some, failures) for some in (ours, theirs))
    difference = compare(ours, theirs, of_ours, of_theirs)
    assert difference.removed == (ours[0],)
    assert difference.added == (theirs[1],)
    assert [one.failure for one in difference.lost] == failures
    assert not difference.gained
