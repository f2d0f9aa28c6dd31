"""A fleet: all assets of one class, scored together as columns."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from core.clock import Instant, Span
from core.plant import SERVICE_ASSET, Asset, AssetClass, Mode
from core.readings import Floats, Instants, Quality, Readings
from core.work import WorkEvent
from models.course import rounds, spans
from models.crosscheck import Crosscheck
from models.degradation import Degradation
from models.detector import Detector
from service import verdict
from service.alignment import Aligned, Alignment
from service.appraisal import Appraisal
from service.attendance import Attendance
from service.backlog import Backlog, Lagging
from service.batch import Batch
from service.checkpoint import Part, Section
from service.coverage import Coverage
from service.finding import (
    BEHIND,
    DATA,
    NEW_REGIME,
    REPAIR,
    SENSOR,
    SILENT,
    CaughtUp,
    ClockStepped,
    Event,
    Finding,
)
from service.found_on import found_on
from service.lives import Lives, NextStop, no_stop
from service.presence import Presence
from service.rules import NEVER
from service.runs import Runs
from service.sensor_row import BAD
from service.sensors import FAULTS
from service.silence import Silence
from service.thinning import Thinned
from service.watermark import Admitted, Rows, Watermark, said_in

Timed = tuple[Instant, bool, int, int, Event]
"""When something was told, whether by a tick, two numbers for the order of one time, and what."""

Marks = NDArray[np.uint8]
"""Qualities of values, as `core.readings.Quality`."""


class Fleet:
    """Holds everything about the assets of one class and moves it forward entry by entry."""

    def __init__(
        self,
        asset_class: AssetClass,
        assets: tuple[Asset, ...],
        detectors: Mapping[str, Detector],
        health: Sequence[Degradation],
        zones: Mapping[str, str],
        too_early: Span,
        next_stop: NextStop = no_stop,
    ) -> None:
        self.asset_class = asset_class
        self.assets = assets
        self.detectors = dict(detectors)
        self._zones = zones
        count, channels = len(assets), asset_class.channel_names
        self.number = {asset.id: number for number, asset in enumerate(assets)}
        self.watermark = Watermark(count, len(channels), too_early)
        self.silence = Silence(count, asset_class.silent_after)
        self.backlog = Backlog(count, asset_class.catching_up_after)
        declared = [mode.name for mode in asset_class.failure_modes]
        settings = asset_class.runs
        runs = None if settings is None else partial(Runs, settings, asset_class, assets)
        self.lives = Lives(assets, tuple(health), next_stop, declared, runs, asset_class.ages)
        self._appraisal = appraisal = Appraisal(asset_class, assets, self.detectors, self.lives)
        self.modes, self.sensors = appraisal.modes, appraisal.sensors
        self.rules, self.held, self.tally = appraisal.rules, appraisal.held, appraisal.tally
        self.crosscheck = appraisal.crosscheck
        self.regimes = appraisal.regimes
        self.attendance = Attendance(asset_class, count, self.held)
        self._alignment = Alignment(channels)

    def zone(self, number: int) -> str:
        """Name the time zone of an asset's site."""
        return self._zones.get(self.assets[number].site, "UTC")

    def watch(self, beat: Callable[[], None]) -> None:
        """Tell by `beat` that judging gets somewhere, also while loops are still compiled."""
        self._appraisal.beat = beat

    def share(self, crosscheck: Crosscheck) -> None:
        """Let another fleet's crosscheck learn here, as its detectors may."""
        self.crosscheck = crosscheck
        self._appraisal.share(crosscheck)

    def cover(self) -> Coverage:
        """Count from now on how much can be judged."""
        made = Coverage(self.asset_class, len(self.assets))
        self._appraisal.coverage = made
        return made

    def take_conditions(self) -> list[Thinned]:
        """Give away the thinned scores that came about since this was last asked."""
        taken, self._appraisal.conditions = self._appraisal.conditions, []
        return taken

    def part(self) -> Part:
        """Name the sections of this fleet for the checkpoint."""
        channels = ",".join(self.asset_class.channel_names)
        sections: dict[str, Section] = {
            "watermark": self.watermark,
            "modes": self.modes,
            "sensors": self.sensors,
            "rules": self.rules,
            "suspects": self._appraisal.suspects,
            "silence": self.silence,
            "backlog": self.backlog,
            "tally": self.tally,
            "thinning": self._appraisal.thinning,
            "held": self.held,
            "recent": self._appraisal.recent,
            "attendance": self.attendance,
            "regimes": self.regimes,
        }
        signatures = dict.fromkeys(sections, "") | dict.fromkeys(
            ("sensors", "suspects", "held", "recent"), channels
        )
        signatures |= {"tally": ",".join(self.detectors), "thinning": ",".join(self.detectors)}
        graded = ",".join(f"{c.name}={c.grade}" for c in self.asset_class.channels if c.grade)
        signatures["regimes"] = f"{channels} {self.asset_class.regimes} {graded}"
        for named in self.asset_class.detectors:
            sections[f"detector.{named.name}"] = self.detectors[named.name]
            settings = named.settings.model_dump_json()
            signatures[f"detector.{named.name}"] = f"{channels} {settings} {graded}".rstrip()
            signatures["regimes"] += f" {settings}"
        if self.crosscheck is not None:
            sections["crosscheck"] = self.crosscheck
            signatures["crosscheck"] = f"{channels} {graded}".rstrip()
        for name, section, signature in self.lives.sections(self.asset_class):
            sections[name], signatures[name] = section, signature
        assets = tuple(asset.id for asset in self.assets)
        return Part(self.asset_class.name, assets, sections, signatures)

    def apply(self, block: Readings, at: Instant) -> list[Event]:
        """Score a batch that was journalled at `at`; returns what changed, in order."""
        asset = self._numbers(block)
        if asset.min(initial=0) < 0:  # judged elsewhere, or no longer in the plant
            ours = asset >= 0
            block, asset = block.take(ours), asset[ours]
        if block.retained:
            self.tally.count("retained", asset)
            return []
        aligned = self._alignment.align(block)
        self._note(block, aligned, asset)
        order, bounds = rounds(asset)
        asset, moment = asset[order], block.at[order]
        values = np.array(aligned.values[order], np.float64, order="C")
        quality = None if aligned.quality is None else aligned.quality[order]
        events: list[Event] = []
        for part in spans(bounds):
            marks = None if quality is None else quality[part]
            self._round(asset[part], moment[part], values[part], marks, block.arrived, at, events)
        return events

    def may_pass(self, block: Readings) -> bool:
        """Tell whether a stretch may pass at once: all is in order, and nothing waits for time."""
        asset = self._numbers(block)
        if self.held.any or self.backlog.stands or self.attendance.patience is not None:
            return False
        known = not block.retained and bool((asset >= 0).all())
        return known and self.watermark.in_order(asset, block.at)

    def pass_by(self, block: Readings, ticks: Instants, spans: Instants) -> list[Timed]:
        """Let a stretch pass in which each reading comes and is journalled at its own time.

        Rows are in order of time; a tick comes after the readings of its time, and `spans` is how
        much each is.
        """
        asset = self._numbers(block)
        aligned = self._alignment.align(block)
        self._note(block, aligned, asset)
        events = self._silences(asset, block.at, ticks, spans)
        marks, said = aligned.quality, np.array(aligned.values, np.float64, order="C")
        bad = None if marks is None else marks == Quality.BAD
        passed = self.watermark.advance(asset, block.at, said_in(said, bad))
        uncertain = None if marks is None else marks == Quality.UNCERTAIN
        behind = np.zeros(len(asset), np.bool_)
        batch = Batch(asset, np.array(block.at), passed, said, bad, uncertain, behind)
        for place, by_rule, found in self._appraisal.course(batch):
            events.append((int(block.at[place]), False, int(by_rule), place, found))
        self.tally.heard(asset, block.at)
        return events

    def _numbers(self, block: Readings) -> Rows:
        known = np.array([self.number.get(asset, -1) for asset in block.assets], np.intp)
        return known[block.asset]

    def _silences(self, asset: Rows, at: Instants, ticks: Instants, spans: Instants) -> list[Timed]:
        last_at = self.watermark.last_at
        ended, begun = self.silence.pass_by(asset, at, ticks, spans, last_at)
        events: list[Timed] = []
        for place in ended:
            now, who = int(at[place]), self.assets[asset[place]]
            events.append((now, False, -1, place, verdict.heard(who, now)))
        for tick, number, last in begun:
            now = int(ticks[tick])
            events.append((now, True, 0, number, self._fell_silent(number, now, last)))
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
            last_at = self.watermark.last_at
            events += [self._fell_silent(n, at, int(last_at[n])) for n in quiet]
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

    def end(self, asset: int, work: WorkEvent) -> list[Thinned]:
        """End the lives of one asset by work; gives what is to be kept of it."""
        self.lives.ended(asset, work)
        return self.lives.take()

    def forget(self, asset: int, at: Instant) -> None:
        """Start one asset anew, after work on it at `at`."""
        self.tally.mended[asset] = at
        self.rules.reset(asset)
        self.sensors.reset(asset)
        self.held.recheck(asset)
        self._appraisal.recent.forget(asset)
        self._appraisal.unlearn(asset)
        self.lives.mended(asset)
        self.tally.dirty[asset] = True

    def rearm(self, asset: int, groups: Collection[str]) -> None:
        """Let what persists of some groups' conditions be found anew."""
        mended = [
            number
            for number, channel in enumerate(self.asset_class.channels)
            if SENSOR + channel.name in groups
        ]
        self.rules.reset(asset, groups, mended)
        self.held.recheck(asset)
        for number in mended:
            self.sensors.reset(asset, number)
            if self.crosscheck is not None:
                self.crosscheck.reset(asset, number)

    def standing(self, asset: int) -> set[tuple[str, str]]:
        """List the conditions of one asset that are on, as group and rule."""
        channels = self.asset_class.channel_names
        found = set(found_on(asset, channels, self.rules, self.crosscheck))
        for channel, fault in np.argwhere(self.sensors.faults[asset]):
            found.add((SENSOR + channels[channel], FAULTS[fault]))
        found |= {(REPAIR, mode) for mode in self.lives.unrestored(asset)}
        if self.silence.silent[asset]:
            found.add((DATA, SILENT))
        if self.regimes.new(asset):
            found.add((DATA, NEW_REGIME))
        if self.backlog.offset[asset]:
            found.add((DATA, BEHIND))
        return found

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
        batch = Batch(
            asset, at, admitted.passed, admitted.values, admitted.bad, uncertain, lagging.behind
        )
        events += [found for _, _, found in self._appraisal.once(batch, journalled)]
        if self.held.any:
            self.attendance.heard(asset)
        self.tally.heard(asset, arrived)
        events += [CaughtUp(self.assets[number].id) for number in lagging.caught_up]

    def _unchanged(self, at: Instant) -> list[Event]:
        """Judge what quiet assets hold, where time alone may change the verdict; learn nothing."""
        held, last_at, stands = self.held, self.watermark.last_at, self.backlog.catching_up
        times = held.now(at, last_at, stands)
        waits = self.rules.waiting() | (self.modes.mode == Mode.STARTING) | self.regimes.passing()
        asset = held.due(times, waits, stands | (last_at == NEVER))
        now, events = times[asset], self._still_bad(times)
        if not len(asset):
            return events
        passed = held.judged(asset, now, last_at[asset])
        return events + self._appraisal.unchanged(asset, now, passed)

    def _still_bad(self, now: Instants) -> list[Event]:
        """Tell of channels that were called bad once, and have said nothing else since."""
        silent = self.held.on_change & ~self.held.gone[:, None]
        return [
            self._appraisal.sensor(asset, channel, BAD, int(now[asset]), on=True)
            for asset, channel in self.sensors.overdue(now, silent)
        ]

    def _lags(self, lagging: Lagging, at: Instant) -> list[Event]:
        begun: list[Event] = [
            verdict.behind(self.assets[number], at, int(self.backlog.offset[number]))
            for number in lagging.standing
        ]
        return begun + [verdict.on_time(self.assets[number], at) for number in lagging.ended]

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

    def _fell_silent(self, number: int, at: Instant, last: Instant) -> Finding:
        asset = self.assets[number]
        self.tally.dirty[number] = True
        return verdict.silent(
            asset,
            at,
            None if last == NEVER else last,
            self.asset_class.silent_after,
            self.zone(number),
        )
