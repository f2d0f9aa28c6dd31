"""The same journal gives the same scores and alerts, byte for byte, however it is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from core.alert import AlertQuery
from core.casefile import Advance, CaseFile
from core.clock import HOUR, MINUTE, SECOND
from core.journal import Journal, Link
from core.plant import NamedDetector, Plant, RuleSpec, Severity
from core.readings import Quality, Reading
from core.rejection import Reason
from core.work import Work
from models.mewma import MewmaSettings
from models.threshold import ThresholdSettings
from service.scoring import Scoring
from storage.casefile_memory import MemoryCaseFile
from storage.casefile_sqlite import SqliteCaseFile
from storage.journal_memory import MemoryJournal
from storage.journal_sqlite import SqliteJournal
from storage.settings import JournalSettings
from tests.plants import plant, pump_class
from tests.story import START, Story

P1, P2, P3, P4 = (f"site/hall/p{n}" for n in range(1, 5))
NOTIFIERS = ("mqtt", "mail")


def watched_plant() -> Plant:
    """Pumps with limits, a learned pattern and a remaining life."""
    base = pump_class()
    pattern = RuleSpec(
        "pattern", "pattern", Severity.WARNING, on_delay=10 * MINUTE, off_delay=20 * MINUTE
    )
    watched = replace(
        base,
        detectors=(*base.detectors, NamedDetector("pattern", MewmaSettings())),
        rules=(*base.rules, pattern),
        health=ThresholdSettings(channel="vibration", end=8.0),
        stuck_after=2 * HOUR,
        silent_after=HOUR,
    )
    return plant(4, watched)


@dataclass
class Kept:
    """Everything that a case file was ever given, in order."""

    casefile: CaseFile
    advances: list[Advance] = field(default_factory=list)

    def commit(self, advance: Advance) -> None:
        self.casefile.commit(advance)
        self.advances.append(advance)

    def __getattr__(self, name: str) -> object:
        return getattr(self.casefile, name)

    def result(self, assets: list[str]) -> dict[str, object]:
        """All that must be the same in every reading of the same journal."""
        saved = self.casefile.load()
        names = ["score:zones", "score:pattern", "health"]
        columns = {asset: self.casefile.conditions(asset, names, 0, 2**62) for asset in assets}
        return {
            "transitions": [step for one in self.advances for step in one.transitions],
            "notices": [notice for one in self.advances for notice in one.notices],
            "outcomes": [outcome for one in self.advances for outcome in one.outcomes],
            "alerts": self.casefile.alerts(AlertQuery(limit=1000)).alerts,
            "statuses": self.casefile.statuses(),
            "scores": {a: (c.at.tobytes(), c.values.tobytes()) for a, c in columns.items()},
            "checkpoint": saved.checkpoint,
            "position": saved.position,
        }


def tell(story: Story) -> Story:
    """Healthy running, wear, lying sensors, silence, backlogs, people, devices, a stepped clock."""
    learn(story)
    wear(story)
    people(story)
    gaps(story)
    lag(story)
    devices(story)
    quiet(story)
    outages(story)
    return story


def every(story: Story, count: int) -> Iterator[int]:
    """Let five minutes pass `count` times, with a tick in each."""
    for k in range(count):
        story.passes(5 * MINUTE - story.plant.tick_every).ticks(1)
        yield k


def learn(story: Story) -> None:
    for k in every(story, 150):
        story.all_say()
        if k % 10 == 3:
            story.all_say()  # duplicates
        if k % 10 == 5:
            story.says(P1, story.now - MINUTE)  # late


def wear(story: Story) -> None:
    for k in every(story, 100):
        story.says(P1, vibration=2 + k * 0.07)
        story.says(P2, temperature=51.0)
        rows = [story.row(P3, story.now + j * SECOND) for j in range(3)]
        story.block(*rows)


def people(story: Story) -> None:
    """Ask for cases by ids that a first scoring finds."""
    case = first_case(story)
    story.asks("acknowledge", case, "a1").asks("end", case, "a2").asks("acknowledge", case, "a1")
    for _ in every(story, 5):
        story.says(P1, vibration=9)
    story.mends(P1, Work.REPLACED)
    for _ in every(story, 60):
        story.all_say()


def gaps(story: Story) -> None:
    """Let a pump shake, its values come one by one, and its sensor fall silent and come back."""
    for k in every(story, 40):
        at = story.now
        story.block(Reading(P3, at, {"speed": 1500.0 + k % 7}), channels=("speed",))
        if k % 10 < 5:
            values = {"vibration": 9.0 + k % 3}
            story.block(Reading(P3, at + SECOND, values), channels=("vibration",))
        story.block(Reading(P3, at + 2 * SECOND, {"temperature": 50.0 + k % 5 / 10}))
    for _ in every(story, 10):
        story.says(P3)


def lag(story: Story) -> None:
    """Let a pump's clock differ by some minutes for an hour, with a backlog on top of it."""
    story.passes(HOUR)
    for k in range(60):
        behind = 20 * MINUTE if k != 40 else 2 * MINUTE
        vibration = 5.0 if 20 < k < 50 else 2.0
        story.ticks(6).says(P2, story.now - behind, vibration=vibration)
    story.passes(2 * HOUR)
    for k in range(20):
        story.ticks(3).says(P2, story.now - (100 - 5 * k) * MINUTE, vibration=5.0)


