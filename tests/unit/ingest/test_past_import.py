"""A past is mapped, brought in whole whatever interrupts it, and never doubled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.clock import DAY, SECOND, ManualClock
from core.errors import PartlyRefused, Refused, Unavailable
from core.past import Chunk, PastRows
from core.readings import Readings
from ingest.past_import import PastImport, Progress, ProgressFile
from ingest.past_mapping import PastMapping, SeriesSettings
from storage.history_memory import MemoryHistory
from storage.past_csv import CsvPast, PastCsvSettings
from tests.messages import NOW, plant

P1 = "karachi/hall/p1"
EVER = (0, 2**62)


def mapping(**series: Any) -> PastMapping:
    given = {"asset": "karachi/hall/{machine}", **series}
    return PastMapping(plant(), (SeriesSettings.model_validate(given),))


def past(
    *values: float, at: Sequence[int] = (), fields: str = "vibration", **tags: str
) -> PastRows:
    moments = at or [NOW - DAY + n * SECOND for n in range(len(values))]
    return PastRows(
        "pumps",
        tags or {"machine": "p1"},
        (fields,),
        np.array(moments, np.int64),
        np.array(values, np.float64)[:, None],
    )


def readings(rows: PastRows, **series: Any) -> Readings:
    found = mapping(**series).map(rows, NOW).readings
    assert found is not None
    return found


def test_a_field_is_the_channel_of_its_name_and_a_tag_names_the_asset() -> None:
    found = readings(past(2.5, 2.6))
    assert (found.asset_class, found.assets, found.channels) == ("pump", (P1,), ("vibration",))
    assert found.values[:, 0].tolist() == [2.5, 2.6]


def test_fields_are_renamed_and_their_units_turned_into_the_channels() -> None:
    found = readings(
        past(212.0, fields="t"), fields={"t": {"channel": "temperature", "unit": "degF"}}
    )
    assert found.channels == ("temperature",)
    assert found.values[0, 0] == pytest.approx(100)


def test_assets_are_looked_up_by_what_the_tags_make() -> None:
    found = readings(past(1.0, machine="P-101"), assets={"karachi/hall/P-101": P1})
    assert found.assets == (P1,)


def test_the_first_entry_that_fits_is_taken() -> None:
    entries = [
        {"measurement": "oven*", "asset": "berlin/hall/oven"},
        {"where": {"machine": "x"}, "asset": "karachi/hall/p2"},
        {"measurement": "p?mps", "asset": P1},
    ]
    chosen = PastMapping(plant(), tuple(map(SeriesSettings.model_validate, entries)))
    assert chosen.map(past(1.0), NOW).asset == P1
    assert chosen.map(past(1.0, machine="x"), NOW).asset == "karachi/hall/p2"


@pytest.mark.parametrize(
    ("rows", "series", "why"),
    [
        (past(1.0), {"measurement": "fans"}, 'measurement "pumps"'),
        (past(1.0, machine="p9"), {}, 'unknown asset "karachi/hall/p9"'),
        (past(1.0, other="p1"), {}, "needs a tag that is not there; there are: other"),
        (past(1.0), {"asset": "{machine.__class__}"}, "unknown asset"),
    ],
)
def test_rows_of_nobody_say_why(rows: PastRows, series: dict[str, Any], why: str) -> None:
    found = mapping(**series).map(rows, NOW)
    assert found.readings is None
    assert why in found.why


def test_a_field_that_is_no_channel_is_left_out_and_named() -> None:
    found = mapping().map(past(1.0, fields="noise"), NOW)
    assert (found.readings, found.unmapped) == (None, ("noise",))


@pytest.mark.parametrize(
    ("said", "words"),
    [("vibr", "unknown channel"), ({"channel": "vibration", "unit": "degC"}, "cannot be turned")],
)
def test_a_mapping_that_cannot_be_is_a_fault_of_it(said: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        mapping(fields={"vibration": said}).map(past(1.0), NOW)


def test_what_cannot_be_true_is_refused_and_counted() -> None:
    rows = past(
        1.0, 2.0, -5.0, np.inf, 3.0, at=[NOW - 500 * DAY, NOW - 3, NOW - 2, NOW - 1, NOW + DAY]
    )
    found = mapping().map(rows, NOW)
    assert found.readings is not None
    assert found.readings.values.tolist() == [[2.0]]
    assert found.refused == {
        "older than history.keep": 1,
        "later than now": 1,
        "vibration out of range": 1,
        "not finite": 1,
    }


class Stubborn(MemoryHistory):
    """A history that fails at its n-th write, before or after it is done."""

    def __init__(self) -> None:
        super().__init__()
        self.fails_at, self.after = 0, False
        self.writes = 0

    def write(self, batches: Sequence[Readings], position: int) -> None:
        self.writes += 1
        if self.writes == self.fails_at and not self.after:
            raise Unavailable("away")
        super().write(batches, position)
        if self.writes == self.fails_at:
            raise KeyboardInterrupt


class Work:
    """An import of a folder of two machines, run as often as needed."""

    def __init__(self, folder: Path) -> None:
        for name in ("p1", "p2"):
            lines = [
                f"{(NOW - DAY) // SECOND + second},{second / 10}" for second in range(0, 300, 10)
            ]
            (folder / f"{name}.csv").write_text("\n".join(["time,vibration", *lines, ""]))
        given = {"folder": ".", "file_name": "{machine}.csv", "time_format": "s", "rows": 7}
        self.source = CsvPast(PastCsvSettings.model_validate(given), folder)
        self.file = ProgressFile(folder / "imports" / "a.json")
        self.history = Stubborn()

    def run(self, *, again: bool = False) -> Progress:
        come = self.file.load("digest", again=again)
        work = PastImport(self.source, mapping(), ManualClock(NOW), come)
        for _ in work.run(self.history, self.file.save):
            pass
        return work.progress

    def stored(self) -> list[Any]:
        assets = ("karachi/hall/p1", "karachi/hall/p2")
        found = [self.history.read(asset, ("vibration",), *EVER) for asset in assets]
        return [(each.at.tolist(), each.values.tolist()) for each in found]


@pytest.fixture
def whole(tmp_path: Path) -> list[Any]:
    (tmp_path / "whole").mkdir()
    work = Work(tmp_path / "whole")
    work.run()
    return work.stored()


def test_a_past_is_brought_in_and_no_position_of_the_journal_moves(tmp_path: Path) -> None:
    work = Work(tmp_path)
    come = work.run()
    assert (come.kept, come.done, come.share) == (60, True, 1.0)
    assert work.history.count() == 60
    assert work.history.position() == 0
    assert sorted(come.series) == ["p1,machine=p1", "p2,machine=p2"]
    found = come.series["p1,machine=p1"]
    assert (found.rows, found.kept, found.taken) == (30, 30, {"vibration": "vibration"})
    assert (found.low, found.high) == ({"vibration": 0.0}, {"vibration": 29.0})


@pytest.mark.parametrize("fails_at", range(1, 11))
@pytest.mark.parametrize("after", [False, True])
def test_wherever_it_is_killed_the_next_run_ends_the_same(
    tmp_path: Path, whole: list[Any], fails_at: int, after: bool
) -> None:
    work = Work(tmp_path)
    work.history.fails_at, work.history.after = fails_at, after
    with pytest.raises((Unavailable, KeyboardInterrupt)):
        work.run()
    come = work.run()
    assert work.stored() == whole
    assert come.kept == 60


def test_what_is_done_is_not_read_again_and_begun_anew_it_doubles_nothing(
    tmp_path: Path, whole: list[Any]
) -> None:
    work = Work(tmp_path)
    work.run()
    writes = work.history.writes
    assert work.run().kept == 60
    assert work.history.writes == writes
    assert work.run(again=True).kept == 60
    assert work.history.writes == 2 * writes
    assert work.stored() == whole


def test_to_look_writes_nothing(tmp_path: Path) -> None:
    work = Work(tmp_path)
    looked = PastImport(work.source, mapping(), ManualClock(NOW), Progress(""))
    shares = [come.share for come in looked.look()]
    assert looked.progress.kept == 60
    assert shares[-1] == 1.0
    assert work.history.count() == 0


def test_another_mapping_does_not_go_on_where_the_first_stopped(tmp_path: Path) -> None:
    work = Work(tmp_path)
    work.run()
    with pytest.raises(Refused, match="--again"):
        work.file.load("another")
    assert work.file.load("another", again=True).position == ""


def test_what_the_store_refuses_is_counted(tmp_path: Path) -> None:
    class Picky(Stubborn):
        def write(self, batches: Sequence[Readings], position: int) -> None:
            super().write(batches, position)
            raise PartlyRefused(5, 2, "too many channels")

    work = Work(tmp_path)
    work.history = Picky()
    refused = work.run().refused
    assert sum(refused.values()) == 20
    assert "too many channels" in next(iter(refused))


def test_a_source_of_endless_series_does_not_fill_the_report() -> None:
    class Endless:
        def read(self, after: str = "") -> Iterator[Chunk]:
            assert after == ""
            for number in range(0, 6000, 1000):
                some = tuple(past(1.0, machine=f"m{number + k}") for k in range(1000))
                yield Chunk(some, str(number), 0.5)

    looked = PastImport(Endless(), mapping(), ManualClock(NOW), Progress(""))
    for _ in looked.look():
        pass
    assert len(looked.progress.series) == 5001
    assert looked.progress.series["(others)"].rows == 1000
