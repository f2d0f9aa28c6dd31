from __future__ import annotations

from dataclasses import replace

import pytest

from core.clock import HOUR
from core.errors import Refused
from core.life import CannotSay, Remaining
from core.plant import Asset
from core.work import Work, WorkEvent
from service.ages import Ages
from service.endings import Endings
from service.shares import Shares

ASSETS = tuple(Asset("site", "hall", f"p{n}", "pump") for n in range(8))
NAMES = [asset.id for asset in ASSETS]
EVEN = [900, 1000, 1100, 950, 1050, 1000, 980, 1020]


def done(number: int, hours: int, key: str, routine: bool = False) -> WorkEvent:
    mode = "" if routine else "bearing"
    return WorkEvent(
        ASSETS[number].id, hours * HOUR, Work.REPAIRED, "B", "", mode, routine, f"{key}{number}"
    )


def ages(shares: Shares, endings: Endings | None = None) -> Ages:
    """Eight machines whose bearings last about a thousand hours each."""
    known = Ages(ASSETS, ("bearing",), {"bearing": shares}, endings or Endings(NAMES))
    known.record(done(number, 0, "new", routine=True) for number in range(8))
    known.record(done(number, hours, "failed") for number, hours in enumerate(EVEN))
    return known


def day(number: int, days: int, key: str) -> WorkEvent:
    return done(number, 24 * days, f"{key} {days}")


def installed(hours: int) -> tuple[Asset, ...]:
    """The same machines, new long before all work but the first, which is new at some hour."""
    first = replace(ASSETS[0], installed=hours * HOUR)
    return first, *(replace(one, installed=-2400 * HOUR) for one in ASSETS[1:])


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


def test_work_from_before_a_machine_was_new_was_on_another() -> None:
    shares = Shares(8)
    shares.note(0, 240 * HOUR, 0.4)
    known = Ages(installed(960), ("bearing",), {"bearing": shares}, Endings(NAMES))
    known.record([day(0, 10, "w"), *(day(number, 20 + number, "w") for number in range(1, 8))])
    assert known.left("bearing", 0, 1000 * HOUR) == known.left("bearing", 1, (21 * 24 + 40) * HOUR)
    known.record([day(0, 60, "w")])
    assert isinstance(known.left("bearing", 0, 1500 * HOUR), Remaining)


def test_lives_that_no_table_takes_are_told_and_end_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refused(*_found: object) -> None:
        raise Refused("row 3")

    monkeypatch.setattr("service.ages._learned", refused)
    left = ages(Shares(8)).left("bearing", 0, 910 * HOUR)
    assert isinstance(left, CannotSay)
    assert left.words.endswith("row 3")


def test_the_same_work_recorded_twice_is_one_failure() -> None:
    known = ages(Shares(8))
    once = middle(known, 0, 910)
    twice = [
        replace(done(n, hours, "again"), at=hours * HOUR + HOUR // 3)
        for n, hours in enumerate(EVEN)
    ]
    known.record(twice)
    assert known.basis("bearing").startswith("age since it was last renewed; 8 of ")
    assert middle(known, 0, 910) == pytest.approx(once, rel=0.02)


def test_a_part_that_was_replaced_well_before_its_end_is_no_failure() -> None:
    endings = Endings(NAMES, ("bearing",))
    known = ages(Shares(8), endings)
    all_failed = middle(known, 0, 910)
    for number, health in ((0, 0.35), (1, 0.6), (2, 0.02)):
        work = done(number, EVEN[number], "failed")
        assert list(endings.note(number, work, {"bearing": health}))
    known.learn_anew()
    assert known.basis("bearing").startswith("age since it was last renewed; 6 of ")
    assert middle(known, 0, 910) > all_failed


def test_work_without_a_fault_is_a_failure_where_only_one_mode_is_followed() -> None:
    def failures(*followed: str, failed: bool = True) -> str:
        known = Ages(ASSETS, ("bearing",), {}, Endings(NAMES, followed))
        known.record(done(number, 0, "new", routine=True) for number in range(8))
        known.record(
            replace(done(n, hours, "failed"), failure_mode="", failed=failed)
            for n, hours in enumerate(EVEN)
        )
        return known.basis("bearing")

    assert "; 8 of " in failures("bearing")
    assert "no life is on record" in failures("bearing", failed=False), "no health is known"
    assert "no life is on record" in failures("bearing", "cooling")
    assert "no life is on record" in failures()
