"""A process that appends is killed at any moment: what append returned for is there."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

from core.journal import Draft, Kind
from storage.journal_sqlite import SqliteJournal
from storage.settings import JournalSettings

ROOT = Path(__file__).parents[2]
ROUNDS = 8
PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from core.journal import Draft, Kind
from core.rejection import Reason, Rejection
from storage.journal_sqlite import SqliteJournal
from storage.settings import JournalSettings

journal = SqliteJournal(Path(sys.argv[2]), JournalSettings())
number = int(sys.argv[3])
while True:
    number += 1
    bad = [Rejection("t", Reason.MALFORMED, str(number).encode(), number)]
    last = journal.append([Draft(number, Kind.TICK, bytes([number % 256]) * 20_000)], bad)
    print(number, last, flush=True)
    if number % 50 == 0:
        journal.mark("history", last - 100)
        journal.trim(number - 100)
"""


def run_and_kill(path: Path, start: int, after: float) -> list[tuple[int, int]]:
    child = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(ROOT), str(path), str(start)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    lines = [child.stdout.readline()]
    time.sleep(after)
    child.kill()
    rest, _ = child.communicate()
    lines += [line for line in rest.splitlines(keepends=True) if line.endswith("\n")]
    return [(int(number), int(last)) for number, last in map(str.split, lines)]


def test_a_kill_loses_nothing_that_append_returned_for(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    chance = random.Random(7)
    told: list[tuple[int, int]] = []
    for _ in range(ROUNDS):
        start = told[-1][0] if told else 0
        told += run_and_kill(path, start, chance.uniform(0.0, 0.25))
        journal = SqliteJournal(path, JournalSettings())
        entries = journal.read(0, 100_000)
        while entries and (more := journal.read(entries[-1].id, 100_000)):
            entries += more
        ids = [entry.id for entry in entries]
        assert ids == list(range(ids[0], ids[-1] + 1))
        assert all(entry.body == bytes([entry.at % 256]) * 20_000 for entry in entries)
        at = {entry.id: entry.at for entry in entries}
        assert all(at[last] == number for number, last in told if last >= ids[0])
        assert journal.usage().bytes == len(entries) * 20_064
        assert journal.usage().last_id - told[-1][1] <= ROUNDS
        assert sum(journal.rejected_counts().values()) == journal.last_id()
        journal.close()
    assert len(told) > ROUNDS * 3


def test_processes_append_at_once_without_loss(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    SqliteJournal(path, JournalSettings()).close()
    program = PROGRAM.replace("while True:", "for _ in range(150):").split("    if number")[0]
    children = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", program, str(ROOT), str(path), str(n * 10_000)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for n in range(3)
    ]
    journal = SqliteJournal(path, JournalSettings())
    for number in range(1, 51):
        journal.append([Draft(90_000 + number, Kind.TICK, b"mine")])
    outputs = [child.communicate()[0] for child in children]
    assert [child.returncode for child in children] == [0, 0, 0]
    told = {
        last: number
        for out in outputs
        for number, last in (map(int, line.split()) for line in out.splitlines())
    }
    entries = []
    while more := journal.read(entries[-1].id if entries else 0, 10_000):
        entries += more
    assert [entry.id for entry in entries] == list(range(1, 501))
    assert {entry.id: entry.at for entry in entries if entry.at < 90_000} == told
    journal.close()
