from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from core.clock import HOUR, MINUTE
from core.plant import AssetClass, Channel, Mode
from models import distance
from models.mewma import LearnSettings, Mewma, MewmaSettings
from models.mewma_row import STALE
from tests.plants import pump_class
from tests.rounds import START, a_round, assets, moments, play, pumps, take

LEARN = LearnSettings(rows=300)
AFTER = START + 300 * MINUTE


def mewma(count: int = 1, **settings: object) -> Mewma:
    given = MewmaSettings.model_validate({"learn": LEARN, **settings})
    return Mewma(given, pump_class(), assets(count))


def learned(count: int = 1, **settings: object) -> Mewma:
    detector = mewma(count, **settings)
    play(detector, pumps(300, count), step=MINUTE)
    assert (detector.readiness() == 1).all()
    return detector


def shifted(steps: int, channel: int, by: float, count: int = 1, seed: int = 9) -> np.ndarray:
    values = pumps(steps, count, seed)
    values[:, :, channel] += by
    return values


def test_it_is_ready_after_so_many_rows() -> None:
    detector = mewma()
    play(detector, pumps(299, 1), step=MINUTE)
    assert detector.readiness()[0] == 0.99
    play(detector, pumps(1, 1), begin=AFTER)
    assert detector.readiness()[0] == 1


def test_or_sooner_once_they_span_enough_time() -> None:
    detector = mewma(learn={"rows": 400, "min_rows": 50, "span": "48h"})
    play(detector, pumps(49, 1), step=HOUR)
    assert 0.9 < detector.readiness()[0] < 1
    play(detector, pumps(1, 1), begin=START + 49 * HOUR, step=HOUR)
    assert detector.readiness()[0] == 1


def test_half_learned_is_half_ready_and_not_judged() -> None:
    detector = mewma()
    scores = play(detector, pumps(150, 1), step=MINUTE)
    assert detector.readiness()[0] == pytest.approx(0.5)
    assert np.isnan(scores).all()


def test_healthy_running_stays_below_the_line() -> None:
    detector = learned(8)
    scores = play(detector, pumps(3000, 8, seed=5), step=MINUTE, begin=AFTER)
    assert (scores < 1).mean() > 0.9995
    assert not (np.lib.stride_tricks.sliding_window_view(scores, 5, axis=0).min(axis=2) > 1).any()


@pytest.mark.parametrize("by", [0.3, -0.3])
def test_a_channel_that_moves_by_a_few_deviations_is_found_and_blamed(by: float) -> None:
    detector = learned()
    scores = play(detector, shifted(40, 1, by), step=MINUTE, begin=AFTER, allowed=False)
    assert (scores[15:] > 1).mean() > 0.85
    scored = detector.score(a_round(shifted(1, 1, by)[0], AFTER + HOUR))
    assert scored.blame[0].argmax() == 1


def test_a_load_that_was_learned_is_no_fault() -> None:
    """Speed is an operating channel: what it explains of vibration is expected."""
    detector = mewma()
    values = pumps(300, 1)
    values[:, 0, 0] += np.random.default_rng(1).uniform(-200, 200, 300)
    values[:, :, 1] += 0.01 * (values[:, :, 0] - 1500)
    play(detector, values, step=MINUTE)
    busy = pumps(60, 1, 4)
    busy[:, :, 0] += 150
    busy[:, :, 1] += 0.01 * (busy[:, :, 0] - 1500)
    assert (play(detector, busy, step=MINUTE, begin=AFTER) < 1).all()
    unexplained = busy.copy()
    unexplained[:, :, 0] -= 150
    later = play(detector, unexplained, step=MINUTE, begin=AFTER + HOUR)
    assert later[-1, 0] > 1


def test_a_spike_is_no_alarm_for_long() -> None:
    detector = learned()
    values = pumps(30, 1, 4)
    values[5, 0, 1] = 1e6
    scores = play(detector, values, step=MINUTE, begin=AFTER)[:, 0]
    assert (scores[20:] < 1).all()


def test_a_fault_held_while_locked_is_never_got_used_to() -> None:
    detector = learned()
    scores = play(detector, shifted(5000, 1, 0.3), step=MINUTE, begin=AFTER, allowed=False)
    assert scores[-1, 0] > 1


def test_the_slow_mean_follows_while_it_may() -> None:
    detector = learned()
    before = detector.state()["slow"]
    play(detector, shifted(50, 1, 0.1), step=MINUTE, begin=AFTER)
    assert detector.state()["slow"][0, 1] > before[0, 1]


def test_after_a_stop_a_channel_may_be_elsewhere_for_a_while() -> None:
    """Where it was before the stop is not where it lately was; the distance still counts."""
    going, stopped = swaying(), swaying()
    take(stopped, a_round(pumps(1, 1)[0], AFTER, mode=Mode.OFF), allowed=False)
    moved, far = shifted(30, 1, -0.4), shifted(30, 1, -1.0)
    assert play(going, moved, step=MINUTE, begin=AFTER, allowed=False).max() > 1
    assert play(stopped, moved, step=MINUTE, begin=AFTER, allowed=False).max() < 1
    play(stopped, pumps(300, 1, 3), step=MINUTE, begin=AFTER + HOUR)
    assert play(stopped, moved, step=MINUTE, begin=AFTER + 9 * HOUR, allowed=False).max() > 1
    take(going, a_round(pumps(1, 1)[0], AFTER, mode=Mode.OFF), allowed=False)
    assert play(going, far, step=MINUTE, begin=AFTER + HOUR, allowed=False).max() > 1


