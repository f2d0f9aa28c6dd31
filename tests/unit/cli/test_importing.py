from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.adapters import open_casefile, open_history, open_journal
from cli.configuration import load
from cli.main import app
from core.casefile import Advance
from core.clock import SECOND, system_clock
from core.errors import ConfigError, Refused
from core.journal import Lesson, decode
from core.work import Work, WorkEvent
from storage.lockfile import LockFile
from tests import folders

P1 = "site/hall/p1"
NOW = system_clock() // SECOND
MAPPING = """\
source: {kind: csv, folder: past, file_name: "{machine}.csv", time_format: s}
series:
  - asset: site/hall/{machine}
    fields: {vib: vibration}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A plant, and a past of two machines of which one is unknown."""
    folder = folders.write(tmp_path / "plant")
    (folder / "past").mkdir()
    for name in ("p1", "x"):
        lines = [f"{NOW - 900 + 10 * n},{n / 10},5" for n in range(60)]
        (folder / "past" / f"{name}.csv").write_text("\n".join(["time,vib,noise_db", *lines]))
    (folder / "import.yaml").write_text(MAPPING)
    return folder


def millwright(folder: Path, *words: str) -> Result:
    command = ["storage", "import", str(folder / "import.yaml"), "-c", str(folder), *words]
    return CliRunner().invoke(app, command)


def stored(folder: Path) -> int:
    history = open_history(load(folder))
    try:
        return history.count(P1)
    finally:
        history.close()


def test_a_dry_run_says_what_would_be_and_writes_nothing(folder: Path) -> None:
    done = millwright(folder, "--dry-run", "--json")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    series = {row["series"]: row for row in rows if "kept" in row}
    fields = {(row["series"], row["field"]): row for row in rows if "field" in row}
    known, unknown = "p1,machine=p1", "x,machine=x"
    assert (series[known]["asset"], series[known]["kept"]) == (P1, 60)
    assert series[unknown]["kept"] == 0
    assert "unknown asset" in series[unknown]["why"]
    assert fields[known, "vib"]["channel"] == "vibration"
    assert (fields[known, "vib"]["low"], fields[known, "vib"]["high"]) == ("0", "5.9")
    noise = fields[known, "noise_db"]
    assert (noise["channel"], noise["guessed_unit"]) == ("(not taken)", "dB")
    assert not load(folder).data.exists()


def test_a_past_is_imported_once_however_often(folder: Path) -> None:
    assert "60 readings imported, 60 of them now; refused: none" in millwright(folder).stdout
    assert stored(folder) == 60
    assert "60 readings imported, 0 of them now" in millwright(folder).stdout
    with (folder / "past" / "x.csv").open("a") as file:
        file.write("\n1,2,3")
    assert "60 readings imported, 60 of them now" in millwright(folder, "--again").stdout
    assert stored(folder) == 60


def test_only_one_import_runs_at_a_time(folder: Path) -> None:
    with LockFile(load(folder).data / "import.lock"):
        assert isinstance(millwright(folder).exception, Refused)


def test_a_changed_mapping_asks_to_begin_anew(folder: Path) -> None:
    millwright(folder)
    (folder / "import.yaml").write_text(MAPPING.replace("vib: vibration", "vib: temperature"))
    assert "--again" in str(millwright(folder).exception)


@pytest.mark.parametrize(
    ("old", "new", "error", "words"),
    [
        ("kind: csv", "kind: tape", ConfigError, "import.yaml:1: source"),
        ("vib: vibration", "vib: vibrato", Refused, 'unknown channel "vibrato"'),
        ("folder: past", "folder: future", Refused, "no such folder"),
        ("series:", "serious:", ConfigError, "serious"),
    ],
)
def test_what_is_wrong_in_a_mapping_is_said(
    folder: Path, old: str, new: str, error: type[Exception], words: str
) -> None:
    (folder / "import.yaml").write_text(MAPPING.replace(old, new))
    found = millwright(folder).exception
    assert isinstance(found, error)
    assert words in str(found)


def test_a_history_that_forgets_takes_no_past(folder: Path) -> None:
    with (folder / "service.yaml").open("a") as file:
        file.write("history: {kind: memory}\n")
    assert "memory" in str(millwright(folder).exception)


def lessons(folder: Path) -> list[Lesson]:
    journal = open_journal(load(folder))
    try:
        found = [decode(entry) for entry in journal.read(0, 1000)]
    finally:
        journal.close()
    return [body for body in found if isinstance(body, Lesson)]


def test_what_was_imported_is_a_lesson_once(folder: Path) -> None:
    millwright(folder)
    (lesson,) = lessons(folder)
    assert lesson.readings.assets == (P1,)
    assert len(lesson.readings) == 60
    millwright(folder)
    assert len(lessons(folder)) == 1


def test_nothing_is_learned_where_it_is_not_to_be(folder: Path) -> None:
    millwright(folder, "--no-learn")
    assert lessons(folder) == []
    millwright(folder)
    assert len(lessons(folder)) == 1


def test_what_was_before_a_repair_is_no_lesson(folder: Path) -> None:
    casefile = open_casefile(load(folder))
    work = [
        WorkEvent(P1, (NOW - 605) * SECOND, Work.REPLACED, "Bilal"),
        WorkEvent(P1, (NOW - 305) * SECOND, Work.INSPECTED, "Bilal"),
    ]
    casefile.commit(Advance(position=1, work=tuple(work)))
    casefile.close()
    millwright(folder)
    (lesson,) = lessons(folder)
    assert len(lesson.readings) == 30
