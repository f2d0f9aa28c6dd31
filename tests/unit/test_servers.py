"""What happens to tests whose real server is missing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
CONFTEST = """
from tests import conftest as ours
ours.SERVERS["mosquitto"] = ("mosquitto", lambda: None)
from tests.conftest import pytest_runtest_setup, pytest_terminal_summary
"""
TESTS = """
import pytest

@pytest.mark.mosquitto
def test_with_a_broker():
    raise AssertionError("ran without its broker")

def test_without_one():
    pass
"""


def run(folder: Path, servers: str) -> subprocess.CompletedProcess[str]:
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "test_it.py").write_text(TESTS)
    command = [sys.executable, "-m", "pytest", "-q", "-c", str(ROOT / "pyproject.toml")]
    return subprocess.run(
        [*command, "-p", "no:cacheprovider", "--confcutdir", str(folder), str(folder)],
        cwd=ROOT,
        env=os.environ | {"MILLWRIGHT_REAL_SERVERS": servers},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_without_its_server_a_test_is_skipped_and_named_at_the_end(tmp_path: Path) -> None:
    ran = run(tmp_path, "")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    said = ran.stdout.partition("real servers missing: these tests did NOT run")[2]
    assert "test_with_a_broker" in said
    assert "1 passed, 1 skipped" in said


def test_where_real_servers_are_mandatory_their_absence_fails(tmp_path: Path) -> None:
    ran = run(tmp_path, "required")
    assert ran.returncode == 1
    assert "mosquitto is missing, and real servers are mandatory here" in ran.stdout


def find_or_build(folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the script of InfluxDB where there is a compiler, and neither Go nor cargo."""
    tools = folder / "bin"
    tools.mkdir(exist_ok=True)
    for name in ("gcc", "pkg-config"):
        (tools / name).touch(0o755)
    for name in ("sh", "id", "env"):
        (tools / name).symlink_to(f"/usr/bin/{name}")
    environment = {"PATH": str(tools), "HOME": str(folder), **more}
    script = ["/bin/sh", str(ROOT / "tests" / "influxd.sh")]
    return subprocess.run(script, env=environment, capture_output=True, text=True, check=False)


def test_an_influxd_that_is_named_is_taken_as_it_is(tmp_path: Path) -> None:
    done = find_or_build(tmp_path, MILLWRIGHT_INFLUXD="/opt/influxd")
    assert (done.returncode, done.stdout) == (0, "influxd: /opt/influxd\n")


def test_without_go_it_says_what_to_install_and_fails_where_servers_are_mandatory(
    tmp_path: Path,
) -> None:
    done = find_or_build(tmp_path)
    assert done.returncode == 0
    assert "for want of go; install Go 1.23 and cargo, or InfluxDB 2 itself" in done.stderr
    (tmp_path / "strict").mkdir()
    done = find_or_build(tmp_path / "strict", MILLWRIGHT_REAL_SERVERS="required")
    assert done.returncode == 1
    assert "for want of go" in done.stderr
