"""What every detector does, whatever it judges by. New kinds in the registry are taken up."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from core.plant import Mode, NamedDetector
from core.settings import Settings
from models.course import Retriable, judge
from models.detector import Detector, Round, Scored, State
from models.peers import PeersSettings
from models.rate import RateSettings
from models.registry import DETECTORS, GIVEN, build
from models.single import SingleSettings
from models.spectral import SpectralSettings
from tests.plants import pump_class
from tests.rounds import START, STEP, a_round, assets, example, in_parts, moments, play, pumps, take
from tests.scored import equal_states, joined, same

PUMPS = 6
LEARNING = 300
ALMOST = 270
"""So many rows are not enough for any kind that learns once."""

RESTARTS = (0, 1, 40, ALMOST, LEARNING, LEARNING + 10)

ALL = slice(None)
Build = Callable[[], Detector]


@pytest.fixture(params=DETECTORS, ids=lambda kind: kind.__name__)
def kind(request: pytest.FixtureRequest) -> type[Settings]:
    chosen: type[Settings] = request.param
    return chosen


@pytest.fixture
def make(kind: type[Settings]) -> Build:
    return lambda: fresh(kind)


@pytest.fixture
def ready(kind: type[Settings]) -> Detector:
    detector = after(kind, LEARNING)
    assert (detector.readiness() == 1).all(), "the pumps' healthy running should be enough"
    return detector


def fresh(kind: type[Settings]) -> Detector:
    return build(NamedDetector("tested", example(kind)), pump_class(), assets(PUMPS))


def after(kind: type[Settings], rows: int) -> Detector:
    """Make a detector that has seen so many of the pumps' healthy rows."""
    detector = fresh(kind)
    detector.restore({name: array.copy() for name, array in seen(kind, rows).items()})
    return detector


def seen(kind: type[Settings], rows: int) -> State:
    return straight(kind)[1][rows]


def learning_and_worn() -> Iterator[Round]:
    return moments(np.concatenate([pumps(LEARNING, PUMPS), faulty()]))


@cache
def straight(kind: type[Settings]) -> tuple[list[Scored], dict[int, State]]:
    """Play pumps that learn and then wear, never restarted: what was said, and states between."""
    detector, said, states = fresh(kind), [], {}
    for number, rows in enumerate(learning_and_worn()):
        if number in RESTARTS:
            states[number] = detector.state()
        said.append(take(detector, rows))
    return said, states | {len(said): detector.state()}


def faulty(seed: int = 2, steps: int = 20, some: slice = ALL) -> np.ndarray:
    """Make pumps of which some wear."""
    values = pumps(steps, PUMPS, seed)
    values[:, some] = pumps(steps, PUMPS, seed, wear=8.0)[:, some]
    return values


def sick(kind: type[Settings]) -> slice:
    """Tell which pumps a fault is put into: peers tell who stands apart, so most must be well."""
    return slice(0, 2) if kind is PeersSettings else ALL


@pytest.mark.parametrize("size", [1, 4])
def test_the_size_of_a_batch_changes_no_bit(kind: type[Settings], size: int) -> None:
    cut = after(kind, ALMOST)
    said, states = straight(kind)
    for whole, rows in list(zip(said, learning_and_worn(), strict=True))[ALMOST:]:
        apart = joined([take(cut, part) for part in in_parts(rows, size)])
        assert same(whole, apart)
    assert equal_states(states[len(said)], cut.state())


def lasts(kind: type[Settings]) -> bool:
    """Tell whether a fault stays above the line by itself; news needs a finding to hold it."""
    return kind is not SingleSettings


def test_a_fault_passes_the_line_and_healthy_running_does_not(
    kind: type[Settings], ready: Detector
) -> None:
    at = START + LEARNING * STEP
    healthy = play(ready, pumps(20, PUMPS, 3), begin=at)
    assert (healthy < 1).all()
    values = faulty(some=sick(kind))
    worn = play(ready, values, begin=at + 20 * STEP, allowed=lasts(kind))
    assert (worn[-1, sick(kind)] > 1).all()


