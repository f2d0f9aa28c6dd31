"""Where a private InfluxDB looks for its program, and what it says where that fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import Unavailable
from simulators.influx import VERSION, PrivateInflux, influxd_path


def program(path: Path, text: str = "exit 3") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine on which nothing is installed."""
    monkeypatch.delenv("MILLWRIGHT_INFLUXD", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path


def test_where_there_is_none_it_says_what_to_install(bare: Path) -> None:
    assert influxd_path() is None
    with pytest.raises(Unavailable, match="install InfluxDB 2 from its maker's packages"):
        PrivateInflux(bare / "data").start()


def test_it_is_found_as_built_in_the_path_and_as_named_each_before_the_other(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = program(bare / "cache" / "millwright-servers" / f"influxd-{VERSION}" / "influxd")
    assert influxd_path() == str(built)
    installed = program(bare / "bin" / "influxd")
    assert influxd_path() == str(installed)
    named = program(bare / "elsewhere" / "influxd")
    monkeypatch.setenv("MILLWRIGHT_INFLUXD", str(named))
    assert influxd_path() == str(named)


def test_what_is_named_and_not_there_is_not_replaced_by_another(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(bare / "bin" / "influxd")
    monkeypatch.setenv("MILLWRIGHT_INFLUXD", str(bare / "nowhere"))
    assert influxd_path() is None


def test_one_that_ends_at_once_is_told_with_its_log(bare: Path) -> None:
    program(bare / "bin" / "influxd", "echo broken; exit 3")
    influx = PrivateInflux(bare / "data")
    with pytest.raises(Unavailable, match=r"influxd did not start; see .*influxd.log"):
        influx.start()
    assert influx.pid is None
    assert (bare / "data" / "influxd.log").read_text() == "broken\n"
