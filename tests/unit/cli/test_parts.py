import threading

import pytest

from cli.parts import Parts
from core.errors import Refused, Unavailable


def test_a_part_that_fails_stops_the_others_and_is_named() -> None:
    parts = Parts()
    others = parts.start("other", lambda: parts.stop.wait(10) and None)

    def fail() -> None:
        raise ZeroDivisionError("no pumps")

    parts.start("scoring", fail)
    with pytest.raises(Unavailable, match="scoring ended by ZeroDivisionError: no pumps"):
        parts.wait()
    others.join(5)
    assert not others.is_alive()


def test_a_part_that_is_refused_says_it_in_its_own_words() -> None:
    parts = Parts()

    def refuse() -> None:
        raise Refused("feed.port 80 may not be taken")

    parts.start("feed", refuse).join(5)
    with pytest.raises(Refused, match="feed.port 80"):
        parts.check()


def test_parts_that_end_as_told_are_no_failure() -> None:
    parts = Parts()
    threading.Timer(0.05, parts.stop.set).start()
    parts.start("quick", lambda: None)
    parts.wait()
    parts.check()
