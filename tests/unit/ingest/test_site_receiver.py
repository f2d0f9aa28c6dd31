"""The receiver of what sites forward, against a broker that plays a script."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from core import site
from core.clock import ManualClock
from core.errors import Refused, Unavailable
from core.journal import Kind, RejectionsSeen, decode
from core.ledger import Fate
from core.readings import Readings
from core.rejection import Reason
from core.site import State, Topic
from ingest.settings import BrokerSettings, SitesSettings
from ingest.site_receiver import SiteReceiver
from simulators.broker import free_port
from tests.forwarding import NOW, block, centre_plant, packed
from tests.scripted_broker import Caller, Script, ScriptedBroker
from tests.stubborn import StubbornJournal
from tests.waiting import until


class Centre:
    """A receiver that runs over a journal that can be made to fail."""

    def __init__(self) -> None:
        self.journal = StubbornJournal()
        self.stop = threading.Event()
        self.raised: list[BaseException] = []
        self._thread: threading.Thread | None = None

    def start(self, port: int, **changes: object) -> SiteReceiver:
        given = {"url": f"mqtt://127.0.0.1:{port}", "reconnect_max": "1s", **changes}
        broker, sites = BrokerSettings.model_validate(given), SitesSettings(accept=("lahore",))
        clock = ManualClock(NOW)
        receiver = SiteReceiver(broker, sites, centre_plant(), self.journal, clock)

        def run() -> None:
            try:
                receiver.run(self.stop, lambda: None)
            except Refused as error:
                self.raised.append(error)

        self._thread = threading.Thread(target=run)
        self._thread.start()
        return receiver

    def end(self) -> None:
        self.stop.set()
        if self._thread is not None:
            self._thread.join(20)
            assert not self._thread.is_alive()

    def kinds(self) -> list[Kind]:
        return [entry.kind for entry in self.journal.read(0, 1000)]


@pytest.fixture
def centre() -> Iterator[Centre]:
    found = Centre()
    yield found
    found.end()


def says(*bodies: tuple[Topic, bytes]) -> Script:
    """Welcome the receiver, send what a site forwards, and read what it answers."""

    def script(caller: Caller) -> None:
        caller.welcome()
        for mid, (what, body) in enumerate(bodies, 1):
            caller.publish(site.topic("millwright", "lahore", what).encode(), body, mid)
        caller.listen(20)

    return script


def test_what_comes_is_journaled_and_then_acknowledged(centre: Centre) -> None:
    state = site.pack(State(NOW, 0))
    script = says((Topic.READINGS, packed(1, 3, block("p1", "p2"))), (Topic.STATE, state))
    with ScriptedBroker(script) as broker:
        receiver = centre.start(broker.port)
        until(lambda: broker.callers and broker.callers[0].acknowledged == [1, 2])
        assert receiver.connected and list(receiver.notes()) == []
        centre.end()
    assert b"millwright-sites" in broker.callers[0].connect
    assert centre.kinds() == [Kind.READINGS, Kind.SITE]
    assert centre.journal.reached() == {"lahore a1b2c3d4e5f6": 3}


def test_what_is_refused_is_listed_told_and_acknowledged(centre: Centre) -> None:
    stranger = packed(1, 3, block("p9"))
    with ScriptedBroker(says((Topic.READINGS, stranger), (Topic.CASES, b"?"))) as broker:
        centre.start(broker.port)
        until(lambda: broker.callers and broker.callers[0].acknowledged == [1, 2])
        centre.end()
    (entry,) = centre.journal.read(0)
    assert decode(entry) == (
        RejectionsSeen("site lahore", Reason.UNKNOWN_ASSET, 1),
        RejectionsSeen("millwright/sites/lahore/cases", Reason.MALFORMED, 1),
    )
    assert len(centre.journal.rejected()) == 2
    counts = centre.journal.booked(0).counts
    assert counts["site lahore", Fate.RECEIVED, ""] == 2


def test_a_full_disk_stops_acknowledging_is_said_and_resumes(centre: Centre) -> None:
    centre.journal.trouble = Unavailable("the disk is full", retry_after=0.01)
    with ScriptedBroker(says((Topic.READINGS, packed(1, 3, block("p1"))))) as broker:
        receiver = centre.start(broker.port, keepalive="5s")
        until(lambda: receiver.outage.lasts)
        until(lambda: 12 in broker.callers[0].heard)  # it says that it is there meanwhile
        assert broker.callers[0].acknowledged == []
        assert [code for code, _ in receiver.notes()] == ["sites unavailable"]
        centre.journal.trouble = None
        until(lambda: broker.callers[0].acknowledged == [1])
        assert list(receiver.notes()) == []
        centre.end()
    assert len(broker.callers) == 1
    (body,) = [decode(entry) for entry in centre.journal.read(0)]
    assert isinstance(body, Readings) and len(body) == 1


def test_stopping_while_the_disk_is_full_acknowledges_nothing(centre: Centre) -> None:
    centre.journal.trouble = Unavailable("the disk is full")
    with ScriptedBroker(says((Topic.READINGS, packed(1, 3, block("p1"))))) as broker:
        receiver = centre.start(broker.port)
        until(lambda: receiver.outage.lasts)
        centre.end()
    assert broker.callers[0].acknowledged == []


def test_a_damaged_journal_ends_it(centre: Centre) -> None:
    centre.journal.trouble = Refused("the journal is damaged")
    with ScriptedBroker(says((Topic.READINGS, packed(1, 3, block("p1"))))) as broker:
        centre.start(broker.port)
        until(lambda: centre.raised)
    assert broker.callers[0].acknowledged == []


def test_a_broker_that_is_away_or_refuses_is_said_once(centre: Centre) -> None:
    def refuses(caller: Caller) -> None:
        caller.greet(0x87)

    def forbids(caller: Caller) -> None:
        caller.greet()
        caller.grant(0x87)
        caller.listen(20)

    with capture_logs() as logs, ScriptedBroker(refuses, forbids, says()) as broker:
        receiver = centre.start(broker.port)
        until(lambda: receiver.trouble)
        ((code, words),) = receiver.notes()
        assert code == "sites" and "nothing that sites forward can be received" in words
        until(lambda: receiver.connected)
        assert receiver.trouble == "" and list(receiver.notes()) == []
        centre.end()
    events = [each["event"] for each in logs if each["event"].startswith("sites_")]
    assert events == ["sites_disconnected", "sites_connected"]


def test_nobody_there_and_a_secret_that_cannot_be_read_are_waited_for(centre: Centre) -> None:
    receiver = centre.start(free_port(), username="me", password="env:MILLWRIGHT_NOT_SET_HERE")
    until(lambda: "MILLWRIGHT_NOT_SET_HERE" in receiver.trouble)
    centre.end()


def test_a_broker_that_never_answers_is_left(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.site_receiver._ANSWER_WITHIN", 0.1)

    def silent(caller: Caller) -> None:
        caller.read_connect()
        caller.listen(20)

    with ScriptedBroker(silent, silent, says()) as broker:
        receiver = centre.start(broker.port)
        until(lambda: "does not answer" in receiver.trouble)
        until(lambda: receiver.connected)
        centre.end()


def test_two_boxes_of_one_name_are_told(centre: Centre) -> None:
    bodies = [
        (Topic.READINGS, packed(first, first + 1, block("p1"), journal=journal))
        for first, journal in ((1, "one"), (1, "other"), (3, "one"))
    ]
    with ScriptedBroker(says(*bodies)) as broker:
        receiver = centre.start(broker.port)
        until(lambda: list(receiver.notes()))
        ((code, words),) = receiver.notes()
        assert code == "site lahore twice" and "forward.site" in words
        centre.end()
