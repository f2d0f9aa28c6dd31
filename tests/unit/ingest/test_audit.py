"""The audit: what is missing is told once it has been missing twice, and no longer than that."""

from __future__ import annotations

from core.errors import Unavailable
from core.ledger import Booked, Fate, Kept
from ingest.audit import CODE, Audit


class Sides:
    """Both sides of a ledger, of which one is set by hand."""

    def __init__(self) -> None:
        self.received: dict[str, int] = {}
        self.away = False

    def account(self) -> Kept:
        if self.away:
            raise Unavailable("the history is away")
        return Kept("h", 1, {"a": 5})

    def booked(self, _: int) -> Booked:
        counts = {("a", Fate.RECEIVED, ""): 5}
        counts |= {(name, Fate.RECEIVED, ""): n for name, n in self.received.items()}
        return Booked(counts, {}, "h")


def words(audit: Audit) -> str:
    return "; ".join(f"{code}: {said}" for code, said in audit.notes())


def test_a_ledger_that_is_even_has_nothing_to_say() -> None:
    audit = Audit(sides := Sides(), sides)
    audit.look()
    audit.look()
    assert words(audit) == ""


def test_what_is_missing_twice_is_told_and_ends_when_it_is_found() -> None:
    audit = Audit(sides := Sides(), sides)
    sides.received = {"a": 7}
    audit.look()
    assert words(audit) == ""
    audit.look()
    assert words(audit).startswith(
        f"{CODE}: of source a, 2 messages came in and cannot be found again."
    )
    sides.received = {}
    audit.look()
    assert words(audit) == ""


def test_what_is_missing_once_is_a_moment_between_two_looks() -> None:
    audit = Audit(sides := Sides(), sides)
    for received in ({"a": 6}, {}, {"a": 6}, {}):
        sides.received = received
        audit.look()
        assert words(audit) == ""


def test_more_than_came_is_told_in_its_own_words() -> None:
    audit = Audit(sides := Sides(), sides)
    sides.received = {"a": 4}
    audit.look()
    audit.look()
    assert "of source a, 1 message more can be found than came in" in words(audit)


def test_while_a_store_is_away_what_was_found_stands() -> None:
    audit = Audit(sides := Sides(), sides)
    sides.received = {"a": 6}
    audit.look()
    audit.look()
    sides.away = True
    audit.look()
    assert "1 message came in" in words(audit)


def test_many_sources_are_told_in_few_words() -> None:
    audit = Audit(sides := Sides(), sides)
    sides.received = {f"s{n}": 1 for n in range(20)}
    audit.look()
    audit.look()
    assert "and 15 sources more" in words(audit)
