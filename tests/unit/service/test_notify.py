"""The outbox: all that scoring left goes out, in order, however often the other side fails."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from core.alert import Alert, Notice
from core.casefile import Advance
from core.errors import Unavailable
from service import notify
from service.notify import Outbox
from service.notify_mqtt import events_topic, messages, state_topic
from service.scoring import Scoring
from storage.casefile_memory import MemoryCaseFile
from storage.journal_memory import MemoryJournal
from tests.plants import plant
from tests.story import Story
from tests.waiting import until


@dataclass
class Radio:
    """A notifier that keeps what it was given, and fails as often as it is told to."""

    name: str = "radio"
    failures: list[Exception] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    closed: bool = False

    def send(self, notices: Sequence[Notice]) -> None:
        if self.failures:
            raise self.failures.pop()
        self.heard += [notice.dedup_key for notice in notices]

    def close(self) -> None:
        self.closed = True


@contextmanager
def running(outbox: Outbox) -> Iterator[None]:
    stop = threading.Event()
    thread = threading.Thread(target=outbox.run, args=(stop,))
    thread.start()
    yield
    stop.set()
    thread.join(5)
    assert not thread.is_alive()


@pytest.fixture
def cases() -> MemoryCaseFile:
    """A case file in which three machines vibrate too much."""
    casefile, journal = MemoryCaseFile(), MemoryJournal()
    Story(plant(), journal).all_say(vibration=5.0)
    scoring = Scoring(plant(), journal, casefile, ("radio", "phone"))
    while scoring.step():
        pass
    return casefile


def waiting(cases: MemoryCaseFile, name: str = "radio") -> list[str]:
    return [notice.dedup_key for notice in cases.pending(name)]


def test_every_notice_goes_out_once_and_in_order(cases: MemoryCaseFile) -> None:
    expected, radio = waiting(cases), Radio()
    assert len(expected) == 3
    outbox = Outbox(cases, (radio,))
    assert outbox.flush(radio) == 3
    assert outbox.flush(radio) == 0
    assert radio.heard == expected
    assert waiting(cases) == []


def test_a_notifier_that_is_away_gets_everything_when_it_is_back(
    cases: MemoryCaseFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notify, "SLOWEST", 0.02)
    expected = waiting(cases)
    radio = Radio(failures=[Unavailable("no mast"), ValueError("a fault nobody foresaw")])
    with running(Outbox(cases, (radio,))):
        until(lambda: len(radio.heard) == 3, 10)
    assert radio.heard == expected
    assert radio.closed


def test_a_notifier_that_fails_for_ever_holds_no_other_up(
    cases: MemoryCaseFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notify, "SLOWEST", 0.02)
    broken = Radio("radio", failures=[Unavailable("no mast")] * 10_000)
    phone = Radio("phone")
    with running(Outbox(cases, (broken, phone))):
        until(lambda: len(phone.heard) == 3, 10)
    assert broken.heard == []
    assert len(waiting(cases)) == 3


def test_an_outbox_without_notifiers_ends_at_once(cases: MemoryCaseFile) -> None:
    Outbox(cases, ()).run(threading.Event())


def test_a_notice_becomes_a_retained_state_and_an_event(cases: MemoryCaseFile) -> None:
    notice = cases.pending("radio")[0]
    state, event = messages(notice, "millwright", plant())
    assert state[0] == "millwright/alerts/site/hall/p1/machine"
    assert state[1]["state"] == "unacknowledged"
    assert state[2] is True
    assert event[0] == events_topic("millwright") == "millwright/events"
    assert event[1]["change"] == "opened"
    assert event[1]["dedup_key"] == state[1]["dedup_key"] == notice.dedup_key
    assert event[2] is False


def test_a_message_says_what_is_blamed_against_what_was_expected(cases: MemoryCaseFile) -> None:
    (_, state, _), (_, event, _) = messages(cases.pending("radio")[0], "millwright", plant())
    told = state["explanation"]
    assert event["alert"]["explanation"] == told
    [channel] = told["channels"]
    assert (channel["channel"], channel["value"], channel["high"]) == ("vibration", 5.0, 4.0)
    assert channel["share"] == 1.0
    [mode] = told["failure_modes"]
    assert (mode["title"], mode["words"]) == ("Bearing wear", "fits well")


def test_a_name_cannot_smuggle_a_wildcard_into_a_topic(cases: MemoryCaseFile) -> None:
    case = cases.pending("radio")[0].alert
    hostile = Alert(**{f: getattr(case, f) for f in case.__slots__} | {"asset": "a/#/+"})
    assert state_topic("m", hostile) == "m/alerts/a/_/_/machine"


def test_a_notice_committed_twice_goes_out_once(cases: MemoryCaseFile) -> None:
    notice = cases.pending("radio")[0]
    cases.commit(Advance(99, notices=(notice,)))
    radio = Radio()
    Outbox(cases, (radio,)).flush(radio)
    assert len(radio.heard) == len(set(radio.heard)) == 3
