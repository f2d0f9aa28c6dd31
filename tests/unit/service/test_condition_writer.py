"""What was judged gets into the condition store: all of it, once, in its own time."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from core.casefile import Advance, Condition, Status
from core.clock import MINUTE, SECOND
from core.condition_store import ConditionPoint
from core.errors import PartlyRefused, Unavailable
from core.life import CannotSay, LifeEstimate, Remaining
from service import condition_writer
from service.condition_writer import ConditionWriter
from storage.casefile_memory import MemoryCaseFile
from storage.condition_marks import MarksFile
from storage.condition_memory import MemoryConditions
from tests.bench import P1, Bench
from tests.plants import plant
from tests.waiting import until

PLACE = "http://db millwright condition"


class Stubborn(MemoryConditions):
    """Raises `trouble` before it writes, where there is any."""

    trouble: Exception | None = None
    closed = False
    tries = 0

    def write(self, points: Sequence[ConditionPoint]) -> None:
        self.tries += 1
        if self.trouble is not None:
            raise self.trouble
        super().write(points)

    def close(self) -> None:
        self.closed = True


def drained(writer: ConditionWriter) -> int:
    count = 0
    while more := writer.step():
        count += more
    return count


def shaken(bench: Bench) -> Bench:
    """Let a pump run for ten minutes, shake for three, and be acknowledged."""
    for _ in range(10):
        bench.passes(MINUTE).says()
    for _ in range(3):
        bench.passes(MINUTE).says(vibration=9.0)
    bench.scored().asks("acknowledge", bench.case().id).scored()
    return bench


def of(store: MemoryConditions, measurement: str) -> list[ConditionPoint]:
    return [one for one in store.points() if one.measurement == measurement]


def test_scores_and_steps_of_cases_become_points() -> None:
    bench, store = shaken(Bench(plant(1))), MemoryConditions()
    drained(ConditionWriter(bench.casefile, store, MarksFile(PLACE)))
    scores = of(store, "score")
    assert {one.asset for one in scores} == {P1}
    assert {tuple(one.tags.items()) for one in scores} == {(("detector", "zones"),)}
    assert len(scores) == 12
    assert scores[-1].fields == {"value": pytest.approx(2.25)}
    alerts = of(store, "alert")
    said = [(one.fields["change"], one.fields["state"], one.fields["open"]) for one in alerts]
    assert said == [
        ("opened", "unacknowledged", 1),
        ("acknowledged", "acknowledged", 1),
    ]
    assert {one.tags["group"] for one in alerts} == {"machine"}
    assert alerts[0].fields["id"] == bench.case().id
    assert alerts[0].fields["severity"] == "critical"


def test_steps_of_one_moment_are_points_of_their_own_and_writing_again_doubles_none() -> None:
    bench, store = shaken(Bench(plant(1))), MemoryConditions()
    for _ in range(2):
        drained(ConditionWriter(bench.casefile, store, MarksFile(PLACE)))
        assert len(of(store, "alert")) == bench.casefile.last_event() == 2


def test_a_restart_goes_on_where_it_was_and_another_store_begins_anew(tmp_path: Path) -> None:
    path, bench = tmp_path / "conditions.json", shaken(Bench(plant(1)))
    first = drained(ConditionWriter(bench.casefile, MemoryConditions(), MarksFile(PLACE, path)))
    again = ConditionWriter(bench.casefile, MemoryConditions(), MarksFile(PLACE, path))
    assert drained(again) == 0
    bench.passes(MINUTE).says().passes(MINUTE).says().scored()
    assert 0 < drained(again) < first
    other = ConditionWriter(bench.casefile, MemoryConditions(), MarksFile("elsewhere", path))
    assert drained(other) > first


def test_marks_of_another_case_file_or_broken_ones_begin_anew(tmp_path: Path) -> None:
    path, bench = tmp_path / "conditions.json", shaken(Bench(plant(1)))
    drained(ConditionWriter(bench.casefile, MemoryConditions(), MarksFile(PLACE, path)))
    anew = ConditionWriter(MemoryCaseFile(), MemoryConditions(), marks := MarksFile(PLACE, path))
    assert (drained(anew), marks.now.event, marks.now.newest) == (0, 0, {})
    path.write_text("{")
    with capture_logs() as logs:
        assert MarksFile(PLACE, path).now.event == 0
    assert logs[0]["event"] == "marks_unreadable"


def test_marks_that_cannot_be_written_stop_nothing(tmp_path: Path) -> None:
    bench, store = shaken(Bench(plant(1))), MemoryConditions()
    marks = MarksFile(PLACE, tmp_path / "nowhere" / "conditions.json")
    with capture_logs() as logs:
        assert drained(ConditionWriter(bench.casefile, store, marks)) > 0
    assert logs[0]["event"] == "marks_unwritable"


def test_nothing_moves_until_the_store_has_taken_it() -> None:
    bench, store = shaken(Bench(plant(1))), Stubborn()
    writer = ConditionWriter(bench.casefile, store, marks := MarksFile(PLACE))
    store.trouble = Unavailable("away")
    with pytest.raises(Unavailable):
        writer.step()
    assert marks.now.event == 0
    store.trouble = None
    drained(writer)
    assert len(of(store, "alert")) == 2


def test_what_the_store_will_never_take_is_passed_over_and_told() -> None:
    bench, store = shaken(Bench(plant(1))), Stubborn()
    store.trouble = PartlyRefused(1, 1, "no such name")
    with capture_logs() as logs:
        drained(ConditionWriter(bench.casefile, store, MarksFile(PLACE)))
    assert {log["event"] for log in logs} == {"conditions_refused"}


def life(at: int, remaining: Remaining | CannotSay) -> Status:
    estimate = LifeEstimate(P1, at, "bearing", 0.4, remaining, "threshold 7")
    return Status(P1, at, at, "running", True, "", 0.5, 0.4, estimate)


def test_remaining_life_is_written_in_hours_once_a_minute_at_most() -> None:
    casefile, store = MemoryCaseFile(), MemoryConditions()
    writer = ConditionWriter(casefile, store, MarksFile(PLACE))
    told = [(10, 5.0), (30, 4.0), (75, 3.0)]
    for position, (second, p50) in enumerate(told, 1):
        found = life(second * SECOND + MINUTE, Remaining(1.0, p50, float("inf")))
        casefile.commit(Advance(position, statuses=(found,)))
        drained(writer)
    points = of(store, "life")
    assert [point.fields for point in points] == [
        {"p05": 1.0, "p50": 5.0},
        {"p05": 1.0, "p50": 3.0},
    ]
    assert points[0].tags == {"failure_mode": "bearing"}
    casefile.commit(Advance(9, statuses=(life(HOUR_LATER, CannotSay("few", "two seen")),)))
    drained(writer)
    assert len(of(store, "life")) == 2


HOUR_LATER = 3600 * SECOND


def test_health_is_written_and_what_is_no_number_is_left_out() -> None:
    casefile, store = MemoryCaseFile(), MemoryConditions()
    said = (Condition(P1, 1, "health", 0.4), Condition(P1, 2, "health", float("nan")))
    casefile.commit(Advance(1, conditions=said))
    assert drained(ConditionWriter(casefile, store, MarksFile(PLACE))) == 2
    assert of(store, "health") == [ConditionPoint("health", P1, 1, {}, {"value": 0.4})]


def test_an_outage_is_retried_without_end_and_told_once_at_each_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(condition_writer, "FIRST_WAIT", 0.001)
    monkeypatch.setattr(condition_writer, "LONGEST_WAIT", 0.01)
    monkeypatch.setattr(condition_writer, "LOOK_EVERY", 0.01)
    bench, store, stop = shaken(Bench(plant(1))), Stubborn(), threading.Event()
    store.trouble = Unavailable("404 not found")
    writer = ConditionWriter(bench.casefile, store, MarksFile(PLACE))
    with capture_logs() as logs:
        thread = threading.Thread(target=lambda: writer.run(stop))
        thread.start()
        until(lambda: store.tries > 5)
        store.trouble = None
        until(lambda: len(of(store, "alert")) == 2)
        until(lambda: any(log["event"] == "conditions_resumed" for log in logs))
        stop.set()
        thread.join(20)
    assert store.closed
    assert [log["event"] for log in logs] == ["conditions_waiting", "conditions_resumed"]
    assert logs[0]["why"] == "404 not found"
