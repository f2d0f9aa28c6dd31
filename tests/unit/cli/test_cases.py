"""`alerts`, `work` and `messages` on files that a story has filled, without a running service."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.adapters import open_casefile, open_journal
from cli.configuration import load
from cli.main import app
from core.errors import Refused, Unavailable
from core.rejection import Reason, Rejection
from service.scoring import Scoring
from tests import folders
from tests.story import Story

P1 = "site/hall/p1"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A plant whose pump p1 shakes, scored, and one refused message with an evil topic."""
    folder = folders.write(tmp_path / "plant")
    config = load(folder)
    journal, casefile = open_journal(config), open_casefile(config)
    story = Story(config.plant, journal).says(P1).passes(10**9).says(P1, vibration=5.0)
    bad = Rejection("plant/\x1b[2Jx", Reason.MALFORMED, b"\x1b]0;owned\x07", story.now, "no JSON")
    journal.append([], [bad])
    scoring = Scoring(config.plant, journal, casefile)
    while scoring.step():
        pass
    journal.close()
    casefile.close()
    return folder


def millwright(*words: str | Path) -> Result:
    return CliRunner(env={"USER": "Ayesha"}).invoke(app, [str(word) for word in words])


def case_of(folder: Path) -> str:
    return str(json.loads(millwright("alerts", "list", "--json", "-c", folder).stdout)["id"])


def test_cases_are_listed_as_a_table_and_as_json(folder: Path) -> None:
    table = millwright("alerts", "list", "-c", folder).stdout.splitlines()
    assert table[0].split() == ["id", "severity", "state", "asset", "since", "title"]
    assert P1 in table[1]
    row = json.loads(millwright("alerts", "list", "--json", "-c", folder).stdout)
    assert (row["asset"], row["state"], row["group"]) == (P1, "unacknowledged", "machine")


def test_the_list_can_be_of_one_asset(folder: Path) -> None:
    other = millwright("alerts", "list", "--json", "--asset", "site/hall/p2", "-c", folder)
    assert other.stdout == ""


def test_a_case_is_shown_in_plain_words_with_its_history(folder: Path) -> None:
    shown = millwright("alerts", "show", case_of(folder), "-c", folder).stdout
    assert "do: Look at the bearing." in shown
    assert "opened  new -> unacknowledged" in shown
    body = json.loads(millwright("alerts", "show", case_of(folder), "--json", "-c", folder).stdout)
    assert [step["change"] for step in body["history"]] == ["opened"]


@pytest.mark.parametrize("verb", ["show", "ack", "end"])
def test_a_case_that_there_is_not_is_refused_at_once(folder: Path, verb: str) -> None:
    done = millwright("alerts", verb, "nonesuch", "-c", folder)
    assert isinstance(done.exception, Refused)
    assert 'no alert "nonesuch"; millwright alerts list --all' in str(done.exception)


def test_work_is_recorded_and_refused_for_what_is_not_known(folder: Path) -> None:
    done = millwright("work", "add", P1, "inspected", "--routine", "-c", folder)
    assert done.stdout == f"recorded: {P1} inspected by Ayesha\n"
    asset = millwright("work", "add", "site/hall/p7", "inspected", "-c", folder)
    assert "unknown asset" in str(asset.exception)
    mode = millwright("work", "add", P1, "repaired", "--failure-mode", "baring", "-c", folder)
    assert 'did you mean "bearing"?' in str(mode.exception)
    failed = millwright("work", "add", P1, "repaired", "--failed", "-c", folder)
    assert failed.exit_code == 0
    both = millwright("work", "add", P1, "repaired", "--failed", "--routine", "-c", folder)
    assert "give one of the two" in str(both.exception)


def test_what_was_refused_cannot_steer_the_terminal(folder: Path) -> None:
    for words in (("--json",), ()):
        shown = millwright("messages", "rejected", *words, "-c", folder).stdout
        assert "malformed" in shown
        assert "\x1b" not in shown
        assert "\x07" not in shown


def test_retrying_a_message_that_is_not_kept_names_it(folder: Path) -> None:
    done = millwright("messages", "retry", "1", "99", "-c", folder)
    assert isinstance(done.exception, Refused)
    assert str(done.exception) == "no such message is kept: 99"


@pytest.mark.parametrize(
    "words",
    [
        *("alerts list", "alerts show x", "alerts ack x", "alerts end x", "alerts tail"),
        *("work list", "messages rejected", "messages retry"),
    ],
)
def test_where_nothing_has_run_no_files_are_made(words: str, tmp_path: Path) -> None:
    folder = folders.write(tmp_path / "plant")
    done = millwright(*words.split(), "-c", folder)
    assert isinstance(done.exception, Unavailable)
    assert "nothing has run on" in str(done.exception)
    assert not (folder / "data").exists()


def test_cases_are_ranked_by_cost_with_the_reason_where_they_cannot_be(folder: Path) -> None:
    table = millwright("alerts", "rank", "-c", folder).stdout
    assert "Cannot say: no failure is on record, of which 5 are needed" in table
    row = json.loads(millwright("alerts", "rank", "--json", "-c", folder).stdout)
    assert (row["asset"], row["advice"]["reason"]) == (P1, "too_few_failures")
