from __future__ import annotations

import asyncio
import gc
import sys
import time
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import anyio
import pytest

from core.alert import Alert, AlertState
from core.errors import Unavailable
from service import plotter
from service.plotter import Draughtsman, Plotter
from tests.feeds import Room

NUMBERS = """
import sys
number = 0
while head := sys.stdin.buffer.read(4):
    sys.stdin.buffer.read(int.from_bytes(head, "big"))
    number += 1
    body = f"<svg>{number}</svg>".encode()
    sys.stdout.buffer.write(b"\\0" + len(body).to_bytes(4, "big") + body)
    sys.stdout.buffer.flush()
    if number == LAST:
        break
"""


def program(text: str) -> Draughtsman:
    return Draughtsman((sys.executable, "-c", text), patience=20)


def counting(last: int = 1000) -> Draughtsman:
    return program(NUMBERS.replace("LAST", str(last)))


def hired(draughtsman: Draughtsman) -> Process:
    assert draughtsman._hiring is not None
    return draughtsman._hiring.result()


def lived(draughtsman: Draughtsman, story: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        with anyio.fail_after(60):
            try:
                await story()
            finally:
                await draughtsman.close()

    anyio.run(bounded)


@pytest.fixture
def room() -> Room:
    return Room()


def with_plotter(room: Room, draughtsman: Draughtsman) -> Plotter:
    return Plotter(room.plant, room.casefile, room.history, room.clock, draughtsman)


def test_a_plot_is_drawn_by_another_process_and_no_matplotlib_comes_into_this_one(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith("matplotlib")]:
        monkeypatch.delitem(sys.modules, name)
    case, draughtsman = room.trouble(), Draughtsman()
    given = with_plotter(room, draughtsman)

    async def story() -> None:
        svg = await given.draw(case, 720)
        assert svg is not None
        assert b"Vibration velocity in mm/s" in svg
        assert svg.endswith(b"</svg>\n")

    lived(draughtsman, story)
    assert "matplotlib" not in sys.modules


def test_one_process_draws_many_plots_and_ends_with_the_plotter(room: Room) -> None:
    draughtsman = counting()

    async def story() -> None:
        assert [await draughtsman.draw(b"x") for _ in range(3)] == [
            b"<svg>1</svg>",
            b"<svg>2</svg>",
            b"<svg>3</svg>",
        ]
        child = hired(draughtsman)
        await draughtsman.close()
        assert child.returncode is not None
        await draughtsman.close()

    lived(draughtsman, story)


def test_after_it_has_ended_for_want_of_work_another_is_started() -> None:
    draughtsman = counting(last=1)

    async def story() -> None:
        for _ in range(3):
            assert await draughtsman.draw(b"x" * 100_000) == b"<svg>1</svg>"

    lived(draughtsman, story)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "the drawing process ended"),
        ("import sys; sys.stdin.buffer.read(5)", "the drawing process ended"),
        (
            "import sys; sys.stdin.buffer.read(5); "
            "sys.stdout.buffer.write(b'\\1' + (4).to_bytes(4, 'big') + b'nope')",
            "nope",
        ),
    ],
)
def test_a_process_that_fails_is_told_with_the_reason(text: str, why: str) -> None:
    draughtsman = program(text)

    async def story() -> None:
        with pytest.raises(Unavailable, match=f"could not be drawn: {why}"):
            await draughtsman.draw(b"x")

    lived(draughtsman, story)


def test_a_program_that_is_not_there_is_told() -> None:
    draughtsman = Draughtsman(("/nowhere/python",))

    async def story() -> None:
        with pytest.raises(Unavailable):
            await draughtsman.draw(b"x")

    lived(draughtsman, story)


def test_a_process_that_hangs_is_ended(tmp_path: Path) -> None:
    draughtsman = program("import time; time.sleep(60)")
    draughtsman.patience = 0.3

    async def story() -> None:
        begun = time.monotonic()
        with pytest.raises(Unavailable, match="more than 0.3 s"):
            await draughtsman.draw(b"x")
        assert time.monotonic() - begun < 5
        assert draughtsman._hiring is None

    lived(draughtsman, story)


