"""`messages proposed` and `accept`: from what somebody sends to a line in the plant."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.adapters import open_history, open_journal, open_proposals
from cli.class_guess import class_text, guessed_unit, room
from cli.configuration import load
from cli.main import app
from core.clock import system_clock
from core.errors import Refused
from core.ledger import Fate, look
from core.proposal import KeptMessage, Observed, Proposal
from core.rejection import Reason, Rejection
from tests import folders
from tests.messages import body

NEW = "site/hall/p3"
TOPIC = "plant/site/hall/p3/telemetry"


def millwright(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["messages", *map(str, words)])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A plant with pumps p1 and p2; a third one, p3, has been heard, and was refused."""
    folder = folders.write(tmp_path / "plant")
    config = load(folder)
    now = system_clock()
    payload = body(now, speed=1450.0, vibration=2.5)
    journal, proposals = open_journal(config), open_proposals(config)
    journal.pair(open_history(config).account())
    why = Reason.UNKNOWN_ASSET
    bad = Rejection(TOPIC, why, payload, now, "unknown", source="telemetry", messages=1)
    journal.append([], [bad], {("telemetry", Fate.RECEIVED, ""): 1})
    channels = {"speed": Observed.of(1450.0), "vibration": Observed.of(2.5)}
    kept = (KeptMessage(TOPIC, payload, now),)
    proposals.note([Proposal(NEW, "telemetry", now, now, 1, channels, kept)])
    journal.close()
    proposals.close()
    return folder


def propose(folder: Path, **changes: object) -> None:
    proposals = open_proposals(load(folder))
    one = proposals.find(NEW)
    assert one is not None
    proposals.discard([NEW])
    proposals.note([replace(one, **changes)])  # type: ignore[arg-type]
    proposals.close()


def test_what_reports_without_being_in_the_plant_is_listed(folder: Path) -> None:
    (line,) = millwright("proposed", "-c", folder).stdout.splitlines()[1:]
    assert NEW in line and "speed 1450..1450; vibration 2.5..2.5" in line
    row = json.loads(millwright("proposed", "--json", "-c", folder).stdout)
    assert row["channels"]["vibration"]["last"] == 2.5


def test_an_accepted_asset_is_in_the_plant_and_what_it_said_is_taken(folder: Path) -> None:
    text = (folder / "plant.yaml").read_text(encoding="utf-8")
    result = millwright("accept", NEW, "--title", "Pump 3", "-c", folder)
    assert result.exit_code == 0, result.exception
    assert '+          p3: {class: pump, title: "Pump 3"}' in result.stdout
    assert "messages taken that were refused: 1" in result.stdout
    assert "restart `millwright run" in result.stdout
    after = (folder / "plant.yaml").read_text(encoding="utf-8")
    assert after == text + '          p3: {class: pump, title: "Pump 3"}\n'
    config = load(folder)
    assert config.plant.assets[NEW].title == "Pump 3"
    journal, history = open_journal(config), open_history(config)
    assert journal.rejected() == []
    (line,) = look(history, journal)
    assert (line.received, line.waiting, line.rejected, line.missing) == (1, 1, {}, 0)
    assert millwright("proposed", "--json", "-c", folder).stdout == ""
    journal.close()
    history.close()


def test_a_sample_is_tried_where_its_letter_is_gone(folder: Path) -> None:
    journal = open_journal(load(folder))
    journal.discard([letter.id for letter in journal.rejected()])
    journal.close()
    assert "refused: 1" in millwright("accept", NEW, "--class", "pump", "-c", folder).stdout
    config = load(folder)
    journal, history = open_journal(config), open_history(config)
    (line,) = look(history, journal)
    assert (line.rejected, line.missing) == ({"unknown asset": 1}, 0)
    assert len(journal.read(0)) == 1
    journal.close()
    history.close()


def test_a_dry_run_changes_nothing(folder: Path) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*.yaml")}
    result = millwright("accept", NEW, "--new-class", "fan", "--dry-run", "-c", folder)
    assert result.exit_code == 0 and "+++" in result.stdout
    assert {path: path.read_bytes() for path in folder.rglob("*.yaml")} == before
    assert NEW in millwright("proposed", "-c", folder).stdout


