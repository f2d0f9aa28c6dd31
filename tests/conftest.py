"""Fixtures that many tests share: real servers, and what to do where they are missing."""

from __future__ import annotations

import gc
import os
import shutil
import signal
from collections.abc import Generator, Iterator
from pathlib import Path

import hypothesis
import pytest
import structlog

from simulators.broker import PrivateMosquitto, mosquitto_path
from simulators.influx import PrivateInflux, influxd_path
from tests.buckets import Buckets

hypothesis.settings.register_profile("millwright", deadline=None)  # no test is timed
hypothesis.settings.load_profile("millwright")

PLAYS = {
    *("benchmarks", "properties", "test_backtest.py", "test_determinism.py"),
    *("test_detector_conformance.py", "test_health_conformance.py", "test_told_at_its_row.py"),
}
"""Files and folders of tests that play the same over and over: no branches are counted there."""

ENOUGH, OF_A_FIT = 1.0, 2.0
"""Branches of a test are counted for so many seconds of processor time, of models for longer: what
a long play does after that it has mostly done by then, and counting takes half as long again."""

REAL_SERVERS_MANDATORY = os.environ.get("MILLWRIGHT_REAL_SERVERS") == "required"


def chromium_path() -> str | None:
    """Find the Chromium program."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


def edge_python(package: str) -> str | None:
    """Find the Python of an edge library's own environment, as `tests/edges.sh` makes it."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    place = cache / "millwright-servers" / "edges" / package
    return str(place / "bin" / "python") if (place / "installed").exists() else None


def edges_path() -> str | None:
    """Find the edge libraries; None where one of them is missing."""
    return edge_python("pysparkplug==0.6.1") and edge_python("mqtt-spb-wrapper==2.1.2")


SERVERS = {
    "mosquitto": ("mosquitto", mosquitto_path),
    "browser": ("chromium", chromium_path),
    "influxd": ("influxd", influxd_path),
    "edges": ("the edge libraries", edges_path),
}
"""The program that each marker stands for, and how it is found."""


def pytest_collection_finish() -> None:
    """Let the collector of garbage leave alone what stays anyway, such as thousands of tests."""
    gc.freeze()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs a server that is not here; under CI that is a failure instead."""
    for marker, (what, find) in SERVERS.items():
        if item.get_closest_marker(marker) and find() is None:
            give_up(what)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Count branches at the beginning of a test alone, and none where `PLAYS` are played."""
    counting = getattr(item.config.pluginmanager.getplugin("_cov"), "cov_controller", None)
    if counting is None:
        return (yield)
    stopped: list[bool] = []

    def stop(*_: object) -> None:
        stopped.append(True)
        counting.cov.stop()

    signal.signal(signal.SIGVTALRM, stop)
    place = _place(item)
    if PLAYS.intersection(place):
        stop()
    else:
        signal.setitimer(signal.ITIMER_VIRTUAL, OF_A_FIT if "models" in place else ENOUGH)
    try:
        return (yield)
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        if stopped:
            counting.cov.start()


def _place(item: pytest.Item) -> tuple[str, ...]:
    return item.path.relative_to(item.config.rootpath).parts


@pytest.fixture(autouse=True)
def _logs_as_they_were() -> Iterator[None]:
    """Undo what a command that ran in this process did to the logs."""
    yield
    structlog.reset_defaults()


def give_up(what: str) -> None:
    """Skip a test for want of a program, or fail where real servers are mandatory."""
    if REAL_SERVERS_MANDATORY:
        pytest.fail(f"{what} is missing, and real servers are mandatory here")
    pytest.skip(f"needs {what}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say at the end which tests against real servers did not run."""
    skipped = [
        report.nodeid
        for report in terminalreporter.stats.get("skipped", [])
        if isinstance(report.longrepr, tuple) and "needs " in report.longrepr[2]
    ]
    if skipped:
        terminalreporter.section("real servers missing: these tests did NOT run")
        for nodeid in skipped:
            terminalreporter.write_line(nodeid)


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[PrivateMosquitto]:
    """Run a Mosquitto of this test's own, with persistence."""
    with PrivateMosquitto(tmp_path / "mosquitto") as broker:
        yield broker


@pytest.fixture(scope="session")
def influxd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateInflux]:
    """Run one InfluxDB for all tests; each takes buckets of its own from `buckets`."""
    if influxd_path() is None:
        give_up("influxd")
    with PrivateInflux(tmp_path_factory.mktemp("influxd")) as influx:
        yield influx


@pytest.fixture
def buckets(influxd: PrivateInflux) -> Iterator[Buckets]:
    """Make buckets for one test, in the one InfluxDB, and drop them after it."""
    with Buckets(influxd) as made:
        yield made
