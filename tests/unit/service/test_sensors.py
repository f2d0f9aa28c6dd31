from __future__ import annotations

import numpy as np
from numpy.random import default_rng

from core.clock import MINUTE, SECOND
from core.plant import Channel, Mode, Role
from service.sensors import FAULTS, SensorWatch

NAN = float("nan")
CHANNELS = (
    Channel("speed", role=Role.OPERATING),
    Channel("flow"),
    Channel("heat", max_rate=1.0),
)
Turn = tuple[int, str, str, bool]


class Played:
    """Plays rows of one asset, one each `every`, and keeps what was told."""

    def __init__(self, every: int = MINUTE) -> None:
        self.watch = SensorWatch(CHANNELS, 1, stuck_after=60 * MINUTE, silent_after=15 * MINUTE)
        self.every = every
        self.place = 0
        self.turns: list[Turn] = []
        self.values = np.empty((0, 3))
        self.doubted: list[bool] = []
        self.jumps = 0

    def play(
        self, rows: np.ndarray, mode: Mode = Mode.RUNNING, *, bad: tuple[int, ...] = ()
    ) -> Played:
        """Play rows; what is in the channels `bad` is called bad."""
        marked = np.isin(np.arange(3), bad)[None] if bad else None
        for row in np.where(np.isin(np.arange(3), bad), NAN, rows):
            sifted = self.watch.sift(
                np.array([0]),
                np.array([self.place * self.every]),
                np.array([self.every if self.place else 0]),
                row[None],
                np.array([mode], np.int8),
                marked,
            )
            self.turns += [
                (self.place, CHANNELS[channel].name, FAULTS[fault], on)
                for _, channel, fault, on in sifted.lapses
            ]
            self.values = np.concatenate((self.values, sifted.values))
            self.doubted.append(bool(sifted.doubted[0]))
            self.jumps += 0 if sifted.jumps is None else int(sifted.jumps[0])
            self.place += 1
        return self


def noise(count: int, seed: int = 1) -> np.ndarray:
    return np.array([1500.0, 20.0, 50.0]) + default_rng(seed).normal(0, 0.1, (count, 3))


def frozen(count: int, channel: int = 1) -> np.ndarray:
    rows = noise(count, 2)
    rows[:, channel] = 20.25
    return rows


def test_healthy_sensors_are_believed() -> None:
    played = Played().play(noise(300))
    assert played.turns == []
    assert not any(played.doubted)
    assert not np.isnan(played.values).any()


def test_a_channel_that_stands_still_while_others_move_is_stuck() -> None:
    played = Played().play(noise(100)).play(frozen(100))
    assert played.turns == [(160, "flow", "stuck", True)]


def test_a_suspect_value_is_kept_from_the_detectors_before_the_case() -> None:
    played = Played().play(noise(100)).play(frozen(40))
    assert played.turns == []
    assert np.isnan(played.values[130:, 1]).all()
    assert not np.isnan(played.values[:130, 1]).any()
    assert not np.isnan(played.values[:, [0, 2]]).any()
    assert played.doubted.index(True) == 130


def test_a_stuck_channel_is_believed_again_when_it_moves() -> None:
    played = Played().play(noise(100)).play(frozen(100)).play(noise(2, 3))
    assert played.turns[-1] == (200, "flow", "stuck", False)
    assert not np.isnan(played.values[200:]).any()


def test_a_channel_that_never_varied_is_not_stuck() -> None:
    assert Played().play(frozen(300)).turns == []


def test_a_channel_that_rarely_moves_is_not_stuck() -> None:
    rows = frozen(1000)
    rows[::90, 1] = 30.0
    assert Played().play(rows).turns == []


def test_nothing_is_stuck_while_the_machine_is_off() -> None:
    assert Played().play(noise(100)).play(frozen(200), Mode.OFF).turns == []


def test_nothing_is_stuck_while_all_channels_stand_still() -> None:
    assert Played().play(noise(100)).play(np.tile(noise(1), (200, 1))).turns == []


def test_an_operating_channel_is_not_judged() -> None:
    assert Played().play(noise(100)).play(frozen(200, channel=0)).turns == []