def test_blame_sums_to_one_and_names_the_channel(kind: type[Settings], ready: Detector) -> None:
    for rows in moments(faulty(some=sick(kind)), begin=START + LEARNING * STEP):
        scored = take(ready, rows, allowed=False)
        assert np.allclose(scored.blame.sum(axis=1), 1)
        assert (scored.blame >= 0).all()
    assert (scored.blame.argmax(axis=1)[sick(kind)] == 1).all()


def test_the_band_holds_most_of_what_is_healthy(ready: Detector) -> None:
    rows = list(moments(pumps(50, PUMPS, 4), begin=START + LEARNING * STEP))
    scored = [take(ready, each, allowed=False) for each in rows]
    inside = [
        ~(each.values < said.low) & ~(each.values > said.high)
        for each, said in zip(rows, scored, strict=True)
    ]
    assert np.mean(inside) > 0.9
    assert all(np.isfinite(said.high[:, 1]).all() for said in scored)


def test_scoring_changes_nothing(ready: Detector) -> None:
    before = ready.state()
    rows = a_round(faulty()[-1], START + LEARNING * STEP)
    assert same(ready.score(rows), ready.score(rows))
    assert equal_states(before, ready.state())


def test_a_state_kept_as_npz_goes_on_exactly_as_before(kind: type[Settings], make: Build) -> None:
    """Restarted six times, it says what one says that never was, to the last row."""
    said, states = straight(kind)
    second = make()
    for number, rows in enumerate(learning_and_worn()):
        if number in RESTARTS:
            assert equal_states(states[number], second.state())
            second = reopened(make, second)
        assert same(said[number], take(second, rows))
    assert equal_states(states[len(said)], second.state())


def reopened(make: Build, detector: Detector) -> Detector:
    """Make another of what is kept of it in a file."""
    file, other = io.BytesIO(), make()
    np.savez(file, **detector.state())
    file.seek(0)
    with np.load(file, allow_pickle=False) as arrays:
        other.restore(dict(arrays))
    return other


def test_a_state_handed_out_is_a_copy(ready: Detector) -> None:
    before = {name: array.copy() for name, array in ready.state().items()}
    given = ready.state()
    play(ready, faulty(), begin=START + LEARNING * STEP)
    assert equal_states(before, given)


def test_locked_learning_keeps_the_model(kind: type[Settings], ready: Detector) -> None:
    """A fault that is held never becomes what is normal."""
    if kind is RateSettings:
        pytest.skip("what is held does not change, whatever was learned")
    begin = START + LEARNING * STEP
    worn = np.repeat(faulty(some=sick(kind))[-1:], 2000, axis=0)
    scores = play(ready, worn, begin=begin, allowed=False)
    assert (scores[-1, sick(kind)] > 1).all()


def test_a_locked_asset_learns_nothing(make: Build) -> None:
    detector = make()
    before = detector.readiness()
    play(detector, pumps(LEARNING, PUMPS), allowed=False)
    assert np.array_equal(detector.readiness(), before)


def test_one_asset_is_forgotten_alone(make: Build, ready: Detector) -> None:
    ready.forget(3)
    fresh = make().readiness()[3]
    assert ready.readiness()[3] == fresh
    assert (np.delete(ready.readiness(), 3) == 1).all()
    play(ready, pumps(LEARNING, PUMPS, 5), begin=START + LEARNING * STEP)
    assert (ready.readiness() == 1).all()


def test_a_missing_channel_leaves_the_others_judged(kind: type[Settings], ready: Detector) -> None:
    values = faulty(some=sick(kind))
    values[:, :, 2] = np.nan
    scores = play(ready, values, begin=START + LEARNING * STEP, allowed=lasts(kind))
    assert (scores[-1, sick(kind)] > 1).all()


def test_nothing_measured_cannot_be_judged(ready: Detector) -> None:
    scored = take(ready, a_round(np.full((PUMPS, 3), np.nan), START + LEARNING * STEP))
    assert np.isnan(scored.value).all()
    assert (scored.blame == 0).all()
    assert np.isnan(scored.low).all()
    assert np.isnan(scored.high).all()


SPOILT = (np.nan, 7.0, 0.0)


