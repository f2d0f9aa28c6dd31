"""Plays a fleet through a service over InfluxDB, calm and shaken, and holds the two together."""

from __future__ import annotations

import argparse
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.rig import blows
from benchmarks.rig.blows import Numbers, Spell, plan
from benchmarks.rig.buckets import Bucket
from benchmarks.rig.fleet import Fleet
from benchmarks.rig.ordeal import FELL, TICK, Done, Ledger, Ordeal
from benchmarks.rig.publisher import Log, command
from benchmarks.rig.report import Figure
from benchmarks.rig.seen import Seen, connected, look, started
from benchmarks.rig.told import Span, State, judge, told
from cli.adapters import open_history
from cli.configuration import load
from core.clock import HOUR, system_clock
from core.history import TelemetryHistory

BEYOND = 10.0
"""Seconds for which the load is to go on after the last blow."""
KEPT = 0.95
_LONGEST = 600.0
_OF_LEDGER = ("missing", "waiting", "received", "stored", "duplicate")
_PATIENCE = 60.0
_STARTING = 5.0
"""Seconds within which a start ends that found the disk full."""

STATES: tuple[tuple[State, tuple[str, ...]], ...] = (
    (State("store away", "note:history unavailable", 8), (blows.STORE, blows.STORE_AWAY)),
    (State("disk full", "note:disk full", 5), (blows.DISK_FULL,)),
    (State("journal unwritable", "note:journal unavailable", 1e9), (blows.DISK_FULL,)),
    (State("broker away", "link", 70), (blows.BROKER_AWAY,)),
    (State("broker unreachable", "note:broker", 1e9), (blows.BROKER, blows.BROKER_AWAY)),
    (
        State("ingest silent", "note:ingest silent", 3 * TICK + 4),
        (blows.INGEST, blows.INGEST_AWAY, f"{FELL} ingest"),
    ),
)
"""The states of the feed and what causes them. Those that need never be told are over at once, or
could not be told while they lasted; they are told once all the same, or not at all.
"""


@dataclass(slots=True, eq=False)
class Played:
    """What came of one play, read from files, over HTTP and from the publisher's log."""

    seen: Seen
    log: Log
    missing: int
    small: bool
    done: list[Done] = field(default_factory=list)
    told: dict[str, list[Span]] = field(default_factory=dict)
    ledger: Ledger = field(default_factory=lambda: Ledger((), ""))

    def spans(self, *whats: str) -> list[Span]:
        """List from when to when some things lasted."""
        return [(one.begin, one.end) for one in self.done if one.what in whats]

    def count(self, *whats: str) -> int:
        """Count what was done."""
        return len(self.spans(*whats))

    @property
    def fell(self) -> list[float]:
        """When a half of the service ended by itself although the disk had room."""
        full = self.spans(blows.DISK_FULL)
        ends = [one.begin for one in self.done if one.what.startswith(FELL)]
        return [at for at in ends if not any(begin <= at <= end + _STARTING for begin, end in full)]


@dataclass(frozen=True, slots=True)
class _Outside:
    """The history: how much is stored says InfluxDB itself, and up to where our own file."""

    bucket: Bucket
    history: TelemetryHistory

    def count(self) -> int:
        return self.bucket.count("c0")

    def position(self) -> int:
        return self.history.position()

    def close(self) -> None:
        self.history.close()


def lasting(spells: Sequence[Spell]) -> float:
    """For how many seconds the load must go on, so that it outlasts all blows."""
    return sum(spell.takes for spell in spells) + BEYOND


def play(folder: Path, fleet: Fleet, spells: Sequence[Spell], rate: float) -> Played:
    """Play a fleet once, and look at what the service made of it."""
    path = folder / "load.npz"
    with Ordeal(folder, fleet) as stand:
        stand.start()
        _await_start(stand)
        load_process = subprocess.Popen(
            command(stand.broker.port, fleet, rate, path), stdout=subprocess.PIPE
        )
        try:
            if load_process.stdout is not None:
                load_process.stdout.readline()  # the first is acknowledged
            stand.suffer(spells)
            if load_process.wait(3 * lasting(spells) + 600):
                msg = "the load failed; its words stand above"
                raise RuntimeError(msg)
        finally:
            load_process.kill()
            load_process.communicate()
        log = Log.load(path)
        seen = _settled(stand, len(log.acked))
        stand.end()
        books = stand.ledger()
        absent = missing(stand.bucket, fleet)
        found = told(stand.data)
        return Played(seen, log, absent, stand.disk.small, stand.done, found, books)


def _await_start(stand: Ordeal) -> None:
    deadline = time.monotonic() + 60
    while not started(stand.data):
        if time.monotonic() > deadline:
            words = "\n".join(half.last_words() for half in stand.halves.values())
            msg = f"the service did not come to be connected within a minute\n{words}"
            raise TimeoutError(msg)
        stand.rest(0.2)


def _settled(stand: Ordeal, expected: int) -> Seen:
    """Wait until all is there, judged and told to be over, or nothing more comes, then look."""
    still, last = time.monotonic(), -1
    deadline = still + _LONGEST
    while True:
        seen = _look(stand)
        over = all(end != float("inf") for each in _states(stand) for _, end in each)
        if seen.stored >= expected and seen.scored and over:
            return seen
        if seen.stored != last or not connected(stand.data):
            still, last = time.monotonic(), seen.stored
        if time.monotonic() > min(still + _PATIENCE, deadline):
            return seen
        stand.rest(1)


def _look(stand: Ordeal) -> Seen:
    return look(stand.data, _Outside(stand.bucket, open_history(load(stand.folder))))


def _states(stand: Ordeal) -> list[list[Span]]:
    found = told(stand.data)
    return [found.get(state.group, []) for state, _ in STATES]


