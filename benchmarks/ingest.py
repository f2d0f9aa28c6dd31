"""How fast a queued backlog is taken in: `python -m benchmarks.ingest [--peer telegraf]`.

A persistent session is left at a private Mosquitto and 300,000 QoS 1 messages of six values over a
hundred topics are queued for it. Then a process is started and timed, imports included:

- plain paho, which only receives and acknowledges (the baseline),
- our ingest with the SQLite journal (synchronous FULL) and the SQLite history, until a count query
  from outside shows all in the history.

Both take turns, three rounds each; the table shows medians. Every stored value is checked against
what was sent. Starting up is counted and is longer for ours, so the goal is for the full number of
messages: with few of them the ratio says more about imports than about receiving.

With `--peer telegraf` Telegraf and `millwright ingest` drain the same queue into the same InfluxDB,
in turn: plain, with scoring, over TLS, and with a mapping of the fields (its json_v2).
"""

from __future__ import annotations

import argparse
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.rig.load import forget_session, leave_session, queue
from benchmarks.rig.peer import VARIANTS
from benchmarks.rig.process import cost
from benchmarks.rig.report import Figure, arguments, finish
from core.clock import SECOND, Instant, iso, system_clock
from simulators.broker import PrivateMosquitto

GOALS = {"ratio": ">= 2", "lost": "== 0", "wrong values": "== 0"}
ASSETS = 100
CHANNELS = tuple(f"channel_{k}" for k in range(6))
FILTER = "plant/+/+/+/telemetry"
CLIENT = "drain"
FULL = 300_000


@dataclass(frozen=True, slots=True)
class Drain:
    """What one drain took. `cpu` is µs per message of the process, `memory` its peak in MB."""

    seconds: float
    cpu: float
    memory: float
    lost: int = 0
    wrong: int = 0


