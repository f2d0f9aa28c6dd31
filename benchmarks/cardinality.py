"""A million invented asset names in a minute: `python -m benchmarks.cardinality`.

Fifty known machines report once a second into the whole service, while somebody publishes a million
messages to as many topics that look just like theirs. Measured is how much memory the service takes
more, how many series its store has more, how late known machines are scored, and whether every
message is accounted for. The baseline is how late they are scored before; in time is within half
of the shipped tick of ten seconds.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from benchmarks.rig.buckets import Bucket
from benchmarks.rig.fleet import NOMINAL, Fleet, write_config
from benchmarks.rig.report import Figure, arguments, finish
from benchmarks.rig.seen import started
from benchmarks.rig.stand import Stand
from core.clock import SECOND, iso, system_clock
from core.errors import Unavailable
from core.ledger import Kept, balance
from core.proposal import MOST_ASSETS
from simulators.influx import PrivateInflux
from storage.casefile_sqlite import SqliteCaseFile
from storage.history_sqlite import SqliteHistory
from storage.journal_sqlite import SqliteJournal
from storage.proposals_sqlite import SqliteProposals
from storage.settings import JournalSettings

GOALS = {
    "memory more": "< 50",
    "series more": "== 0",
    "scored late, p99": "< 2",
    "messages missing": "== 0",
    "proposed assets": f"<= {MOST_ASSETS}",
}
EVERY = 1.0
_LOOK_EVERY = 0.25


class Known:
    """Machines of the plant that report once a second, as of now."""

    def __init__(self, port: int, fleet: Fleet) -> None:
        self._fleet = fleet
        self._stop = threading.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self._client.connect("127.0.0.1", port)
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Known:
        """Begin to report."""
        self._client.loop_start()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self._stop.set()
        self._thread.join()
        self._client.loop_stop()
        self._client.disconnect()

    def _run(self) -> None:
        rng, names = np.random.default_rng(1), self._fleet.names
        due = time.monotonic()
        while not self._stop.is_set():
            for name in names:
                values = rng.normal(NOMINAL, 0.3, self._fleet.channels).round(3).tolist()
                pairs = ", ".join(f'"c{k}": {value}' for k, value in enumerate(values))
                said = f'{{"ts": "{iso(system_clock())}", "values": {{{pairs}}}}}'
                self._client.publish(f"plant/bench/hall/{name}/telemetry", said, qos=1)
                due += EVERY / len(names)
                self._stop.wait(max(0.0, due - time.monotonic()))


@dataclass(slots=True)
class Watched:
    """What was seen of the service over a while: lateness in seconds, memory in MB.

    `queued` is how much later than measured a reading came in: what it waited at the broker.
    """

    late: list[float] = field(default_factory=list)
    queued: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)

    @property
    def p99(self) -> float:
        """How late the last hundredth was scored at least."""
        return float(np.percentile(self.late, 99)) if self.late else float("nan")


def watch(stand: Stand, fleet: Fleet, into: Watched, stop: threading.Event) -> None:
    """Look at the age of what was last scored of each known machine, beyond its interval."""
    cases = SqliteCaseFile(stand.folder / "data" / "cases.db")
    known = {f"bench/hall/{name}" for name in fleet.names}
    try:
        while not stop.wait(_LOOK_EVERY):
            now = system_clock()
            found = [
                (one.at, one.arrived)
                for one in cases.statuses()
                if one.asset in known and one.at is not None and one.arrived is not None
            ]
            into.late += [max(0.0, (now - at) / SECOND - EVERY) for at, _ in found]
            into.queued += [(arrived - at) / SECOND for at, arrived in found]
            into.memory.append(resident(stand.service.pid))
    finally:
        cases.close()


def resident(pid: int) -> float:
    """Read how much memory a process holds now, in MB."""
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024


@contextlib.contextmanager
def watched(stand: Stand, fleet: Fleet) -> Iterator[Watched]:
    """Watch for as long as the context lasts."""
    found, stop = Watched(), threading.Event()
    thread = threading.Thread(target=watch, args=(stand, fleet, found, stop))
    thread.start()
    try:
        yield found
    finally:
        stop.set()
        thread.join()


class Store:
    """What the service stores into: its own SQLite file, or a bucket of a private InfluxDB."""

    def __init__(self, folder: Path, influx: PrivateInflux | None) -> None:
        self._folder = folder
        self._influx = influx
        self._bucket = None if influx is None else Bucket(influx, "attacked")

    def settings(self) -> dict[str, Any]:
        """Return what service.yaml says of it."""
        if self._influx is None or self._bucket is None:
            return {}
        token = self._folder / "token"
        token.write_text(self._influx.token)
        token.chmod(0o600)
        return {
            "history": {
                "kind": "influxdb",
                "url": self._influx.url,
                "org": self._influx.org,
                "bucket": self._bucket.name,
                "token": f"file:{token}",
            }
        }

    def series(self) -> int:
        """Count its series, or its assets."""
        if self._bucket is not None:
            return self._bucket.series()
        history = SqliteHistory(self._folder / "data" / "history.db")
        try:
            with history._file.reading() as connection:  # noqa: SLF001 - looked at from outside
                count: int = connection.execute("SELECT count(*) FROM assets").fetchone()[0]
        finally:
            history.close()
        return count


def received(folder: Path) -> tuple[int, int]:
    """Count messages that came in, and those of them that were refused."""
    journal = SqliteJournal(folder / "data" / "journal.db", JournalSettings())
    try:
        lines = balance(Kept("", 2**62), journal.booked(2**62))
    finally:
        journal.close()
    return sum(x.received for x in lines), sum(sum(x.rejected.values()) for x in lines)


def missing(folder: Path) -> float:
    """Ask the command how many messages are not accounted for."""
    import json

    ran = subprocess.run(
        [sys.executable, "-m", "cli.main", "messages", "ledger", "--json", "-c", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode > 1 or not ran.stdout:
        raise Unavailable(ran.stderr)
    return float(sum(abs(json.loads(line)["missing"]) for line in ran.stdout.splitlines()))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the attack did."""

    before: Watched
    during: Watched
    series: int
    missing: float
    refused: int
    proposed: int
    lasted: float
    drained: float


