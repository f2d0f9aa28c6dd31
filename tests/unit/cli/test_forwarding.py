"""What a start takes over of those that send over a link, and lets go of."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from cli import forwarding
from cli.adapters import open_casefile, open_history, open_journal
from cli.configuration import load
from cli.main import app
from cli.runtime import Runtime
from core import site
from core.clock import SECOND, ManualClock
from core.errors import Refused
from core.journal import Kind, Link, LinkChanged, SiteSaid, SiteTopic, Tick, decode, draft
from core.ledger import Line
from core.site import State
from service.scoring import Scoring
from tests import folders

NOW = 1_795_420_800 * SECOND
FORWARD = {"site": "lahore", "url": "mqtt://127.0.0.1:9"}
SITES = {"sites": {"accept": ["lahore", "suzhou"]}}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield folders.write(tmp_path / "plant")


def write(tmp_path: Path, **service: object) -> Path:
    return folders.write(tmp_path / "plant", more=yaml.safe_dump(service) if service else "")


def start(folder: Path) -> None:
    """Start and stop, as a service that has nothing to do."""
    with Runtime(load(folder), ManualClock(NOW)):
        pass


def waits(folder: Path, *consumers: str) -> None:
    """Leave marks of consumers that have come to the second of three entries."""
    journal = open_journal(load(folder))
    journal.append([draft(NOW, Tick(connected=True))] * 3)
    for consumer in consumers:
        journal.mark(consumer, 2)
    journal.close()


def left(folder: Path) -> tuple[dict[str, int], list[object]]:
    """Read which marks there are, and what was told of links."""
    journal = open_journal(load(folder))
    told = [decode(entry) for entry in journal.read(0, 100) if entry.kind is Kind.LINK]
    marks = journal.marks()
    journal.close()
    return marks, list(told)


def test_what_is_no_longer_forwarded_is_no_longer_waited_for(tmp_path: Path) -> None:
    folder = write(tmp_path)
    waits(folder, "forward", "commands", "history")
    start(folder)
    marks, told = left(folder)
    assert marks == {"history": 2}
    assert told == [LinkChanged(Link.CENTRE_BACK, "nothing is forwarded any more")]
    start(folder)
    assert left(folder) == (marks, told)


def test_what_is_still_configured_is_waited_for(tmp_path: Path) -> None:
    folder = write(tmp_path, forward=FORWARD, place="centre", ingest=SITES)
    waits(folder, "forward", "commands")
    start(folder)
    assert left(folder) == ({"forward": 2, "commands": 2}, [])


@pytest.mark.parametrize("file", ["forward.json", "commands.json"])
def test_a_journal_that_was_moved_aside_goes_on_beyond_what_was_sent(
    tmp_path: Path, file: str
) -> None:
    folder = write(tmp_path)
    data = load(folder).data
    data.mkdir(parents=True)
    (data / file).write_text(json.dumps({"journal": "abc", "entry": 500}))
    start(folder)
    journal = open_journal(load(folder))
    assert journal.append([draft(NOW, Tick(connected=True))]) == 501
    journal.close()


def test_without_a_block_forward_there_is_nothing_to_forward(folder: Path) -> None:
    config = load(folder)
    journal, casefile, history = open_journal(config), open_casefile(config), open_history(config)
    with pytest.raises(Refused, match="has no block forward"):
        forwarding.make_forwarder(config, journal, casefile, history, ManualClock(NOW))
    assert forwarding.make_site_commands(config, journal, casefile) is None
    for store in (journal, casefile, history):
        store.close()


def test_the_state_carries_the_ledger_once_it_belongs_to_this_history(tmp_path: Path) -> None:
    (tmp_path / "secret").touch(0o600)
    (tmp_path / "secret").write_text("open sesame")
    secret = {"username": "u", "password": f"file:{tmp_path / 'secret'}"}
    config = load(write(tmp_path, forward={**FORWARD, **secret}))
    journal, casefile, history = open_journal(config), open_casefile(config), open_history(config)
    made = forwarding.make_forwarder(config, journal, casefile, history, ManualClock(NOW))
    assert made._ledger() == ()
    journal.pair(history.account())
    assert made._ledger() == ()
    for store in (journal, casefile, history):
        store.close()


def ledger(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["messages", "ledger", "-c", str(folder), *words])


def tell(folder: Path, line: Line, sender: str = "lahore") -> None:
    """Let a centre hear a site's state, and score it."""
    config = load(folder)
    journal, casefile = open_journal(config), open_casefile(config)
    body = site.pack(State(NOW - 90 * SECOND, 7, (), (asdict(line),)))
    journal.append([draft(NOW, SiteSaid(sender, SiteTopic.STATE, body))])
    scoring = Scoring(config.plant, journal, casefile)
    while scoring.step():
        pass
    casefile.close()
    journal.close()


