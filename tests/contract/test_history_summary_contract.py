"""What every telemetry history tells of minutes and hours, whatever it is kept in."""

from __future__ import annotations

import numpy as np
import pytest

from core.clock import HOUR, MINUTE, SECOND
from core.errors import Refused
from core.history import Summary, TelemetryHistory
from core.readings import Quality
from tests.contract import test_history_contract as contract
from tests.contract.test_history_contract import EVER, T, batch, said

history = contract.history


def steps(found: Summary, unit: int = MINUTE) -> list[tuple[float, ...]]:
    """Lay a summary of one channel out as (step, mean, lowest, highest, count)."""
    columns = (found.mean[:, 0], found.low[:, 0], found.high[:, 0], found.count[:, 0])
    begun = ((found.at - T) // unit).tolist()
    return list(zip(begun, *(column.tolist() for column in columns), strict=True))


def summed(history: TelemetryHistory, step: int = MINUTE, channel: str = "v") -> list[object]:
    return list(steps(history.summary("p1", (channel,), *EVER, step), step))


def settle(history: TelemetryHistory) -> None:
    while history.settle():
        pass


def test_an_empty_history_has_no_summary(history: TelemetryHistory) -> None:
    assert not history.settle()
    found = history.summary("p1", ("v", "w"), *EVER, HOUR)
    assert (len(found), found.mean.shape, found.count.shape) == (0, (0, 2), (0, 2))
    assert found.channels == ("v", "w")


@pytest.mark.parametrize("settled", [True, False])
def test_a_summary_tells_mean_lowest_highest_and_count_of_each_step(
    history: TelemetryHistory, settled: bool
) -> None:
    values = (1.0, 2.0, 6.0, 10.0)
    told = [said("p1", 40 * k, v=value, w=-value) for k, value in enumerate(values)]
    history.write([batch(*told, said("p2", 1, v=99.0))], 1)
    if settled:
        settle(history)
    assert summed(history) == [(0, 1.5, 1, 2, 2), (1, 6, 6, 6, 1), (2, 10, 10, 10, 1)]
    assert summed(history, HOUR) == [(0, 4.75, 1, 10, 4)]
    found = history.summary("p1", ("w", "never", "v"), *EVER, MINUTE)
    assert found.channels == ("w", "never", "v")
    assert found.low[0].tolist() == pytest.approx([-2, np.nan, 1], nan_ok=True)
    assert found.count[0].tolist() == [2, 0, 2]
    assert (found.at.dtype, found.count.dtype) == (np.int64, np.int64)


def test_a_summary_holds_the_steps_that_begin_within_its_span(history: TelemetryHistory) -> None:
    history.write([batch(*(said("p1", 60 * k, v=k) for k in range(6)))], 1)
    for settled in (False, True):
        found = history.summary("p1", ("v",), T + 1, T + 4 * MINUTE, MINUTE)
        assert [row[0] for row in steps(found)] == [1, 2, 3], settled
        assert len(history.summary("p1", ("v",), T + 1, T + 5, HOUR)) == 0
        settle(history)


def test_what_comes_late_or_again_is_counted_once_and_in_its_step(
    history: TelemetryHistory,
) -> None:
    first = batch(said("p1", 0, v=1.0), said("p1", 3600, v=5.0))
    history.write([first], 1)
    settle(history)
    history.write([first, batch(said("p1", 30, v=3.0))], 2)
    expected = [(0, 2.0, 1, 3, 2), (60, 5.0, 5, 5, 1)]
    assert summed(history) == expected
    settle(history)
    assert summed(history) == expected
    assert summed(history, HOUR) == [(0, 2.0, 1, 3, 2), (1, 5.0, 5, 5, 1)]
    history.write([batch(said("p1", 30, v=7.0))], 3)
    settle(history)
    assert summed(history, HOUR)[0] == (0, 4.0, 1, 7, 2)


def test_bad_values_take_no_part_in_a_summary_and_uncertain_ones_do(
    history: TelemetryHistory,
) -> None:
    bad, uncertain = {"v": Quality.BAD}, {"v": Quality.UNCERTAIN}
    told = (said("p1", 0, bad, v=99.0), said("p1", 1, uncertain, v=2.0), said("p1", 70, bad, v=1.0))
    history.write([batch(*told)], 1)
    for _ in range(2):
        assert summed(history) == [(0, 2.0, 2, 2, 1)]
        settle(history)
    history.write([batch(said("p1", 1, bad, v=2.0))], 2)
    settle(history)
    assert summed(history) == summed(history, HOUR) == []


def test_a_summary_stays_when_what_was_measured_is_trimmed(history: TelemetryHistory) -> None:
    history.write([batch(*(said("p1", 30 * k, v=k) for k in range(240)))], 1)
    minutes, hours = summed(history), summed(history, HOUR)
    assert (len(minutes), len(hours)) == (120, 2)
    assert history.trim(T + 90 * MINUTE + 40 * SECOND) == 182
    assert (summed(history), summed(history, HOUR)) == (minutes, hours)
    history.write([batch(said("p1", 7190, v=1000.0))], 2)
    history.write([batch(said("p1", 10, v=-1000.0))], 3)  # far too late to be taken into account
    settle(history)
    assert summed(history)[:-1] == minutes[:-1]
    assert summed(history, HOUR)[0] == hours[0]
    assert summed(history, HOUR)[1] == (
        1,
        pytest.approx((179.5 * 120 + 1000) / 121),
        120,
        1000,
        121,
    )


def test_hours_stay_when_minutes_are_trimmed_and_go_in_their_turn(
    history: TelemetryHistory,
) -> None:
    history.write([batch(*(said("p1", 60 * k, v=k) for k in range(240)))], 1)
    hours = summed(history, HOUR)
    history.trim(T + 3 * HOUR)
    assert history.trim_summary(MINUTE, T + 2 * HOUR) == 120
    assert history.trim_summary(MINUTE, T + 2 * HOUR) == 0
    assert [row[0] for row in steps(history.summary("p1", ("v",), *EVER, MINUTE))] == [
        *range(120, 240)
    ]
    assert summed(history, HOUR) == hours
    assert history.trim_summary(HOUR, T + HOUR) == 1
    assert summed(history, HOUR) == hours[1:]


def test_a_summary_covers_all_classes_that_an_asset_had(history: TelemetryHistory) -> None:
    history.write([batch(said("p1", 1, v=1.0, w=1.0))], 1)
    history.write([batch(said("p1", 2, v=4.0), asset_class="fan")], 2)
    for _ in range(2):
        assert summed(history) == [(0, 2.5, 1, 4, 2)]
        assert summed(history, channel="w") == [(0, 1.0, 1, 1, 1)]
        settle(history)


def test_a_channel_that_joins_later_has_a_summary_from_then_on(history: TelemetryHistory) -> None:
    history.write([batch(said("p1", 1, w=1.0))], 1)
    settle(history)
    history.write([batch(said("p1", 61, v=2.0, w=3.0))], 2)
    settle(history)
    assert summed(history) == [(1, 2.0, 2, 2, 1)]
    assert [row[0] for row in summed(history, channel="w")] == [0, 1]


def test_only_the_kept_steps_can_be_asked_for(history: TelemetryHistory) -> None:
    with pytest.raises(Refused, match="steps of"):
        history.summary("p1", ("v",), *EVER, SECOND)