def devices(story: Story) -> None:
    """Let a gateway blink, go and come back, and a sensor call itself bad."""
    story.device(True, P2, P3, device="gateway").ticks(2)
    for down in (4, 40):
        story.device(False, P2, P3, device="gateway").ticks(down)
        story.device(True, P2, P3, device="gateway").ticks(5).says(P2)
    for k in range(30):
        story.passes(5 * MINUTE).marks(P3, {"vibration": Quality.BAD} if k < 20 else {})
        story.marks(P2, {"speed": Quality.UNCERTAIN})
        story.block(story.row(P2, story.now + SECOND, vibration=9.0), retained=True)


def quiet(story: Story) -> None:
    """Let a pump say only what changes, until what it said no longer holds."""
    names = ("speed", "vibration", "temperature")
    story.device(True, P4, device="edge", on_change=names).ticks(5).says(P4)
    for k in range(40):
        said = {"vibration": 2 + k % 3 / 10} if k % 2 else {"temperature": 50 + k % 5 / 10}
        story.ticks(7).block(Reading(P4, story.now, said))
    story.block(Reading(P4, story.now + SECOND, {"vibration": 7.0})).ticks(90)
    story.device(False, P4, device="edge").ticks(3).device(True, P4, device="edge").ticks(3)
    story.says(P4, vibration=7.5).ticks(70).device(False, P4, device="edge").ticks(20)
    story.says(P4).device(True, P4, device="edge").ticks(400).block(Reading(P4, story.now, {}))
    story.block(Reading(P4, story.now + SECOND, {"speed": 1500.0})).ticks(20)
    story.says(P4).passes(SECOND).link(Link.CONNECTED).ticks(5)
    story.block(Reading(P4, story.now, {}, {"temperature": Quality.BAD})).ticks(365)
    story.says(P4).ticks(1)


def first_case(story: Story) -> str:
    casefile = MemoryCaseFile()
    scoring = Scoring(story.plant, story.journal, casefile)
    while scoring.step():
        pass
    return next(alert.id for _, alert in casefile.events(0) if alert.asset == P1)


def outages(story: Story) -> None:
    story.link(Link.DISCONNECTED, "no route").ticks(20, connected=False).link(Link.SESSION_LOST)
    story.ticks(1).link(Link.SESSION_LOST)
    for _ in range(200):
        story.ticks(4, notes=(("journal 80 %", "x"),)).says(P1)
    begun = story.now
    rows = [story.row(P2, begun - HOUR + k * MINUTE, vibration=5.0) for k in range(50)]
    story.block(*rows[:25]).block(*rows[25:]).ticks(3)
    story.refuses(P3, Reason.TOO_EARLY, 30).revises()
    story.passes(-3 * HOUR).ticks(3).all_say().ticks(5)


