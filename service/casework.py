"""Casework: applies journal entries one by one to the fleets and the alert book."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import msgspec

from core.alert import Alert, Notice, Transition
from core.casefile import CaseFile, Outcome, Saved, Status
from core.clock import Instant
from core.journal import (
    Body,
    Command,
    DeviceChanged,
    Entry,
    Lesson,
    Link,
    LinkChanged,
    Revision,
    SiteSaid,
    Tick,
    decode,
)
from core.plant import Plant
from core.readings import Readings
from core.work import Work, WorkEvent
from service.adoption import readiness
from service.alertbook import AlertBook, Move
from service.checkpoint import LEARNED
from service.devices import Devices
from service.finding import CaughtUp, Event, Finding, RepairJudged, mended_by_work, of_machine
from service.fleet import Fleet
from service.holding import Holding
from service.lesson import teach
from service.model_book import ModelBook
from service.outages import Outages
from service.repair_words import verdict_findings, verdict_words
from service.sites import Sites, ended
from service.stretch import Stretch
from service.thinning import Thinned


class _Shelf(msgspec.Struct):
    """What the book needs beside the open cases, which the case file itself keeps."""

    last: list[tuple[str, str, str]] = []
    waiting: dict[str, tuple[str, Transition]] = {}
    told: list[str] = []


_shelves = msgspec.json.Decoder(_Shelf)


@dataclass(slots=True)
class Pending:
    """What was concluded and is not committed yet."""

    alerts: dict[str, Alert] = field(default_factory=dict)
    transitions: list[Transition] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    work: dict[str, WorkEvent] = field(default_factory=dict)
    conditions: list[Thinned] = field(default_factory=list)
    statuses: dict[str, Status] = field(default_factory=dict)

    @property
    def urgent(self) -> bool:
        """Whether somebody waits for this."""
        return bool(self.transitions or self.notices or self.outcomes or self.work)


class Casework:
    """Everything that scoring knows; `apply` is the only way in which it changes.

    The case file is only read, for what was committed before: what became of a command, so that
    one sent twice is done once, and cases that have ended.
    """

    def __init__(
        self,
        plant: Plant,
        fleets: Iterable[Fleet],
        notifiers: tuple[str, ...],
        casefile: CaseFile,
    ) -> None:
        self.plant = plant
        self.fleets = {fleet.asset_class.name: fleet for fleet in fleets}
        self.book = AlertBook()
        self.pending = Pending()
        self.beat: Callable[[], None] = lambda: None
        self._holding = Holding(notifiers)
        self._outages = Outages(plant)
        self._devices = Devices(plant)
        self._sites = Sites(plant)
        self.models = ModelBook()
        self._theirs: dict[str, Alert] = {}
        self._casefile = casefile

    def watch(self, beat: Callable[[], None]) -> None:
        """Tell by `beat` that what takes long gets somewhere."""
        self.beat = beat
        for fleet in self.fleets.values():
            fleet.watch(beat)

    def restore(self, saved: Saved) -> list[str]:
        """Take over what was committed; returns the sections that no longer fit."""
        kept = saved.checkpoint
        if "outages" in kept:
            self._outages.restore(kept["outages"])
        shelf = _shelves.decode(kept.get("book", b"{}"))
        last = {(asset, group): case for asset, group, case in shelf.last}
        self.book = AlertBook.of((one for one in saved.alerts if not one.origin), last)
        self._theirs = {one.id: one for one in saved.alerts if one.origin}
        self._holding.waiting = shelf.waiting
        self._holding.told = set(shelf.told)
        self.models.restore(kept)
        dropped, done = [], self._casefile.work(limit=1_000_000)
        for name, fleet in self.fleets.items():
            fleet.lives.record(done)
            sections = fleet.part().read(kept)
            dropped += [f"{name}/{section}" for section in sections]
            if any(section.startswith(LEARNED) for section in sections):
                self.models.lose(name, [asset.id for asset in fleet.assets])
        if "sites" in kept:
            self._sites.restore(kept["sites"])
        if "devices" in kept:
            self._devices.restore(kept["devices"])
        for asset in self._devices.known():
            fleet, devices = self._fleet_of(asset), self._devices
            place = fleet.attendance.place
            place(fleet.number[asset], devices.presence(asset), devices.on_change(asset))
        return dropped

    def parts(self) -> dict[str, bytes]:
        """Return the whole state as named bytes."""
        shelf = _Shelf(
            [(asset, group, case) for (asset, group), case in self.book.last.items()],
            self._holding.waiting,
            sorted(self._holding.told),
        )
        written = {
            "book": msgspec.json.encode(shelf),
            "outages": self._outages.save(),
            "devices": self._devices.save(),
            "sites": self._sites.save(),
            "models": self.models.save(),
        }
        for fleet in self.fleets.values():
            written |= fleet.part().write()
        return written

    def apply(self, entry: Entry) -> None:
        """Take in one entry."""
        try:
            body = decode(entry)
        except (msgspec.DecodeError, ValueError) as error:
            self._found(self._outages.unreadable(entry.at, f"{entry.id}: {error}"))
            return
        self.take(body, entry.at, f"{entry.id}")

    def take(self, body: Body, at: Instant, name: str = "") -> None:
        """Take in what an entry that was written at `at` holds; `name` is what it is called by."""
        if isinstance(body, Readings):
            self._score(body, at)
        elif isinstance(body, Tick):
            self._tick(body, at)
        elif isinstance(body, Command):
            self._obey(body, at)
        elif isinstance(body, WorkEvent):
            self._record(body)
        elif isinstance(body, LinkChanged):
            self._events(self._outages.changed(at, body), at)
            for fleet in self.fleets.values() if body.link is Link.CONNECTED else ():
                fleet.doubt()
        elif isinstance(body, Revision):
            self._revise(body, at)
        elif isinstance(body, Lesson):
            self._teach(body.readings)
        elif isinstance(body, DeviceChanged):
            assets, findings = self._devices.changed(at, body)
            self._events(findings, at)
            self._attend(assets, at)
        elif isinstance(body, SiteSaid):
            self._hear(body, at, name)
        else:
            self._events(self._outages.refused(at, body), at)

    def pass_by(self, stretch: Stretch) -> None:
        """Take in a stretch of readings and ticks, at once where it may."""
        blocks = [(fleet, stretch.of(name)) for name, fleet in self.fleets.items()]
        calm = self._outages.calm and self._devices.calm and not self.plant.senders
        if not calm or not all(fleet.may_pass(block) for fleet, block in blocks):
            for at, body in stretch.bodies():
                self.take(body, at)
            return
        spans = self._outages.pass_by(stretch.ticks)
        self._devices.pass_by(stretch.ticks, spans)
        told = []
        for number, (fleet, block) in enumerate(blocks):
            for timed in fleet.pass_by(block, stretch.ticks, spans):
                told.append((*timed[:2], number, *timed[2:]))
            self.pending.conditions += fleet.take_conditions()
        for at, *_, event in sorted(told, key=lambda one: one[:5]):
            self._events([event], at)

    def leave_out(self, entry: Entry) -> None:
        """Pass over an entry on which judging fails again and again, and tell that."""
        words = f"{entry.id}: judging it failed several times; see the log"
        self._found(self._outages.unreadable(entry.at, words))

    def _score(self, block: Readings, at: Instant) -> None:
        fleet = self.fleets.get(block.asset_class)
        if fleet is None:
            return
        try:
            events = fleet.apply(block, at)
        finally:
            self.pending.conditions += fleet.take_conditions()
        self._events(events, at)

    def _hear(self, said: SiteSaid, at: Instant, name: str) -> None:
        """Show a site's cases as they are, and how its assets stand."""
        self._events(self._sites.hear(said.sender, at), at)
        try:
            heard = self._sites.take(said, at)
        except ValueError as error:
            self._found(self._outages.unreadable(at, f"{name}: {error}"))
            return
        steps = list(heard.steps)
        if heard.open is not None:
            theirs = [one for one in self._theirs.values() if one.origin == said.sender]
            why = f"site {said.sender} no longer has it"
            steps += [ended(one, at, why) for one in theirs if one.id not in heard.open]
        self._show(steps)
        self.pending.statuses |= {status.asset: status for status in heard.statuses}

    def _show(self, steps: Iterable[tuple[Alert, Transition]]) -> None:
        for alert, step in steps:
            self.pending.alerts[alert.id] = alert
            self.pending.transitions.append(step)
            self._theirs.pop(alert.id, None)
            if alert.state.is_open:
                self._theirs[alert.id] = alert

    def _teach(self, past: Readings) -> None:
        fleet = self.fleets.get(past.asset_class)
        if fleet is not None:
            cases = self.book.cases.values()
            barred = {case.asset for case in cases if mended_by_work(case.group)}
            teach(fleet, past, self.plant.too_early, barred, self.beat)

    def _tick(self, tick: Tick, at: Instant) -> None:
        span, findings = self._outages.tick(at, tick)
        self._events(findings, at)
        heard = tick.connected and not any(code == "sites" for code, _ in tick.notes)
        self._events(self._sites.tick(at, span, connected=heard), at)
        assets, gone = self._devices.tick(at, span, connected=tick.connected)
        self._events(gone, at)
        self._attend(assets, at)
        steady = self._devices.steady
        for fleet in self.fleets.values():
            self._events(fleet.tick(at, span, connected=tick.connected, steady=steady), at)
        if self.models.book.lost:
            self._events(self.models.over(self.fleets.values(), at), at)

    def _attend(self, assets: Iterable[str], at: Instant) -> None:
        """Let the fleets know whether what speaks for some assets is there."""
        for asset in assets:
            fleet, presence = self._fleet_of(asset), self._devices.presence(asset)
            on_change, number = self._devices.on_change(asset), fleet.number[asset]
            self._events(fleet.attend(number, presence, on_change, at), at)

    def _fleet_of(self, asset: str) -> Fleet:
        return self.fleets[self.plant.assets[asset].asset_class]

    def _events(self, events: Iterable[Event], at: Instant) -> None:
        for event in events:
            if isinstance(event, Finding):
                self._found(event)
            elif isinstance(event, CaughtUp):
                self._release(event.asset)
            elif isinstance(event, RepairJudged):
                self._judge(event)
            else:
                self._found(self._outages.stepped(event.asset, at))

    def _found(self, finding: Finding) -> None:
        self._keep(self.book.find(finding))

    def _judge(self, repair: RepairJudged) -> None:
        """Say what work came to with the cases that it ended; where to nothing, in another one."""
        fleet = self._fleet_of(repair.asset)
        if repair.failed and fleet.tally.mended[fleet.number[repair.asset]] >= repair.work_at:
            self.models.forget(repair.asset)
        last = [self._past(one) for key, one in self.book.last.items() if key[0] == repair.asset]
        self._keep(self.book.judge(last, repair, verdict_words(repair, self.plant)))
        for finding in verdict_findings(repair, self.plant):
            self._found(finding)

    def _release(self, asset: str) -> None:
        self.book, steps, notices = self._holding.release(asset, self.book, self._past)
        self.pending.alerts |= {alert.id: alert for alert, _ in steps}
        self.pending.notices += notices

    def _past(self, alert_id: str) -> Alert | None:
        return self.pending.alerts.get(alert_id) or self._casefile.alert(alert_id)

    def _obey(self, command: Command, at: Instant) -> None:
        if self._answer_of(command.id) is not None:
            return
        case = self._past(command.alert)
        if case is not None and case.origin:
            words = f"sent to site {case.origin}; the case shows what becomes of it there"
            self._answer(Outcome(command.id, True, words, case.id))
            return
        self._keep(self.book.obey(command, at))

    def _record(self, work: WorkEvent) -> None:
        if work.id and self._answer_of(work.id) is not None:
            return
        if work.asset not in self.plant.assets:
            refusal = f"there is no asset {work.asset}"
            self._answer(Outcome(work.id, False, refusal))
            return
        if not self.plant.judges(work.asset):
            refusal = f"{work.asset} is judged at its site; record the work there"
            self._answer(Outcome(work.id, False, refusal))
            return
        move = self.book.record(work)
        self._keep(move)
        self.pending.work[work.id or f"{len(self.pending.work)}"] = work
        self._fleet_of(work.asset).lives.record([work])
        words = "" if work.work is Work.INSPECTED else self._start_anew(work, move)
        self._answer(Outcome(work.id, True, f"recorded{words}"))

    def _start_anew(self, work: WorkEvent, move: Move) -> str:
        """Let a mended machine be learned anew, but never while a newer case on it stands.

        Returns what there is to say about it.
        """
        asset, fleet = work.asset, self._fleet_of(work.asset)
        number = fleet.number[asset]
        self.pending.conditions += fleet.end(number, work)
        if any(c.asset == asset and mended_by_work(c.group) for c in self.book.cases.values()):
            ended = {alert.group for alert, _ in move.steps if not alert.state.is_open}
            fleet.rearm(number, ended)
            return "; a newer case stands, so what was learned of the machine stays"
        fleet.forget(number, work.at)
        self.models.forget(asset)
        anew = readiness(fleet, number) < 1
        return "; the machine's normal behaviour is learned anew" if anew else ""

    def _revise(self, revision: Revision, at: Instant) -> None:
        change = revision.model
        if change is None:
            self._events(self.models.begin(self.fleets.values(), at), at)
            self._reconcile(at)
            return
        if change.id and self._answer_of(change.id) is not None:
            return
        if change.asset not in self.plant.assets or not self.plant.judges(change.asset):
            self._answer(Outcome(change.id, False, f"{change.asset} is not judged here"))
            return
        cases = [case for case in self.book.cases.values() if case.asset == change.asset]
        ill = any(of_machine(case.group) for case in cases)
        outcome, found = self.models.change(change, self._fleet_of(change.asset), at, ill=ill)
        self._events(found, at)
        self._answer(outcome)

    def _reconcile(self, at: Instant) -> None:
        """Let go of conditions that nothing watches any more, after a change of configuration."""
        standing = self._outages.standing() | self._devices.standing() | self._sites.standing()
        standing |= self.models.standing(self.fleets.values())
        for fleet in self.fleets.values():
            for number, asset in enumerate(fleet.assets):
                standing |= {(asset.id, *found) for found in fleet.standing(number)}
        left = [one for one in self._theirs.values() if one.origin not in self.plant.senders]
        self._show(ended(one, at, f"site {one.origin} no longer forwards to us") for one in left)
        for case in list(self.book.cases.values()):
            for rule in case.active:
                if (case.asset, case.group, rule) not in standing:
                    why = "no longer watched since the configuration changed"
                    self._found(Finding(case.asset, case.group, rule, False, at, why=why))

    def _keep(self, move: Move) -> None:
        self.book = move.book
        self.pending.alerts |= {alert.id: alert for alert, _ in move.steps}
        self.pending.transitions += [step for _, step in move.steps if step is not None]
        self.pending.notices += self._holding.pass_on(move.steps)
        if move.outcome is not None:
            self._answer(move.outcome)

    def _answer(self, outcome: Outcome) -> None:
        if outcome.command:
            self.pending.outcomes[outcome.command] = outcome

    def _answer_of(self, command: str) -> Outcome | None:
        return self.pending.outcomes.get(command) or self._casefile.outcome(command)
