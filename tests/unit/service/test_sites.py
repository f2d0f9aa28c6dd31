"""What a centre makes of its sites: their cases as they are, and a case of one that is silent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core import site
from core.alert import Alert, AlertQuery, AlertState, Change
from core.clock import MINUTE
from core.journal import (
    Command,
    DeviceChanged,
    Draft,
    Kind,
    Revision,
    SiteSaid,
    SiteTopic,
    draft,
)
from core.ledger import Line
from core.plant import Place
from core.site import State
from core.work import Work, WorkEvent
from service.scoring import Scoring
from service.sites import report_of
from storage import casefile_body
from storage.casefile_memory import MemoryCaseFile
from storage.journal_memory import MemoryJournal
from tests.forwarding import NOW, centre_plant
from tests.plants import plant
from tests.site_cases import P1, case, cases, moved, opened, status
from tests.story import Story

OPEN = frozenset(state for state in AlertState if state.is_open)


class Centre:
    """A centre that scores its journal; pumps 1 and 2 are judged at their site, 3 here."""

    def __init__(self) -> None:
        self.plant = centre_plant("site/hall/p3")
        self.journal, self.casefile = MemoryJournal(), MemoryCaseFile()
        self.story = Story(self.plant, self.journal, NOW)
        self.scoring = Scoring(self.plant, self.journal, self.casefile, ("radio",))

    def score(self) -> None:
        while self.scoring.step():
            pass

    def restart(self) -> None:
        self.scoring = Scoring(self.plant, self.journal, self.casefile, ("radio",))

    def hears(self, what: SiteTopic, body: bytes, sender: str = "lahore") -> None:
        self.story.tell(SiteSaid(sender, what, body))
        self.score()

    def hears_state(self, sender: str = "lahore", **given: object) -> None:
        state = replace(State(NOW, 0), **given)  # type: ignore[arg-type]
        self.hears(SiteTopic.STATE, site.pack(state), sender)

    def passes(self, ticks: int, *, connected: bool = True, sites: bool = True) -> None:
        notes = () if sites else (("sites", "nothing can be received"),)
        self.story.ticks(ticks, connected=connected, notes=notes)
        self.score()

    def silent(self) -> list[Alert]:
        found = self.casefile.alerts(AlertQuery(states=OPEN, limit=500)).alerts
        return [each for each in found if "silent" in each.title and each.state.is_active]


@pytest.fixture
def centre() -> Centre:
    return Centre()


def test_a_sites_case_is_shown_as_it_is_there_and_nobody_is_noticed_of_it(centre: Centre) -> None:
    one = case()
    step, after = moved(one, AlertState.ACKNOWLEDGED, Change.ACKNOWLEDGED)
    centre.hears(SiteTopic.CASES, cases(1, (opened(one), after), (step, after)))
    found = centre.casefile.alert("lahore-c1")
    assert found == replace(after, id="lahore-c1", origin="lahore")
    changes = [each.change for each in centre.casefile.transitions("lahore-c1")]
    assert changes == [Change.OPENED, Change.ACKNOWLEDGED]
    assert centre.casefile.pending("radio") == ()


def test_a_case_about_the_sites_own_service_says_where(centre: Centre) -> None:
    one = case("s1", asset="millwright")
    centre.hears(SiteTopic.CASES, cases(1, (opened(one), one)))
    found = centre.casefile.alert("lahore-s1")
    assert found is not None and found.asset == "millwright@lahore"


def test_a_case_of_what_is_judged_here_is_never_taken_from_a_site(centre: Centre) -> None:
    one = case("x1", asset="site/hall/p3")
    centre.hears(SiteTopic.CASES, cases(1, (opened(one), one)))
    assert centre.casefile.alert("lahore-x1") is None
    centre.hears_state(statuses=(casefile_body.encode(status("site/hall/p3")),))
    assert all(each.score is None for each in centre.casefile.statuses())


def test_after_a_restart_they_are_still_the_sites_and_not_ours(centre: Centre) -> None:
    one = case()
    centre.hears(SiteTopic.CASES, cases(1, (opened(one), one)))
    centre.restart()
    centre.story.tell(Command("k1", "acknowledge", "lahore-c1", "amina"))
    centre.score()
    outcome = centre.casefile.outcome("k1")
    assert outcome is not None and outcome.accepted
    assert outcome.words.startswith("sent to site lahore")
    found = centre.casefile.alert("lahore-c1")
    assert found is not None and found.state is AlertState.UNACKNOWLEDGED


def test_a_revision_does_not_end_what_is_judged_elsewhere(centre: Centre) -> None:
    one = case()
    centre.hears(SiteTopic.CASES, cases(1, (opened(one), one)))
    centre.story.tell(Revision("configuration", "new"))
    centre.score()
    found = centre.casefile.alert("lahore-c1")
    assert found is not None and found.state.is_open


def test_a_case_that_its_site_no_longer_has_ends_here(centre: Centre) -> None:
    one, other, theirs = case("c1"), case("c2"), case("c3")
    centre.hears(SiteTopic.CASES, cases(1, (opened(one), one), (opened(other), other)))
    centre.hears(SiteTopic.CASES, cases(1, (opened(theirs), theirs)), "suzhou")
    centre.hears_state(open=None)
    centre.restart()
    assert len(centre.casefile.alerts(AlertQuery(states=OPEN)).alerts) == 3
    centre.hears_state(open=("c2",))
    ended = centre.casefile.alert("lahore-c1")
    assert ended is not None and ended.state is AlertState.NORMAL and ended.active == ()
    last = centre.casefile.transitions("lahore-c1")[-1]
    assert last.change is Change.ENDED and last.why == "site lahore no longer has it"
    still = {each.id for each in centre.casefile.alerts(AlertQuery(states=OPEN)).alerts}
    assert still == {"lahore-c2", "suzhou-c3"}
    before = centre.casefile.last_event()
    centre.hears_state(open=("c2",))
    assert centre.casefile.last_event() == before


def test_cases_of_a_site_that_no_longer_forwards_to_us_end(centre: Centre) -> None:
    for sender in ("lahore", "suzhou"):
        one = case()
        centre.hears(SiteTopic.CASES, cases(1, (opened(one), one)), sender)
    centre.plant = replace(centre.plant, senders=("suzhou",))
    centre.restart()
    centre.story.tell(Revision("configuration", "without lahore"))
    centre.score()
    still = [each.id for each in centre.casefile.alerts(AlertQuery(states=OPEN)).alerts]
    assert still == ["suzhou-c1"]
    last = centre.casefile.transitions("lahore-c1")[-1]
    assert last.why == "site lahore no longer forwards to us"


def test_readings_of_what_is_judged_elsewhere_are_not_judged_here(centre: Centre) -> None:
    for _ in range(30):
        centre.story.passes(MINUTE).says(P1, vibration=9.0)
        centre.story.says("site/hall/p3", vibration=9.0)
    centre.score()
    about = {each.asset for each in centre.casefile.alerts(AlertQuery(states=OPEN)).alerts}
    assert "site/hall/p3" in about and P1 not in about


def test_a_silent_machine_that_is_judged_elsewhere_is_no_case_here(centre: Centre) -> None:
    centre.story.says(P1)
    centre.passes(400)
    about = {each.asset for each in centre.casefile.alerts(AlertQuery(states=OPEN)).alerts}
    assert P1 not in about


def test_at_the_site_what_is_judged_at_the_centre_is_left_alone() -> None:
    given = plant(2)
    away = {name: replace(each, judged_at=Place.CENTRE) for name, each in given.assets.items()}
    given = replace(given, assets={**given.assets, P1: away[P1]})
    journal, casefile = MemoryJournal(), MemoryCaseFile()
    story, scoring = Story(given, journal, NOW), Scoring(given, journal, casefile)
    for _ in range(30):
        story.passes(MINUTE).says(P1, vibration=9.0)
    story.ticks(400)
    while scoring.step():
        pass
    about = {each.asset for each in casefile.alerts(AlertQuery(states=OPEN)).alerts}
    assert P1 not in about
    assert P1 not in {each.asset for each in casefile.statuses()}


def test_an_asset_whose_judge_moves_away_does_not_stop_the_start() -> None:
    given, journal, casefile = plant(2), MemoryJournal(), MemoryCaseFile()
    story, scoring = Story(given, journal, NOW), Scoring(given, journal, casefile)
    story.tell(DeviceChanged("edge", online=True, at=NOW, assets=(P1,), on_change=("speed",)))
    story.says(P1)
    while scoring.step():
        pass
    moved_away = replace(given.assets[P1], judged_at=Place.CENTRE)
    given = replace(given, assets={**given.assets, P1: moved_away})
    scoring = Scoring(given, journal, casefile)
    story.tell(DeviceChanged("edge", online=False, at=NOW, assets=(P1,)))
    while scoring.step():
        pass
    assert scoring.position == journal.last_id()


def test_work_on_a_machine_is_recorded_where_it_is_judged(centre: Centre) -> None:
    centre.story.tell(WorkEvent(P1, NOW, Work.REPAIRED, "amina", id="w1"))
    centre.score()
    outcome = centre.casefile.outcome("w1")
    assert outcome is not None and not outcome.accepted and "at its site" in outcome.words


def test_a_silent_site_is_told_once_and_once_when_it_is_back(centre: Centre) -> None:
    centre.hears_state()
    centre.hears_state("suzhou")
    centre.passes(30)  # the first tick only begins to count
    assert centre.silent() == []
    centre.hears_state("suzhou")
    centre.passes(1)
    (found,) = centre.silent()
    assert found.title == "Site lahore is silent" and found.origin == ""
    centre.restart()
    centre.passes(20)
    assert [each.id for each in centre.silent()] == [found.id]
    centre.hears_state()
    assert centre.silent() == []
    changes = [each.change for each in centre.casefile.transitions(found.id)]
    assert changes == [Change.OPENED, Change.RETURNED]
    back = centre.casefile.transitions(found.id)[-1]
    assert back.why == "it is heard again"


@pytest.mark.parametrize("kind", [{"connected": False}, {"sites": False}])
def test_while_we_cannot_hear_them_no_site_is_silent(centre: Centre, kind: dict[str, bool]) -> None:
    centre.hears_state()
    centre.passes(300, **kind)
    assert centre.silent() == []


def test_a_site_that_was_left_out_and_comes_in_again_can_be_silent_again(centre: Centre) -> None:
    centre.passes(40)
    assert len(centre.silent()) == 2
    senders = centre.plant.senders
    centre.plant = replace(centre.plant, senders=("suzhou",))
    centre.restart()
    centre.story.tell(Revision("configuration", "without lahore"))
    centre.score()
    assert [each.title for each in centre.silent()] == ["Site suzhou is silent"]
    centre.plant = replace(centre.plant, senders=senders)
    centre.restart()
    centre.passes(40)
    assert len(centre.silent()) == 2


def test_a_sites_last_ledger_is_kept_with_when_it_was(centre: Centre) -> None:
    assert report_of({}, "lahore") is None
    line = {
        "source": "telemetry", "received": 5, "stored": 4, "rejected": {"malformed": 1},
        "duplicate": 0, "dropped": {}, "told": 0, "waiting": 0, "settled": {}, "in_part": 0,
        "lost_upstream": 2,
    }  # fmt: skip
    centre.hears_state(ledger=(line,), waiting=7, at=NOW - MINUTE)
    centre.restart()
    found = report_of(centre.casefile.load().checkpoint, "lahore")
    assert found is not None
    assert (found.at, found.heard, found.waiting) == (NOW - MINUTE, NOW, 7)
    assert found.lines == (Line("telemetry", 5, 4, {"malformed": 1}, 0, {}, 0, 0, {}, 0, 2),)
    assert report_of(centre.casefile.load().checkpoint, "suzhou") is None


@pytest.mark.parametrize(
    ("what", "body"),
    [
        (SiteTopic.CASES, b"rubbish"),
        (SiteTopic.CASES, cases(1, (opened(case("a/b")), case("a/b")))),
        (SiteTopic.STATE, site.pack(State(NOW, 0, (b"\x05",)))),
        (SiteTopic.STATE, site.pack(State(NOW, 0, (), ({"source": 5},)))),
        (SiteTopic.STATE, site.pack(State(NOW, 2**70 % 2**63, (), ({"received": "x"},)))),
    ],
)
def test_what_cannot_be_read_is_told_and_stops_nothing(
    centre: Centre, what: SiteTopic, body: bytes
) -> None:
    centre.hears(what, body)
    one = case()
    centre.hears(SiteTopic.CASES, cases(1, (opened(one), one)))
    titles = {each.title for each in centre.casefile.alerts(AlertQuery(states=OPEN)).alerts}
    assert titles == {"An entry of the journal cannot be judged", one.title}


def test_an_entry_that_is_broken_itself_is_told_too(centre: Centre) -> None:
    centre.journal.append([Draft(NOW, Kind.SITE, b"\xc1"), draft(NOW, Command("k", "x", "", ""))])
    centre.score()
    assert centre.scoring.position == 2
