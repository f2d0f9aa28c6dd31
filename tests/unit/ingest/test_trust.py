"""Whether our own clock can be believed."""

from __future__ import annotations

from core.clock import HOUR, SECOND, ManualClock
from ingest.trust import PLAUSIBLE, Trust, clock_is_synchronised
from tests.messages import NOW


def trust(clock: ManualClock, last_entry: int = 0, *, synchronised: bool = False) -> Trust:
    return Trust(clock, last_entry, lambda: synchronised)


def test_a_clock_after_the_journals_last_entry_is_believed() -> None:
    assert trust(ManualClock(NOW), NOW - HOUR).trusted


def test_a_clock_before_the_journals_last_entry_is_not() -> None:
    assert not trust(ManualClock(NOW), NOW + SECOND).trusted


def test_a_clock_that_was_never_set_is_not_believed() -> None:
    assert not trust(ManualClock(12 * SECOND)).trusted
    assert not trust(ManualClock(PLAUSIBLE - 1)).trusted


def test_a_synchronised_clock_is_believed_whatever_the_journal_says() -> None:
    assert trust(ManualClock(NOW), NOW + HOUR, synchronised=True).trusted


def test_a_clock_that_is_set_becomes_trusted() -> None:
    clock = ManualClock(12 * SECOND)
    found = trust(clock, NOW)
    clock.now = NOW + HOUR
    assert found.look() and found.trusted


def test_a_clock_that_steps_back_loses_trust_until_it_has_caught_up() -> None:
    clock = ManualClock(NOW)
    found = trust(clock)
    clock.now = NOW - HOUR
    assert not found.look()
    clock.now = NOW + 1
    assert found.look()


def test_the_system_can_be_asked() -> None:
    assert clock_is_synchronised() in {True, False}