def missing(bucket: Bucket, fleet: Fleet) -> int:
    """Count the readings of a fleet that a bucket lacks, or holds with another value."""
    values = fleet.values()
    times = [fleet.at(row) // 10**6 * 10**6 for row in range(fleet.rows)]
    absent: NDArray[np.bool_] = np.zeros((fleet.rows, fleet.assets), bool)
    for i, name in enumerate(fleet.names):
        for k, channel in enumerate(fleet.channel_names):
            found = bucket.values(name, channel)
            kept = np.array([found.get(at, np.nan) for at in times])
            absent[:, i] |= kept != values[:, i, k]
    return int(absent.sum())


def figures(args: argparse.Namespace, folder: Path) -> list[Figure]:
    """Play undisturbed and shaken, and hold the two against each other."""
    numbers = Numbers(
        args.kills,
        args.store_kills,
        args.restarts,
        args.store_away,
        args.broker_away,
        args.ingest_away,
        args.disk_full,
    )
    spells = plan(numbers, args.seed)
    rows = max(200, int(lasting(spells) * args.rate / args.assets))
    fleet = Fleet(args.assets, 6, rows, system_clock() - HOUR)
    calm = play(folder / "calm", fleet, [], 0)
    shaken = play(folder / "shaken", fleet, spells, args.rate)
    return [
        *_of_load(shaken, calm, args.rate),
        *_of_blows(shaken),
        *_of_readings(shaken, calm),
        *_of_states(shaken),
    ]


def _of_load(shaken: Played, calm: Played, asked: float) -> list[Figure]:
    log = shaken.log
    said = f"acknowledged, while the broker was there; asked {asked:.0f}"
    silent = calm.log.unacknowledged + log.unacknowledged
    late = sum(one.begin > log.ended for one in shaken.done if not one.what.startswith(FELL))
    return [
        Figure("readings published", len(log.acked), "", None, "in each of the two parts"),
        Figure("achieved rate", log.rate, "msg/s", f">= {KEPT * asked:g}", said),
        Figure("blows after the load", late, "", "== 0"),
        Figure("not acknowledged", silent, "", "== 0", "by the broker to the publisher"),
    ]


def _of_blows(shaken: Played) -> list[Figure]:
    kills = {name: shaken.count(f"kill {name}") for name in ("ingest", "serve")}
    each = ", ".join(f"{count} of {name}" for name, count in kills.items())
    away = sum(end - begin for begin, end in shaken.spans(blows.STORE_AWAY))
    full = sum(end - begin for begin, end in shaken.spans(blows.DISK_FULL))
    where = "on a tmpfs of 512 MB" if shaken.small else "no tmpfs could be mounted: left out"
    again = sum(one.what.startswith(FELL) for one in shaken.done) - len(shaken.fell)
    return [
        Figure("kills of the service", sum(kills.values()), "", None, each),
        Figure("kills of influxd", shaken.count(blows.STORE), ""),
        Figure("restarts of the broker", shaken.count(blows.BROKER), ""),
        Figure("influxd away", away, "s", None, "the load went on"),
        Figure("disk full", full if shaken.small else 0.0, "s", None, where),
        Figure("service ended by itself", len(shaken.fell), "", "== 0", "with room on the disk"),
        Figure("starts refused by the full disk", again, "", None, "started again each second"),
    ]


def _of_readings(shaken: Played, calm: Played) -> list[Figure]:
    before, after = calm.seen.machine, shaken.seen.machine
    wrong = (before - after) + (after - before)
    missed, waiting = (calm.ledger.total(n) + shaken.ledger.total(n) for n in _OF_LEDGER[:2])
    books = ", ".join(f"{name} {shaken.ledger.total(name):,.0f}" for name in _OF_LEDGER)
    said = calm.ledger.trouble or shaken.ledger.trouble or books
    there = "of all published, by InfluxDB's own answers over HTTP"
    return [
        Figure("readings missing, undisturbed", calm.missing, "", "== 0", "the baseline"),
        Figure("readings missing", shaken.missing, "", "== 0", there),
        Figure("ledger missing", missed, "", "== 0", said),
        Figure("ledger waiting", waiting, "", "== 0", "at the end"),
        Figure("machine alerts, undisturbed", sum(before.values()), "", None, "the baseline"),
        Figure("machine alerts missing or doubled", wrong.total(), "", "== 0"),
    ]


def _of_states(shaken: Played) -> list[Figure]:
    found = []
    for state, causes in STATES:
        verdict = judge(state, shaken.spans(*causes), shaken.told.get(state.group, []))
        begun, ended = verdict.begun, verdict.ended
        words = f"told to begin {begun} times, to end {ended}; {verdict.baseless} without cause"
        if verdict.once != verdict.real:
            words += f"; {_times(shaken, state, causes)}"
        if verdict.real:
            name, goal = f"{state.name}: told once", f"== {verdict.real}"
            long = f"of {verdict.real} beyond {state.must:.0f} s"
            found.append(Figure(name, verdict.once, "", goal, long))
        wrong = begun - ended + verdict.baseless
        found.append(Figure(f"{state.name}: told wrongly", wrong, "", "== 0", words))
    return found


def _times(shaken: Played, state: State, causes: Sequence[str]) -> str:
    """Say when a state was and when it was told, in seconds since the first blow."""
    real, seen = shaken.spans(*causes), shaken.told.get(state.group, [])
    first = min(one.begin for one in shaken.done)
    long = [span for span in real if span[1] - span[0] > state.must]
    was, said = (", ".join(f"{b - first:.0f}-{e - first:.0f}" for b, e in x) for x in (long, seen))
    return f"was {was} s, told {said} s"
