"""The appraisal of readings that are new: modes, sensors, detectors, rules, health, and findings.

All of it takes rows in order of time, as many as there are. Whether they come one each of some
assets, or as a course in which assets come again and again, changes nothing of what comes out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from operator import itemgetter

import numpy as np

from core.alert import Evidence
from core.clock import DAY, Instant
from core.plant import Asset, AssetClass, Mode, RuleSpec
from core.readings import Bools, Floats, Instants
from models.course import rounds, spans
from models.crosscheck import LIES, Checked, Crosscheck, learning
from models.detector import Detector, Round, Verdicts
from models.recent import Recent
from models.regime_watch import Followed
from models.registry import GIVEN
from service import verdict
from service.batch import Batch
from service.coverage import Coverage
from service.evidence import gather, of_sensor, seconded
from service.finding import Finding, RepairJudged
from service.found_on import found_on
from service.held import Held, filled
from service.judging import Judged, Judging, Known
from service.lives import Lives
from service.modes import ModeWatch
from service.regimes import RunningRegimes, first_only, placed
from service.rules import Fired, RuleLatch, Sensed
from service.sensors import FAULTS, SensorWatch, Sifted, disbelieved
from service.suspects import Suspects
from service.tally import Tally
from service.thinning import Thinned, Thinning
from service.watermark import Rows

Placed = tuple[int, bool, Finding | RepairJudged]
"""The row at which something was found, whether by a rule, and what."""

_UNSAID = ("silent", "bad")
"""Faults of a sensor that then shows nothing to be compared."""


class Appraisal:
    """Follows the assets of one class from what they say to what is found of them."""

    def __init__(
        self,
        asset_class: AssetClass,
        assets: tuple[Asset, ...],
        detectors: dict[str, Detector],
        lives: Lives,
    ) -> None:
        self._class = asset_class
        self._assets = assets
        self.lives = lives
        count, channels = len(assets), asset_class.channel_names
        self.modes = ModeWatch(asset_class.modes, channels, count, asset_class.silent_after)
        self.sensors = SensorWatch(
            asset_class.channels, count, asset_class.stuck_after, asset_class.silent_after
        )
        self._given = given = [n.name for n in asset_class.detectors if type(n.settings) in GIVEN]
        learn = learning(asset_class)
        self.crosscheck = None if learn is None else Crosscheck(learn, asset_class, assets)
        self.rules = RuleLatch(asset_class.rules, list(detectors), count, given)
        self.suspects = Suspects(self.rules)
        self.held = Held(asset_class.channels, count)
        self.recent = Recent(count, len(channels))
        self._expects = next(iter([*(n for n in detectors if n not in given), *detectors]), None)
        self.tally = Tally(count, len(detectors))
        self.thinning = Thinning([asset.id for asset in assets], list(detectors))
        self.coverage: Coverage | None = None
        self.beat: Callable[[], None] = lambda: None
        self.regimes = RunningRegimes(asset_class, count, detectors)
        self._judging = Judging(detectors, self.rules, self._beat, self.crosscheck, given)
        self.conditions: list[Thinned] = []
        self._repairs: list[tuple[int, RepairJudged]] = []

    def _beat(self) -> None:
        self.beat()

    def share(self, crosscheck: Crosscheck) -> None:
        """Check by another crosscheck from now on, which learns."""
        self.crosscheck = self._judging.crosscheck = crosscheck

    def unlearn(self, asset: int) -> None:
        """Let go of all that was learned of one asset, and learn anew when that is allowed."""
        self._judging.forget(asset)
        self.regimes.forget(asset)
        self.lives.relearn(asset)

    def course(self, batch: Batch) -> list[Placed]:
        """Take rows in which assets may repeat, day by day: what was new is learned between them.

        Those of assets that are still learning go round by round.
        """
        edges = np.flatnonzero(np.diff(batch.at // DAY)) + 1
        found: list[Placed] = []
        for rows in np.split(np.arange(len(batch.at)), edges):
            whole = batch if not len(edges) else batch.take(rows)
            found += _moved(self._day(whole), rows)
        return found

    def _day(self, batch: Batch) -> list[Placed]:
        if not len(batch.asset):
            return []
        every = len(self._assets)
        settled = self._judging.settled(every) & self.regimes.settled() & ~self.lives.waiting()
        settled = settled[batch.asset]
        found: list[Placed] = []
        together = np.flatnonzero(settled)
        if len(together):
            found += _moved(self._course(batch.take(together)), together)
        alone = np.flatnonzero(~settled)
        order, bounds = rounds(batch.asset[alone])
        for part in spans(bounds):
            chosen = alone[order[part]]
            found += _moved(self.once(batch.take(chosen)), chosen)
        return found

    def once(self, batch: Batch, journalled: Instant | None = None) -> list[Placed]:
        """Take one row each of some assets."""
        found, known, sifted = self._looked(batch)
        if self.held.any and journalled is not None:
            passed = self.held.passed(batch.asset, batch.at, known.passed)
            self.held.keep_time(batch.asset, batch.at, journalled, batch.behind)
            known = replace(known, passed=passed)
        judged = self._judging.once(known)
        self.regimes.note(judged.row, judged.led.after, known.doubted)
        self.regimes.fit()
        return found + list(self._told(judged, batch.behind, known.checked, sifted))

    def _course(self, batch: Batch) -> list[Placed]:
        found, known, sifted = self._looked(batch)
        for judged in self._judging.course(known):
            part, checked = judged.part, known.checked
            checked = None if checked is None else checked.take(part)
            told = self._told(judged, batch.behind[part], checked, sifted)
            self.regimes.note(judged.row, judged.led.after, known.doubted[part])
            found += [(place + judged.part.start, *rest) for place, *rest in told]
        return found

    def _looked(self, batch: Batch) -> tuple[list[Placed], Known, Sifted]:
        """Learn what was new and lasted, see what rows say, and tell of sensors and regimes."""
        learned = self.regimes.renew(batch.asset, batch.at)
        known, sifted, followed = self._believed(batch)
        found = self._lapses(known, sifted, batch.behind)
        found += self._turned(known.row, followed, batch.behind, learned)
        return found, known, sifted

    def _turned(
        self, row: Round, followed: Followed | None, behind: Bools, learned: Mapping[int, int]
    ) -> list[Placed]:
        told = () if followed is None else self.regimes.turned(row, followed, learned)
        return [
            (place, False, told_of(self._assets[row.asset[place]], at, late=bool(behind[place])))
            for place, at, told_of in told
        ]

    def unchanged(
        self, asset: Rows, now: Instants, passed: Instants
    ) -> list[Finding | RepairJudged]:
        """Judge what assets hold by `now`, where nothing was said; learn nothing."""
        values = self.held.fresh(asset, now)
        if self.crosscheck is not None:
            values = np.where(self.crosscheck.faults[asset].any(axis=2), np.nan, values)
        refused = self.held.on_change[asset] & np.isnan(values)
        mode = self.modes.update(asset, now, values)
        followed = self.regimes.follow(asset, now, passed, values, mode)
        row = placed(Round(asset, now, values, mode, refused, repeated=True), followed)
        judged = self._judging.again(Known(row, passed, np.zeros(len(asset), np.bool_)))
        self.tally.judged(asset, judged.scores)
        live = np.zeros(len(asset), np.bool_)
        return (
            [told for *_, told in self._turned(row, followed, live, {})]
            + [
                self._verdict(self._class.rules[rule], row, place, on, live, judged.verdicts)
                for rule, place, on in judged.led.fired
            ]
            + [self._sensed(one, judged, live) for one in judged.led.sensed]
        )

    def sensor(
        self,
        number: int,
        channel: int,
        fault: int,
        at: Instant,
        *,
        on: bool,
        late: bool = False,
        last: float | None = None,
        evidence: Evidence | None = None,
    ) -> Finding:
        """Say of a sensor that it is not believable, or is again."""
        asset, which = self._assets[number], self._class.channels[channel]
        said = float(self.sensors.last[number, channel]) if last is None else last
        return verdict.sensor(
            asset, which, fault, said, at, on=on, catching_up=late, evidence=evidence
        )

    def _believed(self, batch: Batch) -> tuple[Known, Sifted, Followed | None]:
        """Make of what was said what is judged; tells too which rows not to learn from."""
        asset, at, held, bad = batch.asset, batch.at, self.held, batch.bad
        said, uncertain = batch.values, batch.uncertain
        kept = held.fresh(asset, at) if held.any else None
        mode = self.modes.update(asset, at, said if kept is None else filled(said, kept, bad))
        rare = ages = None
        if kept is not None:
            rare, ages = held.on_change[asset], held.ages(asset, at, batch.passed)
        self.beat()
        sifted = self.sensors.sift(asset, at, batch.passed, said, mode, bad, rare, ages)
        if sifted.jumps is not None:
            self.tally.count("jump", np.repeat(asset, sifted.jumps))
        values, doubted = sifted.values, sifted.doubted
        if uncertain is not None:
            doubted |= uncertain.any(axis=1)
        refused = disbelieved(said, values, bad)
        if kept is not None:
            whole = held.complete(asset, at, values, kept, refused, uncertain)
            values, refused = whole.values, whole.refused
            doubted |= whole.doubted
        doubted = doubted | self.lives.unsure(asset, at)
        followed = self.regimes.follow(asset, at, batch.passed, values, mode)
        row = placed(Round(asset, at, values, mode, refused), followed)
        known = Known(row, batch.passed, doubted)
        if self.crosscheck is None:
            return known, sifted, followed
        heard = ~(np.isnan(said) & np.isnan(values))
        if rare is not None:
            heard |= rare
        checked = self.crosscheck.check(first_only(row), batch.passed, heard)
        return known.crosschecked(checked), sifted, followed

    def _lapses(self, known: Known, sifted: Sifted, behind: Bools) -> list[Placed]:
        row = known.row
        found: list[Placed] = []
        for place, channel, kind, on, mate in known.checked.lapses if known.checked else ():
            asset, at = self._assets[int(row.asset[place])], int(row.at[place])
            seen = row.values if known.given is None else known.given.values
            said = float(seen[place, channel])
            late = bool(behind[place])
            lie = verdict.Lie(
                LIES[kind],
                said,
                None if mate < 0 else self._class.channels[mate],
                machine=mate == channel,
            )
            which = self._class.channels[channel]
            shown = self._shown(known, place, channel, lie.kind, said)
            told = verdict.lie(asset, which, lie, at, shown, on=on, catching_up=late)
            found.append((place, False, told))
        for (place, channel, fault, on), last in zip(sifted.lapses, sifted.said, strict=True):
            number, at = int(row.asset[place]), int(row.at[place])
            late = bool(behind[place])
            shown = self._shown(known, place, channel, FAULTS[fault], last)
            told = self.sensor(
                number, channel, fault, at, on=on, late=late, last=last, evidence=shown
            )
            found.append((place, False, told))
        return found

    def _shown(self, known: Known, place: int, channel: int, rule: str, said: float) -> Evidence:
        """Set what a sensor shows at a row beside where it is expected by its load and past."""
        row, checked = known.row, known.checked
        band = (math.nan, math.nan)
        if checked is not None:
            band = float(checked.low[place, channel]), float(checked.high[place, channel])
        if rule in _UNSAID:
            said = math.nan
        which = self._class.channels[channel]
        return of_sensor(rule, which, said, band, int(row.at[place]), int(row.mode[place]))

    def _told(
        self, judged: Judged, behind: Bools, checked: Checked | None, sifted: Sifted
    ) -> Iterator[Placed]:
        """Follow health along judged rows, and say at its row what each rule has found.

        `sifted` is what was found of the sensors of the whole batch.
        """
        row, verdicts, led = judged.row, judged.verdicts, judged.led
        health, start = np.full(len(row.asset), np.nan), 0
        tells = [(one[1], partial(self._sensed, one, judged, behind)) for one in led.sensed]
        for one in led.fired:
            tells.append((one[1], partial(self._fired, one, judged, behind, checked, sifted)))
        for place, tell in sorted(tells, key=itemgetter(0)):
            start = self._observe(row, verdicts, start, place + 1, health)
            yield place, True, tell()
        self._observe(row, verdicts, start, len(row.asset), health)
        repairs, self._repairs = self._repairs, []
        for place, repair in repairs:
            number, late = int(row.asset[place]), bool(behind[place])
            yield place, True, replace(repair, catching_up=late)
            if repair.failed and self.tally.mended[number] >= repair.work_at:
                for found in self._let_go(number, repair.at, late=late):
                    yield place, True, found
        self.tally.scored(row.asset, judged.scores)
        if self.coverage is not None:
            self.coverage.add(row.asset, row.mode, judged.scores)
        ended = self.thinning.add(row.asset, row.at, judged.scores, health)
        if len(ended.at):
            self.conditions.append(ended)
        self.conditions += self.lives.take()

    def _let_go(self, number: int, at: Instant, *, late: bool) -> list[Finding]:
        """Forget the fault that was learned as usual, and what stands by nothing else."""
        names, asset = self._class.channel_names, self._assets[number]
        stood = found_on(number, names, self.rules, self.crosscheck, self._given)
        self.unlearn(number)
        self.rules.unlearn(number)
        return [verdict.unlearned(asset, *one, at, catching_up=late) for one in stood]

    def _sensed(self, one: Sensed, judged: Judged, behind: Bools) -> Finding:
        """Say what a rule has found about a sensor."""
        (rule, place, channel, on), row = one, judged.row
        number, at = int(row.asset[place]), int(row.at[place])
        asset, spec = self._assets[number], self._class.rules[rule]
        which, late = self._class.channels[channel], bool(behind[place])
        if not on:
            machine = (rule, place, True) in judged.led.handed
            return verdict.unsensed(asset, spec, which, at, machine=machine, catching_up=late)
        scored = judged.verdicts[spec.detector]
        evidence = gather(self._class, spec, row, place, scored, self.lives.life(number, at))
        return verdict.sensed(asset, spec, which, at, evidence, catching_up=late)

    def _fired(
        self, one: Fired, judged: Judged, behind: Bools, checked: Checked | None, sifted: Sifted
    ) -> Finding:
        """Say what a rule has found about a machine."""
        rule, place, on = one
        spec = self._class.rules[rule]
        found = self._verdict(spec, judged.row, place, on, behind, judged.verdicts)
        return self._qualified(found, one, judged, checked, sifted)

    def _qualified(
        self, found: Finding, fired: Fired, judged: Judged, checked: Checked | None, sifted: Sifted
    ) -> Finding:
        """Say with a finding on a machine how far its sensors can be trusted."""
        place = fired[1]
        if not found.on:
            return verdict.handed_over(found) if fired in judged.led.handed else found
        asset, at = int(judged.row.asset[place]), judged.part.start + place
        faults: Bools = np.any(sifted.faults_at(at, self.sensors.faults[asset]), axis=1)
        rule, heard = self._class.rules[fired[0]], np.zeros_like(faults)
        if checked is not None:
            barred = checked.barred[place]
            if rule.detector in self._given:
                heard = barred & (judged.verdicts[rule.detector].blame[place] > 0)
            faults = faults | barred & ~heard
        without, doubted = self._labels(faults), self._labels(heard)
        alone = checked is not None and bool(checked.lone[place] >= 0 and not checked.sensor[place])
        alone = alone and not seconded(found.evidence)
        return verdict.qualified(found, without, doubted, alone=alone)

    def _labels(self, which: Bools) -> list[str]:
        return [self._class.channels[k].label for k in np.flatnonzero(which)]

    def _observe(
        self, row: Round, verdicts: Verdicts, start: int, stop: int, health: Floats
    ) -> int:
        part = slice(start, stop)
        if stop > start and self._expects is not None:
            some = row.take(part)
            told = verdicts[self._expects].take(part)
            counts = (some.mode == Mode.RUNNING) | (some.mode == Mode.UNKNOWN)
            self.recent.add(some.asset, some.at, some.values, told.low, told.high, counts)
        if self.lives.any and stop > start:
            said = {name: scored.take(part) for name, scored in verdicts.items()}
            health[part] = self.lives.observe(row.take(part), said)
            self._repairs += [(start + place, one) for place, one in self.lives.take_judged()]
        return stop

    def _verdict(
        self, rule: RuleSpec, row: Round, place: int, on: bool, behind: Bools, verdicts: Verdicts
    ) -> Finding:
        number, at = int(row.asset[place]), int(row.at[place])
        asset, late = self._assets[number], bool(behind[place])
        if not on:
            return verdict.rule_off(asset, rule, at, catching_up=late)
        scored = verdicts[rule.detector]
        past = self.recent.past(number)
        usual = verdicts[self._expects] if self._expects not in {None, rule.detector} else None
        life = self.lives.life(number, at)
        evidence = gather(self._class, rule, row, place, scored, life, past, usual)
        return verdict.rule_on(asset, rule, at, evidence, catching_up=late)


def _moved(found: list[Placed], places: Rows) -> list[Placed]:
    """Count rows as they are among all."""
    return [(int(places[place]), by_rule, told) for place, by_rule, told in found]
