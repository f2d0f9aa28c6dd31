from __future__ import annotations

import math

import pytest

from core.casefile import Advance, Condition
from core.clock import DAY, HOUR, SECOND
from core.work import Work, WorkEvent
from service.estimates import names_of
from service.fan import drawn, fan
from service.picture import Picture, decode
from service.plot import draw
from service.thinning import HEALTH
from storage.casefile_memory import MemoryCaseFile
from tests.plants import plant

P1 = "site/hall/p1"
NOW = 1_700_000_000 * SECOND // HOUR * HOUR


def said(hours_ago: int, *left: float) -> list[Condition]:
    at = NOW - hours_ago * HOUR
    return [Condition(P1, at, n, v) for n, v in zip(names_of("wear"), left, strict=True)]


def kept(*conditions: list[Condition], work: tuple[WorkEvent, ...] = ()) -> MemoryCaseFile:
    casefile = MemoryCaseFile()
    whole = tuple(one for some in conditions for one in some)
    casefile.commit(Advance(1, conditions=whole, work=work))
    return casefile


def picture(casefile: MemoryCaseFile) -> Picture:
    found = drawn(fan(P1, "wear", casefile, NOW), plant(), casefile, NOW, 600)
    assert found is not None
    return found


def test_it_shows_the_end_as_it_was_said_at_each_time() -> None:
    shown = picture(kept(said(2, 20.0, 40.0, 46.0), said(1, 19.0, 40.0, 46.0)))
    (ends,) = shown.panels
    assert ends.at == [(NOW - k * HOUR) / SECOND for k in (2, 1)]
    assert ends.values == [(NOW + k * HOUR) / SECOND for k in (38, 39)]
    assert ends.band is not None
    assert ends.band.low == [(NOW + 18 * HOUR) / SECOND] * 2


def test_an_end_far_away_is_cut_off_so_that_the_near_ones_can_be_seen() -> None:
    shown = picture(kept(said(2, 20.0, 30.0, math.inf)))
    band = shown.panels[0].band
    assert band is not None
    assert band.high == [(NOW + 2 * DAY) / SECOND]


def test_a_time_at_which_nothing_was_said_breaks_the_lines() -> None:
    shown = picture(kept(said(70, 1.0, 2.0, 3.0), said(69, 1.0, 2.0, 3.0), said(1, 1.0, 2.0, 3.0)))
    assert [value is None for value in shown.panels[0].values] == [False, False, True, False]


def test_health_stands_beneath_in_percent() -> None:
    shown = picture(kept(said(2, 1.0, 2.0, 3.0), [Condition(P1, NOW - HOUR, HEALTH, 0.25)]))
    assert shown.panels[1].values == [25.0]


def test_a_machine_that_was_mended_begins_a_new_fan() -> None:
    done = WorkEvent(P1, NOW - 3 * HOUR, Work.REPLACED, "Ayesha")
    looked = WorkEvent(P1, NOW - HOUR, Work.INSPECTED, "Ayesha")
    casefile = kept(said(5, 1.0, 2.0, 3.0), said(2, 7.0, 8.0, 9.0), work=(done, looked))
    assert fan(P1, "wear", casefile, NOW).told.values[:, 1].tolist() == [8.0]


def test_where_nothing_was_said_there_is_nothing_to_draw() -> None:
    casefile = kept(said(2, 1.0, 2.0, 3.0))
    assert drawn(fan(P1, "other", casefile, NOW), plant(), casefile, NOW, 600) is None


@pytest.mark.parametrize("hours", [2, 400])
def test_it_can_be_drawn(hours: int) -> None:
    shown = picture(kept(said(hours, 1.0, 20.0, 900.0), said(1, 1.0, 20.0, 900.0)))
    svg = draw(decode(shown.encode())).decode()
    assert "Predicted end" in svg
    assert 'id="now"' in svg
