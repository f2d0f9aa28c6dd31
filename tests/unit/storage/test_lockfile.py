from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import Refused
from storage.lockfile import LockFile

ROOT = Path(__file__).parents[3]
HOLDER = """
import sys; sys.path.insert(0, sys.argv[1])
from pathlib import Path
from storage.lockfile import LockFile
with LockFile(Path(sys.argv[2])):
    print("held", flush=True)
    sys.stdin.read()
"""


def take(path: Path) -> None:
    with LockFile(path):
        pass


def test_a_second_holder_is_refused_and_told_which_process_has_it(tmp_path: Path) -> None:
    path = tmp_path / "data" / "ingest.lock"
    with LockFile(path), pytest.raises(Refused) as refusal:
        take(path)
    assert str(refusal.value).startswith(f"{path} is held by process {os.getpid()}: another ingest")
    take(path)


def test_a_lock_is_let_go_when_its_process_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "serve.lock"
    child = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(ROOT), str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None
    child.stdout.readline()
    with pytest.raises(Refused, match=f"held by process {child.pid}:"):
        take(path)
    child.kill()
    child.communicate()
    take(path)
    assert path.exists()


def test_a_lock_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Refused, match="cannot make the lock"):
        take(tmp_path / "file" / "x.lock")


def test_leaving_a_lock_that_was_never_taken_is_harmless(tmp_path: Path) -> None:
    LockFile(tmp_path / "x.lock").__exit__(None, None, None)
