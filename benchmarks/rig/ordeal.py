"""A service in two processes over InfluxDB, with all that may be taken from it while it works.

Broker, InfluxDB and a small disk of its own stand around `millwright ingest` and `millwright
serve`. What ends is started again, as the service manager of a plant would; that it ended by
itself is noted.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from benchmarks.rig import blows
from benchmarks.rig.blows import Blow, Spell
from benchmarks.rig.buckets import Bucket
from benchmarks.rig.disk import SmallDisk
from benchmarks.rig.fleet import Fleet, write_config
from benchmarks.rig.stand import Service
from benchmarks.rig.told import Span
from core.errors import Unavailable
from simulators.broker import PrivateMosquitto, free_port
from simulators.influx import PrivateInflux

DISK = 512_000_000
"""The size of the disk: `disk full` is told from 200 MB on, so it cannot be much smaller."""

TICK = 2.0
FELL = "fell"
_NEARLY = 100_000_000
_FIRST = 6.0
_AGAIN = 1.0
_LOOK = 0.2


@dataclass(frozen=True, slots=True)
class Done:
    """One thing that was done, and from when to when it lasted, in seconds since 1970."""

    what: str
    begin: float
    end: float


@dataclass(frozen=True, slots=True)
class Ledger:
    """A row for each source; without any, `trouble` says why it could not be had."""

    rows: tuple[dict[str, Any], ...]
    trouble: str

    def total(self, name: str) -> float:
        """Add up a column, as if nothing cancelled out; no number where there is no row."""
        return sum(abs(int(row[name])) for row in self.rows) if self.rows else float("nan")


@dataclass(slots=True, eq=False)
class Ordeal:
    """The stand; `done` lists what was done to it."""

    folder: Path
    fleet: Fleet
    broker: PrivateMosquitto = field(init=False)
    store: PrivateInflux = field(init=False)
    disk: SmallDisk = field(init=False)
    halves: dict[str, Service] = field(init=False)
    done: list[Done] = field(default_factory=list)
    _held: set[str] = field(default_factory=set)
    _full: bool = False
    _standing: ExitStack = field(default_factory=ExitStack)

    def __post_init__(self) -> None:
        """Name what belongs to it; nothing runs yet."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.broker = PrivateMosquitto(self.folder / "broker", extra=("autosave_interval 1800",))
        self.store = PrivateInflux(self.folder / "store")
        self.disk = SmallDisk(self.folder / "data", DISK)
        self.halves = {name: Service(self.folder, name) for name in ("ingest", "serve")}

    @property
    def data(self) -> Path:
        """The data folder, on the small disk."""
        return self.disk.folder

    @property
    def bucket(self) -> Bucket:
        """The bucket of the telemetry, looked at from outside."""
        return Bucket(self.store, "telemetry", new=False)

    def __enter__(self) -> Self:
        """Start the servers and set them up; the service is started by `start`."""
        with ExitStack() as opened:
            for server in (self.disk, self.broker, self.store):
                opened.enter_context(server)
            self._configure()
            opened.callback(self.end)
            self._standing = opened.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop all of them."""
        self._standing.close()

    def start(self) -> None:
        """Start both halves of the service."""
        for half in self.halves.values():
            half.start()

    def end(self) -> None:
        """Stop both halves politely."""
        for half in self.halves.values():
            half.end()

    def rest(self, seconds: float) -> None:
        """Let time pass, starting again what ended by itself."""
        deadline = time.monotonic() + seconds
        while True:
            self._revive()
            if self._full:
                self.disk.fill()
            left = deadline - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(left, _LOOK))

    def suffer(self, spells: Iterable[Spell]) -> None:
        """Go through spells and all blows within them."""
        for spell in spells:
            begin, ends = time.time(), time.monotonic() + spell.lasts
            if spell.what:
                _tell(f"{spell.what}, for {spell.lasts:.0f} s")
                self._begin(spell.what)
            for blow in spell.blows:
                self.rest(blow.wait)
                self._strike(blow)
            self.rest(max(0.0, ends - time.monotonic()))
            if spell.what:
                self._finish(spell.what)
                self.done.append(Done(spell.what, begin, time.time()))
                _tell(f"{spell.what}: over")

    def spans(self, *whats: str) -> list[Span]:
        """List from when to when some things lasted."""
        return [(one.begin, one.end) for one in self.done if one.what in whats]

    def ledger(self) -> Ledger:
        """Ask `millwright messages ledger`."""
        said = self._millwright("messages", "ledger", "--json")
        rows = tuple(json.loads(line) for line in said.stdout.splitlines())
        return Ledger(rows, said.stderr.strip())

    def _configure(self) -> None:
        operator, token = self.folder / "operator.token", self.folder / "influx.token"
        operator.touch(0o600)
        operator.write_text(self.store.token)
        history = {
            "kind": "influxdb",
            "url": self.store.url,
            "org": self.store.org,
            "token": f"file:{token}",
        }
        write_config(
            self.folder,
            self.fleet,
            self.broker.port,
            free_port(),
            tick_every=f"{TICK:.0f}s",
            data=str(self.data),
            history=history,
        )
        made = self._millwright("storage", "setup", "--token", f"file:{operator}")
        if made.returncode:
            raise Unavailable(made.stderr)

    def _millwright(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "cli.main", *words, "-c", str(self.folder)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def _revive(self) -> None:
        for name, half in self.halves.items():
            if name not in self._held and not half.alive:
                begin = time.time()
                _tell(f"{name} ended by itself: {half.last_words().splitlines()[-1:]}")
                time.sleep(_AGAIN)
                half.start()
                self.done.append(Done(f"{FELL} {name}", begin, time.time()))

    def _strike(self, blow: Blow) -> None:
        begin = time.time()
        if blow.what == blows.STORE:
            self.store.kill()
            self.rest(blow.away)
            self.store.start()
        elif blow.what == blows.BROKER:
            self.broker.stop()
            self.rest(blow.away)
            self.broker.start()
        else:
            half = self.halves[blow.what.rpartition(" ")[2]]
            half.end(signal.SIGKILL)
            half.start()
        self.done.append(Done(blow.what, begin, time.time()))
        _tell(f"{len(self.done)}: {blow.what}")

    def _begin(self, what: str) -> None:
        if what == blows.STORE_AWAY:
            self.store.kill()
        elif what == blows.BROKER_AWAY:
            self.broker.stop()
        elif what == blows.INGEST_AWAY:
            self._held.add("ingest")
            self.halves["ingest"].end(signal.SIGKILL)
        else:
            self.disk.fill(_NEARLY)
            self.rest(_FIRST)
            self._full = True

    def _finish(self, what: str) -> None:
        if what == blows.STORE_AWAY:
            self.store.start()
        elif what == blows.BROKER_AWAY:
            self.broker.start()
        elif what == blows.INGEST_AWAY:
            self._held.discard("ingest")
            self.halves["ingest"].start()
        else:
            self._full = False
            self.disk.clear()


def _tell(words: str) -> None:
    print(f"  {time.strftime('%H:%M:%S')} {words}", file=sys.stderr, flush=True)
