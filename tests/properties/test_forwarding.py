"""A site and its centre over a link that loses, repeats and is cut, each killed at any step.

Against a plain twin: the centre has each reading of the site's journal once and in its order, but
for what had to make room, which it has counted; and each step of each case.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from core import site
from core.casefile import Advance
from core.clock import SECOND, ManualClock
from core.errors import Unavailable
from core.journal import SiteSaid, SiteTopic, Tick, decode, draft
from core.ledger import Fate, look
from core.readings import Readings
from core.site import Cases
from ingest.settings import SitesSettings
from ingest.site_parcels import SiteDesk
from service import forwarder
from service.forwarder import Forwarder
from service.positions import PositionFile
from service.settings import ForwardSettings
from storage.casefile_memory import MemoryCaseFile
from storage.history_memory import MemoryHistory
from storage.journal_memory import MemoryJournal
from tests.forwarding import NOW, block, centre_plant
from tests.site_cases import case, opened

_CUT = Unavailable("cut")


class Wire:
    """A broker between both: what it has confirmed it keeps; it may deliver anything twice."""

    def __init__(self) -> None:
        self.kept: list[tuple[bytes, bytes, int, int]] = []
        self.fate = "good"

    def publish(self, topic: str, body: bytes, *, retain: bool = False) -> None:
        assert not retain
        fate, self.fate = self.fate, "good"
        if fate == "lost":
            raise _CUT
        self.kept.append((topic.encode(), body, 0x32, 1))
        if fate == "unconfirmed":
            raise _CUT

    def look(self) -> None:
        """Stand."""

    def close(self) -> None:
        """Do nothing."""


class Pair:
    """A site with its forwarder, a centre with its desk, and what came of it written down."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.wire, self.number = folder, Wire(), 0
        self.journal, self.casefile = MemoryJournal(), MemoryCaseFile()
        self.centre, self.history = MemoryJournal(), MemoryHistory()
        self.centre.pair(self.history.account())
        self.said: list[int] = []
        self.dropped: list[int] = []
        self.cases = 0
        self.start_site()
        self.start_centre()

    def start_site(self) -> None:
        given = ForwardSettings.model_validate(
            {"site": "lahore", "url": "mqtt://h", "heartbeat": "1h", "most": 4}
        )
        stores = self.journal, self.casefile, PositionFile(self.folder / "forward.json"), self.wire
        self.forwarder = Forwarder(given, *stores, ManualClock(NOW))

    def start_centre(self) -> None:
        accepted = SitesSettings(accept=("lahore",))
        self.desk = SiteDesk(centre_plant(), accepted, self.centre.reached)

    def put(self, what: str) -> None:
        self.number += 1
        if what == "readings":
            self.said.append(self.number)
            said = block("p1", at=NOW + self.number * SECOND, vibration=float(self.number))
            self.journal.append([draft(NOW, said)])
        elif what == "tick":
            self.journal.append([draft(NOW, Tick(connected=True))])
        else:
            self.cases += 1
            one = case(f"c{self.cases}")
            advance = Advance(self.cases, alerts=(one,), transitions=(opened(one),))
            self.casefile.commit(advance)

    def step(self, fate: str) -> bool:
        self.wire.fate = fate
        try:
            return self.forwarder.step()
        except Unavailable:
            return True

    def trim(self, entries: int, *, forced: bool) -> None:
        """Let what is old go; `forced`, also what waits for the link."""
        marked = self.journal.marks().get("forward", 0)
        position = marked + entries if forced else self.journal.last_id()
        position = min(position, self.journal.last_id())
        before = {entry.id: entry for entry in self.journal.read(0, 10_000)}
        for consumer in ("history", "scoring"):
            self.journal.mark(consumer, position)
        if forced:
            self.journal.mark("forward", max(marked, position))
        self.journal.trim(NOW + 1)
        left = {entry.id for entry in self.journal.read(0, 10_000)}
        self.dropped += [number for number in before if number not in left and forced]

    def deliver(self, *, again: bool, lost: bool) -> None:
        """Let the centre take what has come; `lost` dies before the broker knew of it."""
        packets = list(self.wire.kept) * (2 if again else 1)
        found = self.desk.take(packets, NOW + SECOND)
        drafts = [draft(NOW, each) for each in found.readings]
        drafts += [draft(NOW, each) for each in found.said]
        self.centre.append(drafts, found.rejections, found.account, found.reached)
        self.desk.kept(found)
        if not lost:
            self.wire.kept.clear()

    def arrived(self) -> list[int]:
        bodies = [decode(entry) for entry in self.centre.read(0, 100_000)]
        blocks = [body for body in bodies if isinstance(body, Readings)]
        return [int(each.values["vibration"]) for part in blocks for each in part]

    def steps_arrived(self) -> int:
        said = [decode(entry) for entry in self.centre.read(0, 100_000)]
        bodies = [
            each.body
            for each in said
            if isinstance(each, SiteSaid) and each.topic is SiteTopic.CASES
        ]
        spans = [site.unpack(body, Cases) for body in bodies]
        assert [each.first for each in spans] == [1, *(each.last + 1 for each in spans[:-1])][
            : len(spans)
        ]
        return spans[-1].last if spans else 0

    def lost(self) -> int:
        return self.centre.booked(0).counts.get(("site lahore", Fate.LOST, ""), 0)


