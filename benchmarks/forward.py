"""Two sites forward to a centre over links that are cut: `python -m benchmarks.forward`.

Each site is a broker with `millwright run`; the centre is a third. The sites' machines publish in
bursts while both links are cut five times, and once each a site and the centre are killed with
SIGKILL. Then the centre's journal and history must hold every reading once. All bytes on the links
are counted, both ways, acknowledgements and all, and held against the JSON that the machines sent.
A case of a site is acknowledged at the centre, which must reach the site and come back.
"""

from __future__ import annotations

import argparse
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from benchmarks.rig.load import queue
from benchmarks.rig.report import Figure, arguments, finish
from benchmarks.rig.stand import Service
from benchmarks.rig.thin_link import ThinLink
from core.alert import Alert, AlertQuery, AlertState
from core.clock import SECOND, Instant, iso, system_clock
from core.journal import Kind, Link, decode
from core.readings import Readings
from simulators.broker import PrivateMosquitto, free_port
from storage.casefile_sqlite import SqliteCaseFile
from storage.history_sqlite import SqliteHistory
from storage.journal_sqlite import SqliteJournal
from storage.settings import JournalSettings

GOALS = {"lost": "== 0", "doubled": "== 0", "share of the JSON": "<= 0.25"}
SITES = ("lahore", "suzhou")
CHANNELS = tuple(f"c{k}" for k in range(6))
LIMIT = 90.0
PATIENCE = 120.0


@dataclass(frozen=True, slots=True)
class Size:
    """How much is played: bursts of `rows` readings of `assets` machines at each site."""

    assets: int
    rows: int
    bursts: int

    @property
    def readings(self) -> int:
        """Count the readings of one site."""
        return self.assets * self.rows * self.bursts


def messages(site: str, size: Size, burst: int, begin: Instant) -> list[tuple[str, bytes]]:
    """Make the messages of one burst; one machine is beyond its limit in the later ones."""
    rng = np.random.default_rng([burst, len(site), size.assets])
    made = []
    for row in range(size.rows):
        at = iso(begin + (burst * size.rows + row) * SECOND)
        values = rng.normal(50, 10, (size.assets, len(CHANNELS))).clip(0, 85).round(2)
        if burst >= size.bursts // 2:
            values[0, 0] = LIMIT + 5
        for i, said in enumerate(values.tolist()):
            pairs = ", ".join(f'"{n}": {v}' for n, v in zip(CHANNELS, said, strict=True))
            topic = f"plant/{site}/hall/m-{i:03d}/telemetry"
            made.append((topic, f'{{"ts": "{at}", "values": {{{pairs}}}}}'.encode()))
    return made


def write(folder: Path, sites: tuple[str, ...], size: Size, **service: Any) -> Path:
    """Write a configuration whose plant has the machines of some sites."""
    (folder / "classes").mkdir(parents=True)
    machine = {
        "channels": {name: {"range": [-1000, 1000]} for name in CHANNELS},
        "detectors": {"limits": {"kind": "limits", "channels": {CHANNELS[0]: {"warning": LIMIT}}}},
        "rules": {"limit": {"detector": "limits", "severity": "critical"}},
    }
    assets = {f"m-{i:03d}": {"class": "machine"} for i in range(size.assets)}
    places = {
        name: {"timezone": "UTC", "areas": {"hall": {"assets": dict(assets)}}} for name in sites
    }
    given = {"data": str(folder / "data"), "feed": {"port": free_port()}, **service}
    for path, body in (
        (folder / "classes" / "machine.yaml", machine),
        (folder / "plant.yaml", {"sites": places, "tick_every": "1s"}),
        (folder / "service.yaml", given),
    ):
        path.write_text(yaml.safe_dump(body))
    return folder


