"""Kill the service, restart the broker, and count what is missing: `python -m benchmarks.chaos`.

The same made-up fleet is played twice through Mosquitto into the whole service: once undisturbed,
once while the service is killed with SIGKILL at random moments and the broker is restarted. The
history must hold every published reading in both, and the machine alerts must be the same. A third
part kills the broker itself with SIGKILL: what is missing then must be what the broker had
acknowledged to the publisher and forgot, and the feed must tell of every session that was lost.

The load goes on until all is done, at a rate that is measured: acknowledged messages over the time
in which the broker was there.

With `--store influxdb` ingest and serve are processes of their own over InfluxDB, on a small disk.
Either is killed at random moments, influxd is killed and the broker restarted; influxd, the broker
and ingest are away for a while, and the disk is full for a while. InfluxDB must hold every reading,
the ledger balance, and the feed tell each of these states once at its start and once at its end.
"""

from __future__ import annotations

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.rig.fleet import Fleet
from benchmarks.rig.publisher import Log, command
from benchmarks.rig.report import Figure, arguments, finish
from benchmarks.rig.seen import Seen, connected, links, look, missing, started
from benchmarks.rig.stand import Stand
from core.clock import HOUR, system_clock
from core.journal import Link

GOALS = {
    "readings missing, undisturbed": "== 0",
    "readings missing": "== 0",
    "not acknowledged": "== 0",
    "acts after the load": "== 0",
    "service ended by itself": "== 0",
    "machine alerts missing or doubled": "== 0",
    "forgotten readings unexplained": "== 0",
}
KEPT = 0.95
"""The share of the asked rate that must have been achieved."""
BEYOND = 10.0
"""Seconds for which the load is to go on after the last act."""
MARGIN = 1.5
"""Seconds that an act may take beyond its waits."""


@dataclass(frozen=True, slots=True)
class Act:
    """One blow: after `wait` seconds kill the service, or take the broker `away` for a while."""

    what: str
    wait: float
    away: float = 0.0


@dataclass(slots=True, eq=False)
class Played:
    """What came of one play: what the files say, the publisher's log, and what was done when."""

    seen: Seen
    log: Log
    missing: NDArray[np.bool_]
    done: list[tuple[str, float]] = field(default_factory=list)

    def times(self, *acts: str) -> list[float]:
        """When things were done, in seconds since 1970."""
        return [at for act, at in self.done if act in acts]

    @property
    def late(self) -> int:
        """How many acts came after the last message was published."""
        return sum(at > self.log.ended for at in self.times("kill", "restart", "broker"))


def plan(kills: int, restarts: int, broker_kills: int, seed: int) -> list[Act]:
    """Shuffle so many kills of the service, restarts and kills of the broker."""
    rng = random.Random(seed)
    names = ["kill"] * kills + ["restart"] * restarts + ["broker"] * broker_kills
    rng.shuffle(names)
    return [
        Act(name, rng.uniform(0.5, 4.0), 0.0 if name == "kill" else rng.uniform(0.2, 1.5))
        for name in names
    ]


def lasting(acts: list[Act]) -> float:
    """For how many seconds the load must go on, so that it outlasts all acts."""
    return sum(act.wait + act.away + MARGIN for act in acts) + BEYOND


def play(folder: Path, fleet: Fleet, acts: list[Act], rate: float) -> Played:
    """Play a fleet once, and look at what the service made of it."""
    path = folder / "load.npz"
    done: list[tuple[str, float]] = []
    whole = not any(act.what == "broker" for act in acts)
    with Stand(folder, fleet) as stand:
        stand.service.start()
        stand.wait_for("the connection to the broker", lambda: started(folder / "data"), 30)
        load = subprocess.Popen(
            command(stand.broker.port, fleet, rate, path), stdout=subprocess.PIPE
        )
        try:
            if load.stdout is not None:
                load.stdout.readline()  # the first is acknowledged
            _shake(stand, acts, load, done)
            ended = load.wait(3 * lasting(acts) + 600)
        finally:
            load.kill()
            load.communicate()
        if ended:
            msg = f"the load ended with {ended}; its words stand above"
            raise RuntimeError(msg)
        log = Log.load(path)
        seen = _settled(stand, folder / "data", len(log.acked), 60 if whole else 15)
        if not stand.service.alive:
            _fell(stand, done)
    return Played(seen, log, missing(folder / "data", fleet), done)


