import pytest

from core.journal import (
    Body,
    Command,
    Entry,
    Link,
    LinkChanged,
    RejectionsSeen,
    Revision,
    Tick,
    Usage,
    decode,
    draft,
)
from core.readings import Reading, Readings
from core.rejection import Reason
from core.work import Work, WorkEvent

BODIES: list[Body] = [
    Tick(connected=True, notes=(("journal 80 %", "the journal is 80 % full"),)),
    Command("c1", "acknowledge", "a1", "Amina", "looking", 3),
    WorkEvent("a/b/one", 5, Work.REPLACED, "Amina", "new bearing", "bearing_wear"),
    Revision("configuration", "abc"),
    LinkChanged(Link.SESSION_LOST, "the broker forgot us"),
    (RejectionsSeen("a/b/one", Reason.MALFORMED, 2),),
]


@pytest.mark.parametrize("body", BODIES, ids=lambda body: type(body).__name__)
def test_every_kind_of_entry_reads_back_as_it_was_written(body: Body) -> None:
    made = draft(9, body)

    assert decode(Entry(1, made.at, made.kind, made.body)) == body


def test_readings_read_back_as_columns() -> None:
    rows = [Reading("a/b/one", 1, {"speed": 2.0})]
    made = draft(9, Readings.of("pump", ("speed",), rows, arrived=9))

    block = decode(Entry(1, made.at, made.kind, made.body))

    assert isinstance(block, Readings)
    assert list(block) == rows


def test_usage_is_a_share_of_the_bound() -> None:
    assert Usage(bytes=50, limit=200, first_id=1, last_id=2, oldest=None).share == 0.25
    assert Usage(bytes=50, limit=0, first_id=0, last_id=0, oldest=None).share == 0.0


@pytest.mark.parametrize(("passed", "needed"), [(0, 900), (10, 900), (15, 450), (20, 0), (25, 0)])
def test_what_all_have_passed_does_not_fill_the_journal(passed: int, needed: int) -> None:
    used = Usage(900, 1000, 11, 20, 5, passed)
    assert used.needed == needed
    assert used.share == needed / 1000
    assert Usage(0, 1000, 0, 20, None, passed).needed == 0
