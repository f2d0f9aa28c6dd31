"""A machine's past teaches what it would have taught live, and moves nothing else."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from core.clock import DAY, MINUTE, SECOND
from core.journal import Lesson
from core.plant import AssetClass, NamedDetector, RuleSpec
from core.readings import Reading, Readings
from models.limits import Limit, LimitsSettings
from models.mewma import LearnSettings, MewmaSettings
from service import lesson
from tests.bench import P1, P2, Bench
from tests.plants import CHANNELS, plant, pump_class
from tests.story import START

LEARN = LearnSettings(rows=120, min_rows=60, span=30 * DAY)


def learning_class() -> AssetClass:
    zones = LimitsSettings(channels={"vibration": Limit(warning=4.0, alarm=8.0)})
    return pump_class(
        detectors=(
            NamedDetector("zones", zones),
            NamedDetector("pattern", MewmaSettings(learn=LEARN)),
        ),
        rules=(RuleSpec("high", "zones"), RuleSpec("unusual", "pattern", on_delay=MINUTE)),
    )


@pytest.fixture
def bench() -> Bench:
    return Bench(plant(2, learning_class()))


def past(
    count: int = 200, asset: str = P1, ago: int = 60 * DAY, vibration: float = 2.0, seed: int = 7
) -> list[Reading]:
    random = np.random.default_rng(seed)
    return [
        Reading(
            asset,
            START - ago + n * 10 * SECOND,
            {
                "speed": 1500 + random.normal(0, 5),
                "vibration": vibration + random.normal(0, 0.1),
                "temperature": 50 + random.normal(0, 0.5),
            },
        )
        for n in range(count)
    ]


def taught(bench: Bench, readings: Iterable[Reading]) -> Bench:
    ordered = sorted(readings, key=lambda reading: reading.at)
    bench.tell(Lesson(Readings.of("pump", CHANNELS, ordered, bench.now)))
    return bench.scored()


def learned(bench: Bench, asset: int = 0) -> dict[str, bytes]:
    """What the pattern detector holds of an asset."""
    fleet = bench.scoring._casework.fleets["pump"]
    return {
        name: kept[asset].tobytes() for name, kept in fleet.detectors["pattern"].state().items()
    }


def share(bench: Bench, asset: int = 0) -> float:
    fleet = bench.scoring._casework.fleets["pump"]
    return float(fleet.detectors["pattern"].readiness()[asset])


def test_a_past_teaches_what_the_same_readings_teach_live(bench: Bench) -> None:
    taught(bench, past())
    live = Bench(plant(2, learning_class()))
    for reading in past():
        live.passes(10 * SECOND).block(reading)
    live.scored()
    assert share(bench) == share(live) == 1
    assert learned(bench) == learned(live)


def test_nothing_but_the_detectors_moves(bench: Bench) -> None:
    taught(bench, past(vibration=9.0) + past(asset=P2))
    assert bench.changes() == []
    fleet = bench.scoring._casework.fleets["pump"]
    assert not fleet.rules.locked(np.arange(2)).any()
    assert (fleet.watermark.last_at < 0).all()
    assert bench.casefile.conditions(P1, ("pattern",), 0, 2**62).at.tolist() == []


def test_what_comes_after_is_judged_by_it_at_once(bench: Bench) -> None:
    taught(bench, past())
    for _ in range(30):
        bench.passes(10 * SECOND).says(P1, vibration=3.2)
    assert [alert.asset for _, alert in bench.steps()] == [P1]


def test_a_fault_in_the_past_is_not_learned(bench: Bench) -> None:
    faulty = past(100) + past(60, ago=60 * DAY - 2000 * SECOND, vibration=6.0)
    taught(bench, faulty)
    assert share(bench) < 1
    healthy = Bench(plant(2, learning_class()))
    taught(healthy, past(100))
    assert share(bench) == share(healthy)


def test_a_machine_that_has_learned_keeps_what_it_has(bench: Bench) -> None:
    taught(bench, past())
    before = learned(bench)
    taught(bench, past(vibration=3.0, ago=30 * DAY))
    assert learned(bench) == before


def test_what_was_half_learned_is_begun_anew(bench: Bench) -> None:
    for _ in range(20):
        bench.passes(10 * SECOND).says(P1, vibration=3.0)
    taught(bench.scored(), past())
    other = Bench(plant(2, learning_class()))
    taught(other, past())
    assert learned(bench) == learned(other)


def test_a_machine_with_a_case_is_not_taught(bench: Bench) -> None:
    bench.says(P1, vibration=5.0)
    taught(bench.scored(), past() + past(asset=P2))
    assert share(bench, 0) < 1
    assert share(bench, 1) == 1


def test_machines_of_no_plant_and_classes_of_none_are_passed_over(bench: Bench) -> None:
    taught(bench, past(asset="site/hall/p9"))
    readings = Readings.of("oven", CHANNELS, past(), bench.now)
    bench.tell(Lesson(readings))
    assert share(bench.scored()) == 0


def test_a_class_in_which_nothing_learns_is_passed_over() -> None:
    bench = Bench(plant(2))
    taught(bench, past())
    assert bench.changes() == []


@pytest.mark.parametrize("every", [1, 7])
def test_restarts_change_nothing(bench: Bench, every: int) -> None:
    def told(bench: Bench) -> Bench:
        bench.says(P1).says(P2)
        bench.tell(Lesson(Readings.of("pump", CHANNELS, past(150), bench.now)))
        for number in range(40):
            bench.passes(10 * SECOND).says(P1, vibration=2 + number / 20)
        return bench

    told(bench).scored()
    restarted = told(Bench(plant(2, learning_class())))
    while restarted.scoring.step(every):
        restarted.restart()
    assert learned(restarted) == learned(bench)
    assert [step for step, _ in restarted.casefile.events(0)] == [
        step for step, _ in bench.casefile.events(0)
    ]
    assert bench.changes() != []


def test_scoring_is_alive_while_it_learns(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lesson, "_AT_ONCE", 50)
    beats: list[float] = []
    monkeypatch.setattr(bench.scoring._casework, "beat", lambda: beats.append(0.0))
    taught(bench, past(200))
    assert len(beats) >= 4
    monkeypatch.undo()
    whole = Bench(plant(2, learning_class()))
    taught(whole, past(200))
    assert learned(bench) == learned(whole)
