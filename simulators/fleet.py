"""The machines of a scenario, and their telemetry in order of time."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from operator import attrgetter

import numpy as np

from core.clock import DAY, SECOND, Instant, Span
from core.errors import ConfigError
from core.errors import Fault as Complaint
from core.plant import Asset, Channel, Plant
from core.readings import Floats, Instants
from simulators.faults import Fault, Trouble
from simulators.faultspec import FaultSpec
from simulators.machine import KINDS, Machine
from simulators.message import TOPIC, Message, messages, topic_of
from simulators.noise import key
from simulators.scenario import Scenario

_AT_ONCE = 7 * DAY
_PHASE = 10 * SECOND
_ORDINALS = {"first": 0, "second": 1, "third": 2, "fourth": 3, "last": -1}


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Readings of one asset in time order, as its sensors would send them."""

    asset: Asset
    channels: tuple[str, ...]
    at: Instants
    values: Floats


class Fleet:
    """A scenario made real for one plant and one `now`.

    Everything it says follows from scenario, plant and `now` alone. History ends at `now`;
    live goes on from there.
    """

    def __init__(self, scenario: Scenario, plant: Plant, now: Instant, topic: str = TOPIC) -> None:
        self.scenario = scenario
        self._topic = topic
        self.plant = plant
        self.now = now // SECOND * SECOND
        chosen = _chosen(scenario, plant)
        self.faults = _faults(scenario, plant, self.now, chosen)
        shifts = {find(plant, name): shift for name, shift in scenario.shifts.items()}
        loads = {find(plant, name): spec.build(self.now) for name, spec in scenario.loads.items()}
        self.machines = tuple(
            Machine(
                plant.assets[asset],
                plant.sites[plant.assets[asset].site],
                scenario.seed,
                [fault for _, fault in self.faults.get(asset, ())],
                shifts.get(asset),
                loads.get(asset),
            )
            for asset in chosen
        )
        self._live = scenario.live_interval or scenario.interval
        self._sent = {machine.asset.id: _Sent(plant, machine) for machine in self.machines}

    @property
    def start(self) -> Instant:
        """When history begins."""
        return self.now - self.scenario.span

    @property
    def count(self) -> int:
        """How many readings history holds, before dropouts."""
        return len(self.machines) * (self.scenario.span // self.scenario.interval)

    def history(self) -> Iterator[Message]:
        """Give all messages of history in time order."""
        steps = self.scenario.span // self.scenario.interval
        size = max(1, min(_AT_ONCE // self.scenario.interval, 50_000))
        first = self.now - (steps - 1) * self.scenario.interval
        for begin in range(0, steps, size):
            grid = first + np.arange(begin, min(begin + size, steps)) * self.scenario.interval
            yield from self._in_order(grid)

    def live(self) -> Iterator[Message]:
        """Give the messages after `now`, for ever, in time order."""
        for step in count(1):
            yield from self._in_order(np.array([self.now + step * self._live], np.int64))

    def rows(self, machine: Machine) -> Rows:
        """Give all of one machine's history as columns."""
        steps = self.scenario.span // self.scenario.interval
        grid = self.now - np.arange(steps - 1, -1, -1) * self.scenario.interval
        return self._sent[machine.asset.id].rows(grid - self._phase(machine))

    def _in_order(self, grid: Instants) -> Iterator[Message]:
        streams = []
        for machine in self.machines:
            rows = self._sent[machine.asset.id].rows(grid - self._phase(machine))
            where = topic_of(machine.asset, self._topic)
            streams.append(messages(machine.asset, where, rows.channels, rows.at, rows.values))
        return heapq.merge(*streams, key=attrgetter("at"))

    def _phase(self, machine: Machine) -> Span:
        """Machines do not speak all at once: each has its own second, a little before the step."""
        widest = min(_PHASE, self._live, self.scenario.interval) // SECOND
        return key(machine.key, "phase") % max(widest, 1) * SECOND


class _Sent:
    """What of a machine's readings goes out: the class's channels, in the units it expects."""

    def __init__(self, plant: Plant, machine: Machine) -> None:
        known = {channel.name: channel for channel in plant.class_of(machine.asset.id).channels}
        self._machine = machine
        self._columns = [i for i, name in enumerate(machine.channels) if name in known]
        self.channels = tuple(machine.channels[i] for i in self._columns)
        self._as = [known[name] for name in self.channels]

    def rows(self, at: Instants) -> Rows:
        values = self._machine.readings(at)[:, self._columns]
        for column, channel in enumerate(self._as):
            values[:, column] = _as_sent(channel, values[:, column])
        return Rows(self._machine.asset, self.channels, at, values)


def _as_sent(channel: Channel, values: Floats) -> Floats:
    """Saturate at the physical range, as transmitters do, and turn into the unit that is sent."""
    inside = np.clip(values, channel.low, channel.high)
    if channel.factor == 1.0 and channel.offset == 0.0:
        return inside
    return np.round((inside - channel.offset) / channel.factor, 6)


def find(plant: Plant, selector: str) -> str:
    """Find the asset that a scenario means; ConfigError says what is allowed."""
    if selector in plant.assets:
        return selector
    named = [asset.id for asset in plant.assets.values() if asset.name == selector]
    if len(named) == 1:
        return named[0]
    place, _, class_name = selector.partition(" ")
    if place in _ORDINALS and class_name:
        fellows = plant.assets_of(class_name.strip())
        if fellows and -len(fellows) <= _ORDINALS[place] < len(fellows):
            return fellows[_ORDINALS[place]].id
    msg = (
        f"no asset {selector!r} in the plant; write an id such as {next(iter(plant.assets), '-')}"
        f" or a place such as 'first {next(iter(plant.classes), 'CLASS')}'"
    )
    raise ConfigError(Complaint("scenario", None, msg))


def _chosen(scenario: Scenario, plant: Plant) -> list[str]:
    if scenario.assets == "all":
        chosen = [asset.id for asset in plant.assets.values() if asset.asset_class in KINDS]
    else:
        chosen = [find(plant, selector) for selector in scenario.assets]
    if not chosen:
        msg = f"the plant has no asset that can be simulated; classes known: {', '.join(KINDS)}"
        raise ConfigError(Complaint("scenario", None, msg))
    return sorted(set(chosen))


def _faults(
    scenario: Scenario, plant: Plant, now: Instant, chosen: list[str]
) -> dict[str, list[tuple[FaultSpec, Fault]]]:
    found: dict[str, list[tuple[FaultSpec, Fault]]] = {}
    wrong = []
    for number, spec in enumerate(scenario.faults):
        asset, fault = find(plant, spec.asset), spec.build(now)
        problem = _problem(plant.assets[asset], fault, chosen)
        if problem:
            wrong.append(Complaint("scenario", None, f"faults.{number}: {problem}"))
        found.setdefault(asset, []).append((spec, fault))
    if wrong:
        raise ConfigError(*wrong)
    return found


def _problem(asset: Asset, fault: Fault, chosen: list[str]) -> str:
    if asset.id not in chosen:
        return f"{asset.id} is not among the simulated assets"
    if fault.until is not None and fault.until <= fault.onset:
        return "until must come after onset"
    physics = KINDS[asset.asset_class](0)
    if isinstance(fault, Trouble):
        if fault.ailment not in physics.ailments:
            known = ", ".join(sorted(physics.ailments))
            return f"{asset.asset_class} cannot have {fault.ailment}; it can have {known}"
        if fault.failure is not None and fault.failure <= fault.onset:
            return "failure must come after onset"
    elif fault.channel is not None and fault.channel not in physics.sensors:
        return f"{asset.asset_class} has no {fault.channel!r}; it has {', '.join(physics.sensors)}"
    return ""