def test_who_stops_waiting_leaves_no_half_answer_to_the_next() -> None:
    slow = NUMBERS.replace("LAST", "9").replace(
        "    number", "    import time; time.sleep(1)\n    number", 1
    )
    draughtsman = program(slow)

    async def story() -> None:
        with anyio.move_on_after(0.5):
            await draughtsman.draw(b"x")
        assert await draughtsman.draw(b"x") == b"<svg>1</svg>"

    lived(draughtsman, story)


def test_a_plot_is_kept_by_case_version_and_width(room: Room) -> None:
    case, draughtsman = room.trouble(), counting()
    given = with_plotter(room, draughtsman)

    async def story() -> None:
        first = await given.draw(case, 720)
        assert await given.draw(case, 730) == first  # rounded to the same width
        assert await given.draw(case, 360) == b"<svg>2</svg>"
        assert await given.draw(replace(case, version=2), 720) == b"<svg>3</svg>"
        assert await given.draw(case, 720) == first

    lived(draughtsman, story)


def test_a_width_is_kept_within_reason(room: Room) -> None:
    case, draughtsman = room.trouble(), counting()
    given = with_plotter(room, draughtsman)

    async def story() -> None:
        for width in (-5, 10**9, 300, 1200):
            await given.draw(case, width)
        assert {key[2] for key in given._kept} == {300, 1200}

    lived(draughtsman, story)


def test_of_an_open_case_a_plot_is_drawn_anew_after_a_while(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, draughtsman = room.trouble(), counting()
    ended = replace(case, id="other", state=AlertState.NORMAL)
    given = with_plotter(room, draughtsman)

    async def drawn(alert: Alert) -> bytes | None:
        return await given.draw(alert, 720)

    async def story() -> None:
        assert [await drawn(case), await drawn(ended)] == [b"<svg>1</svg>", b"<svg>2</svg>"]
        monkeypatch.setattr(plotter, "FRESH", -1.0)
        assert [await drawn(case), await drawn(ended)] == [b"<svg>3</svg>", b"<svg>2</svg>"]

    lived(draughtsman, story)


def test_only_the_newest_plots_are_kept(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plotter, "MOST_KEPT", 2)
    case, draughtsman = room.trouble(), counting()
    given = with_plotter(room, draughtsman)

    async def story() -> None:
        for version in (1, 2, 3):
            await given.draw(replace(case, version=version), 720)
        assert [key[1] for key in given._kept] == [2, 3]

    lived(draughtsman, story)


def test_many_who_ask_for_the_same_plot_wait_for_one_drawing_and_a_crowd_is_sent_away(
    room: Room,
) -> None:
    case, draughtsman = room.trouble(), counting()
    given = with_plotter(room, draughtsman)
    drawn: list[bytes | None] = []
    away: list[str] = []

    async def one() -> None:
        try:
            drawn.append(await given.draw(case, 720))
        except Unavailable as error:
            away.append(str(error))

    async def story() -> None:
        async with anyio.create_task_group() as group:
            for _ in range(plotter.MOST_WAITING + 2):
                group.start_soon(one)

    lived(draughtsman, story)
    assert drawn == [b"<svg>1</svg>"] * plotter.MOST_WAITING
    assert len(away) == 2
    assert "too many plots" in away[0]


def test_a_drawing_that_is_given_up_again_and_again_leaves_no_process_and_no_open_pipe() -> None:
    draughtsman = program("import time; time.sleep(60)")

    async def story() -> None:
        drawing = asyncio.create_task(draughtsman.draw(b"picture"))
        while draughtsman._hiring is None or not draughtsman._hiring.done():
            await asyncio.sleep(0.01)
        child = hired(draughtsman)
        for _ in range(3):
            drawing.cancel()
            await asyncio.sleep(0)
        with pytest.raises(asyncio.CancelledError):
            await drawing
        await draughtsman.close()
        assert child.returncode is not None

    lived(draughtsman, story)
    gc.collect()  # a pipe that is still open says so as it goes


@pytest.mark.parametrize("turns", range(10))
def test_a_drawing_that_is_given_up_while_its_process_starts_leaves_no_open_pipe(
    turns: int,
) -> None:
    draughtsman = program("import time; time.sleep(60)")

    async def story() -> None:
        drawing = asyncio.create_task(draughtsman.draw(b"picture"))
        for _ in range(turns):
            await asyncio.sleep(0)
        while not drawing.done():
            drawing.cancel()
            await asyncio.sleep(0)

    lived(draughtsman, story)
    gc.collect()
