"""What any detector has learned of one asset can be taken out, kept, and put in elsewhere."""

from __future__ import annotations

import numpy as np
import pytest

from core.plant import NamedDetector, RuleSpec
from core.settings import Settings
from models.registry import DETECTORS, GIVEN, TOGETHER
from service.adoption import adopt, learners, signatures, taken
from service.fleet import Fleet
from service.model_body import unpack
from service.scoring import casework_of
from storage.casefile_memory import MemoryCaseFile
from tests.plants import plant, pump_class
from tests.rounds import START, STEP, a_round, example, moments, play, pumps, take

LEARNING = 300
LEARNT = [kind for kind in DETECTORS if kind not in GIVEN | TOGETHER]


@pytest.fixture(params=LEARNT, ids=lambda kind: kind.__name__)
def kind(request: pytest.FixtureRequest) -> type[Settings]:
    chosen: type[Settings] = request.param
    return chosen


def fleet(kind: type[Settings], count: int) -> Fleet:
    """A fleet of pumps that one detector judges, under its budget."""
    judged = pump_class(
        detectors=(NamedDetector("tested", example(kind)),), rules=(RuleSpec("odd", "tested"),)
    )
    return casework_of(plant(count, judged), (), MemoryCaseFile()).fleets["pump"]


def test_it_goes_on_elsewhere_bit_for_bit_and_the_others_stay_as_they_were(
    kind: type[Settings],
) -> None:
    here, there = fleet(kind, 3), fleet(kind, 2)
    assert list(learners(here.asset_class, here.assets[0])) == ["tested"]
    known, new = here.detectors["tested"], there.detectors["tested"]
    play(known, pumps(LEARNING, 3))
    play(new, pumps(20, 2, seed=5))
    before = {name: kept[0].tobytes() for name, kept in new.state().items() if kept.size}
    body = taken(here, 2)
    assert len(body) < 256 * 1024  # so that the journal can carry it
    adopt(there, [1], signatures(here), body)
    after = new.state()
    assert all(after[name][0].tobytes()[: len(kept)] == kept for name, kept in before.items())
    assert new.readiness()[1] == 1
    values = pumps(30, 3, seed=2, wear=8.0)
    for step, rows in enumerate(moments(values, begin=START + LEARNING * STEP)):
        said = take(known, rows, allowed=False)
        mine = a_round(values[step][1:], START + (LEARNING + step) * STEP)
        told = take(new, mine, allowed=False)
        assert told.value[1] == said.value[2]
        assert np.array_equal(told.blame[1], said.blame[2])
        assert np.array_equal(told.low[1], said.low[2], equal_nan=True)
    ours, theirs = unpack(taken(there, 1))["tested"], unpack(taken(here, 2))["tested"]
    fixed = [name for name in theirs if not name.startswith("lessons")]  # a buffer of all assets
    assert fixed
    assert all(ours[name].tobytes() == theirs[name].tobytes() for name in fixed)
