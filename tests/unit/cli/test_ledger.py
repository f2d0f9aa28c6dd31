"""`messages ledger` on files that were filled by hand."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.adapters import open_history, open_journal
from cli.configuration import load
from cli.main import app
from core.journal import draft
from core.ledger import Fate
from core.readings import Reading, Readings
from core.rejection import Reason, Rejection
from tests import folders

BLOCK = Readings.of("pump", ("v",), [Reading("site/hall/p1", 5, {"v": 1.0})], 5)


def millwright(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["messages", "ledger", *map(str, words)])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Six messages in: three stored, one refused, two waiting."""
    folder = folders.write(tmp_path / "plant")
    config = load(folder)
    journal, history = open_journal(config), open_history(config)
    journal.pair(history.account())
    entry = replace(BLOCK, source="telemetry", messages=3)
    bad = Rejection("t", Reason.MALFORMED, b"?", 5, source="telemetry", messages=1)
    journal.append([draft(5, entry)], [bad], {("telemetry", Fate.RECEIVED, ""): 4})
    history.write([entry], 1)
    waits = draft(6, replace(entry, messages=2))
    journal.append([waits], (), {("telemetry", Fate.RECEIVED, ""): 2})
    journal.close()
    history.close()
    return folder


def lose(folder: Path, count: int) -> None:
    journal = open_journal(load(folder))
    journal.append([], (), {("telemetry", Fate.RECEIVED, ""): count})
    journal.close()


def test_a_ledger_that_is_even_is_printed_and_ends_with_0(folder: Path) -> None:
    result = millwright("-c", folder)
    assert result.exit_code == 0
    head, line, why = result.stdout.splitlines()
    assert dict(zip(head.replace("lost upstream", "lost").split(), line.split(), strict=True)) == {
        "source": "telemetry",
        "received": "6",
        "stored": "3",
        "rejected": "1",
        "duplicate": "0",
        "dropped": "0",
        "told": "0",
        "waiting": "2",
        "settled": "0",
        "missing": "0",
        "lost": "0",
    }
    assert why == "telemetry: rejected: malformed 1"


def test_what_is_missing_ends_with_1_until_it_is_written_off(folder: Path) -> None:
    lose(folder, 2)
    result = millwright("--json", "-c", folder)
    assert result.exit_code == 1
    assert json.loads(result.stdout)["missing"] == 2
    settled = millwright("--settle", "--json", "-c", folder)
    assert settled.exit_code == 0
    row = json.loads(settled.stdout)
    assert (row["missing"], row["settled"]) == (0, {"written off": 2})


def test_an_empty_ledger_says_so(tmp_path: Path) -> None:
    folder = folders.write(tmp_path / "plant")
    config = load(folder)
    journal, history = open_journal(config), open_history(config)
    journal.pair(history.account())
    journal.close()
    history.close()
    assert "no message has come in yet" in millwright("-c", folder).stdout