def _shake(
    stand: Stand, acts: list[Act], load: subprocess.Popen[bytes], done: list[tuple[str, float]]
) -> None:
    for number, act in enumerate(acts, 1):
        time.sleep(act.wait)
        late = " (after the load)" if load.poll() is not None else ""
        print(f"  {number}/{len(acts)}: {act.what}{late}", file=sys.stderr, flush=True)
        if not stand.service.alive:
            _fell(stand, done)
            stand.service.start()
        done.append((act.what, time.time()))
        if act.what == "kill":
            stand.service.end(signal.SIGKILL)
            stand.service.start()
            continue
        stand.broker.stop() if act.what == "restart" else stand.broker.kill()
        time.sleep(act.away)
        stand.broker.start()


def _fell(stand: Stand, done: list[tuple[str, float]]) -> None:
    done.append(("ended", time.time()))
    print(f"the service ended by itself\n{stand.service.last_words()}", file=sys.stderr)


def _settled(stand: Stand, data: Path, expected: int, patience: float) -> Seen:
    """Wait until all is there, or nothing more comes over a standing connection, then look."""
    still, last = time.monotonic(), -1
    deadline = still + 600
    while stand.service.alive and time.monotonic() < min(still + patience, deadline):
        seen = look(data)
        if seen.stored >= expected and seen.scored:
            break
        if seen.stored != last or not seen.scored or not connected(data):
            still, last = time.monotonic(), seen.stored
        time.sleep(1)
    return look(data)


def unexplained(back: list[float], forgotten: list[float], kills: list[float]) -> int:
    """Count forgotten readings, by when they were acknowledged, that no kill explains.

    A kill of the broker explains what was acknowledged from two seconds before it (not yet handed
    on) until ingest was `back` with its new session: nobody was subscribed then.
    """
    spans = [(at - 2, min((b for b in back if b > at), default=at) + 1) for at in kills]
    return sum(not any(low <= at <= high for low, high in spans) for at in forgotten)


def shaken_figures(args: argparse.Namespace, folder: Path) -> list[Figure]:
    """Play undisturbed and shaken, and hold the two against each other."""
    acts = plan(args.kills, args.restarts, 0, args.seed)
    fleet = _fleet(args, acts)
    calm = play(folder / "calm", fleet, [], 0)
    shaken = play(folder / "shaken", fleet, acts, args.rate)
    before, after = calm.seen.machine, shaken.seen.machine
    wrong = (before - after) + (after - before)
    done = f"{len(shaken.times('kill'))} kills of the service, "
    done += f"{len(shaken.times('restart'))} restarts of the broker"
    silent = calm.log.unacknowledged + shaken.log.unacknowledged
    told = sorted(set(shaken.seen.service))
    return [
        _figure("readings published", len(shaken.log.acked), "in each of the two parts"),
        _rate("achieved rate", shaken, args.rate),
        _figure("acts after the load", shaken.late, f"of {len(acts)}"),
        _figure("not acknowledged", silent, "published, and never acknowledged by the broker"),
        _figure("service ended by itself", len(calm.times("ended") + shaken.times("ended"))),
        _figure("readings missing, undisturbed", int(calm.missing.sum()), "the baseline"),
        _figure("readings missing", int(shaken.missing.sum()), f"of all published; {done}"),
        _figure("duplicates and late", shaken.seen.repeated, "harmless, counted"),
        _figure("machine alerts, undisturbed", sum(before.values()), "the baseline"),
        _figure("machine alerts missing or doubled", wrong.total()),
        _figure("service cases told", len(shaken.seen.service), ", ".join(told)),
    ]


def bereft_figures(args: argparse.Namespace, folder: Path) -> list[Figure]:
    """Kill the broker: what it forgot must be explained, and every lost session told."""
    acts = plan(0, 0, args.broker_kills, args.seed + 1)
    played = play(folder, _fleet(args, acts), acts, args.rate)
    acked = played.log.acked[played.missing]
    forgotten = acked[acked > 0].tolist()
    kills = played.times("broker")
    back, lost = (links(folder / "data", link) for link in (Link.CONNECTED, Link.SESSION_LOST))
    note = f"by the journal; the broker was killed {len(kills)} times"
    told = sum(at in played.seen.told for at in lost)
    every = f"== {max(len(lost), 1)}"
    return [
        _rate("achieved rate, broker killed", played, args.rate),
        _figure("broker kills after the load", played.late, f"of {len(acts)}", "== 0"),
        _figure("readings the broker forgot", len(forgotten), "after acknowledging them"),
        _figure("forgotten readings unexplained", unexplained(back, forgotten, kills)),
        _figure("sessions lost", len(lost), note, ">= 1"),
        _figure("broker kills told in the feed", told, "each session lost, by its moment", every),
    ]


