"""What becomes of readings when InfluxDB refuses, is slow, is away, or is not InfluxDB at all."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from core.clock import DAY, ManualClock
from core.errors import PartlyRefused, Unavailable
from core.journal import draft
from core.readings import Reading, Readings
from core.rejection import Reason
from ingest.history_writer import HistoryWriter
from storage.history_influx import InfluxHistory
from storage.influx_server import InfluxPlace
from storage.journal_memory import MemoryJournal
from tests.certificates import Authority
from tests.scripted_influx import Play, ScriptedInflux, refusal

BAD = frozenset({3, 7, 8})
CONFLICT = 'partial write: field type conflict: input field "v" on measurement "pump" dropped={}'


@pytest.fixture
def influx() -> Iterator[ScriptedInflux]:
    with ScriptedInflux() as server:
        yield server


@pytest.fixture
def history(influx: ScriptedInflux, tmp_path: Path) -> Iterator[InfluxHistory]:
    place = InfluxPlace(influx.url, "o", "t", timeout=10_000)
    store = InfluxHistory(place, "telemetry", tmp_path)
    yield store
    store.close()


def batch(count: int = 10) -> Readings:
    readings = [Reading("p1", at, {"v": float(at)}) for at in range(count)]
    return Readings.of("pump", ("v",), readings, arrived=0, source="telemetry", messages=count)


def lines(*numbers: int) -> list[bytes]:
    return [b"pump,asset=p1 v=%d.0 %d" % (at, at) for at in numbers]


def bad_of(given: list[bytes]) -> list[bytes]:
    return [line for line in given if int(line.split()[-1]) in BAD]


def refused_by(history: InfluxHistory, count: int = 10) -> PartlyRefused:
    with pytest.raises(PartlyRefused) as caught:
        history.write([batch(count)], 5)
    return caught.value


def test_lines_that_are_dropped_are_found_and_the_rest_is_stored(
    influx: ScriptedInflux, history: InfluxHistory
) -> None:
    def judge(given: list[bytes]) -> Play:
        bad = bad_of(given)
        influx.stored += [line for line in given if line not in bad]
        if not bad:
            return Play()
        return refusal(422, "unprocessable entity", CONFLICT.format(len(bad)))

    influx.judge = judge
    error = refused_by(history)
    assert set(influx.stored) == set(lines(0, 1, 2, 4, 5, 6, 9))
    assert [row.text for row in error.rows] == lines(3, 7, 8)
    assert all("field type conflict" in row.why for row in error.rows)
    assert (error.accepted, error.refused) == (7, 3)
    assert history.position() == 5
    kept = history.account()
    assert (kept.stored, kept.refused) == ({"telemetry": 7}, {"telemetry": 3})


def test_where_all_lines_are_dropped_nothing_is_asked_twice(
    influx: ScriptedInflux, history: InfluxHistory
) -> None:
    influx.plays(refusal(422, "unprocessable entity", "points beyond retention policy dropped=10"))
    error = refused_by(history)
    assert influx.writes == [10]
    assert [row.text for row in error.rows] == lines(*range(10))
    assert history.account().refused == {"telemetry": 10}


def test_a_line_for_which_all_are_refused_is_found_by_halving(
    influx: ScriptedInflux, history: InfluxHistory
) -> None:
    def judge(given: list[bytes]) -> Play:
        return refusal(400, "invalid", "unable to parse") if bad_of(given) else influx.take(given)

    influx.judge = judge
    error = refused_by(history)
    assert influx.stored == lines(0, 1, 2, 4, 5, 6, 9)
    assert [row.text for row in error.rows] == lines(3, 7, 8)
    assert history.position() == 5


@pytest.mark.parametrize("status", [400, 422])
def test_a_refusal_that_influxdb_did_not_write_costs_no_reading(
    influx: ScriptedInflux, history: InfluxHistory, status: int
) -> None:
    influx.plays(Play(status, b"<html>Bad Request</html>"))
    with pytest.raises(Unavailable, match=f"{status} <html>Bad Request"):
        history.write([batch()], 5)
    assert (influx.writes, history.position()) == ([10], 0)
    history.write([batch()], 5)
    assert influx.stored == lines(*range(10))


def test_what_is_too_large_goes_in_parts_and_later_ones_are_no_larger(
    influx: ScriptedInflux, history: InfluxHistory
) -> None:
    too_large = Play(413, b"request entity too large")
    influx.judge = lambda given: too_large if len(given) > 3 else influx.take(given)
    history.write([batch(10)], 5)
    assert influx.stored == lines(*range(10))
    assert max(influx.writes[1:]) == 5
    influx.writes.clear()
    history.write([batch(6)], 6)
    assert influx.writes == [2, 2, 2]


def test_each_answer_of_a_long_write_is_a_sign_of_life_but_not_what_others_read(
    influx: ScriptedInflux, history: InfluxHistory
) -> None:
    beats: list[int] = []
    history.beat = lambda: beats.append(1)
    history.write([], 1)
    influx.judge = lambda given: Play(413) if len(given) > 1 else influx.take(given)
    history.write([batch(8)], 5)
    assert len(beats) == len(influx.writes) + 2  # and what it asked before
    reader = threading.Thread(target=history.read, args=("p1", ("v",), 0, 9))
    reader.start()
    reader.join()
    assert len(beats) == len(influx.writes) + 2


def test_a_line_that_is_too_large_alone_is_refused(
    influx: ScriptedInflux, history: InfluxHistory
) -> None:
    too_large = Play(413, b"too large")
    influx.judge = lambda given: too_large if bad_of(given) else influx.take(given)
    assert [row.text for row in refused_by(history).rows] == lines(3, 7, 8)
    assert influx.stored == lines(0, 1, 2, 4, 5, 6, 9)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("7", 7.0),
        ("0.5", 0.5),
        ("99999", 300.0),
        ("-3", 0.0),
        ("soon", None),
        ("nan", None),
        ("", None),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_it_waits_as_long_as_it_is_told_to(
    influx: ScriptedInflux, history: InfluxHistory, status: int, said: str, seconds: float | None
) -> None:
    influx.plays(refusal(status, "too many requests", "slow down", Retry_After=said))
    with pytest.raises(Unavailable, match=f"{status} slow down") as caught:
        history.write([batch()], 5)
    assert caught.value.retry_after == seconds
    assert (influx.stored, history.position()) == ([], 0)


def test_it_waits_until_a_moment_that_it_is_told(
    influx: ScriptedInflux, history: InfluxHistory
) -> None:
    then = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    influx.plays(Play(503, headers={"Retry-After": then}))
    with pytest.raises(Unavailable) as caught:
        history.write([batch()], 5)
    assert caught.value.retry_after == pytest.approx(60, abs=20)


@pytest.mark.parametrize(
    ("status", "code", "mend"),
    [
        (401, "unauthorized", "history.token is not known there"),
        (403, "forbidden", "`millwright storage setup` makes one that may"),
        (404, "not found", "set history.org and history.bucket right"),
        (301, "", "history.url leads elsewhere"),
        (500, "internal error", "500 why"),
    ],
)
def test_a_fault_of_configuration_is_named_and_nothing_is_given_up(
    influx: ScriptedInflux, history: InfluxHistory, status: int, code: str, mend: str
) -> None:
    influx.plays(refusal(status, code, "why"))
    with pytest.raises(Unavailable, match=mend):
        history.write([batch()], 5)
    assert (influx.stored, history.position()) == ([], 0)
    history.write([batch()], 5)
    assert influx.stored == lines(*range(10))
    assert history.account().stored == {"telemetry": 10}


@pytest.mark.parametrize(
    "play",
    [
        Play(200, b"<html>welcome to our network</html>"),
        Play(200, b"x", half=True),
        Play(503, half=True),
        Play(400, b'{"code": "invalid"', half=True),
        Play(none=True),
    ],
)
def test_an_answer_that_breaks_off_or_is_not_influxdbs_is_none(
    influx: ScriptedInflux, history: InfluxHistory, play: Play
) -> None:
    influx.plays(play)
    with pytest.raises(Unavailable, match="InfluxDB at http://127.0.0.1"):
        history.write([batch()], 5)
    assert history.position() == 0
    history.write([batch()], 5)
    assert influx.stored == lines(*range(10))


def test_a_server_that_hangs_is_left_after_a_while(influx: ScriptedInflux, tmp_path: Path) -> None:
    history = InfluxHistory(InfluxPlace(influx.url, "o", "t", timeout=200), "b", tmp_path)
    history.write([], 1)
    influx.plays(Play(hang=True))
    with pytest.raises(Unavailable, match="no answer in time"):
        history.write([batch()], 5)
    assert history.position() == 1
    history.write([batch()], 5)
    assert influx.stored == lines(*range(10))
    history.close()


def test_where_nobody_listens_it_is_said(influx: ScriptedInflux, tmp_path: Path) -> None:
    with ScriptedInflux() as gone:
        place = InfluxPlace(gone.url, "o", "t")
    history = InfluxHistory(place, "b", tmp_path)
    with pytest.raises(Unavailable, match="Connection refused"):
        history.write([batch()], 5)
    history.close()


def test_another_database_begins_anew_and_the_former_goes_on(
    influx: ScriptedInflux, tmp_path: Path
) -> None:
    place = InfluxPlace(influx.url, "o", "t")
    positions = []
    for bucket in ("a", "b", "a"):
        history = InfluxHistory(place, bucket, tmp_path)
        positions.append(history.position())
        history.write([], positions[-1] + 7)
        history.close()
    assert positions == [0, 0, 7]


def test_the_writer_brings_everything_in_through_all_of_that_and_tells_each_refused_line(
    influx: ScriptedInflux, history: InfluxHistory
) -> None:
    journal, clock = MemoryJournal(), ManualClock(10)
    writer = HistoryWriter(
        journal,
        history,
        clock,
        rows=100,
        journal_keep=DAY,
        history_keep=DAY,
        trusted=lambda: True,
    )
    journal.append([draft(10, batch())])
    influx.plays(Play(503), Play(none=True), refusal(401, "unauthorized", "no"), Play(429))
    for _ in range(4):
        with pytest.raises(Unavailable):
            writer.step()

    def judge(given: list[bytes]) -> Play:
        return refusal(400, "invalid", "unable to parse") if bad_of(given) else influx.take(given)

    influx.judge = judge
    assert writer.step()
    assert influx.stored == lines(0, 1, 2, 4, 5, 6, 9)
    letters = journal.rejected(reason=Reason.REFUSED_BY_STORE)
    assert sorted(letter.payload for letter in letters) == lines(3, 7, 8)
    assert all("unable to parse" in letter.detail for letter in letters)


def test_a_certificate_that_is_not_trusted_is_named(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with ScriptedInflux(authority.sign("influx")) as influx:
        for ca, said in ((None, "certificate verify failed"), (authority.settings["ca"], None)):
            place = InfluxPlace(influx.url, "o", "t", ca=ca)
            history = InfluxHistory(place, "b", tmp_path)
            if said is None:
                history.write([batch()], 5)
            else:
                with pytest.raises(Unavailable, match=said):
                    history.write([batch()], 5)
            history.close()
    assert influx.stored == lines(*range(10))
