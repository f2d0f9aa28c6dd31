from __future__ import annotations

from xml.etree import ElementTree as Xml

import pytest

from core.life import LEVELS
from service.calibration_plot import HEIGHT, SIDE, Calibration, draw

SVG = "{http://www.w3.org/2000/svg}"


def corners(text: str, name: str) -> list[tuple[float, float]]:
    root = Xml.fromstring(text)
    (one,) = [found for found in root.iter() if found.get("class") == name]
    return [(float(x), float(y)) for x, y in (p.split(",") for p in one.attrib["points"].split())]


def test_lives_that_ended_as_often_as_said_lie_on_the_slope() -> None:
    came = corners(draw([Calibration("Pump", 200, LEVELS)]), "came")
    left, foot = came[0][0] - LEVELS[0] * SIDE, came[0][1] + LEVELS[0] * SIDE
    assert [(foot - y) for _, y in came] == pytest.approx([x - left for x, _ in came], abs=0.2)


def test_few_lives_have_a_wide_band_and_many_a_narrow_one() -> None:
    def widest(lives: int) -> float:
        places: dict[float, list[float]] = {}
        for x, y in corners(draw([Calibration("Pump", lives, LEVELS)]), "band"):
            places.setdefault(x, []).append(y)
        return max(max(ys) - min(ys) for ys in places.values())

    assert widest(3) > 0.5 * SIDE
    assert widest(500) < 0.1 * SIDE


def test_each_class_has_its_square_and_its_name_cannot_break_out_of_it() -> None:
    text = draw([Calibration("<script>&", 1, LEVELS), Calibration("Fan", 2, LEVELS)])
    root = Xml.fromstring(text)
    assert root.get("height") == str(2 * HEIGHT)
    words = [found.text for found in root.iter(f"{SVG}text")]
    assert words.count("1 life") == words.count("2 lives") == 1
    assert "<script>&" in words


def test_nothing_graded_draws_an_empty_sheet() -> None:
    assert Xml.fromstring(draw([])).get("height") == str(HEIGHT)
