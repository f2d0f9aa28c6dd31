"""A disk without room, for real: a process that may not write files beyond a size."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PRELUDE = """
import resource, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
import numpy as np
from core.alert import *
from core.casefile import Advance
from core.errors import Unavailable
from core.journal import Draft, Kind
from core.readings import Readings
from core.rejection import Reason, Rejection
from storage.casefile_sqlite import SqliteCaseFile
from storage.history_sqlite import SqliteHistory
from storage.journal_sqlite import SqliteJournal
from storage.settings import JournalSettings

path = Path(sys.argv[2])

def room(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

def until_full(work, most=400):
    done = 0
    try:
        while done < most:
            work(done)
            done += 1
    except Unavailable as error:
        print(error, file=sys.stderr)
        return done
    raise AssertionError("the disk was never full")
"""
JOURNAL = """
journal = SqliteJournal(path, JournalSettings())
bad = Rejection("t", Reason.MALFORMED, b"x" * 100, 1)
append = lambda n: journal.append([Draft(n, Kind.READINGS, bytes([n % 256]) * 50_000)], [bad])
room(2_000_000)
done = rounds = 0
while rounds < 3:  # the log may still move into the file, which makes room for a few more
    more = until_full(lambda n: append(done + n))
    done += more
    rounds = rounds + 1 if not more else 0
assert done > 5, done
assert journal.last_id() == done
assert journal.read(0)[-1].id == done
assert len(journal.rejected(1000)) == done
assert journal.usage().bytes == done * 50_064
room(resource.RLIM_INFINITY)
for n in range(10):
    assert append(done + n) == done + n + 1
journal.close()
journal = SqliteJournal(path, JournalSettings())
found = []
while entries := journal.read(found[-1].id if found else 0):
    found += entries
assert [e.at for e in found] == list(range(done + 10))
assert all(e.body == bytes([e.at % 256]) * 50_000 for e in found)
journal.close()
"""
HISTORY = """
history = SqliteHistory(path)
def batch(n):
    at = np.arange(1000) + 1000 * n
    zero = np.zeros(1000, np.int32)
    return Readings("pump", ("p",), ("v",), zero, at, np.ones((1000, 1)) * n, 1)
room(600_000)
done = until_full(lambda n: history.write([batch(n)], n + 1))
assert done > 3, done
assert history.position() == done
assert history.count() == 1000 * done
room(resource.RLIM_INFINITY)
history.write([batch(done)], done + 1)
history.close()
history = SqliteHistory(path)
assert (history.position(), history.count()) == (done + 1, 1000 * (done + 1))
history.close()
"""
CASES = """
cases = SqliteCaseFile(path)
room(600_000)
done = until_full(lambda n: cases.commit(Advance(n + 1, checkpoint={f"part{n}": b"x" * 20_000})))
assert done > 3, done
saved = cases.load()
assert (saved.position, len(saved.checkpoint)) == (done, done)
room(resource.RLIM_INFINITY)
cases.commit(Advance(done + 1, checkpoint={"last": b"y"}))
cases.close()
cases = SqliteCaseFile(path)
assert (cases.load().position, cases.load().checkpoint["last"]) == (done + 1, b"y")
cases.close()
"""


@pytest.mark.parametrize("program", [JOURNAL, HISTORY, CASES], ids=["journal", "history", "cases"])
def test_a_full_disk_is_unavailable_loses_nothing_and_goes_on_when_there_is_room(
    program: str, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PRELUDE + program, str(ROOT), str(tmp_path / "f.db")],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    assert "f.db: " in done.stderr


def test_a_file_that_cannot_even_be_made_for_lack_of_room_is_unavailable(tmp_path: Path) -> None:
    program = """
room(1000)
until_full(lambda n: SqliteJournal(path, JournalSettings()), 1)
room(resource.RLIM_INFINITY)
journal = SqliteJournal(path, JournalSettings())
assert journal.append([Draft(1, Kind.TICK, b"")]) == 1
journal.close()
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PRELUDE + program, str(ROOT), str(tmp_path / "f.db")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
