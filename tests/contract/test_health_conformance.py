"""What every degradation model does. New kinds in the registry are taken up."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest

from core.clock import HOUR
from core.life import CannotSay, Outlook, Remaining
from core.plant import AssetClass, Mode
from core.readings import Floats
from core.settings import Settings
from models.degradation import Degradation
from models.detector import Round, Verdicts
from models.limits import Limits, LimitsSettings
from models.registry import HEALTH, build_health
from models.threshold import ThresholdSettings
from tests.plants import pump_class
from tests.rounds import START, STEP, a_round, assets, example, in_parts, moments, pumps

PUMPS = 10
PATHS = {"method": "paths"}
STEPS = 600
Build = Callable[[], Degradation]


@pytest.fixture(
    params=[*map(example, HEALTH), example(ThresholdSettings).model_copy(update=PATHS)],
    ids=lambda each: f"{type(each).__name__}-{getattr(each, 'method', '')}",
)
def asset_class(request: pytest.FixtureRequest) -> AssetClass:
    settings: Settings = request.param
    return pump_class(health=settings)


def built(asset_class: AssetClass, count: int) -> Degradation:
    model = build_health(asset_class, assets(count))
    assert model is not None
    return model


@pytest.fixture
def make(asset_class: AssetClass) -> Build:
    return lambda: built(asset_class, PUMPS)


def judged(rows: Round) -> Verdicts:
    """What the class's detector says of a round."""
    settings = pump_class().detectors[0].settings
    assert isinstance(settings, LimitsSettings)
    return {"zones": Limits(settings, pump_class(), assets(PUMPS)).score(rows)}


def show(model: Degradation, rows: Round) -> None:
    model.observe(rows, judged(rows))


def follow(model: Degradation, values: Floats, begin: int = START) -> Degradation:
    for rows in moments(values, begin=begin):
        show(model, rows)
    return model


def worn(wear: float = 5.0) -> Floats:
    return pumps(STEPS, PUMPS, wear=wear)


def outlooks(model: Degradation) -> list[Outlook]:
    return [model.remaining(asset) for asset in range(PUMPS)]


def sound(outlook: Outlook) -> bool:
    if isinstance(outlook, CannotSay):
        return bool(outlook.reason and outlook.words)
    points = (outlook.p05, outlook.p50, outlook.p95)
    return bool(np.isfinite(points).all()) and 0 <= points[0] <= points[1] <= points[2]


@pytest.mark.parametrize("size", [1, 7])
def test_the_size_of_a_batch_changes_no_bit(make: Build, size: int) -> None:
    whole, cut = make(), make()
    for rows in moments(worn()):
        show(whole, rows)
        for part in in_parts(rows, size):
            show(cut, part)
    assert np.array_equal(whole.health(), cut.health(), equal_nan=True)
    assert outlooks(whole) == outlooks(cut)


def test_health_falls_with_wear_and_stays_between_one_and_nothing(make: Build) -> None:
    model = make()
    seen = []
    for rows in moments(pumps(STEPS, PUMPS, wear=20)):
        show(model, rows)
        seen.append(model.health())
    known = np.array(seen)[~np.isnan(seen).any(axis=1)]
    assert ((known >= 0) & (known <= 1)).all()
    assert (known[0] > 0.8).all()
    assert (known[-1] == 0).all()
    assert outlooks(model) == [Remaining(0.0, 0.0, 0.0)] * PUMPS


def test_what_is_left_of_a_wearing_machine_is_a_sound_distribution(make: Build) -> None:
    """Vibration goes from 2 to 7 in 600 steps of ten minutes, and the end is at 8."""
    found = outlooks(follow(make(), worn()))
    said = [outlook for outlook in found if isinstance(outlook, Remaining)]
    assert len(said) > PUMPS / 2
    assert all(sound(outlook) for outlook in found)
    assert np.median([outlook.p50 for outlook in said]) == pytest.approx(20, rel=0.2)


