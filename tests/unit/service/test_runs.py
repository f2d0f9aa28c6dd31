"""A model of runs to failure is asked about machines as they run, or says why it cannot be."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.clock import DAY, HOUR, MINUTE, Instant
from core.life import CannotSay, Remaining
from core.plant import Asset, AssetClass, Channel, Mode, Role
from core.run_settings import RunSettings
from core.work import Work, WorkEvent
from models.detector import Round
from models.run_life import RunForecast, RunLife
from models.run_life_fit import fit
from models.run_life_kept import kept
from models.run_rows import MOST, RunRows
from models.run_table import RunTable, spacing
from service.run_model import opened
from service.runs import Runs
from service.sources import Sources
from storage import life_folder
from tests.bench import Bench
from tests.fleets import CHANNELS, QUICK, fleet, runs
from tests.plants import plant, pump_class
from tests.unit.service.test_sources import Told

NAMES = (*CHANNELS, "load", "speed")
MACHINE = AssetClass(
    "machine",
    tuple(
        Channel(name, role=Role.OPERATING if name in {"load", "speed"} else Role.CONDITION)
        for name in ("extra", *NAMES)
    ),
)
ASSETS = (Asset("site", "hall", "m1", "machine"), Asset("site", "hall", "m2", "machine"))
NEW = 100 * DAY


@pytest.fixture(scope="module")
def life() -> RunLife:
    return fit(runs(fleet()), course=QUICK)[0]


@pytest.fixture(scope="module")
def folder(life: RunLife, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keep a model whose time counts, of rows one count apart."""
    made = tmp_path_factory.mktemp("model")
    facts, arrays = kept(life)
    meant = {"time": "cycle", "counts": True, "spacing": 1.0}
    life_folder.keep(made, facts | {"columns": meant}, arrays)
    return made


def settings(folder: Path, **more: object) -> RunSettings:
    given = {"model": str(folder), "every": HOUR, "unit": HOUR, "failure_mode": "bearing"}
    return RunSettings.model_validate({**given, **more})


def asked(folder: Path, new: Instant | None = NEW) -> Runs:
    return Runs(settings(folder), MACHINE, ASSETS, lambda _mode, _asset: new)


def shown(of: Runs, number: int = 40, asset: int = 0) -> np.ndarray:
    """Let a machine show the first rows of a run, four readings in each hour."""
    frame = fleet(1, seed=9).iloc[:number]
    values = np.column_stack([np.full(number, 5.0), frame[list(NAMES)].to_numpy()])
    for hour, row in enumerate(values):
        for quarter in range(4):
            at = NEW + hour * HOUR + quarter * 15 * MINUTE + (HOUR - _offset(of, asset))
            of.observe(_round(asset, at, row + (quarter - 1.5) * 1e-3))
    return values


def _offset(of: Runs, asset: int) -> int:
    return int(of.rows._off[asset])


def _round(asset: int, at: int, row: np.ndarray, mode: Mode = Mode.RUNNING) -> Round:
    return Round(np.array([asset]), np.array([at]), row[None], np.array([mode], np.int8))


def test_what_is_said_live_is_what_the_model_says_of_the_same_rows(
    folder: Path, life: RunLife
) -> None:
    one = asked(folder)
    values = shown(one, 41)[:40]
    ended = one.rows.newest(0)
    assert ended is not None
    left = one.left(0, ended)
    assert isinstance(left, Remaining)
    first = (ended - NEW) / HOUR - 39
    table = RunTable(
        np.zeros(40, np.int64), first + np.arange(40.0), values[:, 1:], NAMES, ("load", "speed"),
        np.zeros(1, np.bool_), ("m1",), np.arange(40),
    )  # fmt: skip
    told = life.latest(table).at(0)
    assert isinstance(told, Remaining)
    assert left.course == pytest.approx(told.course, rel=1e-6)
    assert one.health(0) == pytest.approx(float(life.latest(table).health[0]), rel=1e-6)
    later = one.left(0, ended + 2 * HOUR)
    assert isinstance(later, Remaining)
    assert later.p50 == pytest.approx(max(left.p50 - 2, 0.0))
    assert "failed units" in one.basis


@pytest.mark.parametrize("mode", [Mode.OFF, Mode.IDLE])
def test_rows_are_missing_where_a_machine_was_not_heard_but_not_where_it_stood(
    folder: Path, mode: Mode
) -> None:
    stood, unheard = asked(folder), asked(folder)
    for one in (stood, unheard):
        shown(one, 41)
        ended = one.rows.newest(0)
        assert ended is not None
        if one is stood:
            for hour in (0, 9, 19):
                one.observe(_round(0, ended + hour * HOUR + MINUTE, np.full(7, 5.0), mode))
        values = fleet(1, seed=9)[list(NAMES)].to_numpy()
        for hour in range(20, 23):
            row = np.concatenate([[5.0], values[21 + hour]])
            one.observe(_round(0, ended + hour * HOUR, row))
    late = unheard.rows.newest(0)
    assert late is not None
    one, other = (each.left(0, late) for each in (stood, unheard))
    assert isinstance(one, Remaining)
    assert isinstance(other, Remaining)
    assert other.p05 < one.p05 - 5
    assert other.p95 == one.p95
    again = asked(folder)
    again.restore({name: array.copy() for name, array in stood.state().items()})
    assert again.left(0, late) == one
    state = {name: array for name, array in unheard.state().items() if name not in {"rest", "seen"}}
    again.restore(state)  # of before it was followed: no rows are missing
    old = again.left(0, late)
    assert isinstance(old, Remaining)
    assert old.p05 == pytest.approx(one.p05, abs=0.2)


