from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.clock import HOUR, MINUTE
from core.plant import Mode
from models.course import judge
from models.detector import Round, Scored
from models.ensemble import Ensemble, EnsembleSettings
from models.mewma import LearnSettings
from tests.plants import pump_class
from tests.rounds import START, a_round, assets, play, pumps, take

LEARN = LearnSettings(rows=400)
AFTER = START + 400 * MINUTE
STALE = 20


def ensemble(count: int = 1, **settings: object) -> Ensemble:
    given = EnsembleSettings.model_validate({"learn": LEARN, **settings})
    return Ensemble(given, pump_class(), assets(count))


def learned(count: int = 1, values: np.ndarray | None = None, **settings: object) -> Ensemble:
    detector = ensemble(count, **settings)
    play(detector, pumps(400, count) if values is None else values, step=MINUTE)
    assert (detector.readiness() == 1).all()
    return detector


def after(detector: Ensemble, values: np.ndarray, locked: bool = False) -> Scored:
    """Judge values `[step, channel]` of the first pump that come after its learning."""
    at = AFTER + np.arange(len(values)) * MINUTE
    mode = np.full(len(values), Mode.RUNNING, np.int8)
    stands = np.full(len(values), locked)
    return judge(detector, Round(np.zeros(len(values), np.intp), at, values, mode, locked=stands))


def moved(steps: int, by: float, channel: int = 1, seed: int = 9) -> np.ndarray:
    values = pumps(steps, 1, seed)[:, 0]
    values[:, channel] += by
    return values


def test_healthy_running_stays_below_the_line() -> None:
    detector = learned(8)
    scores = play(detector, pumps(3000, 8, seed=5), step=MINUTE, begin=AFTER)
    assert (scores < 1).mean() > 0.995


@pytest.mark.parametrize("by", [0.3, -0.3])
def test_a_step_of_three_deviations_is_found_soon_and_blamed(by: float) -> None:
    scored = after(learned(), moved(60, by))
    assert np.argmax(scored.value > 1) < 12
    assert (scored.value[12:] > 1).mean() > 0.95
    assert (scored.blame[12:].argmax(axis=1) == 1).all()


def test_the_score_is_down_soon_after_a_fault_has_ended() -> None:
    values = np.concatenate([moved(200, 0.6), moved(60, 0.0, seed=4)])
    scored = after(learned(), values)
    assert (scored.value[20:200] > 1).all()
    assert (scored.value[215:] < 1).all()


def test_a_fault_that_is_held_for_long_is_never_got_used_to() -> None:
    assert (after(learned(), moved(5000, 0.4)).value[-1000:] > 1).all()


def test_a_drift_too_slow_to_be_a_step_is_found_by_where_it_has_come_to() -> None:
    values = moved(6000, 0.0)
    values[:, 1] += np.linspace(0, 1.5, 6000)
    scored = after(learned(), values)
    assert (scored.value[-500:] > 1).all()
    assert scored.blame[-1].argmax() == 1


def tied(count: int, seed: int) -> np.ndarray:
    """Two channels that follow one slow cause closely, beside a speed that says nothing."""
    rng = np.random.default_rng(seed)
    cause = np.sin(np.arange(count) / 40)
    noise = rng.normal(0, 0.2, (2, count))
    return np.stack([np.full(count, 1500.0), cause + noise[0], cause + noise[1]], axis=1)


def test_after_a_slow_fault_a_reference_comes_home_with_the_machine() -> None:
    """Each is where it may be, but the reference of one was dragged away from the other's."""
    detector = learned(values=tied(400, 1)[:, None])
    ill, well = tied(1200, 2), tied(1200, 3)
    ill[:, 1] += np.linspace(0, 8, 1200)
    scored = after(detector, np.concatenate([ill, well]))
    assert (scored.value[900:1200] > 1).all()
    assert (scored.value[1300:] > 1).mean() < 0.05


def test_channels_that_slowly_part_are_found_where_each_may_be_by_itself() -> None:
    values = tied(600, 2)
    values[:, 1] += np.linspace(0, 4, 600)
    scored = after(learned(values=tied(400, 1)[:, None]), values)
    assert (scored.value[500:] > 1).all()
    assert np.allclose(scored.blame[500:].sum(axis=1), 1)
    healthy = after(learned(values=tied(400, 1)[:, None]), tied(3000, 3))
    assert (healthy.value < 1).mean() > 0.99


def test_a_state_of_an_older_release_goes_on() -> None:
    detector = learned()
    since = {"wide", "ways", "lowest", "highest"}
    old = {name: array for name, array in detector.state().items() if name not in since}
    other = ensemble()
    other.restore(old)
    assert np.array_equal(after(detector, moved(60, 0.3)).value, after(other, moved(60, 0.3)).value)


def test_a_channel_that_warmed_up_while_learned_may_go_on_warming() -> None:
    values = pumps(1400, 1)
    values[:, 0, 2] += 30 * (1 - np.exp(-np.arange(1400) / 600))
    detector = learned(values=values[:400])
    assert (after(detector, values[400:, 0]).value > 1).mean() < 0.01
    cold = values[400:, 0].copy()
    cold[:, 1] += 0.4
    assert (after(learned(values=values[:400]), cold).value[20:] > 1).all()


