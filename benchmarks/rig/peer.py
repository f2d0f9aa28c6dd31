"""The drain against Telegraf: the same queue, broker and InfluxDB, each in turn.

A persistent session is left at a private Mosquitto and messages are queued for it. Then Telegraf,
or `millwright ingest` (with scoring: `millwright run`), is started and timed until a count query
shows all in a bucket of its own. Publisher and consumer never share the two cores.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from benchmarks.rig import telegraf
from benchmarks.rig.buckets import Bucket
from benchmarks.rig.certificate import authority
from benchmarks.rig.load import forget_session, leave_session, queue
from benchmarks.rig.process import cost
from benchmarks.rig.report import Figure
from core.clock import SECOND, Instant, system_clock
from simulators.broker import PrivateMosquitto, free_port
from simulators.influx import PrivateInflux

CLIENT = "drain"
FILTER = "plant/+/+/+/telemetry"
PATIENCE = 60.0
POLL = 0.3
VARIANTS = ("plain", "scoring", "tls", "mapping")
GOALS = {"plain": ">= 1.8", "scoring": ">= 1.2"}


@dataclass(frozen=True, slots=True)
class Load:
    """What is queued: messages of `channels` values over `assets` topics."""

    messages: int
    assets: int
    channels: tuple[str, ...]
    begin: Instant
    make: Callable[[], Any]
    total: float


@dataclass(frozen=True, slots=True)
class Drained:
    """What one drain took. `cpu` is µs per message of the process, `memory` its peak in MB."""

    seconds: float
    cpu: float
    memory: float
    lost: int
    off: float


@dataclass(frozen=True, slots=True)
class Rig:
    """The servers that both sides use in turn, and where each run keeps its files."""

    broker: PrivateMosquitto
    tls_port: int
    ca: Path
    store: PrivateInflux
    folder: Path


def run(rig: Rig, load: Load, who: str, variant: str, number: int) -> Drained:
    """Queue the load, drain it once into a new bucket, and look at what is there."""
    leave_session(rig.broker.port, CLIENT, FILTER)
    queue(rig.broker.port, load.make())
    bucket = Bucket(rig.store, f"{who}-{variant}-{number}")
    folder = rig.folder / bucket.name
    folder.mkdir()
    field = "values_channel_0" if who == "telegraf" and variant != "mapping" else "channel_0"
    began = time.perf_counter()
    process = (_telegraf if who == "telegraf" else _ours)(rig, load, variant, bucket, folder)
    stored, last_news = 0, began
    while stored < load.messages and time.perf_counter() - last_news < PATIENCE:
        time.sleep(POLL)
        if process.poll() is not None:
            logs = "".join(log.read_text(errors="replace")[-2000:] for log in folder.glob("*.log"))
            msg = f"{who} ended by itself, with {process.returncode}: {logs}"
            raise RuntimeError(msg)
        if (found := bucket.count(field)) != stored:
            stored, last_news = found, time.perf_counter()
    cpu, memory = cost(process.pid, load.messages)
    process.terminate()
    process.wait(60)
    forget_session(rig.broker.port, CLIENT)
    off = abs(bucket.total(field) - load.total)
    return Drained(last_news - began, cpu, memory, load.messages - stored, off)


def _telegraf(
    rig: Rig, load: Load, variant: str, bucket: Bucket, folder: Path
) -> subprocess.Popen[bytes]:
    fields = tuple(f"values.{name}" for name in load.channels) if variant == "mapping" else ()
    tls = variant == "tls"
    address = f"ssl://localhost:{rig.tls_port}" if tls else f"tcp://127.0.0.1:{rig.broker.port}"
    config = folder / "telegraf.conf"
    telegraf.write_config(
        config,
        address,
        rig.store,
        bucket.name,
        CLIENT,
        FILTER,
        fields=fields,
        ca=rig.ca if tls else None,
    )
    return telegraf.start(config)


def _ours(
    rig: Rig, load: Load, variant: str, bucket: Bucket, folder: Path
) -> subprocess.Popen[bytes]:
    write_plant(folder, load)
    (folder / "token").write_text(rig.store.token)
    (folder / "token").chmod(0o600)
    broker: dict[str, Any] = {"url": f"mqtt://127.0.0.1:{rig.broker.port}", "client_id": CLIENT}
    if variant == "tls":
        broker |= {"url": f"mqtts://localhost:{rig.tls_port}", "ca": f"file:{rig.ca}"}
    service: dict[str, Any] = {
        "data": str(folder / "data"),
        "broker": broker | {"protocol": "3.1.1"},
        "feed": {"port": free_port()},
        "history": {
            "kind": "influxdb",
            "url": rig.store.url,
            "org": rig.store.org,
            "bucket": bucket.name,
            "token": f"file:{folder / 'token'}",
        },
    }
    if variant == "mapping":
        service["ingest"] = {"topic": None, "sources": [_mapping(load.channels)]}
    (folder / "service.yaml").write_text(yaml.safe_dump(service))
    command = "run" if variant == "scoring" else "ingest"
    with (folder / "ours.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "cli.main", command, "-c", str(folder)],
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
        )


def _mapping(channels: tuple[str, ...]) -> dict[str, Any]:
    """Describe the default form as a mapping, field by field, as json_v2 does."""
    fields = [{"path": f"values.{name}", "rename": name, "type": "float"} for name in channels]
    decoder = {
        "kind": "mapping",
        "timestamp_path": "ts",
        "timestamp_format": "iso",
        "fields": fields,
    }
    return {"name": "mapped", "topic": "plant/{site}/{area}/{asset}/telemetry", "decoder": decoder}


def write_plant(folder: Path, load: Load) -> None:
    """Write plant and class of the load; limits and a learned pattern judge every channel."""
    (folder / "classes").mkdir(parents=True, exist_ok=True)
    limits = {name: {"warning": 900} for name in load.channels}
    machine = {
        "channels": {name: {"range": [-1000, 1000]} for name in load.channels},
        "detectors": {
            "limits": {"kind": "limits", "channels": limits},
            "pattern": {"kind": "mewma"},
        },
        "rules": {"limit": {"detector": "limits"}, "pattern": {"detector": "pattern"}},
    }
    assets = {f"m-{i:03d}": {"class": "machine"} for i in range(load.assets)}
    plant = {"sites": {"site": {"timezone": "UTC", "areas": {"hall": {"assets": assets}}}}}
    (folder / "classes" / "machine.yaml").write_text(yaml.safe_dump(machine))
    (folder / "plant.yaml").write_text(yaml.safe_dump(plant))


def measure(
    load: Load, rounds: int, variants: tuple[str, ...], folder: Path
) -> dict[tuple[str, str], list[Drained]]:
    """Let all take turns, round by round; ours alone where Telegraf is not there, and say so."""
    sides: tuple[str, ...] = ("telegraf", "ours")
    if telegraf.telegraf_path() is None:
        print(f"ours alone: {telegraf.MISSING}", flush=True)
        sides = sides[1:]
    ca, certificate, key = authority(folder)
    tls_port = free_port()
    extra = (
        f"listener {tls_port} 127.0.0.1",
        "allow_anonymous true",
        f"cafile {ca}",
        f"certfile {certificate}",
        f"keyfile {key}",
    )
    found: dict[tuple[str, str], list[Drained]] = {}
    with (
        PrivateMosquitto(folder / "broker", persistence=False, extra=extra) as broker,
        PrivateInflux(folder / "influx") as store,
    ):
        rig = Rig(broker, tls_port, ca, store, folder)
        for number in range(rounds):
            for variant in variants:
                for who in sides[-1:] if variant == "scoring" else sides:
                    drained = run(rig, load, who, variant, number)
                    found.setdefault((who, variant), []).append(drained)
                    print(f"round {number + 1}, {variant}, {who}: {drained}", flush=True)
    return found


def figures(load: Load, found: dict[tuple[str, str], list[Drained]]) -> list[Figure]:
    """Put the medians beside each other; scoring is held against Telegraf's plain drain."""
    lines = []
    for variant in dict.fromkeys(variant for _, variant in found):
        ours = found["ours", variant]
        theirs = found.get(("telegraf", "plain" if variant == "scoring" else variant), [])
        if theirs and variant != "scoring":
            lines.append(_rate(f"Telegraf, {variant}", load, theirs))
        lines.append(_rate(f"ours, {variant}", load, ours))
        if theirs:
            ratio = _median(theirs, "seconds") / _median(ours, "seconds")
            lines.append(Figure(f"ratio, {variant}", ratio, "", GOALS.get(variant)))
    for (who, variant), mine in found.items():
        lines += [
            Figure(f"CPU, {who}, {variant}", _median(mine, "cpu"), "µs/msg"),
            Figure(f"peak memory, {who}, {variant}", _median(mine, "memory"), "MB"),
        ]
    all_ours = [one for (who, _), drains in found.items() if who == "ours" for one in drains]
    theirs = [one for (who, _), drains in found.items() if who != "ours" for one in drains]
    off = max(one.off for one in all_ours)
    return [
        *lines,
        Figure("lost, Telegraf", sum(one.lost for one in theirs), "", None, "of all rounds"),
        Figure("lost", sum(one.lost for one in all_ours), "", "== 0", "of all rounds"),
        Figure("sum of a channel off by", off, "", "<= 0.001", "against what was sent"),
    ]


def _median(drains: list[Drained], name: str) -> float:
    return float(statistics.median(getattr(one, name) for one in drains))


def _rate(name: str, load: Load, drains: list[Drained]) -> Figure:
    rates = sorted(load.messages / one.seconds for one in drains)
    spread = f"rounds {rates[0]:,.0f} to {rates[-1]:,.0f}"
    return Figure(name, load.messages / _median(drains, "seconds"), "msg/s", None, spread)


def beginning(messages: int, assets: int) -> Instant:
    """Choose from when the readings are, so that the newest is a minute old."""
    return (system_clock() - (messages // assets + 60) * SECOND) // SECOND * SECOND
