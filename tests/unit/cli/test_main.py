"""How errors end the program: one line that names the culprit, and an exit code."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator

import pytest

from cli import main
from core.errors import ConfigError, Fault, MillwrightError, Refused, Unavailable


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (ConfigError(Fault("plant.yaml", 3, "no such class")), 2, "plant.yaml:3: no such class"),
        (Refused("never so"), 3, "millwright: never so"),
        (Unavailable("no broker"), 4, "millwright: no broker"),
        (MillwrightError("odd"), 1, "millwright: odd"),
        (PermissionError(13, "Permission denied", "/data"), 4, "/data: Permission denied"),
        (KeyboardInterrupt(), 130, "millwright: interrupted"),
    ],
)
def test_an_error_becomes_words_and_a_code(
    error: BaseException,
    code: int,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr(main, "app", fail)
    with pytest.raises(SystemExit) as left:
        main.main()
    assert left.value.code == code
    assert words in capsys.readouterr().err


def test_a_reader_that_has_gone_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise BrokenPipeError

    monkeypatch.setattr(main, "app", fail)
    monkeypatch.setattr(main.os, "dup2", lambda *_: None)
    monkeypatch.setattr(sys.stdout, "fileno", lambda: 1, raising=False)
    with pytest.raises(SystemExit) as left:
        main.main()
    assert left.value.code == 0


def test_a_wrong_command_line_ends_with_2(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["millwright", "replay"])
    with pytest.raises(SystemExit) as left:
        main.main()
    assert left.value.code == 2