def measure(folder: Path, store: Store, assets: int, names: int, seconds: float) -> Outcome:
    """Run the attack, after a quarter as long without."""
    fleet = Fleet(assets, 4, 100, system_clock())
    with Stand(folder, fleet) as stand:
        write_config(folder, fleet, stand.broker.port, stand.feed_port, **store.settings())
        stand.service.start()
        stand.wait_for("the connection to the broker", lambda: started(folder / "data"), 60)
        with Known(stand.broker.port, fleet):
            stand.wait_for("the known machines", lambda: store.series() >= assets, 60)
            time.sleep(EVERY)
            with watched(stand, fleet) as before:
                time.sleep(max(5.0, seconds / 4))
            series = store.series()
            begun = time.monotonic()
            with watched(stand, fleet) as during:
                ran = _attack(stand.broker.port, names, seconds)
                lasted = float(ran.stdout)
                stand.wait_for("the attack", lambda: received(folder)[1] >= names, 600)
                drained = time.monotonic() - begun - lasted
                time.sleep(3 * EVERY)
        time.sleep(2 * EVERY)
        more, lost = store.series() - series, missing(folder)
        stand.service.end()
        proposals = SqliteProposals(folder / "data" / "proposed.db")
        proposed = len(proposals.listed(10 * MOST_ASSETS))
        proposals.close()
        refused = received(folder)[1]
    return Outcome(before, during, more, lost, refused, proposed, lasted, drained)


def _attack(port: int, names: int, seconds: float) -> subprocess.CompletedProcess[str]:
    words = ("--port", str(port), "--names", str(names), "--seconds", str(seconds))
    command = [sys.executable, "-m", "benchmarks.rig.attack", *words]
    return subprocess.run(command, capture_output=True, text=True, check=True)


def figures(outcome: Outcome, names: int, what: str) -> list[Figure]:
    """Lay out what was measured."""
    before, during = outcome.before, outcome.during
    steady = float(np.median(before.memory))
    rate = names / outcome.lasted
    return [
        Figure("scored late before, p99", before.p99, "s", None, "the baseline"),
        Figure("invented names", outcome.refused, "", None, f"{rate:,.0f} a second"),
        Figure("drained after the last", max(0.0, outcome.drained), "s"),
        _goal("memory more", max(during.memory) - steady, "MB", f"from {steady:.0f} MB"),
        _goal("series more", outcome.series, "", what),
        Figure("of that at the broker, p99", float(np.percentile(during.queued, 99)), "s"),
        _goal("scored late, p99", during.p99, "s", f"at most {max(during.late):.1f} s"),
        _goal("messages missing", outcome.missing, "", "by `messages ledger`"),
        _goal("proposed assets", outcome.proposed, "", ""),
    ]


def _goal(name: str, value: float, unit: str, note: str) -> Figure:
    return Figure(name, value, unit, GOALS[name], note)


def main() -> int:
    """Run the benchmark from the command line."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--assets", type=int, default=50, help="machines of the plant")
    parser.add_argument("--names", type=int, default=1_000_000, help="names that are invented")
    parser.add_argument("--seconds", type=float, default=60, help="how long that takes")
    parser.add_argument("--store", choices=("sqlite", "influxdb"), default="sqlite")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as made, contextlib.ExitStack() as opened:
        folder = Path(made)
        influx = None
        if args.store == "influxdb":
            influx = opened.enter_context(PrivateInflux(folder / "influx"))
        outcome = measure(folder, Store(folder, influx), args.assets, args.names, args.seconds)
    found = figures(outcome, args.names, f"assets or series in {args.store}")
    late, names = outcome.during.p99, args.names
    headline = f"cardinality: {names:,} invented names, {late:.1f} s late at p99"
    return finish("cardinality", found, headline, args)


if __name__ == "__main__":
    sys.exit(main())