def test_a_new_class_has_the_channels_that_were_seen(folder: Path) -> None:
    channels = {
        "vibration_rms": Observed("", 9, 1.0, 4.5, 2.0),
        "bearing_temp": Observed("degF", 9, 100.0, 140.0, 120.0),
        "state": Observed("", 9, words=("running", "off")),
        "what is this": Observed.of(1.0),
    }
    propose(folder, channels=channels)
    result = millwright("accept", NEW, "--new-class", "fan", "-c", folder)
    assert result.exit_code == 0, result.exception
    plant = load(folder).plant
    assert plant.class_of(NEW).channel_names == ("vibration_rms", "bearing_temp", "state")
    vibration, temp, state = plant.class_of(NEW).channels
    assert (vibration.unit, vibration.low, vibration.high) == ("mm/s", 0, 50)
    assert temp.unit == "degF"
    assert dict(state.states) == {"off": 0, "running": 1}


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("site/hall/p4",), "unknown proposed asset"),
        (("site/hall/p1",), "is in the plant already"),
        ((NEW, "--class", "fan"), "unknown class"),
        ((NEW, "--new-class", "pump"), "there is a class pump already"),
        ((NEW, "--new-class", "../x"), "cannot be the name of a class"),
    ],
)
def test_what_cannot_be_accepted_is_said(folder: Path, words: tuple[str, ...], why: str) -> None:
    result = millwright("accept", *words, "-c", folder)
    assert isinstance(result.exception, Refused)
    assert why in str(result.exception)


def test_a_class_that_lacks_a_channel_is_refused_by_its_name(folder: Path) -> None:
    propose(folder, channels={"heat": Observed.of(1.0)})
    named = millwright("accept", NEW, "--class", "pump", "-c", folder)
    assert "class pump has no channel heat" in str(named.exception)
    unnamed = millwright("accept", NEW, "-c", folder)
    assert "no class has all its channels" in str(unnamed.exception)


def test_a_site_that_is_new_needs_its_time_zone(folder: Path) -> None:
    propose(folder, asset="lahore/hall/p3")
    without = millwright("accept", "lahore/hall/p3", "-c", folder)
    assert "say its --timezone" in str(without.exception)
    result = millwright("accept", "lahore/hall/p3", "--timezone", "Asia/Karachi", "-c", folder)
    assert result.exit_code == 0, result.exception
    assert load(folder).plant.sites["lahore"].timezone == "Asia/Karachi"


def test_where_the_check_finds_a_fault_every_file_is_as_it_was(folder: Path) -> None:
    propose(folder, asset="lahore/hall/p3")
    before = {path: path.read_bytes() for path in folder.rglob("*.yaml")}
    words = ("accept", "lahore/hall/p3", "--timezone", "Mars/Olympus", "--new-class", "fan")
    result = millwright(*words, "-c", folder)
    assert "nothing was changed" in str(result.exception)
    assert "Mars/Olympus" in str(result.exception)
    assert {path: path.read_bytes() for path in folder.rglob("*.yaml")} == before


def test_an_id_that_no_asset_can_have_is_refused(folder: Path) -> None:
    propose(folder, asset="site/hall/Pump 3")
    result = millwright("accept", "site/hall/Pump 3", "-c", folder)
    assert "cannot be the id of an asset" in str(result.exception)


@pytest.mark.parametrize(
    ("name", "seen", "unit"),
    [
        ("bearing_temp", Observed.of(60.0), "°C"),
        ("bearing_temp", Observed.of(333.0), "K"),
        ("bearing_temp", Observed.of(140.0, "degF"), "degF"),
        ("vibration", Observed.of(2.0, "wobbles"), "mm/s"),
        ("discharge_pressure", Observed.of(6.0), "bar"),
        ("discharge_pressure", Observed.of(6000.0), "kPa"),
        ("discharge_pressure", Observed.of(600_000.0), "Pa"),
        ("whatever", Observed.of(1.0), ""),
    ],
)
def test_units_are_taken_from_the_payload_or_guessed(name: str, seen: Observed, unit: str) -> None:
    assert guessed_unit(name, seen) == unit


def test_a_range_has_room_around_what_was_seen() -> None:
    for low, high in ((1.0, 4.5), (-3.0, 8.0), (0.0, 0.0), (-5.0, -4.0), (1450.0, 1450.0)):
        least, most = room(low, high)
        assert least <= low and most >= high and least < most


def test_names_from_outside_stay_within_their_place_in_the_file() -> None:
    odd = Proposal("s/a/x", "telemetry", 0, 0, 1, {"a:b": Observed("}", 1, words=('"}', "\n"))})
    text = class_text(odd, "then", "now")
    assert text.count("\n  ") and "a:b" in text


def test_a_range_of_the_largest_numbers_is_one_that_can_be_written() -> None:
    for value in (1.7e308, -1.7e308):
        seen = {"v": Observed.of(value), "w": Observed("", 2, -1.7e308, 1.7e308, 0.0)}
        text = class_text(Proposal("s/a/p", "telemetry", 0, 0, 1, seen), "then", "now")
        assert "inf" not in text and "nan" not in text and "range: [-1e+300, 1e+300]" in text