def test_a_restart_in_the_middle_of_a_row_changes_nothing(folder: Path) -> None:
    whole, half = asked(folder), asked(folder)
    values = shown(whole, 30)
    shown(half, 17)
    again = asked(folder)
    again.restore({name: array.copy() for name, array in half.state().items()})
    begin = HOUR - _offset(whole, 0)
    for hour in range(17, 30):
        for quarter in range(4):
            at = NEW + hour * HOUR + quarter * 15 * MINUTE + begin
            again.observe(_round(0, at, values[hour] + (quarter - 1.5) * 1e-3))
    now = NEW + 40 * HOUR
    assert again.left(0, now) == whole.left(0, now)
    assert again.rows.newest(0) == whole.rows.newest(0)


def test_rows_are_means_of_when_a_machine_ran_and_the_newest_are_kept() -> None:
    rows = RunRows(("a",), 1, HOUR)
    begin = 5 * HOUR - int(rows._off[0])
    for minute, value in ((0, 1.0), (10, 3.0), (20, np.nan), (50, 100.0)):
        mode = Mode.IDLE if value == 100.0 else Mode.RUNNING
        rows.observe(_round(0, begin + minute * MINUTE, np.array([value]), mode))
    assert rows.newest(0) is None, "its hour is not over"
    rows.observe(_round(0, begin + 3 * HOUR, np.array([7.0])))
    at, kept_rows = rows.since(0, 0)
    assert (at.tolist(), kept_rows.tolist()) == ([begin + HOUR], [[2.0]])
    assert not len(rows.since(0, begin + 1)[0])
    for hour in range(4, MOST + 10):
        rows.observe(_round(0, begin + hour * HOUR, np.array([float(hour)])))
    at, kept_rows = rows.since(0, 0)
    assert len(at) == MOST
    assert kept_rows[-1, 0] == MOST + 8


def test_nothing_is_said_of_a_machine_whose_age_is_unknown_or_that_has_just_begun(
    folder: Path,
) -> None:
    unknown = asked(folder, None)
    shown(unknown)
    said = unknown.left(0, NEW + 50 * HOUR)
    assert isinstance(said, CannotSay)
    assert "how old it is" in said.words
    young = asked(folder)
    assert isinstance(young.left(1, NEW), CannotSay)
    shown(young, 4)
    said = young.left(0, NEW + 5 * HOUR)
    assert isinstance(said, CannotSay)
    assert said.reason == "too_short"
    far = asked(folder)
    values = shown(far, 20)
    for hour in range(20, 40):
        row = values[-1].copy()
        row[-2:] += 500.0
        far.observe(_round(0, NEW + (hour + 1) * HOUR, row))
    said = far.left(0, NEW + 60 * HOUR)
    assert isinstance(said, CannotSay)
    assert said.reason == "new_regime"


def test_a_machine_that_is_followed_only_since_it_is_old_is_declined_in_words(folder: Path) -> None:
    long_ago = asked(folder, NEW - 60 * HOUR)
    shown(long_ago)
    said = long_ago.left(0, NEW + 41 * HOUR)
    assert isinstance(said, CannotSay)
    assert said.reason == "too_short"
    assert "its rows begin at an age of 6" in said.words
    assert "all rows since it was new are needed" in said.words


def test_rows_of_before_a_renewal_do_not_count_but_those_before_a_partial_one_do(
    folder: Path,
) -> None:
    def by_runs(since: object) -> Runs:
        return Runs(settings(folder), MACHINE, ASSETS, since)  # type: ignore[arg-type]

    sources = Sources(ASSETS, (Told(),), ("bearing",), by_runs)
    assert sources.runs is not None
    assert sources.ages.since("bearing", 0) is None
    works = [
        WorkEvent(ASSETS[0].id, NEW + day * DAY, work, "B", failure_mode=mode, id=f"w{day}")
        for day, work, mode in (
            (1, Work.REPLACED, ""), (2, Work.REPAIRED, "bearing"), (3, Work.REPAIRED, "seal"),
            (4, Work.INSPECTED, "bearing"),
        )
    ]  # fmt: skip
    sources.record(works)
    assert sources.ages.since("bearing", 0) == NEW + 2 * DAY
    sources.shares["bearing"].note(0, NEW + 2 * DAY, 0.5)
    sources.ages.learn_anew()
    assert sources.ages.since("bearing", 0) == NEW + DAY
    installed = Sources((replace(ASSETS[0], installed=NEW),), (Told(),))
    assert installed.ages.since("bearing", 0) == NEW