def test_time_that_passes_is_taken_off(make: Build) -> None:
    model = follow(make(), worn())
    before = outlooks(model)
    rows = a_round(worn()[-1], START + STEPS * STEP)
    show(model, rows)
    for earlier, later in zip(before, outlooks(model), strict=True):
        if isinstance(earlier, Remaining) and isinstance(later, Remaining):
            assert later.p50 == pytest.approx(earlier.p50 - STEP / HOUR, abs=2)


def test_a_healthy_machine_has_no_end_in_sight(make: Build) -> None:
    found = outlooks(follow(make(), worn(wear=0)))
    assert all(isinstance(outlook, CannotSay) for outlook in found)
    assert all(sound(outlook) for outlook in found)


def test_nothing_seen_is_said_so(make: Build) -> None:
    assert np.isnan(make().health()).all()
    assert all(isinstance(outlook, CannotSay) for outlook in outlooks(make()))


def test_the_basis_says_method_threshold_and_source(asset_class: AssetClass) -> None:
    model = follow(built(asset_class, PUMPS), worn())
    words = model.basis(0)
    assert "8" in words
    assert str(getattr(asset_class.health, "source", "")) in words
    assert model.failure_mode


def test_a_state_kept_as_npz_goes_on_exactly_as_before(make: Build) -> None:
    values = worn()
    for cut in (0, 1, 59, 300, STEPS):
        straight = follow(make(), values)
        first = follow(make(), values[:cut])
        kept = io.BytesIO()
        np.savez(kept, **first.state())
        kept.seek(0)
        second = make()
        with np.load(kept, allow_pickle=False) as arrays:
            second.restore(dict(arrays))
        assert outlooks(second) == outlooks(first)
        follow(second, values[cut:], START + cut * STEP)
        assert np.array_equal(straight.health(), second.health(), equal_nan=True)
        assert outlooks(straight) == outlooks(second)


def test_asking_changes_nothing(make: Build) -> None:
    asked, silent = make(), make()
    for rows in moments(worn()):
        show(asked, rows)
        show(silent, rows)
        outlooks(asked)
        asked.health()
    assert outlooks(asked) == outlooks(silent)


def test_a_state_handed_out_is_a_copy(make: Build) -> None:
    model = follow(make(), worn()[:100])
    given = model.state()
    before = {name: array.copy() for name, array in given.items()}
    follow(model, worn()[100:], START + 100 * STEP)
    assert all(np.array_equal(given[name], before[name], equal_nan=False) for name in given)


def test_a_mended_machine_starts_anew_alone(make: Build) -> None:
    model = follow(make(), worn())
    model.forget(3)
    assert np.isnan(model.health()[3])
    assert isinstance(model.remaining(3), CannotSay)
    assert np.isfinite(np.delete(model.health(), 3)).all()


@pytest.mark.parametrize("spoilt", [np.nan, 7.0, 0.0])
def test_missing_and_constant_channels_are_survived(make: Build, spoilt: float) -> None:
    model = follow(make(), np.full((STEPS, PUMPS, 3), spoilt))
    assert all(sound(outlook) for outlook in outlooks(model))
    assert not np.isinf(model.health()).any()


def test_a_standing_machine_does_not_wear(make: Build) -> None:
    model = follow(make(), worn())
    before = outlooks(model)
    for mode in (Mode.UNKNOWN, Mode.OFF, Mode.IDLE, Mode.STARTING):
        show(model, a_round(np.full((PUMPS, 3), 50.0), START + STEPS * STEP, mode=mode))
    assert outlooks(model) == before


def test_a_clock_that_steps_back_is_survived(make: Build) -> None:
    model = follow(make(), worn())
    follow(model, worn(), START)
    assert all(sound(outlook) for outlook in outlooks(model))


def test_empty_batches_and_no_assets_are_survived(make: Build, asset_class: AssetClass) -> None:
    model = make()
    show(model, a_round(worn()[0], chosen=[]))
    assert model.health().shape == (PUMPS,)
    nobody = built(asset_class, 0)
    nobody.restore(nobody.state())
    assert nobody.health().shape == (0,)
