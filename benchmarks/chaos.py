"""Kill the service, restart the broker, and count what is missing: `python -m benchmarks.chaos`.

The same made-up fleet is played twice through Mosquitto into the whole service: once undisturbed,
once while the service is killed with SIGKILL at random moments and the broker is restarted. The
history must hold every published reading in both, and the machine alerts must be the same. A third
part kills the broker itself with SIGKILL: what is missing then must be what the broker had
acknowledged to the publisher and forgot, and the feed must tell it.
"""

from __future__ import annotations

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.rig.fleet import Fleet
from benchmarks.rig.report import Figure, arguments, finish
from benchmarks.rig.seen import Seen, connections, look, missing
from benchmarks.rig.stand import Stand, wait_for
from core.clock import HOUR, system_clock

GOALS = {
    "readings missing": "== 0",
    "machine alerts missing or doubled": "== 0",
    "forgotten readings unexplained": "== 0",
    "broker kills told in the feed": ">= 1",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """How hard to shake: kills of the service, restarts and kills of the broker."""

    kills: int = 0
    restarts: int = 0
    broker_kills: int = 0
    rate: float = 3000


@dataclass(frozen=True, slots=True, eq=False)
class Played:
    """What came of one play: the files' content, the publisher's log, what was done and when."""

    seen: Seen
    acked: NDArray[np.float64]
    done: list[tuple[str, float]]


def play(folder: Path, fleet: Fleet, plan: Plan, seed: int) -> Played:
    """Play a fleet once and return what the service made of it, the acks, and what was done."""
    acked = folder / "acked.npy"
    done: list[tuple[str, float]] = []
    with Stand(folder, fleet) as stand:
        stand.service.start()
        wait_for("first start", (folder / "data" / "cases.db").exists, 30)
        time.sleep(3)
        load = subprocess.Popen(_publisher(stand.broker.port, fleet, plan.rate, acked))
        _shake(stand, plan, load, random.Random(seed), done)
        load.wait(3600)
        published = np.load(acked)
        seen = _settled(stand, folder, int((published > 0).sum()), patience=60)
    return Played(seen, published, done)


def _publisher(port: int, fleet: Fleet, rate: float, acked: Path) -> list[str]:
    return [
        *(sys.executable, "-m", "benchmarks.rig.publisher", "--port", str(port)),
        *("--assets", str(fleet.assets), "--channels", str(fleet.channels)),
        *("--rows", str(fleet.rows), "--end", str(fleet.end)),
        *("--rate", str(rate), "--acked", str(acked)),
    ]


def _shake(
    stand: Stand,
    plan: Plan,
    load: subprocess.Popen[bytes],
    rng: random.Random,
    done: list[tuple[str, float]],
) -> None:
    acts = ["kill"] * plan.kills + ["restart"] * plan.restarts + ["broker"] * plan.broker_kills
    rng.shuffle(acts)
    for number, act in enumerate(acts, 1):
        time.sleep(rng.uniform(0.5, 4.0))
        late = " (after the load)" if load.poll() is not None else ""
        print(f"  {number}/{len(acts)}: {act}{late}", file=sys.stderr, flush=True)
        done.append((act, time.time()))
        if act == "kill":
            stand.service.end(signal.SIGKILL)
            stand.service.start()
            continue
        stand.broker.stop() if act == "restart" else stand.broker.kill()
        time.sleep(rng.uniform(0.2, 1.5))
        stand.broker.start()


def _settled(stand: Stand, folder: Path, expected: int, patience: float) -> Seen:
    """Wait until nothing more is stored (or all is there), then look at the files."""
    still, last = time.monotonic(), -1
    while stand.service.alive and time.monotonic() - still < patience:
        seen = look(folder / "data")
        if seen.stored != last or not seen.scored:
            still, last = time.monotonic(), seen.stored
        if seen.stored >= expected and seen.scored:
            break
        time.sleep(1)
    if not stand.service.alive:
        print("the service ended by itself; see its log", file=sys.stderr)
    return look(folder / "data")


def unexplained(data: Path, acked: NDArray[np.float64], kills: list[float]) -> int:
    """Count forgotten readings that no kill of the broker explains.

    A kill explains what was acknowledged from two seconds before it (not yet handed on) until
    ingest had its new session: nobody was subscribed then.
    """
    back = connections(data)
    spans = [(at - 2, min((b for b in back if b > at), default=at) + 1) for at in kills]
    return sum(not any(low <= at <= high for low, high in spans) for at in acked.tolist())


def figures(args: argparse.Namespace, folder: Path) -> list[Figure]:
    """Run the three parts and say what they showed."""
    acts = args.kills + args.restarts
    end = system_clock() - HOUR
    fleet = Fleet(args.assets, 6, _rows(args, acts * 3.6 + 15), end)
    calm = play(folder / "calm", fleet, Plan(rate=0), args.seed)
    plan = Plan(args.kills, args.restarts, rate=args.rate)
    shaken = play(folder / "shaken", fleet, plan, args.seed)
    brief = Fleet(args.assets, 6, _rows(args, args.broker_kills * 6), end)
    plan = Plan(broker_kills=args.broker_kills, rate=args.rate)
    bereft = play(folder / "bereft", brief, plan, args.seed + 1)
    forgotten = missing(folder / "bereft" / "data", brief, bereft.acked)
    kills = [at for act, at in bereft.done if act == "broker"]
    strange = unexplained(folder / "bereft" / "data", forgotten, kills)
    before, after = calm.seen.machine, shaken.seen.machine
    counts = Counter(act for act, _ in shaken.done)
    note = f"{counts['kill']} kills of the service, {counts['restart']} restarts of the broker"
    lost = [
        len(missing(folder / name / "data", fleet, run.acked))
        for name, run in (("calm", calm), ("shaken", shaken))
    ]
    told = Counter(shaken.seen.service)
    return [
        _figure("readings published", fleet.assets * fleet.rows, note=f"{args.rate:.0f} msg/s"),
        _figure("readings missing, undisturbed", lost[0], note="the baseline"),
        _figure("readings missing", lost[1], note=note),
        _figure("duplicates and late", shaken.seen.repeated, note="harmless, counted"),
        _figure("machine alerts, undisturbed", sum(before.values()), note="the baseline"),
        _figure("machine alerts missing or doubled", ((before - after) + (after - before)).total()),
        _figure("service cases told", told.total(), note=", ".join(sorted(told))),
        _figure("readings the broker forgot", len(forgotten), note="after acknowledging them"),
        _figure("forgotten readings unexplained", strange),
        _figure("broker kills told in the feed", bereft.seen.sessions_lost, note="session lost"),
    ]


def _rows(args: argparse.Namespace, seconds: float) -> int:
    return max(200, int(seconds * args.rate / args.assets))


def _figure(name: str, value: float, note: str = "") -> Figure:
    return Figure(name, value, "", GOALS.get(name), note)


def main() -> int:
    """Run the benchmark from the command line."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--kills", type=int, default=50, help="SIGKILLs of the service")
    parser.add_argument("--restarts", type=int, default=5, help="polite restarts of the broker")
    parser.add_argument("--broker-kills", type=int, default=5, help="SIGKILLs of the broker")
    parser.add_argument("--rate", type=float, default=3000, help="messages a second")
    parser.add_argument("--assets", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="keep the files in this folder")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        found = figures(args, args.keep or Path(made))
    lost = next(f for f in found if f.name == "readings missing")
    wrong = next(f for f in found if f.name == "machine alerts missing or doubled")
    headline = (
        f"chaos: {lost.value:.0f} readings missing, {wrong.value:.0f} machine alerts missing or "
        f"doubled after {args.kills} kills and {args.restarts} broker restarts"
    )
    return finish("chaos", found, headline, args)


if __name__ == "__main__":
    sys.exit(main())
