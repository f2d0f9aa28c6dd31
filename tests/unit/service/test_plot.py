from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import BinaryIO
from xml.etree import ElementTree

import pytest

from service.picture import Panel, Picture
from service.plot import DRAWN, FAILED, answer, draw

T0 = 1_790_000_000.0
SVG = "{http://www.w3.org/2000/svg}"


def picture(*panels: Panel, **changes: object) -> Picture:
    given = {
        "width": 720,
        "zone": "Asia/Karachi",
        "start": T0,
        "stop": T0 + 36_000,
        "panels": list(panels) or [panel()],
        "marks": [(T0 + 18_000, "opened"), (T0 + 30_000, "returned")],
    }
    return Picture(**{**given, **changes})  # type: ignore[arg-type]


def panel(title: str = "Vibration in mm/s", **changes: object) -> Panel:
    given = {
        "title": title,
        "at": [T0 + 600 * k for k in range(40)],
        "values": [2.0 + 0.1 * k if k != 20 else None for k in range(40)],
    }
    return Panel(**{**given, **changes})  # type: ignore[arg-type]


def texts(svg: bytes) -> list[str]:
    return [one.text or "" for one in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def ids(svg: bytes) -> set[str]:
    return {one.get("id", "") for one in ElementTree.fromstring(svg).iter()}


def test_text_stays_text() -> None:
    found = texts(draw(picture()))
    assert {"Vibration in mm/s", "opened", "returned", "Time in Asia/Karachi"} <= set(found)


def test_a_plot_has_the_size_asked_for_in_pixels() -> None:
    root = ElementTree.fromstring(draw(picture(width=360)))
    assert root.get("width") == "360"
    assert root.get("viewBox", "").startswith("0 0 360 ")


def test_hostile_names_are_drawn_as_they_are_written() -> None:
    hostile = "$\\frac{<img src=x onerror=alert(1)>&'\"</text><script>"
    svg = draw(picture(panel(hostile)))
    assert hostile in texts(svg)
    assert {one.tag for one in ElementTree.fromstring(svg).iter()}.isdisjoint(
        {f"{SVG}script", f"{SVG}img", f"{SVG}image", f"{SVG}foreignObject", f"{SVG}a"}
    )


def test_letters_of_any_script_are_kept() -> None:
    title = "درجہ حرارت 轴承温度"
    assert title in texts(draw(picture(panel(title))))


def test_nothing_is_loaded_from_elsewhere() -> None:
    svg = draw(picture())
    assert svg.startswith(b"<svg")
    addresses = {part.split(b'"')[0] for part in svg.split(b'"http')[1:]}
    assert addresses == {b"://www.w3.org/1999/xlink", b"://www.w3.org/2000/svg"}


def test_times_are_those_of_the_site() -> None:
    utc = texts(draw(picture(zone="UTC")))
    karachi = texts(draw(picture()))
    assert "16:00" in utc
    assert "04:00" in karachi
    assert "16:00" not in karachi


@pytest.mark.parametrize(
    ("low", "high", "shown"),
    [(1.0, 3.0, True), (None, 3.0, True), (1.0, None, True), (None, None, False)],
)
def test_what_was_expected_is_shaded(low: float | None, high: float | None, shown: bool) -> None:
    svg = draw(picture(panel(low=low, high=high)))
    assert ("expected" in ids(svg)) is shown
    assert ("expected" in texts(svg)) is shown


def test_the_alarm_line_is_drawn_even_where_the_score_is_far_below() -> None:
    svg = draw(picture(panel("Score", values=[0.01] * 40, line=1.0)))
    assert "line" in ids(svg)
    assert "1" in {text.rstrip("0").rstrip(".") for text in texts(svg)}


@pytest.mark.parametrize(
    "odd",
    [
        panel(at=[], values=[]),
        panel(at=[T0], values=[5.0]),
        panel(values=[None] * 40),
        panel(values=[0.0] * 40),
        panel(values=[1e300, -1e300] * 20),
        panel(values=[1e-300, 0.0] * 20),
    ],
)
def test_odd_data_is_drawn_too(odd: Panel) -> None:
    assert draw(picture(odd, panel())).startswith(b"<svg")


def test_marks_outside_of_the_span_are_left_out() -> None:
    assert "opened" not in texts(draw(picture(marks=[(T0 - 5, "opened")])))


def test_the_same_picture_is_drawn_to_the_same_bytes() -> None:
    assert draw(picture()) == draw(picture())


class Pipes:
    """Both ends of two pipes, with the answering side in a thread."""

    def __init__(self, idle: float) -> None:
        theirs, self.requests = self._pair()
        self.answers, out = self._pair()
        self._theirs = (theirs, out)
        self.thread = threading.Thread(target=answer, args=(theirs, out, idle))
        self.thread.start()

    def _pair(self) -> tuple[BinaryIO, BinaryIO]:
        read, write = os.pipe()
        return os.fdopen(read, "rb"), os.fdopen(write, "wb")

    def ask(self, body: bytes) -> tuple[bytes, bytes]:
        self.requests.write(len(body).to_bytes(4, "big") + body)
        self.requests.flush()
        kind = self.answers.read(1)
        return kind, self.answers.read(int.from_bytes(self.answers.read(4), "big"))

    def close(self) -> None:
        self.requests.close()
        self.thread.join(10)
        for one in (self.answers, *self._theirs):
            one.close()


@pytest.fixture
def pipes() -> Iterator[Pipes]:
    made = Pipes(30)
    yield made
    made.close()
    assert not made.thread.is_alive()


def test_pictures_are_answered_one_after_another(pipes: Pipes) -> None:
    for width in (360, 720):
        kind, svg = pipes.ask(picture(width=width).encode())
        assert kind == DRAWN
        assert f'width="{width}"'.encode() in svg


def test_what_is_no_picture_is_answered_with_the_reason_and_the_next_is_drawn(
    pipes: Pipes,
) -> None:
    kind, why = pipes.ask(b"\xc1nonsense")
    assert (kind, why[:11]) == (FAILED, b"DecodeError")
    assert pipes.ask(picture(zone="Mars/Olympus").encode())[0] == FAILED
    assert pipes.ask(picture().encode())[0] == DRAWN


def test_without_work_it_ends_by_itself() -> None:
    made = Pipes(0.05)
    made.thread.join(10)
    assert not made.thread.is_alive()
    made.close()


def test_drawing_needs_neither_the_feed_nor_its_frameworks() -> None:
    code = (
        "import sys, service.plot; "
        "print([name for name in ('fastapi', 'starlette', 'uvicorn', 'pandas', 'service.feed') "
        "if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
