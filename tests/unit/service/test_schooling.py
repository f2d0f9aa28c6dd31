"""A version learns from history as live, is tried on what was held out, and must not be worse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from core.alert import Alert, AlertState, Evidence
from core.clock import DAY, HOUR, MINUTE
from core.history import Columns
from core.model_version import Cause, ModelVersion, Results
from core.plant import NamedDetector, Plant, RegimeRule, RuleSpec, Severity
from core.work import Work, WorkEvent
from models.ensemble import EnsembleSettings
from models.mewma import LearnSettings
from service.backtest_past import Past
from service.candidate import HORIZON, ill_times, mended_at
from service.model_trial import Tried, not_worse, tried
from service.schooling import CREPT, Served, Task, keep, school
from storage.model_folder import ModelFolder
from storage.model_memory import MemoryModels
from tests.pasts import START, Rows
from tests.plants import CHANNELS, plant, pump_class

P1 = "site/hall/p1"
DAYS = 6
STOP = START + DAYS * DAY


def pumps() -> Plant:
    ensemble = EnsembleSettings(learn=LearnSettings(rows=300))
    known = plant(
        1,
        pump_class(
            detectors=(NamedDetector("pattern", ensemble),),
            rules=(RuleSpec("unusual", "pattern", on_delay=20 * MINUTE),),
            false_alerts=1.0,
        ),
    )
    return replace(known, classes={**known.classes, "oven": pump_class(name="oven")})


def healthy(seed: int = 0, noise: float = 0.1) -> Columns:
    rng = np.random.default_rng(seed)
    at = START + np.arange(0, DAYS * DAY, 5 * MINUTE, dtype=np.int64)
    values = np.column_stack(
        [
            rng.normal(1500, 5, len(at)),
            rng.normal(2, noise, len(at)),
            rng.normal(50, 5 * noise, len(at)),
        ]
    )
    return Columns(CHANNELS, at, values)


def task(rows: Columns, **changes: object) -> Task:
    given = Task(pumps(), P1, Rows({P1: rows}), START, STOP, "history", Cause.ASKED)
    return replace(given, **changes)  # type: ignore[arg-type]


@cache
def good() -> tuple[ModelVersion, bytes]:
    return school(task(healthy()), None, STOP, "1.0")


def served() -> Served:
    version, body = good()
    return Served(version.signatures, body)


def good_state() -> tuple[Mapping[str, str], bytes]:
    return served().signatures, served().body


def test_a_healthy_history_makes_a_version_that_may_go_into_service() -> None:
    version, _ = good()
    assert version.fit, version.reasons
    assert (version.asset_class, version.cause, version.release) == ("pump", Cause.ASKED, "1.0")
    learned = version.learned
    assert (learned.source, learned.start, learned.stop) == ("history", START, START + 4 * DAY)
    assert (learned.rows, learned.used) == (4 * 288, 300)
    assert learned.left_out == {"enough was learned before": 4 * 288 - 300}
    assert set(learned.grades) == set(CHANNELS)
    assert version.results is not None
    assert version.results.false == 0
    assert version.results.judged == 1
    assert "it could judge 100% of the readings held out while it ran" in version.reasons
    assert sum(version.results.caught.values()) > 0
    assert version.against is None


def test_one_as_good_as_that_in_service_may_take_its_place() -> None:
    version, _ = school(task(healthy(seed=0)), served(), STOP, "")
    assert version.fit, version.reasons
    assert version.against is not None


def faulty() -> Columns:
    rows, rng = healthy(), np.random.default_rng(5)
    rows.values[: 4 * 288, 1:] += rng.normal(0, 1.5, (4 * 288, 2))
    return rows


def test_what_the_model_in_service_tells_of_is_not_learned_from() -> None:
    version, _ = school(task(faulty()), served(), STOP, "")
    assert version.learned.left_out["a case or a failure was near"] > 4 * 250
    assert not version.fit
    assert "more history is needed" in version.reasons[0]


def test_one_that_learned_from_a_faulty_machine_is_refused() -> None:
    learned, body = school(task(faulty()), None, STOP, "")
    past = Past(Rows({P1: healthy()}), pumps(), (P1,), START + 4 * DAY, STOP)
    new = tried(past, (), learned.signatures, body)
    old = tried(past, (), *good_state())
    caught, before = new.results.caught, old.results.caught
    assert sum(caught.values()) < sum(before.values())
    fit, reasons = not_worse(new, old, 1.0)
    assert not fit
    assert any("laid faults" in why or "no longer catches" in why for why in reasons)


def test_too_short_a_history_is_no_version_to_serve() -> None:
    version, _ = school(task(healthy(), stop=START + HOUR), None, STOP, "")
    assert not version.fit
    assert "more history is needed" in version.reasons[0]
    assert version.results is None


def test_a_fault_that_stood_from_the_first_reading_is_not_learned_where_a_case_told_of_it() -> None:
    rows = healthy()
    rows.values[:288, 1] += 3.0
    learned = school(task(rows), None, STOP, "")[0].learned
    assert (learned.used, learned.left_out["enough was learned before"]) == (300, 4 * 288 - 300)
    ill = [(START, START + DAY - 1)]
    version, _ = school(task(rows, ill=ill), None, STOP, "")
    assert version.learned.left_out["a case or a failure was near"] == 288
    assert version.fit, version.reasons


def test_a_machine_that_stands_still_teaches_nothing() -> None:
    rows = healthy()
    rows.values[:100, 0] = 0.0
    learned = school(task(rows), None, STOP, "")[0].learned
    assert learned.left_out["the machine did not run"] == 100
    assert learned.used == 300


def alert(group: str, returned: int | None) -> Alert:
    evidence = Evidence(START, "pattern", 1.0)
    return Alert(
        "a", P1, group, Severity.WARNING, AlertState.UNACKNOWLEDGED, "t", "s", START, START,
        ("r",), (), evidence, returned_at=returned,
    )  # fmt: skip


def test_ill_are_the_times_of_machine_cases_and_those_before_failures() -> None:
    alerts = [alert("machine", START + HOUR), alert("machine", None), alert("data", None)]
    work = [
        WorkEvent(P1, STOP, Work.INSPECTED, "B", failure_mode="bearing"),
        WorkEvent(P1, STOP, Work.INSPECTED, "B", routine=True),
        WorkEvent("other", STOP, Work.REPLACED, "B"),
    ]
    assert ill_times(P1, alerts, work, STOP + 1) == [
        (STOP - HORIZON, STOP),
        (START, START + HOUR),
        (START, STOP + 1),
    ]
    opened = replace(alert("repair", None), opened_at=START + 5 * HOUR)
    mended = [
        WorkEvent(P1, START + at * HOUR, Work.REPAIRED, "B", routine=True) for at in (1, 2, 6)
    ]
    assert ill_times(P1, [opened], mended, STOP) == [(START + 2 * HOUR, STOP)]
    assert mended_at(P1, work) is None
    assert mended_at("other", work) == STOP


def results(false: int = 0, caught: int = 10, found: tuple[str, ...] = ()) -> Results:
    return Results(1.0, false, 1.0, found, (), {"step of a": caught}, {"step of a": 20})


def come(*args: object, stands: bool = False) -> Tried:
    return Tried(results(*args), b"", ((START, None if stands else STOP),))  # type: ignore[arg-type]


def test_worse_is_more_false_alerts_a_lost_failure_fewer_caught_or_silence_on_a_trouble() -> None:
    def refused(new: Tried, old: Tried | None) -> bool:
        return not not_worse(new, old, 1.0)[0]

    assert not refused(come(1, 9), come(1, 10))
    assert refused(come(2, 10), come(1, 10))
    assert refused(come(0, 8), come(0, 10))
    assert refused(come(0, 10), come(0, 10, ("bearing",)))
    assert refused(come(), come(stands=True))
    assert not refused(come(stands=True), come(stands=True))
    assert refused(come(0, 0), None)
    assert refused(come(0, 0), come(0, 0))
    assert refused(come(9), None)
    assert not refused(come(1), None)


def judging(share: float | None) -> Tried:
    return Tried(replace(results(), judged=share), b"")


def test_worse_is_also_what_can_judge_clearly_less_of_the_time() -> None:
    fit, reasons = not_worse(judging(0.79), None, 1.0)
    assert not fit
    assert reasons[0].startswith("it could judge 79% of the readings held out while it ran:")
    assert not_worse(judging(0.81), None, 1.0)[0]
    assert not not_worse(judging(0.84), judging(0.9), 1.0)[0]
    assert not_worse(judging(0.3), judging(0.34), 1.0)[0]
    assert not_worse(judging(0.84), judging(None), 1.0)[0]
    assert not_worse(judging(None), judging(0.9), 1.0)[0]


def test_time_in_a_regime_that_was_never_learned_is_no_time_without_false_alerts() -> None:
    known, rows = pumps(), healthy()
    rows.values[5 * 288 :, 0] += 600
    pump = replace(known.classes["pump"], regimes=RegimeRule(channels=("speed",)))
    given = replace(known, classes={**known.classes, "pump": pump})
    version, _ = school(task(rows, plant=given), None, STOP, "")
    assert version.results is not None
    assert version.results.judged is not None
    assert 0.45 < version.results.judged < 0.6
    assert not version.fit
    assert "ran as never while this was learned" in version.reasons[0]
    assert version.results.months * 30.4 < 1.2


def test_what_is_in_service_is_kept_once() -> None:
    store, known = MemoryModels(), pumps()
    assert keep(store, known, P1, served(), STOP, "") == 1
    assert keep(store, known, P1, served(), STOP, "") == 1
    other = Served(served().signatures, b"another")
    assert keep(store, known, P1, other, STOP, "") == 2
    assert [one.cause for one in store.versions(P1)] == [Cause.SERVED, Cause.SERVED]


def test_a_damaged_version_is_not_what_is_in_service_and_hinders_nothing(tmp_path: Path) -> None:
    store, known = ModelFolder(tmp_path), pumps()
    assert keep(store, known, P1, served(), STOP, "") == 1
    Path(store.place(P1, 1)).write_bytes(b"?" * len(served().body))
    assert keep(store, known, P1, served(), STOP, "") == 2


def test_what_the_first_model_tells_of_to_the_end_is_not_learned_away_by_small_steps() -> None:
    rows = healthy()
    rows.values[:, 1] += 1.0
    version, body = school(task(rows), None, STOP, "")
    assert version.fit, version.reasons
    now = Served(version.signatures, body)
    assert school(task(rows), now, STOP, "")[0].fit
    crept, _ = school(task(rows), now, STOP, "", first=served())
    assert (crept.fit, crept.reasons) == (False, (CREPT,))