def wait_for(what: str, true: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Wait until something holds; TimeoutError names what did not."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            msg = f"{what}: not within {seconds:.0f} s"
            raise TimeoutError(msg)
        time.sleep(0.2)


def connected(folder: Path) -> bool:
    """Tell whether a service has once been connected to its broker."""
    if not (folder / "data" / "cases.db").exists():
        return False
    journal = SqliteJournal(folder / "data" / "journal.db", JournalSettings())
    try:
        entries = [entry for entry in journal.read(0, 500) if entry.kind is Kind.LINK]
        return any(getattr(decode(entry), "link", None) is Link.CONNECTED for entry in entries)
    finally:
        journal.close()


def stored(folder: Path) -> int:
    """Count the readings in a history."""
    history = SqliteHistory(folder / "data" / "history.db")
    try:
        return history.count()
    finally:
        history.close()


def journalled(folder: Path) -> int:
    """Count the readings in a journal: what came twice would count twice."""
    journal = SqliteJournal(folder / "data" / "journal.db", JournalSettings())
    count = position = 0
    try:
        while entries := journal.read(position, 1000):
            position = entries[-1].id
            count += sum(
                len(Readings.decode(entry.body)) for entry in entries if entry.kind is Kind.READINGS
            )
    finally:
        journal.close()
    return count


def cases(folder: Path) -> list[Alert]:
    """List all cases about machines."""
    casefile = SqliteCaseFile(folder / "data" / "cases.db")
    try:
        found = casefile.alerts(AlertQuery(states=frozenset(AlertState), limit=1000)).alerts
        return [alert for alert in found if alert.group == "machine"]
    finally:
        casefile.close()


def _told(centre: Path, site: str) -> bool:
    """Tell whether the centre has a case of a site; its way is another than that of readings."""
    return any(one.origin == site for one in cases(centre))


def acknowledge(centre: Path, site: Path) -> float:
    """Acknowledge a site's case at the centre; returns the seconds until it came back."""
    from cli.command import send

    (case, *_) = [one for one in cases(centre) if one.origin == site.name]
    began = time.monotonic()
    send(centre, "acknowledge", case.id, "bench", "seen at the centre", 30)
    done = AlertState.ACKNOWLEDGED

    def there() -> bool:
        return any(one.id == case.id and one.state is done for one in cases(centre))

    wait_for("the acknowledgement at the site", lambda: cases(site)[0].state is done)
    wait_for("the acknowledgement back at the centre", there)
    return time.monotonic() - began


def service(name: str, folder: Path, size: Size, broker: int, link: ThinLink | None) -> Service:
    """Make a service: a site with its link to the centre, or the centre."""
    more: dict[str, Any] = {"ingest": {"sites": {"accept": list(SITES)}}, "place": "centre"}
    if link is not None:
        to = {"site": name, "url": f"mqtt://127.0.0.1:{link.port}", "confirm_within": "5s"}
        more = {"forward": to | {"every": "500ms", "heartbeat": "10s"}}
    plant = SITES if link is None else (name,)
    own = {"url": f"mqtt://127.0.0.1:{broker}"}
    return Service(write(folder / name, plant, size, broker=own, **more))


def disturb(
    size: Size,
    cuts: int,
    links: list[ThinLink],
    kills: dict[int, Service],
    publish: Callable[[int], None],
) -> None:
    """Publish burst by burst; cut the links for some, and kill a service for some."""
    rng = random.Random(7)
    every = max(1, size.bursts // cuts)
    for burst in range(size.bursts):
        if burst % every == 0 and links[0].cuts < cuts:
            for link in links:
                link.cut()
        publish(burst)
        time.sleep(rng.uniform(0.3, 1.0))
        if burst in kills:
            kills[burst].end(signal.SIGKILL)
            kills[burst].start()
        for link in links:
            link.mend()
        time.sleep(rng.uniform(0.5, 1.5))


def settle(centre: Path, total: int) -> None:
    """Wait until the centre has all, or nothing more comes."""
    last, since = -1, time.monotonic()
    while (now := stored(centre)) < total and time.monotonic() - since < PATIENCE:
        if now != last:
            last, since = now, time.monotonic()
        time.sleep(0.5)


def play(folder: Path, size: Size, cuts: int, *, kills: bool) -> list[Figure]:
    """Play it once."""
    begin = system_clock() // SECOND * SECOND - (size.rows * size.bursts + 60) * SECOND
    total, raw, centre = len(SITES) * size.readings, 0, folder / "centre"
    with ExitStack() as stack:
        brokers = {
            name: stack.enter_context(PrivateMosquitto(folder / f"broker-{name}"))
            for name in (*SITES, "centre")
        }
        links = {name: stack.enter_context(ThinLink(brokers["centre"].port)) for name in SITES}
        services = {
            name: service(name, folder, size, broker.port, links.get(name))
            for name, broker in brokers.items()
        }
        for name, each in services.items():
            stack.callback(each.start().end)
            wait_for(f"{name} at its broker", partial(connected, folder / name))

        def publish(burst: int) -> None:
            nonlocal raw
            for name in SITES:
                sent = messages(name, size, burst, begin)
                raw += sum(len(payload) for _, payload in sent)
                queue(brokers[name].port, sent)

        third = size.bursts // 3
        killed = {third: services[SITES[0]], 2 * third: services["centre"]} if kills else {}
        disturb(size, cuts, list(links.values()), killed, publish)
        settle(centre, total)
        wire = sum(link.bytes for link in links.values())
        wait_for("a site's case at the centre", partial(_told, centre, SITES[0]))
        seen = len([one for one in cases(centre) if one.origin])
        answered = acknowledge(centre, folder / SITES[0])
        count, twice = stored(centre), journalled(centre)
    return [
        Figure("readings sent", total, "", None, "of two sites, six values each"),
        Figure("lost", total - count, "", GOALS["lost"], "not in the centre's history"),
        Figure("doubled", twice - count, "", GOALS["doubled"], "in the centre's journal"),
        Figure("cuts of each link", links[SITES[0]].cuts, "", f">= {cuts}"),
        Figure("JSON as sent", raw / 1e6, "MB", None, "the baseline"),
        Figure("on the links", wire / 1e6, "MB", None, "both ways, all of it"),
        Figure("share of the JSON", wire / raw, "", GOALS["share of the JSON"]),
        Figure("bytes a reading", wire / total, "B"),
        Figure("sites' cases at the centre", seen, "", f"== {len(SITES)}"),
        Figure("acknowledged and back in", answered, "s"),
    ]


def main() -> int:
    """Run the benchmark from the command line."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--assets", type=int, default=50)
    parser.add_argument("--rows", type=int, default=40, help="readings of a machine in a burst")
    parser.add_argument("--bursts", type=int, default=20)
    parser.add_argument("--cuts", type=int, default=5)
    parser.add_argument("--kills", action=argparse.BooleanOptionalAction, default=True)
    args = parser.parse_args()
    size = Size(args.assets, args.rows, args.bursts)
    with tempfile.TemporaryDirectory() as made:
        found = play(Path(made), size, args.cuts, kills=args.kills)
    figures = {figure.name: figure for figure in found}
    headline = (
        f"forward: {figures['lost'].value:.0f} lost, {figures['doubled'].value:.0f} doubled,"
        f" {100 * figures['share of the JSON'].value:.0f} % of the JSON on the links"
    )
    return finish("forward", found, headline, args)


if __name__ == "__main__":
    sys.exit(main())
