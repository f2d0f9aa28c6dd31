"""What a repair came to is told after some hours of running, and decides what health is read by."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from core.alert import Change
from core.casefile import Advance, Status
from core.clock import DAY, HOUR, MINUTE
from core.history import Columns
from core.journal import decode
from core.life import CannotSay
from core.readings import Readings
from core.work import Work, WorkEvent
from models.repair_verdict import Repair
from models.threshold import ThresholdSettings
from service.backtest import backtest
from service.backtest_past import Past
from service.casework import Casework
from service.finding import REPAIR
from service.notify_mqtt import messages
from service.page_work import of_case, works
from service.repair_record import recorded
from service.repair_words import _WHY as WHY
from service.repair_words import why_words
from storage.casefile_memory import MemoryCaseFile
from tests.mending import AN_HOUR, P1, VIBRATION, Mended, mend
from tests.pasts import Rows

RESTORED, PARTLY, SAME = 2.0, 4.5, 7.0

mended = cache(mend)


@pytest.mark.parametrize(
    ("level", "repair", "left"),
    [
        (RESTORED, Repair.RESTORED, 0.0),
        (PARTLY, Repair.PARTLY, 0.5),
        (SAME, Repair.NOT_RESTORED, 1.0),
    ],
)
def test_a_repair_is_judged_by_hours_before_and_after(
    level: float, repair: Repair, left: float
) -> None:
    [verdict] = mended(level).entry().verdicts
    assert verdict.repair is repair
    assert verdict.left == pytest.approx(left, abs=0.12)
    assert verdict.before == pytest.approx(0.67, abs=0.1)
    assert verdict.sure >= 0.95
    assert 3 <= verdict.hours <= 12


def test_health_after_a_repair_is_read_by_the_healthy_level_from_before() -> None:
    health = {level: mended(level).status().health for level in (RESTORED, PARTLY, SAME)}
    assert health[RESTORED] == pytest.approx(1.0, abs=0.05)
    assert health[PARTLY] == pytest.approx(0.58, abs=0.05)
    assert health[SAME] == pytest.approx(0.17, abs=0.05)


def test_a_repair_that_was_none_is_a_case_until_the_next_work() -> None:
    [case] = mended(SAME).cases(REPAIR)
    assert case.state.is_active
    assert case.title == "Pump 1: the work did not restore it"
    assert "not restored: " in case.summary
    assert "Bearing wear" in case.summary
    assert not mended(RESTORED).cases(REPAIR)
    assert not mended(PARTLY).cases(REPAIR)
    again = mended(SAME).twin()
    again.mends(P1, key="w2")
    again.score()
    assert not again.cases(REPAIR)[0].state.is_open


def test_what_comes_to_be_restored_later_returns() -> None:
    late = mended(SAME).twin()
    late.runs([RESTORED] * 20 * AN_HOUR)
    late.score()
    [case] = late.cases(REPAIR)
    assert not case.state.is_active
    [verdict] = late.entry().verdicts
    assert verdict.repair is Repair.RESTORED


def test_the_case_that_work_ended_says_what_it_came_to_and_is_sent_with_it() -> None:
    story = mended(RESTORED)
    [case] = story.cases("machine")
    step = story.casefile.transitions(case.id)[-1]
    assert step.change is Change.REPAIR_JUDGED
    assert step.why.startswith("Bearing wear: restored: ")
    assert not case.state.is_open
    assert case.ended_at == story.done_at
    notice = story.casefile.pending("mqtt")[-1]
    [(_, state, retained), (_, event, _)] = messages(notice, "millwright", story.plant)
    assert retained
    assert state["open"] is False
    assert event["change"] == "repair judged"


def test_it_is_the_same_after_restarts_and_where_readings_come_together() -> None:
    alone = mended(PARTLY).kept()
    assert alone.shape == (1, 7)
    assert np.array_equal(mend(PARTLY, restarts=97).kept(), alone, equal_nan=True)
    assert np.array_equal(mend(PARTLY, together=True).kept(), alone, equal_nan=True)


def test_work_on_another_failure_mode_is_not_judged() -> None:
    other = mend(SAME, mode="seal")
    assert other.entry() == replace(other.entry(), verdicts=(), waits=False)
    assert other.status().health == pytest.approx(0.17, abs=0.05)


def test_a_new_machine_is_read_by_its_own_level_once_it_is_judged_sound() -> None:
    new = mend(2.5, Work.REPLACED)
    [verdict] = new.entry().verdicts
    assert verdict.repair is Repair.RESTORED
    assert new.status().health == pytest.approx(1.0, abs=0.03)


def test_a_fault_that_is_still_there_is_not_learned_as_what_is_usual() -> None:
    assert "learning 0 %" in mend(SAME, learns=True).status().why
    restored = mend(RESTORED, learns=True)
    assert "learning 0 %" not in restored.status().why
    together = mend(RESTORED, learns=True, together=True)
    assert restored.status().why == together.status().why


def test_the_case_that_work_ended_shows_it_though_a_newer_one_stands() -> None:
    story = mended(SAME)
    past = next(one for one in story.cases("machine") if not one.state.is_open)
    history = story.casefile.transitions(past.id)
    [done] = of_case(past, history, story.plant, story.casefile, story.now)
    assert done.verdicts[0][0].startswith("Bearing wear: not restored: ")


def test_before_it_has_run_again_it_waits_and_the_page_says_so() -> None:
    early = mend(RESTORED, hours=2)
    assert early.entry().waits
    [done] = works(P1, early.plant, early.casefile, early.now)
    assert (done.what, done.verdicts, done.waits) == ("Repaired", (), True)
    [judged] = works(P1, early.plant, mended(SAME).casefile, early.now)
    assert judged.verdicts[0][1] is True
    assert judged.verdicts[0][0].startswith("Bearing wear: not restored: ")


def test_no_repair_is_judged_by_what_a_learned_detector_says() -> None:
    pattern = ThresholdSettings(detector="pattern", end=12.0, failure_mode="bearing")
    learned = mend(SAME, learns=True, health=pattern, hours=60)
    assert learned.entry() == replace(learned.entry(), verdicts=(), waits=False)
    assert not len(learned.kept())


def test_a_repair_is_judged_by_the_score_of_given_lines() -> None:
    zones = ThresholdSettings(detector="zones", end=3.0, failure_mode="bearing")
    [verdict] = mend(SAME, health=zones).entry().verdicts
    assert verdict.repair is Repair.NOT_RESTORED


def test_the_case_returns_where_work_noted_late_is_judged_otherwise() -> None:
    story = mend(SAME, hours=5)
    [case] = story.cases(REPAIR)
    late = WorkEvent(P1, case.opened_at - MINUTE, Work.REPAIRED, "Bilal", "late", id="w2")
    story.tell(late)
    story.score()
    story.runs([RESTORED] * 30 * AN_HOUR)
    story.score()
    [case] = story.cases(REPAIR)
    assert not case.state.is_active
    assert "restored: " in story.casefile.transitions(case.id)[-1].why


def test_work_on_another_failure_mode_leaves_the_case_of_this_one() -> None:
    story = mended(SAME).twin()
    story.tell(WorkEvent(P1, story.now, Work.REPAIRED, "Bilal", "new seal", "seal", id="w2"))
    story.runs([SAME] * AN_HOUR)
    story.score()
    [case] = story.cases(REPAIR)
    assert case.state.is_active
    [_, told] = recorded(story.casefile.work(P1), story.plant, story.casefile)
    assert "newer work is recorded that is on this failure mode or" in told.verdicts[0].words


@pytest.mark.parametrize("reason", ["too_wide", "not_falling"])
def test_what_is_too_close_to_call_makes_no_new_healthy_level(
    monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    monkeypatch.setattr("service.repairs.verdict", lambda *_: CannotSay(reason, "so it is"))
    replaced = mend(PARTLY, Work.REPLACED)
    health = replaced.status().health
    assert health == pytest.approx(0.58 if reason == "too_wide" else 1.0, abs=0.05)


def test_old_work_that_nobody_judges_does_not_wait_for_a_verdict() -> None:
    known = mended(RESTORED).plant
    old = WorkEvent(P1, 5, Work.REPLACED, "Bilal", id="old")
    status = Status(P1, 9, 9, "running", True, "", None, None)
    waits = []
    for judging in (False, True):
        casefile = MemoryCaseFile()
        casefile.commit(Advance(1, work=(old,), statuses=(replace(status, judging=judging),)))
        [entry] = recorded(casefile.work(P1), known, casefile)
        waits.append(entry.waits)
    assert waits == [False, True]


UNSET = ThresholdSettings(channel="vibration", failure_mode="bearing")
QUICK = ThresholdSettings(channel="vibration", end=8.0, failure_mode="bearing", min_rows=10)
SLOW = ThresholdSettings(channel="vibration", end=8.0, failure_mode="bearing", min_rows=900)


@pytest.mark.parametrize(
    ("well", "wears", "health", "words"),
    [
        (10, 12, VIBRATION, "only 11 of 18 hours of healthy running that it takes"),
        (2, 2, QUICK, "only 0 of 18 hours of healthy running that it takes"),
        (80, 30, UNSET, "no end-of-life threshold is set for it in the configuration"),
        (80, 30, SLOW, "its healthy level was not known yet when the work was done"),
    ],
)
def test_what_cannot_be_judged_says_what_was_wanting_and_what_it_takes(
    well: int, wears: int, health: ThresholdSettings, words: str
) -> None:
    story = mend(SAME, well=well, wears=wears, health=health)
    [verdict] = story.entry().verdicts
    assert verdict.repair is None
    assert verdict.words.startswith(f"Bearing wear: cannot say, after 12 hours of running: {words}")
    assert verdict.words.endswith("as usual: make sure that it is healthy.")
    assert ("Health" in verdict.words) == (health is not UNSET)
    assert not story.cases(REPAIR)


def test_each_reason_has_words_of_its_own_that_say_what_it_takes() -> None:
    few = why_words("too_short", 2.0)
    assert few.startswith("only 2 of 3 hours of running")
    assert "says nothing about the work" in why_words("no_threshold", np.nan)
    assert "where its end-of-life threshold is" in why_words("no_threshold", 0.0)
    told = {why_words(reason, np.nan) for reason in WHY}
    assert len(told) == len(WHY)
    assert not any("still learning" in words for words in told)


def test_only_the_newest_work_says_what_follows() -> None:
    story = mended(SAME).twin()
    assert story.entry().verdicts[0].words.endswith("or names none.")
    story.tell(WorkEvent(P1, story.now, Work.REPLACED, "Bilal", id="w2"))
    story.runs([RESTORED] * 20 * AN_HOUR)
    story.score()
    new, old = recorded(story.casefile.work(P1), story.plant, story.casefile)
    assert new.verdicts[0].words.endswith("the level at which it has run since the work.")
    assert old.verdicts[0].words.endswith("hours of running")


def test_more_hours_than_are_kept_are_said_to_be_more() -> None:
    late = mended(SAME).twin()
    late.runs([SAME] * 30 * AN_HOUR)
    late.runs([RESTORED] * 20 * AN_HOUR)
    late.score()
    [verdict] = late.entry().verdicts
    assert verdict.repair is Repair.RESTORED
    assert "after 28 hours of running or more. Health goes on" in verdict.words
    assert "or more" not in mended(RESTORED).entry().verdicts[0].words


def test_what_was_learned_before_a_late_verdict_does_not_stand_where_it_is_not_restored() -> None:
    near = ThresholdSettings(channel="vibration", end=4.0, failure_mode="bearing")

    def seldom(level: float, hours: int, restarts: int = 0) -> Mended:
        """Say one reading in two days, below the line of the limits."""
        return mend(
            level, hours=hours, restarts=restarts, learns=True, health=near, rests=50 * HOUR,
            worn=3.6,
        )  # fmt: skip

    early = seldom(3.6, 3).status().why
    assert "learning 4 %" in early, "after two days it learns, though nothing is judged yet"
    judged = seldom(3.6, 6)
    assert judged.cases(REPAIR)
    assert "learning 0 %" in judged.status().why
    assert seldom(3.6, 6, restarts=5).status() == judged.status()
    assert "learning 0 %" not in seldom(RESTORED, 6).status().why


def test_a_backtest_lets_go_of_it_at_the_same_reading() -> None:
    near = ThresholdSettings(channel="vibration", end=4.0, failure_mode="bearing")
    for hours in (3, 4, 6):
        live = mend(3.6, hours=hours, learns=True, health=near, rests=50 * HOUR, worn=3.6)
        bodies = [decode(one) for one in live.journal.read(0, 10_000)]
        said = [one for one in bodies if isinstance(one, Readings)]
        at = np.concatenate([one.at for one in said])
        values = np.concatenate([one.values for one in said])
        rows = Rows({P1: Columns(said[0].channels, at, values)})
        past = Past(rows, live.plant, (P1,), int(at[0]), live.now, 30 * DAY)
        works: list[Casework] = []
        backtest(past, live.casefile.work(P1), begin=works.append)
        learned = [
            one.fleets["pump"].detectors["pattern"].readiness()[0]
            for one in (live.scoring._casework, *works)
        ]
        assert learned[0] == learned[1] == (0 if hours > 3 else pytest.approx(0.04))