def _fleet(args: argparse.Namespace, acts: list[Act]) -> Fleet:
    rows = max(200, int(lasting(acts) * args.rate / args.assets))
    return Fleet(args.assets, 6, rows, system_clock() - HOUR)


def _figure(name: str, value: float, note: str = "", goal: str | None = None) -> Figure:
    return Figure(name, value, "", goal or GOALS.get(name), note)


def _rate(name: str, played: Played, asked: float) -> Figure:
    note = f"acknowledged, while the broker was there; asked {asked:.0f}"
    if played.log.away:
        note += f"; it was away for {played.log.away:.1f} s"
    return Figure(name, played.log.rate, "msg/s", f">= {KEPT * asked:g}", note)


def run_ordeal(args: argparse.Namespace, folder: Path) -> int:
    """Go through it all over InfluxDB, and report."""
    from benchmarks.rig.ordeal_play import figures

    found = figures(args, folder)
    value = {figure.name: figure.value for figure in found}
    headline = (
        f"chaos over InfluxDB: {value['readings missing']:.0f} readings missing, "
        f"{value['machine alerts missing or doubled']:.0f} machine alerts missing or doubled, "
        f"{sum(figure.falls_short for figure in found)} goals missed after "
        f"{value['kills of the service']:.0f} kills of the service, "
        f"{value['kills of influxd']:.0f} of influxd and "
        f"{value['restarts of the broker']:.0f} broker restarts"
    )
    return finish("chaos_influxdb", found, headline, args)


def run_shaken(args: argparse.Namespace, folder: Path) -> int:
    """Shake the service over SQLite and then kill its broker, and report."""
    found = shaken_figures(args, folder)
    found += bereft_figures(args, folder / "bereft") if args.broker_kills else []
    value = {figure.name: figure.value for figure in found}
    headline = (
        f"chaos: {value['readings missing']:.0f} readings missing, "
        f"{value['machine alerts missing or doubled']:.0f} machine alerts missing or "
        f"doubled after {args.kills} kills and {args.restarts} broker restarts "
        f"at {value['achieved rate']:.0f} msg/s"
    )
    return finish("chaos", found, headline, args)


def _options() -> argparse.ArgumentParser:
    parser = arguments(__doc__ or "")
    parser.add_argument("--store", choices=("sqlite", "influxdb"), default="sqlite")
    parser.add_argument("--kills", type=int, help="SIGKILLs of the service; 50, influxdb: 100")
    parser.add_argument("--restarts", type=int, help="restarts of the broker; 5, influxdb: 10")
    parser.add_argument(
        "--broker-kills", type=int, default=5, help="SIGKILLs of the broker; sqlite"
    )
    parser.add_argument("--rate", type=float, help="messages a second; 3000, influxdb: 1000")
    parser.add_argument("--assets", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="keep the files in this folder, a new one")
    more = parser.add_argument_group("with --store influxdb")
    more.add_argument("--store-kills", type=int, default=10, help="SIGKILLs of influxd")
    more.add_argument("--store-away", type=float, default=120, help="seconds without influxd")
    more.add_argument("--broker-away", type=float, default=80, help="seconds without the broker")
    more.add_argument("--ingest-away", type=float, default=20, help="seconds without ingest")
    more.add_argument("--disk-full", type=float, default=30, help="seconds of a full disk; root")
    return parser


def main() -> int:
    """Run the benchmark from the command line."""
    parser = _options()
    args = parser.parse_args()
    ordeal = args.store == "influxdb"
    for name, sqlite, influxdb in (("kills", 50, 100), ("restarts", 5, 10), ("rate", 3e3, 1e3)):
        if getattr(args, name) is None:
            setattr(args, name, influxdb if ordeal else sqlite)
    if args.keep and args.keep.exists():
        parser.error(f"--keep {args.keep} is there already; name a folder that is not")
    with tempfile.TemporaryDirectory() as made:
        return (run_ordeal if ordeal else run_shaken)(args, args.keep or Path(made))


if __name__ == "__main__":
    sys.exit(main())
