"""A fleet: all assets of one class, scored together as columns."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from core.casefile import Condition
from core.clock import Instant, Span
from core.life import LifeEstimate
from core.plant import SERVICE_ASSET, Asset, AssetClass, Mode, RuleSpec
from core.readings import Bools, Floats, Instants, Quality, Readings
from models.course import rounds, spans
from models.degradation import Degradation
from models.detector import Detector, Round, Verdicts
from service import verdict
from service.alignment import Aligned, Alignment
from service.attendance import Attendance
from service.backlog import Backlog, Lagging
from service.checkpoint import Part, Section
from service.evidence import gather
from service.finding import DATA, SENSOR, CaughtUp, ClockStepped, Event, Finding
from service.held import Held, filled
from service.learning import may_learn
from service.modes import ModeWatch
from service.presence import Presence
from service.rules import NEVER, Fired, RuleLatch
from service.sensors import BAD, FAULTS, Lapse, SensorWatch, disbelieved
from service.silence import Silence
from service.suspects import Suspects
from service.tally import Tally
from service.thinning import Thinning
from service.watermark import Admitted, Rows, Watermark

Marks = NDArray[np.uint8]
"""Qualities of values, as `core.readings.Quality`."""


class Fleet:
    """Holds everything about the assets of one class and moves it forward entry by entry."""

    def __init__(
        self,
        asset_class: AssetClass,
        assets: tuple[Asset, ...],
        detectors: Mapping[str, Detector],
        health: Degradation | None,
        zones: Mapping[str, str],
        too_early: Span,
    ) -> None:
        self.asset_class = asset_class
        self.assets = assets
        self.detectors = dict(detectors)
        self.health = health
        self._zones = zones
        count, channels = len(assets), asset_class.channel_names
        self.number = {asset.id: number for number, asset in enumerate(assets)}
        self.watermark = Watermark(count, len(channels), too_early)
        self.modes = ModeWatch(asset_class.modes, channels, count, asset_class.silent_after)
        self.sensors = SensorWatch(
            asset_class.channels, count, asset_class.stuck_after, asset_class.silent_after
        )
        self.rules = RuleLatch(asset_class.rules, list(detectors), count)
        self.suspects = Suspects(asset_class.rules, count)
        self.silence = Silence(count, asset_class.silent_after)
        self.backlog = Backlog(count, asset_class.catching_up_after)
        self.held = Held(asset_class.channels, count)
        self.attendance = Attendance(asset_class, count, self.held)
        self.tally = Tally(count, len(self.detectors))
        self._thinning = Thinning([asset.id for asset in assets], list(detectors))
        self._alignment = Alignment(channels)
        self._unknown_health = np.full(count, np.nan)
        self.conditions: list[Condition] = []

    def part(self) -> Part:
        """Name the sections of this fleet for the checkpoint."""
        channels = ",".join(self.asset_class.channel_names)
        sections: dict[str, Section] = {
            "watermark": self.watermark,
            "modes": self.modes,
            "sensors": self.sensors,
            "rules": self.rules,
            "suspects": self.suspects,
            "silence": self.silence,
            "backlog": self.backlog,
            "tally": self.tally,
            "thinning": self._thinning,
            "held": self.held,
            "attendance": self.attendance,
        }
        signatures = dict.fromkeys(sections, "") | dict.fromkeys(
            ("sensors", "suspects", "held"), channels
        )
        signatures |= {"tally": ",".join(self.detectors), "thinning": ",".join(self.detectors)}
        graded = ",".join(f"{c.name}={c.grade}" for c in self.asset_class.channels if c.grade)
        for named in self.asset_class.detectors:
            sections[f"detector.{named.name}"] = self.detectors[named.name]
            settings = named.settings.model_dump_json()
            signatures[f"detector.{named.name}"] = f"{channels} {settings} {graded}".rstrip()
        if self.health is not None and self.asset_class.health is not None:
            sections["health"] = self.health
            signatures["health"] = f"{channels} {self.asset_class.health.model_dump_json()}"
        assets = tuple(asset.id for asset in self.assets)
        return Part(self.asset_class.name, assets, sections, signatures)

    def apply(self, block: Readings, at: Instant) -> list[Event]:
        """Score a batch that was journalled at `at`; returns what changed, in order."""
        known = np.array([self.number.get(asset, -1) for asset in block.assets], np.intp)
        asset = known[block.asset]
        if known.min(initial=0) < 0:  # judged elsewhere, or no longer in the plant
            ours = asset >= 0
            block, asset = block.take(ours), asset[ours]
        if block.retained:
            self.tally.count("retained", asset)
            return []
        aligned = self._alignment.align(block)
        self._note(block, aligned, asset)
        order, bounds = rounds(asset)
        asset, moment, values = asset[order], block.at[order], aligned.values[order]
        quality = None if aligned.quality is None else aligned.quality[order]
        events: list[Event] = []
        for part in spans(bounds):
            marks = None if quality is None else quality[part]
            self._round(asset[part], moment[part], values[part], marks, block.arrived, at, events)
        return events

    def _note(self, block: Readings, aligned: Aligned, asset: Rows) -> None:
        """Count what is not good in a block, and what is not ours."""
        if block.quality is not None:
            for what, mark in (("bad", Quality.BAD), ("uncertain", Quality.UNCERTAIN)):
                count = (block.quality == mark).sum(axis=1)
                self.tally.count(f"{what} quality", np.repeat(asset, count))
        if aligned.strangers:
            self.tally.count("unknown channel", asset)

    def tick(
        self, at: Instant, span: Span, *, connected: bool, steady: bool = False
    ) -> list[Event]:
        """Let time pass; returns which assets fell silent and whose backlog ran dry.

        Where the link is `steady`, it passes for what says nothing because nothing changes, too.
        """
        events: list[Event] = [CaughtUp(self.assets[n].id) for n in self.backlog.tick()]
        if connected and span:
            quiet = self.silence.tick(span, self.attendance.patience)
            events += [self._fell_silent(number, at) for number in quiet]
        return events + self._unchanged(at) if steady and self.held.any else events

    def attend(
        self, number: int, presence: Presence, on_change: Collection[str], at: Instant
    ) -> list[Event]:
        """Note that what speaks for an asset came or went; returns whether that ends a silence."""
        self.attendance.heard(np.array([number]))
        before = self.attendance.place(number, presence, on_change)
        if before < Presence.GONE <= presence:
            self.held.void(number)
            self.sensors.unsay(number, self.held.on_change[number])
        elif presence < Presence.GONE <= before:
            self.silence.restart(number)
        self.tally.dirty[number] = True
        if presence is not Presence.HERE or not self.held.quiet[number]:
            return []
        heard = self.silence.heard(np.array([number]))
        return [verdict.there(self.assets[number], at) for number in heard]

    def doubt(self) -> None:
        """Be sure of no device any more, after our link was gone."""
        for number in self.attendance.doubt():
            self.silence.restart(number)

    def forget(self, asset: int) -> None:
        """Start one asset anew, after work on it."""
        self.rules.reset(asset)
        self.sensors.reset(asset)
        self.held.recheck(asset)
        for detector in self.detectors.values():
            detector.forget(asset)
        if self.health is not None:
            self.health.forget(asset)
        self.tally.dirty[asset] = True

    def rearm(self, asset: int, groups: Collection[str]) -> None:
        """Let what persists of some groups' conditions be found anew."""
        self.rules.reset(asset, groups)
        self.held.recheck(asset)
        for number, channel in enumerate(self.asset_class.channels):
            if SENSOR + channel.name in groups:
                self.sensors.reset(asset, number)

    def standing(self, asset: int) -> set[tuple[str, str]]:
        """List the conditions of one asset that are on, as group and rule."""
        found = {(rule.group, rule.name) for rule in self.rules.on(asset)}
        for channel, fault in np.argwhere(self.sensors.faults[asset]):
            found.add((SENSOR + self.asset_class.channels[channel].name, FAULTS[fault]))
        if self.silence.silent[asset]:
            found.add((DATA, verdict.SILENT))
        if self.backlog.offset[asset]:
            found.add((DATA, verdict.BEHIND))
        return found

    def life(self, asset: int, at: Instant) -> LifeEstimate | None:
        """Estimate what is left of one asset; None where its class has no model for it."""
        if self.health is None:
            return None
        health = float(self.health.health()[asset])
        return LifeEstimate(
            self.assets[asset].id,
            at,
            self.health.failure_mode,
            health if health == health else None,  # noqa: PLR0124 - not NaN
            self.health.remaining(asset),
            self.health.basis(asset),
        )

    def _round(
        self,
        asset: Rows,
        at: Instants,
        values: Floats,
        quality: Marks | None,
        arrived: Instant,
        journalled: Instant,
        events: list[Event],
    ) -> None:
        bad = None if quality is None else quality == Quality.BAD
        admitted = self.watermark.admit(asset, at, values, arrived, bad)
        if admitted.rows is not None:
            events += self._count(asset, admitted, arrived)
            rows = admitted.rows
            if not len(rows):
                return
            asset, at = asset[rows], at[rows]
            quality = None if quality is None else quality[rows]
        heard = self.silence.heard(asset)
        events += [verdict.heard(self.assets[number], journalled) for number in heard]
        lagging = self.backlog.update(asset, arrived - at, journalled)
        events += self._lags(lagging, journalled)
        uncertain = None if quality is None else quality == Quality.UNCERTAIN
        row, doubted, lapses = self._believed(asset, at, admitted, uncertain)
        events += [self._lapse(row, lagging.behind, lapse) for lapse in lapses]
        passed = admitted.passed
        if self.held.any:
            passed = self.held.passed(asset, at, passed)
            self.held.keep_time(asset, at, journalled, lagging.behind)
            self.attendance.heard(asset)
        self._judge(row, passed, doubted, lagging.behind, events)
        self.tally.heard(asset, arrived)
        events += [CaughtUp(self.assets[number].id) for number in lagging.caught_up]

    def _believed(
        self, asset: Rows, at: Instants, admitted: Admitted, uncertain: Bools | None
    ) -> tuple[Round, Bools, list[Lapse]]:
        """Make of what was said what is judged; tells too which rows not to learn from."""
        said, bad, held = admitted.values, admitted.bad, self.held
        kept = held.fresh(asset, at) if held.any else None
        mode = self.modes.update(asset, at, said if kept is None else filled(said, kept, bad))
        rare = ages = None
        if kept is not None:
            rare, ages = held.on_change[asset], held.ages(asset, at, admitted.passed)
        sifted = self.sensors.sift(asset, at, admitted.passed, said, mode, bad, rare, ages)
        if sifted.jumps is not None:
            self.tally.count("jump", np.repeat(asset, sifted.jumps))
        values, doubted = sifted.values, sifted.doubted
        if uncertain is not None:
            doubted = doubted | uncertain.any(axis=1)
        refused = disbelieved(said, values, bad)
        if kept is not None:
            whole = held.complete(asset, at, values, kept, refused, uncertain)
            values, refused, doubted = whole.values, whole.refused, doubted | whole.doubted
        return Round(asset, at, values, mode, refused), doubted, sifted.lapses

    def _unchanged(self, at: Instant) -> list[Event]:
        """Judge what quiet assets hold, where time alone may change the verdict; learn nothing."""
        held, last_at, stands = self.held, self.watermark.last_at, self.backlog.catching_up
        times = held.now(at, last_at, stands)
        waits = self.rules.waiting() | (self.modes.mode == Mode.STARTING)
        asset = held.due(times, waits, stands | (last_at == NEVER))
        now, events = times[asset], self._still_bad(times)
        if not len(asset):
            return events
        passed = held.judged(asset, now, last_at[asset])
        values = held.fresh(asset, now)
        refused = held.on_change[asset] & np.isnan(values)
        mode = self.modes.update(asset, now, values)
        row = Round(asset, now, values, mode, refused, repeated=True)
        verdicts, scores = self._scored(row)
        fired = self._ruled(row, passed, scores, verdicts)
        self.tally.judged(asset, scores)
        live = np.zeros(len(asset), np.bool_)
        return events + [
            self._verdict(self.asset_class.rules[rule], row, place, on, live, verdicts)
            for rule, place, on in fired
        ]

    def _still_bad(self, now: Instants) -> list[Event]:
        """Tell of channels that were called bad once, and have said nothing else since."""
        silent = self.held.on_change & ~self.held.gone[:, None]
        return [
            self._sensor(asset, channel, BAD, int(now[asset]), on=True)
            for asset, channel in self.sensors.overdue(now, silent)
        ]

    def _lags(self, lagging: Lagging, at: Instant) -> list[Event]:
        begun: list[Event] = [
            verdict.behind(self.assets[number], at, int(self.backlog.offset[number]))
            for number in lagging.standing
        ]
        return begun + [verdict.on_time(self.assets[number], at) for number in lagging.ended]

    def _judge(
        self, row: Round, passed: Instants, doubted: Bools, behind: Bools, events: list[Event]
    ) -> None:
        row = replace(row, locked=self.rules.locked(row.asset))
        verdicts, scores = self._scored(row)
        fired = self._ruled(row, passed, scores, verdicts)
        allowed = may_learn(row.mode, self.rules.locked(row.asset), doubted)
        row = replace(row, locked=~allowed)
        for detector in self.detectors.values():
            detector.observe(row)
            detector.learn(row, allowed)
        health = self._unknown_health
        if self.health is not None:
            self.health.observe(row, verdicts)
            health = self.health.health()
        for rule, place, on in fired:
            spec = self.asset_class.rules[rule]
            events.append(self._verdict(spec, row, place, on, behind, verdicts))
        self.tally.scored(row.asset, scores)
        self.conditions += self._thinning.add(row.asset, row.at, scores, health[row.asset])

    def _scored(self, row: Round) -> tuple[Verdicts, Floats]:
        """Ask every detector; `scores[d]` are one detector's."""
        verdicts = {name: found.score(row) for name, found in self.detectors.items()}
        scores = np.empty((len(verdicts), len(row.asset)))
        for place, scored in enumerate(verdicts.values()):
            scores[place] = scored.value
        return verdicts, scores

    def _ruled(
        self, row: Round, passed: Instants, scores: Floats, verdicts: Verdicts
    ) -> list[Fired]:
        """Turn rules on and off, but none off while what it came on for cannot be judged."""
        before = self.rules.held(row.asset)
        blind = self.suspects.blind(row, before, verdicts)
        fired = self.rules.update(row.asset, row.at, passed, scores, blind)
        on, above = self.rules.held(row.asset), self.rules.above(scores)
        self.suspects.follow(row, before, on, above, verdicts)
        return fired

    def _count(self, asset: Rows, admitted: Admitted, arrived: Instant) -> Iterable[Event]:
        if admitted.late is not None:
            self.tally.count("late", asset[admitted.late])
        if admitted.duplicate is not None:
            self.tally.count("duplicate", asset[admitted.duplicate])
        if admitted.jumped is None:
            return []
        ours = self.tally.arrived > arrived
        return [
            ClockStepped(SERVICE_ASSET if ours[number] else self.assets[number].id)
            for number in asset[admitted.jumped].tolist()
        ]

    def _verdict(
        self, rule: RuleSpec, row: Round, place: int, on: bool, behind: Bools, verdicts: Verdicts
    ) -> Finding:
        number, at = int(row.asset[place]), int(row.at[place])
        asset, late = self.assets[number], bool(behind[place])
        if not on:
            return verdict.rule_off(asset, rule, at, catching_up=late)
        scored = verdicts[rule.detector]
        evidence = gather(self.asset_class, rule, row, place, scored, self.life(number, at))
        return verdict.rule_on(asset, rule, at, evidence, catching_up=late)

    def _lapse(self, row: Round, behind: Bools, lapse: Lapse) -> Finding:
        place, channel, fault, on = lapse
        number, at, late = int(row.asset[place]), int(row.at[place]), bool(behind[place])
        return self._sensor(number, channel, fault, at, on=on, late=late)

    def _sensor(
        self, number: int, channel: int, fault: int, at: Instant, *, on: bool, late: bool = False
    ) -> Finding:
        asset, which = self.assets[number], self.asset_class.channels[channel]
        last = float(self.sensors.last[number, channel])
        return verdict.sensor(asset, which, fault, last, at, on=on, catching_up=late)

    def _fell_silent(self, number: int, at: Instant) -> Finding:
        asset = self.assets[number]
        self.tally.dirty[number] = True
        last = int(self.watermark.last_at[number])
        return verdict.silent(
            asset,
            at,
            None if last == NEVER else last,
            self.asset_class.silent_after,
            self._zones.get(asset.site, "UTC"),
        )