def test_a_jump_beyond_what_is_believable_is_blanked_and_counted() -> None:
    rows = noise(20)
    rows[10, 2] += 100
    played = Played(every=SECOND).play(rows)
    assert played.jumps == 2
    assert np.flatnonzero(np.isnan(played.values[:, 2])).tolist() == [10, 11]
    assert played.doubted[10:12] == [True, True]
    assert played.turns == []


def test_a_real_step_costs_one_reading() -> None:
    rows = noise(20)
    rows[10:, 2] += 100
    played = Played(every=SECOND).play(rows)
    assert np.flatnonzero(np.isnan(played.values[:, 2])).tolist() == [10]


def test_noise_of_fast_sampling_is_not_a_jump() -> None:
    assert Played(every=SECOND // 50).play(noise(100)).jumps == 0


def test_repeated_jumps_are_a_fault_until_an_hour_without() -> None:
    rows = noise(4000)
    rows[10:20:2, 2] += 100
    played = Played(every=SECOND).play(rows)
    (begun, ended) = played.turns
    assert begun == (14, "heat", "jumpy", True)
    assert ended[1:] == ("heat", "jumpy", False)
    assert ended[0] == 19 + 3600
    assert np.isnan(played.values[20:3600, 2]).all()


def test_a_channel_that_falls_silent_while_others_go_on_is_missing() -> None:
    rows = noise(100)
    rows[40:, 1] = NAN
    played = Played().play(rows).play(noise(1))
    assert played.turns == [(55, "flow", "silent", True), (100, "flow", "silent", False)]


def test_a_channel_that_comes_rarely_by_habit_is_not_missing() -> None:
    rows = noise(2000)
    rare = np.arange(2000) % 20 != 0
    rows[rare, 1] = NAN
    assert Played().play(rows).turns == []


def test_a_channel_that_is_called_bad_for_long_enough_is_a_fault_until_it_is_good() -> None:
    played = Played().play(noise(100)).play(noise(40), bad=(1,)).play(noise(1))
    assert played.turns == [(115, "flow", "bad", True), (140, "flow", "bad", False)]


def test_a_channel_that_was_never_good_is_called_bad_too() -> None:
    assert Played().play(noise(40), bad=(0, 2)).turns == [
        (15, "speed", "bad", True),
        (15, "heat", "bad", True),
    ]


def test_a_channel_that_is_bad_now_and_then_is_no_fault() -> None:
    played = Played().play(noise(100))
    for _ in range(30):
        played.play(noise(14), bad=(1,)).play(noise(1))
    assert played.turns == []


def test_a_few_bad_values_over_a_long_time_are_no_fault_yet() -> None:
    played = Played(every=5 * MINUTE).play(noise(100)).play(noise(9), bad=(1,))
    assert played.turns == []
    assert played.play(noise(1), bad=(1,)).turns == [(109, "flow", "bad", True)]


def test_what_is_called_bad_while_the_machine_stands_is_no_fault() -> None:
    assert Played().play(noise(100)).play(noise(90), Mode.OFF, bad=(1,)).turns == []


def test_nothing_is_learned_from_rows_of_a_sensor_that_is_bad() -> None:
    played = Played().play(noise(100)).play(noise(40), bad=(1,))
    assert played.doubted.index(True) == 115


def test_a_watch_that_was_saved_before_there_were_bad_values_is_taken_over() -> None:
    first, second = Played().play(noise(100)).play(frozen(100)), Played()
    state = {name: array.copy() for name, array in first.watch.state().items()}
    state["faults"] = state["faults"][..., :3]
    second.watch.restore(state)
    second.place = first.place
    assert second.play(noise(1)).turns == [(200, "flow", "stuck", False)]


def test_work_lets_a_sensor_be_judged_anew() -> None:
    played = Played().play(noise(100)).play(frozen(100))
    played.watch.reset(0)
    played.play(frozen(100))
    assert [turn[:3] for turn in played.turns] == [(160, "flow", "stuck"), (259, "flow", "stuck")]


def test_the_watch_goes_on_where_it_was_saved() -> None:
    whole = Played().play(noise(100)).play(frozen(100))
    first, second = Played().play(noise(100)).play(frozen(30)), Played()
    second.watch.restore({name: array.copy() for name, array in first.watch.state().items()})
    second.place = first.place
    second.play(frozen(100)[30:])
    assert second.turns == whole.turns
