"""Real `millwright` processes: started, listened to and ended as a person or systemd would."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Self

import pytest

from cli.main import main
from tests.waiting import until

ROOT = Path(__file__).parents[1]


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "USER": "Ayesha", **more}


def command(*words: str | Path) -> list[str]:
    return [sys.executable, "-m", "cli.main", *map(str, words)]


def millwright(*words: str | Path, seconds: float = 60) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        command(*words),
        capture_output=True,
        text=True,
        timeout=seconds,
        env=environment(),
        stdin=subprocess.DEVNULL,
        check=False,
    )


def here(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a command to its end in this process, which need not load anything anew for it."""
    given = ["millwright", *map(str, words)]
    out, err = io.StringIO(), io.StringIO()
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        pytest.raises(SystemExit) as left,
    ):
        patch.setattr(sys, "argv", given)
        patch.setattr("cli.signals.leave_on_signal", lambda: None)
        main()
    code = int(left.value.code or 0)
    return subprocess.CompletedProcess(given, code, out.getvalue(), err.getvalue())


class Running:
    """A command that goes on until it is told to end; killed with the context at the latest."""

    def __init__(self, folder: Path, *words: str | Path) -> None:
        name = "-".join(str(word).strip("-/") for word in words[:2]).replace("/", "_")
        self._out, self._err = folder / f"{name}.out", folder / f"{name}.err"
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self.process = subprocess.Popen(
                command(*words), stdout=out, stderr=err, stdin=subprocess.DEVNULL, env=environment()
            )

    @property
    def out(self) -> str:
        return self._out.read_text(encoding="utf-8")

    @property
    def err(self) -> str:
        return self._err.read_text(encoding="utf-8")

    def says(self, words: str, seconds: float = 40) -> None:
        """Wait until it has said something, on either stream."""

        def said() -> bool:
            if words in self.err + self.out:
                return True
            assert self.process.poll() is None, f"it ended: {self.err}"
            return False

        until(said, seconds, f"{words!r}")

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Tell it to end; gives its exit code."""
        self.process.send_signal(how)
        return self.process.wait(60)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
