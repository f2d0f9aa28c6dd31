"""What was found by what is forgotten at a late "not restored" does not stand."""

from __future__ import annotations

import numpy as np
import pytest

from core.alert import Alert, Change
from core.clock import DAY, HOUR, MINUTE
from core.history import Columns
from core.journal import decode
from core.plant import Channel, FailureMode, NamedDetector, Role, RuleSpec
from core.readings import Readings
from models.limits import Limit, LimitsSettings
from models.mewma import LearnSettings, MewmaSettings
from models.threshold import ThresholdSettings
from service.backtest import backtest
from service.backtest_past import Past
from service.casework import Casework
from service.finding import DATA, REPAIR
from tests.bench import P1, Bench
from tests.pasts import Rows
from tests.plants import plant, pump_class

FEW = 40
"""So many readings in an hour since the work."""

FORGOTTEN = "it was found by what was learned since the work, and that is forgotten"


def bench(lasts: int) -> Bench:
    """A pump whose repairs are judged by vibration; a lie is told once it `lasts` so long."""
    lines = LimitsSettings(channels={"temperature": Limit(warning=80.0, alarm=90.0)})
    usual = MewmaSettings(learn=LearnSettings(rows=200))
    kind = pump_class(
        channels=(
            Channel("speed", "1/min", role=Role.OPERATING),
            Channel("vibration", "mm/s"),
            Channel("temperature", "°C"),
            Channel("pressure", "bar"),
        ),
        detectors=(NamedDetector("zones", lines), NamedDetector("usual", usual)),
        rules=(
            RuleSpec("hot", "zones", group="heat"),
            RuleSpec("unusual", "usual", on_delay=15 * MINUTE),
        ),
        failure_modes=(
            FailureMode("bearing", "Bearing wear", ("vibration",)),
            FailureMode("leak", "Leak", ("temperature", "pressure")),
        ),
        false_alerts=1.0,
        health=ThresholdSettings(channel="vibration", end=8.0, failure_mode="bearing"),
        stuck_after=lasts,
    )
    return Bench(plant(1, kind))


def runs(
    given: Bench,
    count: int,
    each: int,
    vibration: float,
    pressure: float = 0,
    heat: float = 0,
    begun: int = 0,
) -> None:
    """Say so many readings, `each` an hour; pressure and temperature rise with every one."""
    for k in range(begun, begun + count):
        given.passes(HOUR // each)
        noise = given._random.normal(0, 0.1, 3)
        given.says(
            vibration=vibration + noise[0],
            pressure=10 + noise[1] + pressure * k,
            temperature=50 + 5 * noise[2] + heat * k,
        )


@pytest.fixture
def seldom(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Bench:
    """A pump that ran well, wore, was mended in vain, stood for two days, and was then learned.

    Its verdict waits for all twelve hours of running, of which six are over.
    """
    monkeypatch.setattr("service.repairs.SURE", 1.1)
    given = bench(getattr(request, "param", HOUR))
    runs(given, 240, 3, 2.0)
    for level in range(20, 71, 2):
        runs(given, 3, 3, level / 10)
    given.passes(3 * HOUR).mends(P1).passes(50 * HOUR)
    runs(given, 6 * FEW, FEW, 7.0)
    return given


def stands(given: Bench) -> set[tuple[str, str]]:
    return given.scored().scoring._casework.fleets["pump"].standing(0)


def told(given: Bench, group: str) -> tuple[Change, str, bool]:
    step, alert = given.steps(group)[-1]
    return step.change, step.why.split(":")[0], alert.state.is_active


@pytest.mark.parametrize(
    ("seldom", "found"), [(HOUR, "bias"), (DAY, "unusual")], indirect=["seldom"]
)
def test_what_is_found_of_a_sensor_ends_with_what_found_it(seldom: Bench, found: str) -> None:
    runs(seldom, 5 * FEW, FEW, 7.0, pressure=0.02)
    assert stands(seldom) == {("sensor:pressure", found)}
    runs(seldom, FEW, FEW, 7.0, pressure=0.02, begun=5 * FEW)
    assert stands(seldom) == {(REPAIR, "bearing")}
    assert told(seldom, "sensor:pressure") == (Change.RETURNED, FORGOTTEN, False)


def test_a_learned_rule_goes_off_with_it_and_a_given_line_stays(seldom: Bench) -> None:
    runs(seldom, 5 * FEW, FEW, 7.0, pressure=0.03, heat=0.17)
    assert stands(seldom) == {("machine", "unusual"), ("heat", "hot")}
    runs(seldom, FEW + 5, FEW, 7.0, pressure=0.03, heat=0.17, begun=5 * FEW)
    assert stands(seldom) == {("heat", "hot"), (REPAIR, "bearing")}
    assert told(seldom, "machine") == (Change.RETURNED, FORGOTTEN, False)
    assert seldom.case("heat").state.is_active


def test_a_backtest_ends_them_at_the_same_reading(seldom: Bench) -> None:
    runs(seldom, 6 * FEW + 5, FEW, 7.0, pressure=0.02)
    seldom.scored()
    bodies = [decode(one) for one in seldom.journal.read(0, 10_000)]
    said = [one for one in bodies if isinstance(one, Readings)]
    at = np.concatenate([one.at for one in said])
    rows = Rows({P1: Columns(said[0].channels, at, np.concatenate([one.values for one in said]))})
    past = Past(rows, seldom.plant, (P1,), int(at[0]), seldom.now, 30 * DAY)
    works: list[Casework] = []
    backtest(past, seldom.casefile.work(P1), begin=works.append)

    def cases(of: Casework) -> set[tuple[object, ...]]:
        return {_shown(one) for one in of.book.cases.values() if one.group != DATA}

    [batch], live = works, seldom.scoring._casework
    assert cases(live) == cases(batch)
    assert {(one[0], one[2]) for one in cases(live)} == {
        ("sensor:pressure", ()),
        (REPAIR, ("bearing",)),
    }


def _shown(one: Alert) -> tuple[object, ...]:
    return one.group, one.rules, one.active, one.state, one.changed_at
