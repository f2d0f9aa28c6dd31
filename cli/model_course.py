"""How `models learn` teaches assets: one after another, each tried and promoted by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cli.options import plain
from core.errors import MillwrightError, Refused
from core.model_version import Cause, Verb

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cli.backtest_sources import Source
    from cli.configuration import Configuration
    from cli.model_change import Desk
    from core.clock import Instant, Span
    from core.model_version import ModelVersion
    from service.casework import Casework
    from service.schooling import Served, Task


@dataclass(frozen=True, slots=True)
class Course:
    """How assets are taught, one after another."""

    config: Configuration
    source: Source
    name: str
    back: Span
    by: str
    promote: bool = True

    def all(self, at: Desk, turns: Mapping[str, Cause]) -> tuple[list[str], list[str]]:
        """Teach all whose turn it is; returns whose models wait, and who could not be taught.

        What ails one keeps no other from its turn; each attempt that was not asked for is noted.
        """
        from core.clock import system_clock

        now, waits, failed = at.restored(), [], []
        for asset, cause in turns.items():
            try:
                if asset in self.source.spans and not self.take(at, asset, now, cause):
                    waits.append(asset)
            except MillwrightError as error:
                print(f"{plain(asset)}: {plain(error)}")
                failed.append(asset)
            if cause is not Cause.ASKED:
                at.store.note(asset, system_clock())
        return waits, failed

    def take(self, at: Desk, asset: str, now: Casework, cause: Cause) -> bool:
        """Teach one asset and tell of it; false where what is fit waits for a service to start."""
        from cli.model_change import KEPT, release
        from core.clock import system_clock
        from service.adoption import learners
        from service.schooling import school, served

        plant = self.config.plant
        if not learners(plant.class_of(asset), plant.assets[asset]):
            print(f"{plain(asset)}: no detector of its class learns of one machine alone")
            return True
        if cause is Cause.LOST and (again := self._again(at, asset, now)) is not None:
            return again
        task = self._task(at, asset, cause)
        first = None if cause is Cause.ASKED else self._first(at, asset, now)
        made, body = school(task, served(now, asset), system_clock(), release(), first)
        one = at.store.add(made, body)
        print(f"{plain(asset)} version {one.number}: {plain('; '.join(one.reasons))}")
        decided = self._serve(at, one, now) if one.fit and self.promote else True
        serving = now.models.book.serving.get(asset)
        stays = [serving.version, *serving.before] if serving else []
        at.store.prune(asset, KEPT, stays)
        return decided

    def _serve(self, at: Desk, one: ModelVersion, now: Casework) -> bool:
        try:
            words = at.serve(one, Verb.PROMOTE, self.by, at.keep(one.asset, now))
        except Refused as error:
            print(f"  stays out of service: {plain(error)}")
            return True
        print(f"  {plain(words)}" if words else "  written down")
        return words is not None

    def _again(self, at: Desk, asset: str, now: Casework) -> bool | None:
        """Put what was in service last back, where it still fits; None where it does not."""
        from service.adoption import signatures

        serving = now.models.book.serving.get(asset)
        try:
            one = at.store.version(asset, serving.version) if serving else None
        except Refused as error:
            print(f"{plain(asset)}: {plain(error)}")
            return None
        fleet = now.fleets[now.plant.assets[asset].asset_class]
        ours = signatures(fleet)
        if one is None or any(ours.get(name) != made for name, made in one.signatures.items()):
            return None
        try:
            return at.serve(one, Verb.PROMOTE, self.by) is not None
        except Refused as error:
            print(f"{plain(asset)} version {one.number}: {plain(error)}")
            return None

    def _first(self, at: Desk, asset: str, now: Casework) -> Served | None:
        """Find the first version that was in service since the machine was last mended."""
        from service.schooling import Served

        serving = now.models.book.serving.get(asset)
        if serving is None:
            return None
        number = serving.before[0] if serving.before else serving.version
        try:
            one = at.store.version(asset, number)
            body = at.store.body(asset, number)
        except Refused:
            return None
        return None if one is None else Served(one.signatures, body)

    def _task(self, at: Desk, asset: str, cause: Cause) -> Task:
        from core.alert import AlertQuery
        from service.backtest_truth import confirmed, labelled
        from service.candidate import HORIZON, ill_times, mended_at
        from service.schooling import Task

        first, last = self.source.spans[asset]
        work = [one for one in self.source.work if one.asset == asset]
        stop: Instant = last + 1
        start = max(first, stop - self.back, mended_at(asset, work) or first)
        alerts = at.casefile.alerts(AlertQuery(asset=asset, limit=500)).alerts
        marked = self.source.stretches.get(asset, [])
        ill = [*ill_times(asset, alerts, work, stop), *marked]
        failures = [*confirmed(work, HORIZON), *labelled(asset, marked)]
        plant, reader = self.config.plant, self.source.reader
        return Task(plant, asset, reader, start, stop, self.name, cause, ill, failures)
