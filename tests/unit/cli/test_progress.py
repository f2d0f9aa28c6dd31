import io

import pytest

from cli.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Watch:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watch() -> Watch:
    return Watch()


def test_away_from_a_terminal_it_says_a_line_after_two_seconds_and_then_every_five(
    watch: Watch,
) -> None:
    said = io.StringIO()
    progress = Progress("readings", 1000, stream=said, stopwatch=watch)
    for second in range(12):
        watch.now = second
        progress.tell(second * 50)
    assert said.getvalue().splitlines() == [
        "100 of 1,000 readings, 50/s, 18 s left",
        "350 of 1,000 readings, 50/s, 13 s left",
    ]


def test_what_is_done_within_two_seconds_says_nothing(watch: Watch) -> None:
    said = io.StringIO()
    with Progress("readings", 10, stream=said, stopwatch=watch) as progress:
        watch.now = 1.9
        progress.tell(10)
    assert said.getvalue() == ""


def test_on_a_terminal_one_line_moves_and_is_wiped_at_the_end(watch: Watch) -> None:
    said = Terminal()
    with Progress("readings", 100, stream=said, stopwatch=watch) as progress:
        watch.now = 2.0
        progress.tell(50)
        assert said.getvalue() == "\r50 of 100 readings, 25/s, 2 s left"
    assert said.getvalue().endswith("\r")
    assert said.getvalue().splitlines()[-1].strip() == ""


def test_a_shorter_line_covers_the_longer_one_before_it(watch: Watch) -> None:
    said = Terminal()
    progress = Progress("x", 100, stream=said, stopwatch=watch)
    watch.now = 2.0
    progress.tell(50, "and much more to say")
    long = said.getvalue()
    watch.now = 4.0
    progress.tell(60)
    assert len(said.getvalue()) >= 2 * len(long)


def test_without_a_total_only_count_and_rate_are_told(watch: Watch) -> None:
    said = io.StringIO()
    progress = Progress("readings", stream=said, stopwatch=watch)
    watch.now = 10.0
    progress.tell(5_000, "live")
    assert said.getvalue() == "5,000 readings, 500/s, live\n"


@pytest.mark.parametrize(
    ("total", "left"), [(900, "80 s"), (2_000, "3 min"), (10_000, "16 min"), (100_000, "2.8 h")]
)
def test_the_time_left_is_in_a_unit_that_fits(watch: Watch, total: int, left: str) -> None:
    said = io.StringIO()
    progress = Progress("readings", total, stream=said, stopwatch=watch)
    watch.now = 10.0
    progress.tell(100)
    shown = said.getvalue().rstrip().rpartition(", ")[2]
    assert shown == f"{left} left"
