import os
import signal
import threading
from collections.abc import Iterator

import pytest

from cli.signals import leave_on_signal, until_signal


@pytest.fixture(autouse=True)
def _kept() -> Iterator[None]:
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    kept = {number: signal.getsignal(number) for number in numbers}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_sets_the_stop_and_gives_the_exit_code(number: int, code: int) -> None:
    stop = threading.Event()
    with until_signal(stop) as asked:
        assert asked.code == 0
        os.kill(os.getpid(), number)
        assert stop.wait(5)
    assert asked.code == code


@pytest.mark.timeout(20)
def test_a_signal_that_comes_while_the_stop_is_looked_at_does_not_hang() -> None:
    stop = threading.Event()
    with until_signal(stop):
        with stop._cond:  # type: ignore[attr-defined]  # as `wait` does
            os.kill(os.getpid(), signal.SIGTERM)
        assert stop.wait(5)


def test_afterwards_signals_are_handled_as_before() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with until_signal(threading.Event()):
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before


def test_the_second_ctrl_c_ends_what_does_not_stop_by_itself() -> None:
    stop = threading.Event()
    with pytest.raises(KeyboardInterrupt), until_signal(stop):
        os.kill(os.getpid(), signal.SIGINT)
        assert stop.wait(5)
        os.kill(os.getpid(), signal.SIGINT)
        stop.clear()
        stop.wait(5)


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    stop = threading.Event()
    leave_on_signal()
    with until_signal(stop):
        os.kill(os.getpid(), signal.SIGHUP)
        assert not stop.wait(0.05)


def test_sigterm_unwinds_a_command_that_has_nothing_to_stop() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    leave_on_signal()
    with pytest.raises(SystemExit) as left:
        os.kill(os.getpid(), signal.SIGTERM)
        threading.Event().wait(5)
    assert left.value.code == 143
