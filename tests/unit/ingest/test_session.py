"""The session that the broker keeps for us: where it is lost, that is told, whatever happens."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import Unavailable
from core.journal import Link
from ingest.memory import MemoryFile
from tests.messages import body
from tests.receiver import TOPIC, Receiver, sends
from tests.scripted_broker import Caller, ScriptedBroker
from tests.waiting import until


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    yield found
    found.end()


def test_a_session_that_the_broker_forgot_is_told(receiver: Receiver) -> None:
    def once(caller: Caller) -> None:
        caller.welcome()

    with ScriptedBroker(once, sends(1)) as broker:
        receiver.start(broker.port)
        until(lambda: receiver.values() == [1])
        receiver.end()
    assert [link.link for link in receiver.links()].count(Link.SESSION_LOST) == 1
    assert receiver.memory.now.session == f"me at 127.0.0.1:{broker.port}"


def test_a_lost_session_is_told_at_the_next_start_where_we_were_killed_before(
    tmp_path: Path,
) -> None:
    """The broker has a new session by then, so only our own memory can know."""

    def until_the_welcome(caller: Caller) -> None:
        caller.greet()
        caller.listen(20)

    killed, after = Receiver(), Receiver()
    killed.memory = MemoryFile(tmp_path / "ingest.json")

    def found_again(caller: Caller) -> None:
        caller.welcome(session_present=True)
        caller.publish(TOPIC, body(vibration=1))
        caller.listen(20)

    with ScriptedBroker(until_the_welcome, found_again) as broker:
        killed.memory.now.session = f"me at 127.0.0.1:{broker.port}"
        killed.memory.save()
        killed.start(broker.port)
        until(lambda: MemoryFile(tmp_path / "ingest.json").now.lost)
        killed.end()
        assert killed.links() == []
        after.memory = MemoryFile(tmp_path / "ingest.json")
        after.start(broker.port)
        until(lambda: after.values() == [1])
        until(lambda: not MemoryFile(tmp_path / "ingest.json").now.lost)
        after.end()
    assert [link.link for link in after.links()].count(Link.SESSION_LOST) == 1


def test_a_lost_session_stays_in_mind_until_the_journal_has_it(receiver: Receiver) -> None:
    receiver.journal.trouble = Unavailable("the disk is full", retry_after=0.01)
    with ScriptedBroker(sends(1)) as broker:
        receiver.memory.now.session = f"me at 127.0.0.1:{broker.port}"
        receiver.start(broker.port)
        until(lambda: receiver.intake.outage.lasts)
        assert "no longer knows our session" in receiver.memory.now.lost
        receiver.journal.trouble = None
        until(lambda: receiver.values() == [1])
        until(lambda: not receiver.memory.now.lost)
        receiver.end()
