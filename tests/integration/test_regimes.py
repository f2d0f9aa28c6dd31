"""A machine with two loads that comes to run at a third: the whole way from readings to cases."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from core.clock import DAY, HOUR, MINUTE, Instant
from core.history import Columns
from core.plant import (
    AssetClass,
    Channel,
    ModeRule,
    NamedDetector,
    Plant,
    RegimeRule,
    Role,
    RuleSpec,
)
from core.readings import Floats, Instants
from models.ensemble import EnsembleSettings
from models.limits import Limit, LimitsSettings
from models.mewma import MewmaSettings
from service.backtest import Told, backtest
from service.backtest_past import Past
from service.finding import DATA
from service.scoring import casework_of
from service.standing import statuses
from storage.casefile_memory import MemoryCaseFile
from tests.plants import plant

START: Instant = 1_700_000_000 // 86_400 * DAY
STEP = 20 * MINUTE
ASSET = "site/hall/p1"
UNITS = {"speed": "1/min", "flow": "m³/h", "vibration": "mm/s", "temperature": "°C"}
DETECTORS = {"mewma": MewmaSettings(), "ensemble": EnsembleSettings()}


def pumps(kind: str = "mewma", rule: RegimeRule | None = None) -> Plant:
    operating = {"speed", "flow"}
    limits = LimitsSettings(channels={"vibration": Limit(warning=20.0, alarm=25.0)})
    made = AssetClass(
        "pump",
        tuple(
            Channel(name, unit, role=Role.OPERATING if name in operating else Role.CONDITION)
            for name, unit in UNITS.items()
        ),
        modes=ModeRule("speed", 10, 100),
        regimes=rule or RegimeRule(),
        detectors=(NamedDetector("zones", limits), NamedDetector("pattern", DETECTORS[kind])),
        rules=(
            RuleSpec("high", "zones"),
            RuleSpec("unusual", "pattern", on_delay=HOUR, off_delay=2 * HOUR),
        ),
        silent_after=HOUR,
    )
    return replace(plant(1, made), tick_every=20 * MINUTE)


@dataclass
class Pump:
    """Runs at two loads, from `third[0]` to `third[1]` days at a third; `fault` changes values."""

    days: int
    third: tuple[float, float] = (8.0, 12.0)
    fault: Callable[[Floats, Floats], None] = lambda _day, _values: None
    at: Instants = field(init=False)
    values: Floats = field(init=False)

    def __post_init__(self) -> None:
        count = int(self.days * DAY // STEP)
        self.at = START + np.arange(count, dtype=np.int64) * STEP
        day = np.arange(count) * STEP / DAY
        load = np.where((day * 3).astype(int) % 2 == 1, 0.5, 0.8)
        load[(day >= self.third[0]) & (day < self.third[1])] = 1.3
        noise = np.random.default_rng(1).normal(size=(count, 4)) * [5, 2, 0.1, 0.3]
        shaking = 2 + 12 * (load - 0.5) ** 2 + 6 * (load > 1.2)  # it resonates up there
        clean = [1500 * load, 200 * load, shaking, 20 + 40 * load]
        self.values = np.stack(clean, axis=1) + noise
        self.fault(day, self.values)

    def read(self, asset: str, channels: Sequence[str], start: Instant, stop: Instant) -> Columns:
        """Read a part of it."""
        part = slice(*np.searchsorted(self.at, (start, stop)))
        return Columns(tuple(channels), self.at[part], self.values[part])


def played(pump: Pump, made: Plant, *, one_by_one: bool = False) -> Told:
    past = Past(pump, made, (ASSET,), START, START + pump.days * DAY)
    return backtest(past, entry_by_entry=one_by_one)


def day(at: Instant | None) -> float:
    assert at is not None
    return (at - START) / DAY


@pytest.mark.parametrize("kind", list(DETECTORS))
def test_a_new_load_is_said_as_such_and_learned_and_is_no_anomaly(kind: str) -> None:
    told = played(Pump(14, (8.0, 14.0)), pumps(kind))
    assert [one.group for one in told.episodes] == [DATA]
    case = told.episodes[0]
    assert "cannot judge, new regime: " in case.title
    assert "flow 25" in case.title
    assert "learned 9" in case.title
    assert 8 < day(case.began) < 8.1
    assert 9 <= day(case.ended) <= 12
    assert "learned as regime 3" in told.transitions[-1].why


def test_a_fault_at_a_load_that_was_learned_later_is_found_and_was_hidden_without() -> None:
    def fault(now: Floats, values: Floats) -> None:
        values[now > 13, 2] += 1.5

    pump = Pump(15, (8.0, 15.0), fault)
    groups = [
        {one.group for one in played(pump, pumps(rule=rule)).episodes}
        for rule in (RegimeRule(), RegimeRule(channels=()))
    ]
    assert groups[0] == {DATA, "machine"}
    assert "machine" not in groups[1]


@pytest.mark.parametrize("kind", list(DETECTORS))
def test_a_year_at_once_and_entry_by_entry_tell_the_same(kind: str) -> None:
    def fault(now: Floats, values: Floats) -> None:
        values[now > 14, 2] += 1.5

    pump = Pump(16, (8.0, 12.5), fault)
    at_once, as_live = (played(pump, pumps(kind), one_by_one=one) for one in (False, True))
    assert at_once.transitions == as_live.transitions
    assert at_once.scores == as_live.scores


def test_a_fault_in_a_known_regime_is_found_and_one_that_stands_stays() -> None:
    def fault(now: Floats, values: Floats) -> None:
        values[now > 7, 2:] += [1.5, 4.0]

    told = played(Pump(14, (8.0, 11.0), fault), pumps())
    machine = [one for one in told.episodes if one.group == "machine"]
    assert [one.ended for one in machine] == [None]
    assert 7 < day(machine[0].began) < 7.5


def test_a_new_load_is_not_learned_while_a_fixed_limit_is_passed() -> None:
    def fault(now: Floats, values: Floats) -> None:
        values[now >= 8, 2] += 9

    told = played(Pump(14, (8.0, 14.0), fault), pumps())
    data = [one for one in told.episodes if one.group == DATA]
    assert [one.ended for one in data] == [None]
    assert "machine" in {one.group for one in told.episodes}


def test_a_finding_lets_go_of_what_was_kept_of_a_new_load() -> None:
    def fault(now: Floats, values: Floats) -> None:
        values[(now >= 9.9) & (now < 10.1), 2] += 9

    whole = played(Pump(14, (8.0, 14.0)), pumps())
    disturbed = played(Pump(14, (8.0, 14.0), fault), pumps())
    ends = [
        next(day(one.ended) for one in told.episodes if one.group == DATA)
        for told in (whole, disturbed)
    ]
    assert ends[1] > ends[0]


def test_the_status_says_which_regime_or_why_it_cannot_be_judged() -> None:
    made = pumps()
    pump = Pump(9)
    work = casework_of(made, (), MemoryCaseFile())
    past = Past(pump, made, (ASSET,), START, START + 9 * DAY)
    said = []
    for window in past.windows():
        work.take(window.readings[0], window.stop)
        said.append(statuses(work.fleets["pump"])[0])
    assert said[6].mode in {"running 1", "running 2"}
    assert said[6].judged
    assert said[8].mode == "new regime"
    assert not said[8].judged
    assert said[8].why.startswith("new regime: speed 1,9")


def test_a_checkpoint_from_before_there_were_regimes_opens_and_they_are_learned() -> None:
    made = pumps()
    pump = Pump(10)
    past = Past(pump, made, (ASSET,), START, START + 10 * DAY)
    windows = list(past.windows())
    before = casework_of(made, (), MemoryCaseFile())
    for window in windows[:4]:
        before.take(window.readings[0], window.stop)
    saved = before.fleets["pump"].part().write()
    old = {name: body for name, body in saved.items() if "/regimes/" not in name}
    after = casework_of(made, (), MemoryCaseFile())
    fleet = after.fleets["pump"]
    fleet.part().read(old)
    assert (fleet.detectors["pattern"].readiness() == 1).all()
    assert fleet.regimes.watch.count.tolist() == [0]
    for window in windows[4:]:
        after.take(window.readings[0], window.stop)
    assert fleet.regimes.watch.count.tolist() == [2]


def test_a_restart_in_a_new_regime_goes_on_as_if_there_had_been_none() -> None:
    made = pumps()
    past = Past(Pump(13, (8.0, 13.0)), made, (ASSET,), START, START + 13 * DAY)
    windows = list(past.windows())
    straight, first = (casework_of(made, (), MemoryCaseFile()) for _ in range(2))
    for window in windows[:12]:
        straight.take(window.readings[0], window.stop)
        first.take(window.readings[0], window.stop)
    second = casework_of(made, (), MemoryCaseFile())
    second.fleets["pump"].part().read(first.fleets["pump"].part().write())
    for work in (straight, second):
        work.take(windows[12].readings[0], windows[12].stop)
    assert straight.fleets["pump"].part().write() == second.fleets["pump"].part().write()
