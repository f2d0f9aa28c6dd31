from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.alert import ChannelEvidence
from core.clock import DAY, HOUR, MINUTE, SECOND
from core.plant import SERVICE_ASSET
from service import picture
from service.picture import MOST_LETTERS, MOST_POINTS, Picture, decode, gather, plain, thin
from tests.feeds import Room
from tests.story import START


def gathered(room: Room, **changes: object) -> Picture | None:
    alert = replace(room.cases()[0], **changes)  # type: ignore[arg-type]
    return gather(alert, room.plant, room.history, room.casefile, room.clock.now, 720)


@pytest.fixture
def room() -> Room:
    room = Room()
    room.trouble()
    for _ in range(5):
        room.story.passes(MINUTE).says(vibration=5.0)
    room.score()
    return room


def test_a_picture_shows_the_blamed_channel_its_band_and_the_score(room: Room) -> None:
    found = gathered(room)
    assert found is not None
    vibration, score = found.panels
    assert vibration.title == "Vibration velocity in mm/s"
    assert (vibration.low, vibration.high) == (None, 4.0)
    assert vibration.values[-1] == 5.0
    assert len(vibration.values) == 66
    assert (score.line, score.values[-1]) == (1.0, 1.25)
    assert found.marks == [(room.cases()[0].opened_at / SECOND, "opened")]
    assert found.zone == "Asia/Karachi"


def test_it_reaches_from_a_day_before_the_case_to_now(room: Room) -> None:
    found = gathered(room)
    assert found is not None
    opened = room.cases()[0].opened_at
    assert (found.start, found.stop) == ((opened - DAY) / SECOND, (opened + HOUR) / SECOND)
    room.clock.advance(3 * DAY)
    later = gathered(room)
    assert later is not None
    assert later.stop == room.clock.now / SECOND
    assert later.start == pytest.approx((2 * opened - room.clock.now) / SECOND)


def test_what_led_to_a_long_case_is_shown_for_a_week_at_most(room: Room) -> None:
    room.clock.advance(50 * DAY)
    found = gathered(room)
    assert found is not None
    assert found.start == (room.cases()[0].opened_at - 7 * DAY) / SECOND


def test_of_a_case_that_is_over_a_little_of_what_came_after_is_shown(room: Room) -> None:
    over = room.cases()[0].opened_at + 4 * HOUR
    room.clock.advance(9 * DAY)
    found = gathered(room, returned_at=over)
    assert found is not None
    assert found.stop == (over + HOUR) / SECOND
    assert found.marks[-1] == (over / SECOND, "returned")


def test_where_nothing_was_measured_there_is_no_picture(room: Room) -> None:
    assert gathered(room, asset=SERVICE_ASSET) is None
    assert gathered(room, asset="site/gone/p7") is None
    gone = ChannelEvidence("removed", "removed", "", 1.0, None, None, 1.0)
    evidence = replace(room.cases()[0].evidence, channels=(gone,))
    assert gathered(room, evidence=evidence) is None


def test_of_very_much_data_only_the_newest_is_read(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture, "MOST_ROWS", 10)
    found = gathered(room)
    assert found is not None
    assert len(found.panels[0].values) == 10
    assert found.start == found.panels[0].at[0]


def test_a_case_whose_scores_are_gone_shows_its_channels_alone(room: Room) -> None:
    evidence = replace(room.cases()[0].evidence, detector="another")
    found = gathered(room, evidence=evidence)
    assert found is not None
    assert [panel.title for panel in found.panels] == ["Vibration velocity in mm/s"]


def test_a_picture_arrives_as_it_was_sent(room: Room) -> None:
    found = gathered(room)
    assert found is not None
    assert decode(found.encode()) == found


def test_thinning_keeps_every_spike() -> None:
    at = START + np.arange(100_000, dtype=np.int64) * SECOND
    values = np.zeros(100_000)
    values[31_337], values[77_777] = 9.0, -9.0
    seconds, kept = thin(at, values)
    assert len(kept) <= MOST_POINTS
    assert {9.0, -9.0} <= set(kept)
    assert seconds == sorted(seconds)


def test_what_is_not_a_number_is_left_out_and_a_gap_breaks_the_line() -> None:
    at = START + np.array([0, 1, 2, 3, 60, 61, 62], np.int64) * MINUTE
    values = np.array([1.0, np.nan, np.inf, 2.0, 3.0, 4.0, 5.0])
    seconds, kept = thin(at, values)
    assert kept == [1.0, 2.0, None, 3.0, 4.0, 5.0]
    assert seconds[2] == START / SECOND + 31.5 * 60


def test_nothing_thins_to_nothing() -> None:
    assert thin(np.array([], np.int64), np.array([])) == ([], [])


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("vibration\n\tvelocity", "vibration velocity"),
        ("a\x00b\x1b[31m", "a b [31m"),
        ("\u202eevil\u202c", "evil"),
        ("\ufffe\ud800x", "x"),
        ("轴承 پمپ", "轴承 پمپ"),
    ],
)
def test_a_label_holds_nothing_that_breaks_xml_or_turns_text_around(text: str, label: str) -> None:
    assert plain(text) == label


def test_a_long_label_is_cut() -> None:
    assert plain("x" * 500) == "x" * (MOST_LETTERS - 1) + "…"


def test_of_a_sensor_case_its_channel_is_shown(room: Room) -> None:
    evidence = replace(room.cases()[0].evidence, channels=())
    found = gathered(room, group="sensor:temperature", evidence=evidence)
    assert found is not None
    assert found.panels[0].title == "Bearing temperature in °C"
    assert found.panels[0].low is None