_ACTIONS = st.one_of(
    st.tuples(st.just("put"), st.sampled_from(["readings", "readings", "tick", "case"])),
    st.tuples(st.just("step"), st.sampled_from(["good", "lost", "unconfirmed"])),
    st.tuples(st.just("kill"), st.sampled_from(["site", "centre"])),
    st.tuples(st.just("deliver"), st.sampled_from(["once", "twice", "dies"])),
    st.tuples(st.just("trim"), st.just("old")),
)


def play(pair: Pair, actions: list[tuple[str, str]]) -> None:
    for what, how in actions:
        if what == "put":
            pair.put(how)
        elif what == "step":
            pair.step(how)
        elif what == "kill":
            pair.start_site() if how == "site" else pair.start_centre()
        elif what == "deliver":
            pair.deliver(again=how == "twice", lost=how == "dies")
        else:
            pair.trim(int(how) if how.isdigit() else 0, forced=how.isdigit())
    while pair.step("good"):
        pass
    pair.deliver(again=False, lost=False)


@pytest.fixture(autouse=True)
def _marks_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forwarder, "_MARK_EVERY", 0.0)
    monkeypatch.setattr(forwarder, "_CELLS", 9)
    monkeypatch.setattr(forwarder, "_EVENTS", 2)


@settings(max_examples=250)
@example([*3 * [("put", "readings")], ("step", "lost"), ("step", "unconfirmed")])
@given(st.lists(_ACTIONS, max_size=40))
def test_each_reading_arrives_once_and_nothing_is_called_lost(
    actions: list[tuple[str, str]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        pair = Pair(Path(folder))
        play(pair, [("step", "lost"), *actions])
        assert pair.arrived() == pair.said
        assert pair.steps_arrived() == pair.cases
        assert pair.lost() == 0
        assert not any(line.missing for line in look(pair.history, pair.centre))


_FORCED = st.tuples(st.just("trim"), st.sampled_from(["1", "2", "5"]))


@settings(max_examples=250)
@given(st.lists(st.one_of(_ACTIONS, _FORCED), max_size=40))
def test_what_had_to_make_room_is_counted_and_all_else_arrives_once(
    actions: list[tuple[str, str]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        pair = Pair(Path(folder))
        play(pair, [("put", "readings"), ("step", "good"), ("deliver", "once"), *actions])
        pair.put("readings")
        play(pair, [])
        arrived = pair.arrived()
        assert len(arrived) == len(set(arrived)) and arrived == sorted(arrived)
        assert set(arrived) <= set(pair.said)
        missing = len(pair.said) - len(arrived)
        assert missing <= pair.lost() <= len(pair.dropped)
        assert not any(line.missing for line in look(pair.history, pair.centre))