def test_the_centre_shows_a_sites_last_ledger_and_when_it_was(tmp_path: Path) -> None:
    folder = write(tmp_path, place="centre", ingest=SITES)
    tell(folder, Line("telemetry", 6, 5, {"malformed": 1}, 0, {}, 0, 0, {}, 0, 0))
    shown = ledger(folder, "--site", "lahore")
    assert shown.exit_code == 0
    assert "telemetry" in shown.stdout and "malformed 1" in shown.stdout
    assert "as site lahore said at 2026-11-23T07:58:30" in shown.stderr
    assert "7 of its journal entries waited" in shown.stderr
    row = json.loads(ledger(folder, "--site", "lahore", "--json").stdout)
    assert row["received"] == 6 and row["missing"] == 0


def test_a_site_that_misses_messages_ends_with_1(tmp_path: Path) -> None:
    folder = write(tmp_path, place="centre", ingest=SITES)
    tell(folder, Line("telemetry", 6, 5, {}, 0, {}, 0, 0, {}, 0, 0))
    assert ledger(folder, "--site", "lahore").exit_code == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--site", "suzhou"), "site suzhou has not told its ledger yet"),
        (("--site", "lahor"), 'did you mean "lahore"'),
        (("--site", "lahore", "--settle"), "settled there"),
    ],
)
def test_what_cannot_be_shown_is_refused_with_words(
    tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    folder = write(tmp_path, place="centre", ingest=SITES)
    tell(folder, Line("telemetry", 6, 6, {}, 0, {}, 0, 0, {}, 0, 0))
    result = ledger(folder, *words)
    assert result.exit_code != 0
    assert said in str(result.exception) + result.stderr


def test_at_a_site_no_site_forwards_to_us(tmp_path: Path) -> None:
    folder = write(tmp_path)
    tell(folder, Line("telemetry", 6, 6, {}, 0, {}, 0, 0, {}, 0, 0))
    result = ledger(folder, "--site", "lahore")
    assert "no site forwards to us" in str(result.exception) + result.stderr


def test_a_secret_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    secret = {"username": "u", "password": "env:MILLWRIGHT_NOT_SET_HERE"}
    broker = {"url": "mqtt://127.0.0.1:1", **secret}
    folder = folders.write(tmp_path / "plant")
    given = {"data": "data", "broker": broker, "forward": {**FORWARD, **secret}, "ingest": SITES}
    (folder / "service.yaml").write_text(yaml.safe_dump(given))
    config = load(folder)
    journal, casefile, history = open_journal(config), open_casefile(config), open_history(config)
    with pytest.raises(Refused, match=r"forward\.password: .*MILLWRIGHT_NOT_SET_HERE"):
        forwarding.make_forwarder(config, journal, casefile, history, ManualClock(NOW))
    with pytest.raises(Refused, match=r"broker\.password"):
        forwarding.make_site_commands(config, journal, casefile)
    for store in (journal, casefile, history):
        store.close()


def test_a_centre_answers_by_its_own_broker(tmp_path: Path) -> None:
    config = load(write(tmp_path, place="centre", ingest=SITES))
    journal, casefile = open_journal(config), open_casefile(config)
    assert forwarding.make_site_commands(config, journal, casefile) is not None
    casefile.close()
    journal.close()
