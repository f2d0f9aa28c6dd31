from __future__ import annotations

import numpy as np
import pytest

from core.clock import DAY, HOUR, MINUTE
from core.plant import AssetClass, Channel, Mode, Role
from models.detector import Round
from models.usage import HOURS_RUN, PATIENCE, STARTS, Counted, Usage, UsageSettings

TRUCK = AssetClass("truck", (Channel("odometer", "km", role=Role.COUNTER), Channel("flow", "t/h")))
ON, OFF, STARTING = int(Mode.RUNNING), int(Mode.OFF), int(Mode.STARTING)
KM = UsageSettings(unit="km", channel="odometer", window=1000)
TONNES = UsageSettings(unit="t", channel="flow", window=1000)


def rows(at: list[int], mode: list[int], values: list[float]) -> Round:
    size = len(at)
    both = np.stack([values, values], axis=1)
    return Round(np.zeros(size, np.intp), np.array(at), both, np.array(mode, np.int8))


def counted(settings: UsageSettings, given: Round) -> Counted:
    return Usage(settings, TRUCK, 1).count(given)


def minutes(*modes: int) -> Round:
    return rows([n * MINUTE for n in range(len(modes))], list(modes), [0.0] * len(modes))


def said(*values: float) -> Round:
    size = len(values)
    return rows([n * MINUTE for n in range(size)], [ON] * size, list(values))


def test_hours_run_are_those_in_which_it_ran() -> None:
    found = counted(UsageSettings(unit=HOURS_RUN), minutes(OFF, STARTING, ON, ON, OFF, OFF))
    assert found.total[-1] == pytest.approx(3 / 60)


def test_starts_are_counted_when_it_comes_up() -> None:
    settings = UsageSettings(unit=STARTS, window=50)
    found = counted(settings, minutes(OFF, STARTING, ON, OFF, STARTING, ON, ON))
    assert found.total.tolist() == [0, 1, 1, 1, 2, 2, 2]


def test_a_mode_that_is_not_known_changes_nothing() -> None:
    settings = UsageSettings(unit=STARTS, window=50)
    unknown = int(Mode.UNKNOWN)
    assert counted(settings, minutes(OFF, ON, unknown, ON, unknown)).total[-1] == 1


@pytest.mark.parametrize(
    ("ends", "gap", "hours", "known"),
    [
        ((ON, ON), 5 * HOUR, 5.0, True),
        ((ON, ON), 3 * DAY, 0.0, False),
        ((ON, OFF), 5 * HOUR, 0.0, True),
        ((OFF, ON), 3 * DAY, 0.0, True),
    ],
)
def test_of_a_silence_is_counted_what_can_be_known(
    ends: tuple[int, int], gap: int, hours: float, known: bool
) -> None:
    given = rows([0, MINUTE, MINUTE + gap], [ends[0], *ends], [0.0] * 3)
    found = counted(UsageSettings(), given)
    assert found.used[2] == pytest.approx(hours)
    assert bool(found.known[2]) is known


def test_a_counter_counts_by_its_increments_even_over_a_silence() -> None:
    given = rows([0, MINUTE, 9 * DAY], [ON, ON, ON], [100.0, 103.0, 500.0])
    found = counted(KM, given)
    assert found.used.tolist() == [0.0, 3.0, 397.0]
    assert found.known.tolist() == [False, True, True]


def test_a_counter_that_was_set_back_goes_on_from_there() -> None:
    after = [float(n) for n in range(2 * PATIENCE)]
    assert counted(KM, said(900.0, 905.0, *after)).total[-1] == 5 + after[-1]
    assert counted(KM, said(900.0, 905.0, *after, 2000.0)).total[-1] == 5 + 2000


def test_a_counter_that_fell_for_a_moment_has_not_been_set_back() -> None:
    assert counted(KM, said(900.0, 0.0, 901.0)).total[-1] == 1
    assert counted(KM, said(900.0, 0.0, 5.0, 910.0)).total[-1] == 10


def test_a_rate_is_summed_over_time_and_not_over_a_silence() -> None:
    steady = said(*[60.0] * 61)
    assert counted(TONNES, steady).total[-1] == pytest.approx(60)
    by_minute = UsageSettings(unit="t", channel="flow", window=1000, per=MINUTE)
    assert counted(by_minute, steady).total[-1] == pytest.approx(3600)
    silent = rows([0, 2 * DAY], [ON, ON], [60.0, 60.0])
    assert counted(TONNES, silent).total[-1] == 0


def test_a_missing_value_is_passed_over() -> None:
    assert counted(KM, said(100.0, np.nan, 104.0)).used.tolist() == [0.0, 0.0, 4.0]


def test_it_goes_on_where_it_stopped_however_rows_come_together() -> None:
    values = [900.0, 905.0, 3.0, np.nan, 7.0, 906.0, 10.0]
    whole, part = counted(KM, said(*values)), Usage(KM, TRUCK, 1)
    totals = []
    for number in range(len(values)):
        other = Usage(KM, TRUCK, 1)
        other.restore(part.state())
        part = other
        totals += part.count(said(*values).take(slice(number, number + 1))).total.tolist()
    assert totals == whole.total.tolist()


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"unit": "km"}, "'km' needs a channel that tells it; without one: h run, starts"),
        ({"unit": "km", "channel": "odometer"}, "say how many km the trend"),
        ({"unit": "starts"}, "say how many starts the trend"),
    ],
)
def test_what_does_not_tell_use_is_refused_in_words(given: dict[str, str], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        UsageSettings.model_validate(given)


def test_an_unknown_channel_is_named() -> None:
    with pytest.raises(ValueError, match="odo"):
        Usage(UsageSettings(unit="km", channel="odo", window=9), TRUCK, 1)
