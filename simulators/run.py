"""Runs a scenario: to a broker as telemetry, or into a folder as CSV, with its truth."""

from __future__ import annotations

import csv
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from core.clock import Clock, Instant
from core.plant import Plant
from simulators import truth
from simulators.fleet import Fleet
from simulators.message import TOPIC, stamp
from simulators.pace import AtOnce, OnTheClock, Pace
from simulators.publisher import Progress, Published, Publisher
from simulators.scenario import Scenario


@dataclass(frozen=True, slots=True)
class Written:
    """What was written into a folder."""

    telemetry: tuple[Path, ...]
    truth: tuple[Path, Path]
    count: int


def simulate(
    scenario: Scenario,
    plant: Plant,
    publisher: Publisher,
    clock: Clock,
    *,
    now: Instant | None = None,
    topic: str = TOPIC,
    pace: Pace | None = None,
    live: bool = True,
    out: Path | None = None,
    progress: Callable[[Progress], None] | None = None,
    history_done: Callable[[Published], None] | None = None,
    stop: threading.Event | None = None,
) -> Published:
    """Publish a scenario's history at a pace (default: at once), then live until `stop`.

    The truth goes into the folder `out`. Without `live` it returns after the history.
    `history_done` is called once between the two. The publisher must be connected.
    """
    stop = stop or threading.Event()
    fleet = Fleet(scenario, plant, clock() if now is None else now, topic)
    if out is not None:
        truth.write(fleet, out)
    past = publisher.publish(fleet.history(), pace or AtOnce(), progress, stop)
    if history_done is not None:
        history_done(past)
    if not live or stop.is_set():
        return past
    after = publisher.publish(fleet.live(), OnTheClock(clock), progress, stop)
    return Published(
        past.count + after.count, past.acked + after.acked, past.seconds + after.seconds
    )


def write(
    scenario: Scenario,
    plant: Plant,
    now: Instant,
    out: Path,
    progress: Callable[[int], None] | None = None,
) -> Written:
    """Write a scenario's history as one CSV per asset class, and the truth, into a folder.

    `progress` is told how many readings are written so far.
    """
    out.mkdir(parents=True, exist_ok=True)
    fleet = Fleet(scenario, plant, now)
    paths, count = [], 0
    for name in sorted({machine.asset.asset_class for machine in fleet.machines}):
        path = out / f"{name}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            for row in _table(fleet, name):
                writer.writerow(row)
                count += 1
                if progress is not None and count % 10_000 == 0:
                    progress(count)
        count -= 1  # the header
        paths.append(path)
    if progress is not None:
        progress(count)
    return Written(tuple(paths), truth.write(fleet, out), count)


def _table(fleet: Fleet, class_name: str) -> Iterator[list[str | float]]:
    """Give the header and the rows of one class, asset by asset; an absent value is empty."""
    header = False
    for machine in fleet.machines:
        if machine.asset.asset_class != class_name:
            continue
        rows = fleet.rows(machine)
        if not header:
            yield ["time", "asset", *rows.channels]
            header = True
        for at, values in zip(rows.at.tolist(), rows.values.tolist(), strict=True):
            shown = ["" if value != value else value for value in values]  # noqa: PLR0124
            yield [stamp(at), machine.asset.id, *shown]
