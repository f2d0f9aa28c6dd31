"""The ledger: both sides set against each other, and what does not add up."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from core.errors import Unavailable
from core.ledger import REFUSED, Booked, Fate, Kept, balance, differences, look
from core.readings import Readings

RECEIVED = ("a", Fate.RECEIVED, "")


def booked(waiting: Mapping[str, int] | None = None, **counts: int) -> Booked:
    """Counts of source `a`, by the names of fates; a reason follows after two underscores."""
    said = {}
    for name, count in counts.items():
        fate, _, reason = name.partition("__")
        said["a", Fate[fate.upper()], reason] = count
    return Booked(said, waiting or {}, "h")


def batch(messages: int, rows: int, source: str = "a") -> Readings:
    columns = np.zeros(rows, np.int32), np.arange(rows, dtype=np.int64), np.ones((rows, 1))
    return Readings("pump", ("p",), ("v",), *columns, 0, source=source, messages=messages)


def test_every_fate_takes_its_part_of_what_was_received() -> None:
    found = booked({"a": 5}, received=21, rejected__x=3, rejected__y=1, duplicate=2, told=4,
                   dropped__full=1, settled__once=-1, in_part__x=7, lost=9)  # fmt: skip
    (line,) = balance(Kept("h", 9, {"a": 5}, {"a": 1}), found)
    assert line.accounted == 21 and line.missing == 0
    assert line.rejected == {"x": 3, "y": 1}
    assert line.dropped == {"full": 1, REFUSED: 1}
    assert (line.in_part, line.lost_upstream) == (7, 9)


def test_a_message_too_few_is_missing_and_one_too_many_is_below_zero() -> None:
    for stored, missing in ((4, 1), (6, -1)):
        (line,) = balance(Kept("h", 9, {"a": stored}), booked(received=5))
        assert line.missing == missing


def test_sources_are_balanced_apart() -> None:
    lines = balance(Kept("h", 0, {"b": 1}), booked({"c": 2}, received=1))
    assert {line.source: line.missing for line in lines} == {"a": 1, "b": -1, "c": -2}


def test_what_is_settled_makes_every_line_even() -> None:
    kept, found = Kept("h", 0, {"b": 1}), booked({"c": 2}, received=1)
    more = differences(kept, found, "seen")
    counts = dict(found.counts) | dict(more)
    lines = balance(kept, Booked(counts, found.waiting, "h"))
    assert [line.missing for line in lines] == [0, 0, 0]
    assert differences(kept, Booked(counts, found.waiting, "h"), "seen") == {}


@pytest.mark.parametrize(
    ("messages", "rows", "refused", "stored", "lost"),
    [(3, 3, 0, 3, 0), (3, 3, 2, 1, 2), (2, 10, 5, 0, 2), (2, 0, 0, 0, 2)],
)
def test_a_message_of_which_a_row_was_refused_counts_as_refused(
    messages: int, rows: int, refused: int, stored: int, lost: int
) -> None:
    kept = Kept("h", 4).after([batch(messages, rows)], 5, [refused])
    assert (kept.stored.get("a", 0), kept.refused.get("a", 0)) == (stored, lost)


def test_what_was_written_before_is_not_counted_again() -> None:
    kept = Kept("h", 4).after([batch(3, 3)], 5)
    assert kept.after([batch(3, 3)], 5) == kept
    assert kept.after([batch(3, 3)], 4).stored == {"a": 3}


class Sides:
    """A history that stores a message between the two looks, once."""

    def __init__(self, moves: int) -> None:
        self.position, self.moves = 0, moves

    def account(self) -> Kept:
        return Kept("h", self.position, {"a": self.position} if self.position else {})

    def booked(self, position: int) -> Booked:
        if self.moves:
            self.moves -= 1
            self.position += 1
            return booked({}, received=1)  # stored and trimmed meanwhile
        return booked({"a": 1 - position}, received=1)


def test_what_moved_between_the_looks_is_looked_at_again() -> None:
    (line,) = look(sides := Sides(1), sides)
    assert line.missing == 0 and line.stored == 1


def test_counts_that_belong_to_another_history_are_not_set_against_this_one() -> None:
    class Other(Sides):
        def account(self) -> Kept:
            return Kept("another")

    with pytest.raises(Unavailable, match="another history"):
        look(Other(0), Sides(0))
