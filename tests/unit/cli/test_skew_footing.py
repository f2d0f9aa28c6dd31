"""How far this machine's clock is from InfluxDB's."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from cli.configuration import Configuration
from cli.skew_footing import judged, skew
from core.clock import SECOND, system_clock
from simulators.broker import free_port
from storage.settings import HistorySettings
from tests import folders
from tests.messages import NOW


class Answering(BaseHTTPRequestHandler):
    """Answers with the date of its server, some seconds off."""

    ahead = 0.0

    def do_HEAD(self) -> None:
        self.send_response_only(204)
        if self.path == "/ping":
            seconds = system_clock() / SECOND + self.ahead
            self.send_header("Date", formatdate(seconds, usegmt=True))
        self.end_headers()


def stored_in(folder: Path, url: str) -> Configuration:
    config = folders.written(folder / "plant")
    given = {"kind": "influxdb", "url": url, "org": "plant", "token": "env:TOKEN"}
    history = HistorySettings.model_validate(given)
    return replace(config, service=config.service.model_copy(update={"history": history}))


@pytest.fixture
def server() -> Iterator[str]:
    made = HTTPServer(("127.0.0.1", 0), Answering)
    thread = threading.Thread(target=made.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{made.server_port}"
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.mark.parametrize(
    ("ahead", "verdict", "words"),
    [(0, "ok", "agrees"), (90, "warning", "s ahead of"), (-90, "warning", "s behind")],
)
def test_a_clock_that_disagrees_is_told(
    tmp_path: Path,
    server: str,
    monkeypatch: pytest.MonkeyPatch,
    ahead: int,
    verdict: str,
    words: str,
) -> None:
    monkeypatch.setattr(Answering, "ahead", ahead)
    (found,) = skew(stored_in(tmp_path, server), system_clock)
    assert found.verdict == verdict and words in found.found


def test_who_does_not_answer_is_no_fault_of_the_clock(tmp_path: Path, server: str) -> None:
    for url in (f"http://127.0.0.1:{free_port()}", f"{server}/else"):
        (found,) = skew(stored_in(tmp_path / url[-4:], url), system_clock)
        assert found.verdict == "unknown"


def test_without_an_influxdb_nothing_is_said(tmp_path: Path) -> None:
    assert list(skew(folders.written(tmp_path / "plant"), system_clock)) == []


def test_a_slow_answer_is_no_skew() -> None:
    assert judged(NOW, NOW - 2 * SECOND, NOW + 3 * SECOND).verdict == "ok"
    found = judged(NOW + 100 * SECOND, NOW - 2 * SECOND, NOW + 2 * SECOND)
    assert "100 s ahead" in found.found
