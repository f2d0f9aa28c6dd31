"""How the chaos over InfluxDB is planned and judged, and a small one of it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.rig.blows import BROKER, INGEST, SERVE, STORE, Numbers, plan
from benchmarks.rig.disk import SmallDisk
from benchmarks.rig.ordeal_play import lasting
from benchmarks.rig.told import State, judge, spans
from core.alert import AlertState, Change, Transition
from core.clock import SECOND
from core.plant import Severity

ROOT = Path(__file__).parents[2]
FOR_EVER = float("inf")
AWAY = State("store away", "note:history unavailable", must=8, grace=5)


def step(at: float, change: Change) -> Transition:
    state = AlertState.UNACKNOWLEDGED
    moment = int(at * SECOND)
    return Transition("a", 1, moment, change, None, state, "", "", Severity.WARNING)


def test_a_plan_holds_every_blow_and_is_the_same_again() -> None:
    spells = plan(Numbers(), seed=1)
    blows = Counter(blow.what for spell in spells for blow in spell.blows)
    assert blows[INGEST] + blows[SERVE] == 100
    assert min(blows[INGEST], blows[SERVE]) > 25
    assert (blows[STORE], blows[BROKER]) == (10, 10)
    assert sorted(spell.what for spell in spells if spell.what) == [
        "broker away",
        "disk full",
        "ingest away",
        "store away",
    ]
    assert plan(Numbers(), seed=1) == spells
    assert lasting(spells) > sum(spell.lasts for spell in spells)


def test_within_a_spell_only_the_service_is_killed_and_in_time() -> None:
    for spell in plan(Numbers(), seed=2):
        if spell.what:
            assert {blow.what for blow in spell.blows} <= {INGEST, SERVE}
            assert sum(blow.wait for blow in spell.blows) < spell.lasts


def test_what_is_not_wanted_is_left_out() -> None:
    spells = plan(Numbers(3, 0, 0, 0, 0, 0, 0), seed=1)
    assert [spell.what for spell in spells] == [""]
    assert len(spells[0].blows) == 3


def test_a_case_tells_its_beginnings_and_its_ends() -> None:
    changes = (
        Change.OPENED,
        Change.NOTE,
        Change.RETURNED,
        Change.ACKNOWLEDGED,
        Change.CAME_BACK,
    )
    steps = [step(10.0 * k, change) for k, change in enumerate(changes)]
    assert spans(steps) == [(0.0, 20.0), (40.0, FOR_EVER)]


@pytest.mark.parametrize(
    ("told", "once", "baseless"),
    [
        ([(104.0, 133.0)], 1, 0),
        ([], 0, 0),
        ([(104.0, 110.0), (112.0, 133.0)], 0, 0),
        ([(104.0, 133.0), (300.0, 310.0)], 1, 1),
        ([(90.0, 133.0)], 1, 1),
        ([(104.0, 106.0)], 0, 0),
        ([(134.0, 140.0)], 0, 0),
    ],
)
def test_what_was_told_is_held_against_what_was(
    told: list[tuple[float, float]], once: int, baseless: int
) -> None:
    found = judge(AWAY, [(100.0, 130.0), (200.0, 202.0)], told)
    assert (found.real, found.once, found.baseless) == (1, once, baseless)
    assert (found.begun, found.ended) == (len(told), len(told))


def test_what_never_ended_is_counted() -> None:
    found = judge(AWAY, [(100.0, 130.0)], [(104.0, FOR_EVER)])
    assert (found.begun, found.ended, found.once) == (1, 0, 1)


def test_a_small_disk_is_filled_and_freed(tmp_path: Path) -> None:
    with SmallDisk(tmp_path / "disk", 4_000_000) as disk:
        if not disk.small:
            pytest.skip("only root may mount a disk here")
        disk.fill(leave=1_000_000)
        assert disk.free <= 1_000_000
        disk.fill()
        with pytest.raises(OSError, match="No space left"):
            (disk.folder / "more").write_bytes(bytes(10_000))
        disk.clear()
        assert disk.free > 3_000_000


@pytest.mark.mosquitto
@pytest.mark.influxd
@pytest.mark.timeout(600)
def test_a_small_ordeal_loses_nothing_and_tells_what_was(tmp_path: Path) -> None:
    result = tmp_path / "result.json"
    options = [
        *("--kills", "1", "--store-kills", "1", "--restarts", "0"),
        *("--store-away", "9", "--broker-away", "0", "--ingest-away", "0", "--disk-full", "6"),
        *("--rate", "80", "--assets", "5", "--json", str(result)),
    ]
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks.chaos", "--store", "influxdb", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    report = json.loads(result.read_text())
    assert ran.stdout.splitlines()[-1] == report["headline"]
    figures = {figure["name"]: figure for figure in report["figures"]}
    for exact in (
        "blows after the load",
        "not acknowledged",
        "readings missing, undisturbed",
        "readings missing",
        "ledger missing",
        "ledger waiting",
        "machine alerts missing or doubled",
        "service ended by itself",
    ):
        assert figures[exact]["ok"], ran.stdout
