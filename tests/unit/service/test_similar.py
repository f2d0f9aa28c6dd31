from __future__ import annotations

from dataclasses import replace

import pytest

from core.alert import Alert, AlertPage, AlertQuery, AlertState, ChannelEvidence
from core.casefile import Advance
from core.clock import DAY
from core.deviation import Kind
from core.work import Work, WorkEvent
from service.api_forms import long
from service.similar import LOOKED_AT, MOST, likeness, outcome, similar
from service.words import similar_sentence
from storage.casefile_memory import MemoryCaseFile
from tests.pages import case
from tests.plants import plant
from tests.story import START

PUMP, OTHER = "site/hall/p1", "site/hall/p2"


def evidence_of(kind: Kind = Kind.DRIFT, way: int = 1, **shares: float) -> dict[str, object]:
    channels = tuple(
        ChannelEvidence(name, name, "", 1.0, 0.0, 2.0, share, kind, way)
        for name, share in shares.items()
    )
    return {"evidence": replace(case().evidence, channels=channels, kind=kind)}


def past(number: int, asset: str = OTHER, before: int = 30, **changes: object) -> Alert:
    began = START - before * DAY
    given = {"state": AlertState.NORMAL, "ended_at": began + 2 * DAY, "asset": asset}
    given |= {"opened_at": began}
    return case(number, **(evidence_of(vibration=0.9) | given | changes))


NOW = case(1, **evidence_of(vibration=0.9, temperature=0.1))


def book(*alerts: Alert, work: tuple[WorkEvent, ...] = ()) -> MemoryCaseFile:
    casefile = MemoryCaseFile()
    casefile.commit(Advance(1, alerts=(NOW, *alerts), work=work))
    return casefile


def repaired(alert: Alert, days: float = 1, **changes: object) -> WorkEvent:
    at = alert.opened_at + round(days * DAY)
    given = {"id": f"w{at}", "failure_mode": "bearing", "note": ""} | changes
    return WorkEvent(alert.asset, at, Work.REPAIRED, "Bilal", **given)  # type: ignore[arg-type]


def test_a_past_case_of_a_like_machine_is_told_with_what_was_found() -> None:
    was = past(2)
    [found] = similar(NOW, plant(), book(was, work=(repaired(was),)))
    assert found.alert.id == was.id
    assert found.work is not None and found.work.failure_mode == "bearing"
    said = similar_sentence(found, plant())
    assert said == "Like the case of 2023-10-16 on Pump 2: repaired, bearing wear found."
    told = long(NOW, (), plant(), [found])["similar"]
    assert (told[0]["id"], told[0]["words"]) == (was.id, said)
    assert told[0]["work"]["work"] == "repaired"


def test_the_likest_comes_first_and_only_few_are_told() -> None:
    alike = [past(number, before=number) for number in range(2, 9)]
    less = past(20, before=1, **evidence_of(vibration=0.7, temperature=0.5))
    found = similar(NOW, plant(), book(less, *alike))
    assert [one.alert.id for one in found] == ["c2", "c3", "c4"]
    assert len(found) == MOST


@pytest.mark.parametrize(
    "changes",
    [
        evidence_of(temperature=1.0),
        evidence_of(way=-1, vibration=0.9),
        {"group": "sensor:vibration"},
        {"group": "data"},
        {"asset": "site/hall/gone"},
        {"state": AlertState.UNACKNOWLEDGED, "ended_at": None},
        {"opened_at": START + DAY},
        {"evidence": replace(case().evidence, channels=())},
    ],
    ids=["blame", "way", "sensor", "data", "no machine", "open", "later", "no evidence"],
)
def test_what_is_not_like_it_is_not_told(changes: dict[str, object]) -> None:
    assert similar(NOW, plant(), book(past(2, **changes))) == []


def test_another_kind_makes_a_case_less_like() -> None:
    step = past(2, **evidence_of(Kind.STEP, vibration=0.9))
    assert likeness(NOW, step) == pytest.approx(0.7 * likeness(NOW, past(2)))
    assert likeness(NOW, NOW) == pytest.approx(1.0)


def test_a_case_of_before_kinds_were_told_is_compared_by_its_band() -> None:
    channel = ChannelEvidence("vibration", "vibration", "mm/s", -3.0, 0.0, 2.0, 0.9)
    low = past(2, evidence=replace(case().evidence, channels=(channel,)))
    assert likeness(NOW, low) < 0.5
    high = past(2, evidence=replace(low.evidence, channels=(replace(channel, value=3.0),)))
    assert likeness(NOW, high) > 0.9


def test_work_that_names_a_failure_counts_before_what_does_not_and_routine_never() -> None:
    was = past(2)
    named, later = repaired(was, 0.5), repaired(was, 1, failure_mode="")
    routine, old = repaired(was, 1.5, routine=True), repaired(was, -1)
    late = repaired(was, 30)
    assert outcome(was, book(was, work=(named, later, routine, old, late))) == named
    assert outcome(was, book(was, work=(later, routine, old, late))) == later
    assert outcome(was, book(was, work=(routine, old, late))) is None


def test_a_case_that_ended_without_work_says_so() -> None:
    [found] = similar(NOW, plant(), book(past(2)))
    assert similar_sentence(found, plant()).endswith("on Pump 2: ended without work recorded.")
    note = repaired(past(2), failure_mode="", note="greased")
    [found] = similar(NOW, plant(), book(past(2), work=(note,)))
    assert similar_sentence(found, plant()).endswith("on Pump 2: repaired (greased).")


def test_of_a_large_file_only_some_cases_are_looked_at() -> None:
    class Counting(MemoryCaseFile):
        def __init__(self) -> None:
            super().__init__()
            self.asked: list[int] = []

        def alerts(self, query: AlertQuery) -> AlertPage:
            self.asked.append(query.limit)
            return super().alerts(query)

    casefile = Counting()
    casefile.commit(Advance(1, alerts=(NOW, past(2))))
    similar(NOW, plant(), casefile)
    assert casefile.asked == [LOOKED_AT, LOOKED_AT]