def swaying() -> Mewma:
    """Learn a pump whose vibration sways a little."""
    detector = mewma()
    values = pumps(300, 1)
    values[:, 0, 1] += 0.1 * np.sin(np.arange(300) / 15 - 5)
    play(detector, values, step=MINUTE)
    return detector


def test_a_score_that_must_hold_comes_later_and_goes_at_once() -> None:
    sharp, patient = learned(), learned(hold=8)
    values = np.concatenate([shifted(30, 1, 0.6), pumps(30, 1, 8)])
    quick = play(sharp, values, step=MINUTE, begin=AFTER)[:, 0]
    slow = play(patient, values, step=MINUTE, begin=AFTER)[:, 0]
    assert 1 < np.argmax(quick > 1) + 6 < np.argmax(slow > 1)
    expected = [quick[max(i - 7, 0) : i + 1].min() if i >= 7 else 0.0 for i in range(60)]
    assert np.allclose(slow, expected)


def test_a_channel_to_ignore_takes_no_part() -> None:
    detector = learned(ignore=["vibration"])
    scores = play(detector, shifted(40, 1, 5.0), step=MINUTE, begin=AFTER)
    assert (scores < 1).all()
    with pytest.raises(ValueError, match="unknown channel 'vibrato'"):
        mewma(ignore=["vibrato"])


def test_a_missing_channel_is_judged_by_its_last_for_a_while_only() -> None:
    detector = learned()
    play(detector, shifted(30, 1, 0.6), step=MINUTE, begin=AFTER, allowed=False)
    silent = pumps(STALE + 5, 1, 7)
    silent[:, :, 1] = np.nan
    scores = play(detector, silent, step=MINUTE, begin=AFTER + HOUR, allowed=False)[:, 0]
    assert (scores[:STALE] > 1).all()
    assert (scores[STALE:] < 1).all()


def test_a_missing_operating_channel_stands_for_what_it_last_was() -> None:
    detector = learned()
    values = pumps(40, 1, 7)
    values[:, :, 0] = np.nan
    assert (play(detector, values, step=MINUTE, begin=AFTER) < 1).all()


def test_rows_from_a_standing_machine_are_not_learned() -> None:
    detector = mewma()
    row = a_round(pumps(1, 1)[0], mode=Mode.OFF)
    detector.learn(row, np.array([False]))
    assert detector.readiness()[0] == 0


def test_the_band_is_narrower_where_a_change_would_be_one() -> None:
    """A channel that sways is expected near where it lately was, not only within its sway."""
    detector = mewma()
    values = pumps(300, 1)
    values[:, 0, 1] += 0.15 * np.sin(np.arange(300) / 25)
    play(detector, values, step=MINUTE)
    state = detector.state()
    far = 4 * np.sqrt(state["cov"][0, 1, 1]) * state["spread"][0, 1]
    scored = detector.score(a_round(pumps(1, 1, 5)[0], AFTER))
    assert scored.low[0, 1] < 2 < scored.high[0, 1]
    assert scored.high[0, 1] - scored.low[0, 1] < 1.9 * far


def unexplained(rows: np.ndarray) -> Mewma:
    """Learn a machine of three channels of which none tells the operating point."""
    kind = AssetClass("trio", tuple(Channel(name) for name in ("a", "b", "c")))
    detector = Mewma(MewmaSettings(learn=LEARN), kind, assets(1))
    play(detector, rows[:300, None], step=MINUTE)
    return detector


def trio(seed: int, count: int, shift: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, 1)) + 0.3 * rng.normal(size=(count, 3)) + [0, shift, -shift]


def test_where_nothing_is_in_doubt_the_distance_is_that_of_the_plain_twin() -> None:
    detector = unexplained(trio(1, 300))
    for rows in moments(trio(2, 20, 0.2)[:, None], begin=AFTER):
        scored = detector.judge(rows)
    state = detector.state()
    usable = np.ones((1, 3), np.bool_)
    smoothed, cov = (state[name].astype(np.float64) for name in ("smoothed", "cov"))
    twin, blame = distance.judge(smoothed, cov, usable)
    assert scored.value[0] == pytest.approx(twin[0] / state["line"][0])
    assert np.allclose(scored.blame, blame)


def test_a_state_of_an_older_release_goes_on_as_before() -> None:
    detector = unexplained(trio(1, 300))
    old = {name: array for name, array in detector.state().items() if name != "inverse"}
    other = unexplained(trio(5, 300))
    other.restore(old)
    for rows in moments(trio(2, 20, 0.2)[:, None], begin=AFTER):
        assert np.allclose(detector.judge(rows).value, other.judge(rows).value, rtol=1e-12)


def test_where_a_channel_lately_was_does_not_follow_a_fault_that_no_rule_holds() -> None:
    detector = unexplained(trio(1, 300))
    before = detector.state()["slow"][0, 1]
    scores = play(detector, trio(2, 400, 3.0)[:, None], step=MINUTE, begin=AFTER)
    assert (scores[10:] > 1).all()
    assert abs(detector.state()["slow"][0, 1] - before) < 0.1


def test_settings_that_contradict_themselves_are_refused() -> None:
    with pytest.raises(ValidationError, match=r"min_rows \(90\) must not be above rows \(80\)"):
        LearnSettings(rows=80, min_rows=90)
    assert LearnSettings(rows=40).rows == 40