def values(count: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Make the values of all messages, a row each."""
    return np.random.default_rng(1).normal(50, 10, (count, len(CHANNELS))).round(3)


def messages(count: int, begin: Instant) -> Iterator[tuple[str, bytes]]:
    """Walk all messages: each asset in turn, a second between two of one asset."""
    topics = [f"plant/site/hall/m-{i:03d}/telemetry" for i in range(ASSETS)]
    ts = ""
    for number, row in enumerate(values(count).tolist()):
        if number % ASSETS == 0:
            ts = iso(begin + number // ASSETS * SECOND)
        pairs = ", ".join(f'"{name}": {value}' for name, value in zip(CHANNELS, row, strict=True))
        yield topics[number % ASSETS], f'{{"ts": "{ts}", "values": {{{pairs}}}}}'.encode()


def drain_plain(port: int, count: int) -> None:
    """Receive and acknowledge with paho alone, until all have come."""
    from paho.mqtt.client import Client
    from paho.mqtt.enums import CallbackAPIVersion

    received = 0
    client = Client(CallbackAPIVersion.VERSION2, CLIENT, clean_session=False)

    def on_message(*_: object) -> None:
        nonlocal received
        received += 1
        if received == count:
            print("done", flush=True)

    client.on_message = on_message
    client.connect("127.0.0.1", port)
    client.loop_forever()


def drain_ours(port: int, folder: Path) -> None:
    """Run our ingest until the process is ended."""
    import threading

    from core.plant import Asset, AssetClass, Channel, Plant, Site
    from ingest.pipeline import IngestPipeline
    from ingest.settings import BrokerSettings, IngestSettings
    from storage.history_sqlite import SqliteHistory
    from storage.journal_sqlite import SqliteJournal
    from storage.settings import JournalSettings

    machine = AssetClass("machine", tuple(Channel(name, low=-1e3, high=1e3) for name in CHANNELS))
    assets = [Asset("site", "hall", f"m-{i:03d}", "machine") for i in range(ASSETS)]
    plant = Plant(
        {"site": Site("site", "UTC")}, {asset.id: asset for asset in assets}, {"machine": machine}
    )
    journal = SqliteJournal(folder / "journal.db", JournalSettings())
    history = SqliteHistory(folder / "history.db")
    broker = BrokerSettings(url=f"mqtt://127.0.0.1:{port}", client_id=CLIENT)
    pipeline = IngestPipeline(plant, broker, IngestSettings(), journal, history, system_clock)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    pipeline.start()
    stop.wait()
    pipeline.stop()
    history.close()
    journal.close()


def _child(*options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "benchmarks.ingest", *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def run_plain(port: int, count: int) -> Drain:
    """Time plain paho once."""
    began = time.perf_counter()
    process = _child("--plain", str(port), "--messages", str(count))
    if process.stdout is None or process.stdout.readline().strip() != "done":
        msg = "plain paho ended before all had come"
        raise RuntimeError(msg)
    seconds = time.perf_counter() - began
    cpu, memory = cost(process.pid, count)
    process.terminate()
    process.communicate(timeout=30)
    return Drain(seconds, cpu, memory)


def run_ours(port: int, count: int, begin: Instant, folder: Path) -> Drain:
    """Time our ingest once, and check what is stored."""
    from storage.history_sqlite import SqliteHistory

    folder.mkdir()
    SqliteHistory(folder / "history.db").close()
    began = time.perf_counter()
    process = _child("--ours", str(port), "--folder", str(folder))
    history = SqliteHistory(folder / "history.db")
    stored, last_news = 0, began
    while stored < count and time.perf_counter() - last_news < 30:
        time.sleep(0.1)
        if (found := history.count()) != stored:
            stored, last_news = found, time.perf_counter()
    seconds = last_news - began
    cpu, memory = cost(process.pid, count)
    process.terminate()
    process.communicate(timeout=60)
    wrong = _wrong(history, count, begin)
    history.close()
    return Drain(seconds, cpu, memory, count - stored, wrong)


def _wrong(history: object, count: int, begin: Instant) -> int:
    """Count the stored values that are not what was sent."""
    from storage.history_sqlite import SqliteHistory

    if not isinstance(history, SqliteHistory):
        return count
    sent, wrong = values(count), 0
    for i in range(ASSETS):
        mine = sent[i::ASSETS]
        found = history.read(f"site/hall/m-{i:03d}", CHANNELS, begin, begin + len(mine) * SECOND)
        if found.values.shape == mine.shape:
            wrong += int((found.values != mine).sum())
        else:
            wrong += mine.size
    return wrong


def run_peer(args: argparse.Namespace) -> int:
    """Measure against Telegraf."""
    from benchmarks.rig import peer

    count = args.messages
    begin = peer.beginning(count, ASSETS)
    total = float(values(count)[:, 0].sum())
    load = peer.Load(count, ASSETS, CHANNELS, begin, lambda: messages(count, begin), total)
    with tempfile.TemporaryDirectory() as made:
        found = peer.measure(load, args.rounds, tuple(args.variants), Path(made))
    lines = peer.figures(load, found)
    ratios = [line for line in lines if line.name.startswith("ratio")]
    said = ", ".join(f"{line.name.partition(', ')[2]} {line.written} ×" for line in ratios)
    lost = next(line.value for line in lines if line.name == "lost")
    return finish("ingest_telegraf", lines, f"against Telegraf: {said}; {lost:.0f} lost", args)


def measure(count: int, rounds: int, folder: Path) -> tuple[list[Drain], list[Drain]]:
    """Alternate the two; each round has its own session and backlog, and an idle broker else."""
    plain, ours = [], []
    begin = (system_clock() - (count // ASSETS + 60) * SECOND) // SECOND * SECOND
    with PrivateMosquitto(folder / "broker", persistence=False) as broker:
        for turn in range(rounds):
            for kind in ("plain", "ours"):
                leave_session(broker.port, CLIENT, FILTER)
                queue(broker.port, messages(count, begin))
                if kind == "plain":
                    plain.append(run_plain(broker.port, count))
                else:
                    into = folder / f"ours-{turn}"
                    ours.append(run_ours(broker.port, count, begin, into))
                forget_session(broker.port, CLIENT)
                print(f"round {turn + 1}, {kind}: {(plain, ours)[kind == 'ours'][-1]}", flush=True)
    return plain, ours


def figures(plain: list[Drain], ours: list[Drain], count: int) -> list[Figure]:
    """Put the medians beside each other."""

    def rate(drains: list[Drain]) -> float:
        return count / statistics.median(drain.seconds for drain in drains)

    def spread(drains: list[Drain]) -> str:
        rates = sorted(count / drain.seconds for drain in drains)
        return f"{rates[0]:,.0f} to {rates[-1]:,.0f}"

    def median(drains: list[Drain], name: str) -> float:
        return float(statistics.median(getattr(drain, name) for drain in drains))

    spreads = f"rounds: {spread(plain)} and {spread(ours)} msg/s"
    if count < FULL:
        spreads += f"; start-up counted, the goal is for {FULL:,} messages"
    return [
        Figure("plain paho", rate(plain), "msg/s", None, "the baseline"),
        Figure("ingest", rate(ours), "msg/s", None, "until in the history"),
        Figure("ratio", rate(ours) / rate(plain), "", GOALS["ratio"], spreads),
        Figure("lost", sum(drain.lost for drain in ours), "", GOALS["lost"], "of all rounds"),
        Figure("wrong values", sum(drain.wrong for drain in ours), "", GOALS["wrong values"]),
        Figure("CPU, plain paho", median(plain, "cpu"), "µs/msg"),
        Figure("CPU, ingest", median(ours, "cpu"), "µs/msg", None, "journal and history included"),
        Figure("peak memory, plain paho", median(plain, "memory"), "MB"),
        Figure("peak memory, ingest", median(ours, "memory"), "MB"),
    ]


def main() -> int:
    """Run the benchmark from the command line."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--messages", type=int, default=FULL)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peer", choices=("paho", "telegraf"), default="paho")
    parser.add_argument(
        "--variants",
        nargs="+",
        choices=VARIANTS,
        default=VARIANTS,
        help="against Telegraf: which of them to measure",
    )
    for name in ("--plain", "--ours"):
        parser.add_argument(name, type=int, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.plain:
        drain_plain(args.plain, args.messages)
        return 0
    if args.ours:
        drain_ours(args.ours, args.folder)
        return 0
    if args.peer == "telegraf":
        return run_peer(args)
    with tempfile.TemporaryDirectory() as made:
        plain, ours = measure(args.messages, args.rounds, Path(made))
    found = figures(plain, ours, args.messages)
    rate, ratio, lost = found[1].value, found[2].value, found[3].value
    headline = f"ingest: {rate:,.0f} msg/s, {ratio:.1f} times plain paho, {lost:.0f} lost"
    return finish("ingest", found, headline, args)


if __name__ == "__main__":
    sys.exit(main())
