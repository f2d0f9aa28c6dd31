from __future__ import annotations

import pytest

from core.clock import HOUR
from core.life import Remaining
from core.plant import Asset
from core.work import Work, WorkEvent
from service.ages import Ages
from service.shares import Shares

ASSETS = tuple(Asset("site", "hall", f"p{n}", "pump") for n in range(8))
EVEN = [900, 1000, 1100, 950, 1050, 1000, 980, 1020]


def done(number: int, hours: int, key: str, routine: bool = False) -> WorkEvent:
    mode = "" if routine else "bearing"
    return WorkEvent(
        ASSETS[number].id, hours * HOUR, Work.REPAIRED, "B", "", mode, routine, f"{key}{number}"
    )


def ages(shares: Shares) -> Ages:
    """Eight machines whose bearings last about a thousand hours each."""
    known = Ages(ASSETS, ("bearing",), {"bearing": shares})
    known.record(done(number, 0, "new", routine=True) for number in range(8))
    known.record(done(number, hours, "failed") for number, hours in enumerate(EVEN))
    return known


def middle(known: Ages, number: int, hours: int) -> float:
    left = known.left("bearing", number, hours * HOUR)
    assert isinstance(left, Remaining)
    return left.p50


def test_a_part_that_was_mended_in_part_has_less_left_than_one_that_is_as_new() -> None:
    shares = Shares(8)
    known = ages(shares)
    new = middle(known, 0, 910)
    assert new == pytest.approx(1000, rel=0.15)
    shares.note(0, 900 * HOUR, 0.5)
    known.learn_anew()
    assert middle(known, 0, 910) == pytest.approx(new - 450, rel=0.25)
    assert middle(known, 1, 1010) == pytest.approx(new, rel=0.15)


def test_a_later_verdict_on_the_same_work_takes_the_place_of_the_first() -> None:
    shares = Shares(2)
    for at, left in ((HOUR, 0.4), (2 * HOUR, 0.3), (HOUR, 0.0), (3 * HOUR, 0.2)):
        shares.note(1, at, left)
    assert [shares.of(1, hour * HOUR) for hour in (1, 2, 3, 4)] == [0.0, 0.3, 0.2, 0.0]
    again = Shares(2)
    again.restore(shares.state())
    assert again.of(1, 2 * HOUR) == 0.3
    assert again.of(0, 2 * HOUR) == 0.0