def play(
    plant: Plant, journal: Journal, casefile: CaseFile, limit: int = 256, restart: int = 10**9
) -> dict[str, object]:
    """Score a whole journal, forgetting all that is not committed after each `restart` steps."""
    kept = Kept(casefile)
    scoring = Scoring(plant, journal, kept, NOTIFIERS)  # type: ignore[arg-type]
    steps = 0
    while scoring.step(limit):
        steps += 1
        if steps % restart == 0:
            scoring = Scoring(plant, journal, kept, NOTIFIERS)  # type: ignore[arg-type]
    return kept.result(sorted(plant.assets))


@pytest.fixture(scope="module")
def story() -> Story:
    return tell(Story(watched_plant(), MemoryJournal(JournalSettings())))


@pytest.fixture(scope="module")
def expected(story: Story) -> dict[str, object]:
    return play(story.plant, story.journal, MemoryCaseFile())


def assert_same(found: dict[str, object], expected: dict[str, object]) -> None:
    for name, value in expected.items():
        assert found[name] == value, name


def test_the_story_has_all_that_can_change_a_result(expected: dict[str, object]) -> None:
    groups = {alert.group for alert in expected["alerts"]}  # type: ignore[attr-defined]
    assert groups >= {"machine", "data", "link", "session", "sensor:temperature", "note:clock"}
    assert groups >= {"device:gateway", "sensor:vibration"}
    rules = {rule for alert in expected["alerts"] for rule in alert.rules}  # type: ignore[attr-defined]
    assert rules >= {"offline: gateway", "offline: edge", "bad", "pattern"}
    quiet = {alert.group for alert in expected["alerts"] if alert.asset == P4}  # type: ignore[attr-defined]
    assert quiet >= {"machine", "data", "sensor:temperature"}
    assert any(step.catching_up for step in expected["transitions"])  # type: ignore[attr-defined]
    accepted = [outcome.accepted for outcome in expected["outcomes"]]  # type: ignore[attr-defined]
    assert accepted == [True, False, True]
    counts = [status.counts for status in expected["statuses"]]  # type: ignore[attr-defined]
    assert counts[0]["duplicate"] >= 15
    assert counts[0]["late"] >= 15
    assert counts[1]["retained"] == 30
    assert counts[1]["uncertain quality"] == 30


def test_the_same_journal_replayed_gives_identical_bytes(
    story: Story, expected: dict[str, object]
) -> None:
    assert_same(play(story.plant, story.journal, MemoryCaseFile()), expected)


@pytest.mark.parametrize("limit", [1, 1000])
def test_how_entries_are_cut_into_steps_changes_nothing(
    story: Story, expected: dict[str, object], limit: int
) -> None:
    assert_same(play(story.plant, story.journal, MemoryCaseFile(), limit), expected)


@pytest.mark.parametrize(("limit", "restart"), [(3, 7), (17, 1)])
def test_restarts_change_nothing(
    story: Story, expected: dict[str, object], limit: int, restart: int
) -> None:
    assert_same(play(story.plant, story.journal, MemoryCaseFile(), limit, restart), expected)


class Crash(Exception):
    """The process dies before a commit."""


@dataclass
class CrashingCaseFile:
    """Dies at random moments, between two commits."""

    casefile: CaseFile
    random: np.random.Generator

    def commit(self, advance: Advance) -> None:
        if self.random.random() < 0.3:
            raise Crash
        self.casefile.commit(advance)

    def __getattr__(self, name: str) -> object:
        return getattr(self.casefile, name)


def test_crashes_change_nothing(story: Story, expected: dict[str, object]) -> None:
    kept = Kept(MemoryCaseFile())
    crashing = CrashingCaseFile(kept, np.random.default_rng(3))  # type: ignore[arg-type]
    done = False
    while not done:
        scoring = Scoring(story.plant, story.journal, crashing, NOTIFIERS)  # type: ignore[arg-type]
        try:
            while scoring.step(40):
                pass
            done = True
        except Crash:
            continue
    assert_same(kept.result(sorted(story.plant.assets)), expected)


def test_files_give_the_same_as_memory(
    story: Story, expected: dict[str, object], tmp_path: Path
) -> None:
    journal = SqliteJournal(tmp_path / "journal.db", JournalSettings())
    tell(Story(story.plant, journal, START))
    casefile = SqliteCaseFile(tmp_path / "cases.db")
    try:
        assert_same(play(story.plant, journal, casefile, limit=50, restart=5), expected)
    finally:
        casefile.close()
        journal.close()