@pytest.mark.parametrize(
    ("kind", "spoilt"),
    [(kind, np.tile(SPOILT, PUMPS // 3)) for kind in DETECTORS if kind is not PeersSettings]
    + [(PeersSettings, np.full(PUMPS, each)) for each in SPOILT],
)
def test_a_channel_that_was_always_missing_or_constant_is_survived(
    kind: type[Settings], make: Build, spoilt: np.ndarray
) -> None:
    """Pumps are spoilt in each way; where they are held against each other, all in one."""
    detector = make()
    values = np.concatenate([pumps(LEARNING, PUMPS), pumps(20, PUMPS, 6)])
    values[:, :, 2] = spoilt
    play(detector, values)
    # after two days of silence peers know nothing of each other
    passed = LEARNING + 20 if kind is PeersSettings else 2 * LEARNING
    scored = take(detector, a_round(faulty()[-1], START + passed * STEP))
    assert np.isfinite(scored.value).all()
    assert np.allclose(scored.blame.sum(axis=1), 1)


def test_all_channels_constant_is_survived(make: Build) -> None:
    detector = make()
    play(detector, np.ones((LEARNING, PUMPS, 3)))
    scored = take(detector, a_round(np.ones((PUMPS, 3)), START + LEARNING * STEP))
    assert not np.isinf(scored.value).any()
    assert not np.isnan(scored.blame).any()


def test_huge_and_tiny_numbers_are_survived(make: Build) -> None:
    detector = make()
    values = pumps(LEARNING, PUMPS) * np.array([1e-300, 1.0, 1e12])
    play(detector, values)
    worst = np.full((PUMPS, 3), 1e300)
    scored = take(detector, a_round(worst, START + LEARNING * STEP))
    assert not np.isnan(scored.blame).any()
    assert np.allclose(scored.blame.sum(axis=1)[np.isfinite(scored.value)], 1)


def test_an_empty_batch_is_survived(make: Build, ready: Detector) -> None:
    for detector in (make(), ready):
        before = detector.state()
        scored = take(detector, a_round(np.zeros((PUMPS, 3)), chosen=[]))
        assert scored.value.shape == (0,)
        assert scored.blame.shape == scored.low.shape == scored.high.shape == (0, 3)
        assert equal_states(before, detector.state())


def test_a_machine_that_stood_is_judged_as_before(kind: type[Settings], ready: Detector) -> None:
    at = START + LEARNING * STEP
    for mode in (Mode.UNKNOWN, Mode.OFF, Mode.IDLE, Mode.STARTING):
        rows = a_round(faulty()[-1], at, mode=mode)
        scored = take(ready, rows, allowed=False)
        assert not (scored.value > 1).any()
    assert (ready.readiness() == 1).all()
    assert (play(ready, pumps(20, PUMPS, 3), begin=at) < 1).all()
    values = faulty(some=sick(kind))
    worn = play(ready, values, begin=at + 20 * STEP, allowed=lasts(kind))
    assert (worn[-1, sick(kind)] > 1).all()


def test_no_asset_at_all_is_survived(kind: type[Settings]) -> None:
    detector = build(NamedDetector("tested", example(kind)), pump_class(), ())
    none = np.zeros(0, np.int64)
    rows = Round(none.astype(np.intp), none, np.zeros((0, 3)), none.astype(np.int8))
    assert take(detector, rows).value.shape == (0,)
    assert detector.readiness().shape == (0,)
    detector.restore(detector.state())


def test_a_row_that_is_repeated_scores_as_it_did_and_moves_nothing(ready: Detector) -> None:
    for rows in moments(faulty()):
        said = take(ready, rows, allowed=False)
        before = {name: array.copy() for name, array in ready.state().items()}
        again = ready.score(replace(rows, repeated=True))
        np.testing.assert_allclose(again.value, said.value, rtol=1e-9)
        assert equal_states(before, ready.state())


def course() -> Round:
    """Put moments one after another, gaps and stops among them, assets mixed."""
    values = np.concatenate([pumps(30, PUMPS, 3), faulty(), pumps(30, PUMPS, 5)])
    values[np.random.default_rng(4).random(values.shape) < 0.1] = np.nan
    mode = np.full(values.shape[:2], Mode.RUNNING, np.int8)
    mode[20:25, 3], mode[:, 4] = Mode.OFF, Mode.IDLE
    moment = np.repeat(np.arange(len(values)), PUMPS)
    asset = np.tile(np.arange(PUMPS), len(values))
    at = START + (LEARNING + moment) * STEP
    locked = (asset == 5) & (moment > 40)
    return Round(asset.astype(np.intp), at, values.reshape(-1, 3), mode.reshape(-1), locked=locked)


def by_rounds(detector: Detector, rows: Round) -> Scored:
    """Score and observe one row after another."""
    parts = []
    for i in range(len(rows.asset)):
        one = rows.take(slice(i, i + 1))
        parts.append(detector.score(one))
        detector.observe(one)
    return joined(parts)


@pytest.mark.parametrize("size", [1, 7, 10**6])
def test_a_course_is_judged_as_its_rounds_are(kind: type[Settings], size: int) -> None:
    one, other = after(kind, LEARNING), after(kind, LEARNING)
    rows = course()
    parts = [
        judge(one, rows.take(slice(first, first + size)))
        for first in range(0, len(rows.asset), size)
    ]
    assert same(joined(parts), by_rounds(other, rows))
    assert equal_states(one.state(), other.state())


@pytest.mark.parametrize("order", [(2, 0, 1), (1, 2, 0)])
def test_the_order_of_channels_changes_nothing(
    kind: type[Settings], ready: Detector, order: tuple[int, ...]
) -> None:
    channels = pump_class().channels
    turned = build(
        NamedDetector("tested", example(kind)),
        pump_class(channels=tuple(channels[k] for k in order)),
        assets(PUMPS),
    )
    play(turned, pumps(LEARNING, PUMPS)[:, :, order])
    rows = course()
    other = replace(rows, values=rows.values[:, order])
    straight, crooked = judge(ready, rows), judge(turned, other)
    np.testing.assert_allclose(crooked.value, straight.value, rtol=1e-6)
    np.testing.assert_allclose(crooked.blame, straight.blame[:, order], atol=1e-6)
    np.testing.assert_allclose(crooked.low, straight.low[:, order], rtol=1e-6)


def test_other_units_change_nothing_that_is_learned(make: Build, kind: type[Settings]) -> None:
    """Limits are in a channel's unit; what is learned from a machine is not."""
    if kind in GIVEN:
        return
    factor, offset = np.array([0.1, 1000.0, 1.8]), np.array([7.0, -3.0, 32.0])
    if kind is SpectralSettings:  # energies and levels of vibration have a zero in any unit
        offset = np.zeros(3)
    usual, other = after(kind, LEARNING), make()
    play(other, pumps(LEARNING, PUMPS) * factor + offset)
    rows = course()
    one = judge(usual, rows)
    turned = judge(other, replace(rows, values=rows.values * factor + offset))
    np.testing.assert_allclose(turned.value, one.value, rtol=1e-5)
    np.testing.assert_allclose(turned.blame, one.blame, atol=1e-5)
    np.testing.assert_allclose(turned.high, one.high * factor + offset, rtol=1e-5)


def test_an_asset_takes_little_memory(ready: Detector) -> None:
    kept = sum(array.nbytes for array in ready.state().values())
    assert kept / PUMPS < 64 * 1024


def test_a_course_that_was_tried_can_be_taken_back(ready: Detector) -> None:
    if not isinstance(ready, Retriable):
        pytest.skip("it is judged round by round, in a backtest too")
    values = faulty()
    rows = Round(
        np.tile(np.arange(PUMPS), len(values)),
        np.repeat(START + (LEARNING + np.arange(len(values))) * STEP, PUMPS),
        values.reshape(-1, 3),
        np.full(len(values) * PUMPS, Mode.RUNNING, np.int8),
    )
    before, chosen = ready.state(), np.arange(PUMPS)
    kept = {name: array[chosen] for name, array in ready.moving().items()}
    first = ready.judge(rows)
    for name, array in ready.moving().items():
        array[chosen] = kept[name]
    assert equal_states(ready.state(), before)
    assert same(ready.judge(replace(rows, locked=np.zeros(len(rows.asset), np.bool_))), first)


def test_whether_a_row_is_taken_up_does_not_change_its_own_score(ready: Detector) -> None:
    (row, *_) = moments(faulty(), begin=START + LEARNING * STEP)
    state = ready.state()
    free = judge(ready, replace(row, locked=np.zeros(PUMPS, np.bool_)))
    ready.restore(state)
    assert same(judge(ready, replace(row, locked=np.ones(PUMPS, np.bool_))), free)
