from __future__ import annotations

import pandas as pd
import pytest

from core.clock import HOUR, SECOND, iso
from core.errors import Refused
from simulators.layout import Layout
from simulators.timeline import UNKNOWN, Timeline, timeline


def times(values: list[object], name: str = "time", layout: Layout | None = None) -> Timeline:
    return timeline(pd.DataFrame({name: values, "x": 1}), layout or Layout())


def shown(line: Timeline) -> list[str]:
    assert line.at is not None
    return [iso(int(at)) for at in line.at]


@pytest.mark.parametrize(
    ("value", "instant"),
    [
        ("2020-03-09 10:14:33", "2020-03-09T10:14:33Z"),
        ("2020-03-09T10:14:33.250", "2020-03-09T10:14:33.250Z"),
        ("2020-03-09T10:14:33+05:00", "2020-03-09T05:14:33Z"),
        ("31.12.2020 23:59", "2020-12-31T23:59:00Z"),
        ("12/31/2020 11:59 PM", "2020-12-31T23:59:00Z"),
        ("2020-03-09", "2020-03-09T00:00:00Z"),
        (1_583_748_873, "2020-03-09T10:14:33Z"),
        (1_583_748_873.5, "2020-03-09T10:14:33.500Z"),
        (1_583_748_873_250, "2020-03-09T10:14:33.250Z"),
        (1_583_748_873_250_000, "2020-03-09T10:14:33.250Z"),
        (1_583_748_873_250_000_000, "2020-03-09T10:14:33.250Z"),
    ],
)
def test_times_of_every_usual_form_are_read(value: object, instant: str) -> None:
    assert shown(times([value])) == [instant]


def test_offsets_may_change_within_a_file() -> None:
    line = times(["2020-03-29T01:59:00+01:00", "2020-03-29T03:00:00+02:00"])
    assert shown(line) == ["2020-03-29T00:59:00Z", "2020-03-29T01:00:00Z"]


def test_days_come_first_where_a_later_row_shows_it() -> None:
    assert shown(times(["01.02.2020", "13.02.2020"])) == [
        "2020-02-01T00:00:00Z",
        "2020-02-13T00:00:00Z",
    ]


def test_a_date_and_a_time_of_day_in_two_columns_are_one_time() -> None:
    frame = pd.DataFrame({"Date": ["2020-01-01"], "Time": ["10:30:00"], "x": [1]})
    line = timeline(frame, Layout())
    assert shown(line) == ["2020-01-01T10:30:00Z"]
    assert line.columns == ("Date", "Time")


def test_times_without_a_zone_are_of_the_zone_that_is_said() -> None:
    line = times(["2020-07-01 10:00"], layout=Layout(zone="Europe/Berlin"))
    assert shown(line) == ["2020-07-01T08:00:00Z"]
    assert line.notes == ("times without a zone are taken as Europe/Berlin",)


def test_a_repeated_hour_is_told_apart_by_its_order_and_a_skipped_one_moves_on() -> None:
    berlin = Layout(zone="Europe/Berlin")
    twice = [f"2020-10-25 {t}" for t in ("01:30", "02:00", "02:30", "02:00", "02:30", "03:00")]
    line = times(list(twice), layout=berlin)
    assert shown(line)[1:5] == [
        "2020-10-25T00:00:00Z",
        "2020-10-25T00:30:00Z",
        "2020-10-25T01:00:00Z",
        "2020-10-25T01:30:00Z",
    ]
    assert shown(times(["2020-10-25 02:30"], layout=berlin)) == ["2020-10-25T01:30:00Z"]
    assert shown(times(["2020-03-29 02:30"], layout=berlin)) == ["2020-03-29T01:00:00Z"]


def test_a_counter_becomes_time_by_its_step_and_keeps_its_fractions() -> None:
    line = times([0, 1.5, None], name="cycle", layout=Layout(step=HOUR))
    assert line.at is not None
    assert line.at.tolist() == [0, 3 * HOUR // 2, UNKNOWN]
    assert line.counted


def test_a_named_time_column_is_taken() -> None:
    assert shown(times(["2020-01-01"], "when", Layout(time="when"))) == ["2020-01-01T00:00:00Z"]


def test_a_column_of_seconds_keeps_the_digits_of_a_double() -> None:
    line = times([1_583_748_873.000001])
    assert line.at is not None
    assert abs(int(line.at[0]) % SECOND - 1_000) < 300


def test_an_unreadable_time_is_named_with_its_row() -> None:
    with pytest.raises(Refused, match=r"row 2: 'never' in the column 'time' is not a time"):
        times(["2020-01-01", "never"])


def test_dates_that_could_be_read_two_ways_are_read_day_first_and_told() -> None:
    line = times(["03/04/2020", "05/04/2020"])
    assert shown(line) == ["2020-04-03T00:00:00Z", "2020-04-05T00:00:00Z"]
    assert "dates are read as day, month, year" in line.notes
    assert shown(times(["03/04/2020", "03/14/2020"]))[0] == "2020-03-04T00:00:00Z"


def test_a_mixture_of_forms_is_not_guessed_row_by_row() -> None:
    with pytest.raises(Refused, match="row 2"):
        times(["2020-01-01 10:00", "whenever"])
    with pytest.raises(Refused):
        times(["13/01/2020", "Jan 14 2020"])


def test_times_of_day_alone_are_no_times() -> None:
    with pytest.raises(Refused, match="times of day without a date"):
        times(["10:00", "10:05:30"])
