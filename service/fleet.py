"""A fleet: all assets of one class, scored together as columns."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import numpy as np

from core.casefile import Condition
from core.clock import Instant, Span
from core.life import LifeEstimate
from core.plant import SERVICE_ASSET, Asset, AssetClass, RuleSpec
from core.readings import Bools, Floats, Instants, Quality, Readings
from models.degradation import Degradation
from models.detector import Detector, Round, Verdicts
from service import verdict
from service.backlog import Backlog, Lagging
from service.checkpoint import Part, Section
from service.evidence import gather
from service.finding import DATA, SENSOR, CaughtUp, ClockStepped, Event, Finding
from service.learning import may_learn
from service.modes import ModeWatch
from service.presence import Presence
from service.rules import NEVER, Fired, RuleLatch
from service.sensors import FAULTS, Lapse, SensorWatch
from service.silence import Silence
from service.suspects import Suspects
from service.tally import Tally
from service.thinning import Thinning
from service.watermark import Admitted, Rows, Watermark, rounds, spans

FOR_EVER = np.iinfo(np.int64).max
"""How long an asset may be quiet whose device is known to be gone."""


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
        self.presence = np.full(count, Presence.UNKNOWN, np.int8)
        self._patience: Instants | None = None
        self.tally = Tally(count, len(self.detectors))
        self._thinning = Thinning([asset.id for asset in assets], list(detectors))
        self._columns: dict[tuple[str, ...], tuple[Rows, Rows] | None] = {}
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
        }
        signatures = dict.fromkeys(sections, "") | {"sensors": channels, "suspects": channels}
        signatures |= {"tally": ",".join(self.detectors), "thinning": ",".join(self.detectors)}
        for named in self.asset_class.detectors:
            sections[f"detector.{named.name}"] = self.detectors[named.name]
            settings = named.settings.model_dump_json()
            signatures[f"detector.{named.name}"] = f"{channels} {settings}"
        if self.health is not None and self.asset_class.health is not None:
            sections["health"] = self.health
            signatures["health"] = f"{channels} {self.asset_class.health.model_dump_json()}"
        assets = tuple(asset.id for asset in self.assets)
        return Part(self.asset_class.name, assets, sections, signatures)

    def apply(self, block: Readings, at: Instant) -> list[Event]:
        """Score a batch that was journalled at `at`; returns what changed, in order."""
        known = np.array([self.number.get(asset, -1) for asset in block.assets], np.intp)
        asset = known[block.asset]
        if block.retained:
            self.tally.count("retained", asset[asset >= 0])
            return []
        values, uncertain, bad = self._aligned(block, asset)
        order, bounds = rounds(asset)
        asset, moment, values = asset[order], block.at[order], values[order]
        uncertain = uncertain[order]
        bad = None if bad is None else bad[order]
        events: list[Event] = []
        for part in spans(bounds):
            self._round(
                asset[part],
                moment[part],
                values[part],
                uncertain[part],
                None if bad is None else bad[part],
                block.arrived,
                at,
                events,
            )
        return events

    def tick(self, at: Instant, span: Span, *, connected: bool) -> list[Event]:
        """Let time pass; returns which assets fell silent and whose backlog ran dry."""
        events: list[Event] = [CaughtUp(self.assets[n].id) for n in self.backlog.tick()]
        if connected and span:
            quiet = self.silence.tick(span, self._patience)
            events += [self._fell_silent(number, at) for number in quiet]
        return events

    def attend(self, number: int, presence: Presence) -> None:
        """Note whether what speaks for an asset is there; while it is not, silence says no more."""
        before, self.presence[number] = self.presence[number], presence
        if self._patience is None:
            self._patience = np.full(len(self.assets), self.asset_class.silent_after, np.int64)
        self._patience[number] = (
            FOR_EVER if presence >= Presence.GONE else self.asset_class.silent_after
        )
        if before >= Presence.GONE and presence < Presence.GONE:
            self.silence.restart(number)
        self.tally.dirty[number] |= before != presence

    def forget(self, asset: int) -> None:
        """Start one asset anew, after work on it."""
        self.rules.reset(asset)
        self.sensors.reset(asset)
        for detector in self.detectors.values():
            detector.forget(asset)
        if self.health is not None:
            self.health.forget(asset)
        self.tally.dirty[asset] = True

    def rearm(self, asset: int, groups: Collection[str]) -> None:
        """Let what persists of some groups' conditions be found anew."""
        self.rules.reset(asset, groups)
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

    def _aligned(self, block: Readings, asset: Rows) -> tuple[Floats, Bools, Bools | None]:
        """Put a block's columns into the class's order, without what its source calls bad."""
        values, quality, bad = block.values, block.quality, None
        uncertain = np.zeros(len(block), np.bool_)
        if quality is not None:
            bad, doubtful = quality == Quality.BAD, quality == Quality.UNCERTAIN
            uncertain = doubtful.any(axis=1)
            values = np.where(bad, np.nan, values)
            self.tally.count("bad quality", np.repeat(asset, bad.sum(axis=1)))
            self.tally.count("uncertain quality", np.repeat(asset, doubtful.sum(axis=1)))
        place = self._place(block.channels)
        if place is None:
            return values, uncertain, bad
        ours, theirs = place
        if len(theirs) < len(block.channels):
            self.tally.count("unknown channel", asset)
        aligned = np.full((len(block), len(self.asset_class.channels)), np.nan)
        aligned[:, ours] = values[:, theirs]
        if bad is None:
            return aligned, uncertain, None
        refused = np.zeros(aligned.shape, np.bool_)
        refused[:, ours] = bad[:, theirs]
        return aligned, uncertain, refused

    def _place(self, channels: tuple[str, ...]) -> tuple[Rows, Rows] | None:
        """Tell which of our columns are which of a block's; None where they are the same."""
        if channels not in self._columns:
            names = self.asset_class.channel_names
            pairs = [(names.index(c), k) for k, c in enumerate(channels) if c in names]
            ours = np.array([pair[0] for pair in pairs], np.intp)
            theirs = np.array([pair[1] for pair in pairs], np.intp)
            self._columns[channels] = None if channels == names else (ours, theirs)
        return self._columns[channels]

    def _round(
        self,
        asset: Rows,
        at: Instants,
        values: Floats,
        uncertain: Bools,
        bad: Bools | None,
        arrived: Instant,
        journalled: Instant,
        events: list[Event],
    ) -> None:
        admitted = self.watermark.admit(asset, at, values, arrived, bad)
        if admitted.rows is not None:
            events += self._count(asset, admitted, arrived)
            rows = admitted.rows
            if not len(rows):
                return
            asset, at, uncertain = asset[rows], at[rows], uncertain[rows]
        heard = self.silence.heard(asset)
        events += [verdict.heard(self.assets[number], journalled) for number in heard]
        lagging = self.backlog.update(asset, arrived - at, journalled)
        events += self._lags(lagging, journalled)
        mode = self.modes.update(asset, at, admitted.values)
        bad = admitted.bad
        sifted = self.sensors.sift(asset, at, admitted.passed, admitted.values, mode, bad)
        if sifted.jumps is not None:
            self.tally.count("jump", np.repeat(asset, sifted.jumps))
        row = Round(asset, at, sifted.values, mode, _refused(admitted.values, sifted.values, bad))
        events += [self._lapse(row, lagging.behind, lapse) for lapse in sifted.lapses]
        self._judge(row, admitted.passed, sifted.doubted | uncertain, lagging.behind, events)
        self.tally.heard(asset, arrived)
        events += [CaughtUp(self.assets[number].id) for number in lagging.caught_up]

    def _lags(self, lagging: Lagging, at: Instant) -> list[Event]:
        begun: list[Event] = [
            verdict.behind(self.assets[number], at, int(self.backlog.offset[number]))
            for number in lagging.standing
        ]
        return begun + [verdict.on_time(self.assets[number], at) for number in lagging.ended]

    def _judge(
        self, row: Round, passed: Instants, doubted: Bools, behind: Bools, events: list[Event]
    ) -> None:
        verdicts = {name: found.score(row) for name, found in self.detectors.items()}
        scores = np.empty((len(verdicts), len(row.asset)))
        for place, scored in enumerate(verdicts.values()):
            scores[place] = scored.value
        fired = self._ruled(row, passed, scores, verdicts)
        allowed = may_learn(row.mode, self.rules.locked(row.asset), doubted)
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
        number = int(row.asset[place])
        return verdict.sensor(
            self.assets[number],
            self.asset_class.channels[channel],
            fault,
            float(self.sensors.last[number, channel]),
            int(row.at[place]),
            on=on,
            catching_up=bool(behind[place]),
        )

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


def _refused(said: Floats, believed: Floats, bad: Bools | None) -> Bools | None:
    """Mark what was said and is not believed; None where all is."""
    if believed is said:
        return bad
    doubted: Bools = np.isfinite(said) & ~np.isfinite(believed)
    return doubted if bad is None else doubted | bad
