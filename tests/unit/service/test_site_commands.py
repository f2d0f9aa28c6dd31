"""Commands about a site's cases go to that site, each in its turn, and once the link is there."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from core import site
from core.casefile import Advance
from core.errors import Unavailable
from core.journal import Command, Draft, Kind, Tick, draft
from service import site_commands
from service.positions import PositionFile
from service.site_commands import SiteCommands
from storage.casefile_memory import MemoryCaseFile
from storage.journal_memory import MemoryJournal
from tests.links import MemoryLink
from tests.site_cases import case
from tests.waiting import until


class Centre:
    """A centre with one case of Lahore's and one of its own."""

    def __init__(self, folder: Path) -> None:
        self.journal, self.casefile, self.link = MemoryJournal(), MemoryCaseFile(), MemoryLink()
        theirs = replace(case("lahore-c1"), origin="lahore")
        self.casefile.commit(Advance(1, alerts=(theirs, case("ours"))))
        self.file = folder / "commands.json"
        self.commands = self.made()

    def made(self) -> SiteCommands:
        positions = PositionFile(self.file)
        return SiteCommands(self.journal, self.casefile, positions, self.link, "millwright")

    def ask(self, number: int, alert: str) -> None:
        command = Command(f"id-{number}", "acknowledge", alert, "amina")
        self.journal.append([draft(number, command)])

    def sent(self) -> list[tuple[str, Command]]:
        return [(topic, site.unpack(body, Command)) for topic, body in self.link.arrived]


@pytest.fixture
def centre(tmp_path: Path) -> Centre:
    return Centre(tmp_path)


def test_only_what_is_about_a_sites_case_is_sent_under_the_name_it_has_there(
    centre: Centre,
) -> None:
    centre.journal.append([draft(1, Tick(connected=True)), Draft(1, Kind.COMMAND, b"\xc1")])
    for number, alert in enumerate(("ours", "lahore-c1", "nobody's"), 1):
        centre.ask(number, alert)
    centre.commands.step()
    assert centre.sent() == [
        ("millwright/sites/lahore/commands", Command("id-2", "acknowledge", "c1", "amina"))
    ]
    assert centre.journal.marks() == {"commands": 5}


def test_what_was_sent_is_not_sent_again_after_a_restart(centre: Centre) -> None:
    centre.ask(1, "lahore-c1")
    centre.commands.step()
    centre.made().step()
    assert len(centre.sent()) == 1


def test_without_a_link_a_command_waits_and_is_said_once(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site_commands, "_LOOK_EVERY", 0.01)
    monkeypatch.setattr(site_commands, "_LONGEST_WAIT", 0.01)
    centre.link.trouble = Unavailable("no link")
    centre.ask(1, "lahore-c1")
    stop = threading.Event()
    with capture_logs() as logs:
        thread = threading.Thread(target=centre.commands.run, args=(stop,), daemon=True)
        thread.start()
        until(lambda: centre.link.tries >= 3)
        centre.link.trouble = None
        until(lambda: any(each["event"] == "commands_go_on" for each in logs))
        stop.set()
        thread.join(10)
    assert [each["event"] for each in logs] == ["commands_wait", "commands_go_on"]
    assert len(centre.sent()) == 1 and centre.link.closed
