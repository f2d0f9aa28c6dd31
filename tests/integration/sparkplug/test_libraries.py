"""Edge nodes made with libraries that others wrote: births, data and deaths reach the journal."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.readings import Readings
from ingest.sparkplug import host
from tests.conftest import edge_python
from tests.integration.sparkplug.stand import Stand, Watcher
from tests.waiting import until

pytestmark = [pytest.mark.mosquitto, pytest.mark.edges]
SCRIPTS = Path(__file__).parents[2] / "edges"
P1 = "karachi/hall/p1"
LIBRARIES: dict[str, tuple[str, dict[str, Any]]] = {
    "pysparkplug==0.6.1": ("pysparkplug_edge.py", {}),
    "mqtt-spb-wrapper==2.1.2": (
        "spb_wrapper_edge.py",
        {"channels": {"DATA/speed": "speed", "DATA/temperature": "temperature"}},
    ),
}


class Library:
    """A process of one of the libraries."""

    def __init__(self, package: str, port: int) -> None:
        self.script, self.settings = LIBRARIES[package]
        program = edge_python(package)
        assert program is not None
        self._port, self._program = port, program
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            [self._program, str(SCRIPTS / self.script), str(self._port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def tell(self, line: str) -> None:
        assert self.process is not None and self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def kill(self) -> None:
        """End it as a power cut would, so that the broker publishes its wills."""
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
        self.process = None


@pytest.fixture(params=sorted(LIBRARIES))
def library(request: pytest.FixtureRequest, stand: Stand) -> Iterator[Library]:
    found = Library(request.param, stand.port)
    yield found
    found.kill()


def first_values(stand: Stand) -> dict[str, float]:
    blocks = [each for each in stand.bodies() if isinstance(each, Readings)]
    return dict(next(iter(blocks[0])).values) if blocks else {}


def test_births_and_data_of_another_library_are_heard(stand: Stand, library: Library) -> None:
    stand.connect(**library.settings)
    library.start()
    until(lambda: stand.changes() == [(P1, True)])
    until(lambda: first_values(stand).get("temperature") == -7.0)
    for value in (2.5, 3.5, 4.5):
        library.tell(f"speed {value}")
    until(lambda: stand.speeds()[-3:] == [2.5, 3.5, 4.5])
    assert not stand.journal.rejected()


def test_the_death_of_a_device_is_heard(stand: Stand, library: Library) -> None:
    stand.connect(**library.settings)
    library.start()
    until(lambda: stand.changes() == [(P1, True)])
    library.tell("leave")
    until(lambda: stand.changes() == [(P1, True), (P1, False)])


def test_a_node_that_is_cut_off_is_gone_and_back_when_it_is_born_again(
    stand: Stand, library: Library, watcher: Watcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The numbers of one library's deaths never match: it is asked, and does not answer."""
    monkeypatch.setattr(host, "_DOUBT", 200_000_000)
    stand.connect(**library.settings, rebirth={"allowed": True}, reorder_timeout="100ms")
    library.start()
    until(lambda: stand.changes() == [(P1, True)])
    library.kill()
    until(lambda: not all(online for _, online in stand.changes()))
    gone = len(stand.changes())
    library.start()
    until(lambda: (P1, True) in stand.changes()[gone:])


def test_a_node_that_ends_as_it_should_is_gone(
    stand: Stand, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host, "_DOUBT", 200_000_000)
    stand.connect(**library.settings, rebirth={"allowed": True}, reorder_timeout="100ms")
    library.start()
    until(lambda: stand.changes() == [(P1, True)])
    library.tell("end")
    until(lambda: ("karachi/hall", False) in stand.changes())