def test_the_model_speaks_before_wear_until_both_can_be_weighed(folder: Path) -> None:
    wear = Told()
    wear.says = Remaining(10.0, 20.0, 30.0)
    sources = Sources(
        (replace(ASSETS[0], installed=NEW),), (wear,), ("bearing",),
        lambda since: Runs(settings(folder), MACHINE, ASSETS[:1], since),
    )  # fmt: skip
    now = NEW + 50 * HOUR
    found, basis = sources.answer("bearing", 0, now)
    assert found == wear.says
    assert "not used: runs: it has not run for long enough" in basis
    assert sources.runs is not None
    shown(sources.runs, 45)
    found, basis = sources.answer("bearing", 0, now)
    assert found == sources.runs.left(0, now)
    assert "too few to weigh threshold against it" in basis
    at = now
    for number in range(6):
        for _ in range(5):
            sources.keep("bearing", 0, at)
            at += 4 * HOUR
        done = WorkEvent(
            ASSETS[0].id, at, Work.REPAIRED, "B", failure_mode="bearing", id=f"{number}"
        )
        sources.ended(0, done)
    found, basis = sources.answer("bearing", 0, now)
    assert isinstance(found, Remaining)
    assert "weighed on 6 failures" in basis
    assert "runs: boosted trees" in basis


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"model": "/nowhere"}, "no model of `millwright life fit` in it"),
        ({"unit": None}, "its time counts 'cycle'; `unit` must say how long one is"),
        ({"every": DAY}, "its rows were 1h apart; `every` says 1d"),
        ({"channels": {"load": "nothing"}}, "no channel for: load"),
    ],
)
def test_a_model_that_cannot_be_asked_says_why_and_the_others_go_on(
    folder: Path, more: dict[str, object], words: str
) -> None:
    def by_runs(_since: object = None) -> Runs:
        return Runs(settings(folder, **more), MACHINE, ASSETS, lambda _mode, _asset: NEW)

    one = by_runs()
    assert words in one.trouble
    said = one.left(0, NEW)
    assert isinstance(said, CannotSay)
    assert said.reason == "not_loaded"
    wear = Told()
    wear.says = Remaining(10.0, 20.0, 30.0)
    sources = Sources(ASSETS, (wear,), (), by_runs)
    found, basis = sources.answer("bearing", 0, NEW)
    assert found == wear.says
    assert "not used: runs: the model of runs does not load" in basis


def test_a_damaged_model_is_a_case_until_it_loads_and_rows_are_kept_meanwhile(
    folder: Path, tmp_path: Path
) -> None:
    for name in ("model.json", "arrays.npz"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    record = json.loads((tmp_path / "model.json").read_text())
    (tmp_path / "model.json").write_text(json.dumps(record | {"digest": "0"}))
    columns = {"heat": "vibration", "load": "speed", "speed": "temperature"}
    of_runs = settings(tmp_path, every=10 * MINUTE, unit=10 * MINUTE, channels=columns)
    bench = Bench(plant(1, pump_class(runs=of_runs)))
    bench.mends()
    bench.revises()
    for _ in range(8):
        bench.passes(10 * MINUTE).says()
    case = bench.case("note:model of runs of pump")
    assert "does not load" in case.title
    assert "damaged" in case.summary
    assert case.state.is_active
    assert bench.status().life is not None
    (tmp_path / "model.json").write_text(json.dumps(record))
    bench.restart()
    bench.revises()
    assert not bench.case("note:model of runs of pump").state.is_active
    fleet_of = bench.scored().scoring._casework.fleets["pump"]
    kept_rows = fleet_of.lives._sources.runs
    assert kept_rows is not None
    assert len(kept_rows.rows.since(0, 0)[0]) >= 6


def test_a_model_says_which_of_its_columns_are_missing(folder: Path) -> None:
    less = replace(MACHINE, channels=tuple(c for c in MACHINE.channels if c.name != "shake"))
    assert opened(settings(folder), less).missing == ("shake",)


@pytest.mark.parametrize(("since_first", "first"), [(True, 0.0), (False, 1.0), (None, 1.0)])
def test_the_first_row_of_a_life_is_as_old_as_first_rows_were_in_the_fit(
    life: RunLife,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    since_first: bool | None,
    first: float,
) -> None:
    facts, arrays = kept(life)
    meant = {"time": "at", "counts": True, "spacing": 1.0}
    told = {} if since_first is None else {"since_first": since_first}
    life_folder.keep(tmp_path, facts | {"columns": meant | told}, arrays)
    ages: list[float] = []
    latest = RunLife.latest

    def listening(self: RunLife, runs: RunTable) -> RunForecast:
        ages.extend(runs.time.tolist())
        return latest(self, runs)

    monkeypatch.setattr(RunLife, "latest", listening)
    at = NEW + np.arange(1, 4) * HOUR
    opened(settings(tmp_path), MACHINE).said(
        NEW, at, np.zeros((3, len(MACHINE.channels))), np.zeros(3, np.int64)
    )
    assert ages == [first, first + 1, first + 2]


def test_rows_are_as_far_apart_as_most_of_a_unit() -> None:
    assert spacing(runs(fleet(3))) == 1.0
    assert spacing(runs(fleet(1).iloc[:1])) == 0.0