def test_a_channel_that_scatters_more_is_found_and_blamed() -> None:
    values = pumps(200, 1, 9)[:, 0]
    values[:, 1] += np.random.default_rng(2).normal(0, 0.25, 200)
    scored = after(learned(), values)
    assert (scored.value[60:] > 1).mean() > 0.95
    assert (scored.blame[60:].argmax(axis=1) == 1).mean() > 0.95


def test_channels_that_no_longer_go_together_are_found() -> None:
    """Each stays where it always was; only that one follows the other has ended."""
    rng = np.random.default_rng(1)

    def pair(count: int, together: bool) -> np.ndarray:
        load, other = rng.normal(0, 1, (2, count))
        second = load if together else other
        noise = rng.normal(0, 0.1, (2, count))
        return np.stack([np.full(count, 1500.0), load + noise[0], second + noise[1]], axis=1)

    detector = learned(values=pair(400, together=True)[:, None])
    assert (after(detector, pair(300, together=True)).value < 1).mean() > 0.99
    assert (after(detector, pair(300, together=False)).value[60:] > 1).mean() > 0.95


def test_a_load_that_was_learned_is_no_fault() -> None:
    """Speed is an operating channel: what it explains of vibration is expected."""
    values = pumps(400, 1)
    values[:, 0, 0] += np.random.default_rng(1).uniform(-200, 200, 400)
    values[:, :, 1] += 0.01 * (values[:, :, 0] - 1500)
    busy = pumps(60, 1, 4)[:, 0]
    busy[:, 0] += 150
    busy[:, 1] += 0.01 * (busy[:, 0] - 1500)
    assert (after(learned(values=values), busy).value < 1).all()
    unexplained = busy - np.array([150.0, 0.0, 0.0])
    assert after(learned(values=values), unexplained).value[-1] > 1


def test_a_spike_is_no_alarm_for_long() -> None:
    values = moved(60, 0.0)
    values[5, 1] = 1e6
    assert (after(learned(), values).value[45:] < 1).all()


def test_a_few_bad_rows_among_the_lessons_do_little_harm() -> None:
    values = pumps(400, 1)
    values[100:120, 0, 1] += 1.0
    scored = after(learned(values=values), moved(60, 0.6))
    assert (scored.value[20:] > 1).all()


def test_a_reference_stands_still_while_locked() -> None:
    free, locked = learned(), learned()
    before = locked.state()["place"].copy()
    after(free, moved(100, 0.05))
    after(locked, moved(100, 0.05), locked=True)
    assert np.array_equal(locked.state()["place"], before)
    assert not np.array_equal(free.state()["place"], before)


def test_a_missing_channel_is_judged_by_its_last_for_a_while_only() -> None:
    detector = learned()
    after(detector, moved(40, 0.6))
    silent = moved(STALE + 5, 0.0)
    silent[:, 1] = np.nan
    scored = after(detector, silent)
    assert (scored.value[: STALE - 1] > 1).all()
    assert (scored.value[STALE:] < 1).all()
    assert (scored.blame[STALE:, 1] == 0).all()


def test_a_missing_operating_channel_stands_for_what_it_last_was() -> None:
    values = moved(40, 0.0)
    values[:, 0] = np.nan
    assert (after(learned(), values).value < 1).all()


def test_after_a_stop_a_channel_may_be_elsewhere_for_a_while() -> None:
    values = pumps(400, 1)
    values[:, 0, 1] += 0.1 * np.sin(np.arange(400) / 15)
    going, stopped = learned(values=values), learned(values=values)
    take(stopped, a_round(pumps(1, 1)[0], AFTER, mode=Mode.OFF), allowed=False)
    going_on = after(going, moved(8, 0.3)).value
    assert (after(stopped, moved(8, 0.3)).value[2:] < going_on[2:]).all()


def test_a_channel_to_ignore_takes_no_part() -> None:
    assert (after(learned(ignore=["vibration"]), moved(60, 5.0)).value < 1).all()
    with pytest.raises(ValueError, match="unknown channel 'vibrato'"):
        ensemble(ignore=["vibrato"])


def test_the_band_is_around_what_is_expected_and_a_fault_is_outside() -> None:
    scored = after(learned(), moved(60, 1.0))
    assert (scored.low[:, 1] < 2).all()
    assert (scored.high[:, 1] > 2).all()
    assert (scored.high[20:, 1] < 2.8).all()
    assert np.isnan(scored.low[:, 0]).all()


def test_more_standard_errors_mean_lower_scores() -> None:
    values = moved(60, 0.2)
    strict, mild = after(learned(alone=3), values), after(learned(alone=6), values)
    assert (mild.value[10:] < strict.value[10:]).all()


def test_a_repeated_row_moves_nothing_even_in_a_course() -> None:
    detector = learned()
    row = a_round(moved(1, 0.6), AFTER + HOUR)
    take(detector, row)
    before = detector.state()
    judge(detector, replace(row, repeated=True))
    assert all(np.array_equal(before[name], now) for name, now in detector.state().items())
