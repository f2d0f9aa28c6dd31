"""A small plant with troubles, and the real server before it: SQLite files, scoring, uvicorn."""

from __future__ import annotations

import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

import numpy as np

from core.clock import DAY, HOUR, MINUTE, SECOND, Instant, system_clock
from core.cost import CostClass
from core.journal import Tick, draft
from core.plant import (
    Asset,
    AssetClass,
    Channel,
    FailureMode,
    ModeRule,
    NamedDetector,
    Plant,
    Role,
    RuleSpec,
    Severity,
    Site,
)
from core.readings import Reading, Readings
from core.stop import Stop
from models.limits import Limit, LimitsSettings
from models.mewma import LearnSettings, MewmaSettings
from models.threshold import ThresholdSettings
from service.scoring import Scoring
from service.settings import FeedSettings
from storage.casefile_sqlite import SqliteCaseFile
from storage.drills import DrillFolder
from storage.history_sqlite import SqliteHistory
from storage.journal_sqlite import SqliteJournal
from storage.settings import JournalSettings

STEP = 30 * MINUTE
SPAN = 9 * DAY
WEARING, CALM, SILENT, WATCHED = "cwp_3", "cwp_4", "pump_7", "bfp_1"
CLEANING = Stop("weekly cleaning", datetime(2026, 1, 1, 6), "Asia/Karachi", 7 * DAY)

ISO = "ISO 10816-7, category II; verify against your licensed copy"

PUMP = AssetClass(
    "centrifugal_pump",
    title="centrifugal pump",
    channels=(
        Channel("speed", "1/min", role=Role.OPERATING),
        Channel("flow", "m3/h", title="flow"),
        Channel("current", "A", title="motor current"),
        Channel("vibration", "mm/s", title="vibration velocity"),
        Channel("bearing_temp", "°C", title="bearing temperature"),
    ),
    modes=ModeRule("speed", off_below=10, running_above=100),
    detectors=(
        NamedDetector(
            "zones",
            LimitsSettings(channels={"vibration": Limit(warning=5.1, alarm=8.5, source=ISO)}),
        ),
        NamedDetector("pattern", MewmaSettings(learn=LearnSettings(rows=150, min_rows=60))),
    ),
    rules=(
        RuleSpec(
            "pattern",
            "pattern",
            at_score=1.5,
            on_delay=2 * HOUR,
            title="behaves unlike its healthy self",
        ),
        RuleSpec("vibration high", "zones", title="vibration above the alert line"),
        RuleSpec(
            "vibration very high",
            "zones",
            Severity.CRITICAL,
            at_score=2.0,
            title="vibration above the trip line",
            action="Plan a stop; do not leave the pump running unattended.",
        ),
    ),
    failure_modes=(
        FailureMode(
            "bearing_wear",
            "Bearing wear",
            ("vibration", "bearing_temp"),
            ("Listen to the drive-end bearing and check its grease.", "Have a bearing at hand."),
        ),
        FailureMode(
            "misalignment",
            "Misalignment",
            ("vibration", "current"),
            ("Check the coupling's alignment.",),
        ),
    ),
    health=ThresholdSettings(
        channel="vibration", failure_mode="bearing_wear", healthy=2.0, end=11.0, source=ISO
    ),
    silent_after=45 * MINUTE,
)


def plant(title: str = "Cooling water pump 3") -> Plant:
    """Four pumps in Karachi and Shanghai; the wearing one has the given title."""
    assets = (
        Asset("karachi", "cooling", WEARING, PUMP.name, title=title),
        Asset("karachi", "cooling", CALM, PUMP.name, title="Cooling water pump 4"),
        Asset("karachi", "cooling", SILENT, PUMP.name, title="پمپ نمبر 7"),
        Asset("shanghai", "boiler house", WATCHED, PUMP.name, title="锅炉给水泵 1"),
    )
    sites = {
        "karachi": Site("karachi", "Asia/Karachi", "Karachi works", (CLEANING,)),
        "shanghai": Site("shanghai", "Asia/Shanghai", "上海工厂"),
    }
    costs = {"standard": CostClass(1000, 4000, 1500, stand_failure=3)}
    every = {asset.id: asset for asset in assets}
    return Plant(sites, every, {PUMP.name: PUMP}, costs=costs)


def values(
    name: str, number: int, at: float, random: np.random.Generator
) -> Mapping[str, float] | None:
    """Measure a pump at a part (0 to 1) of the story; None where it says nothing."""
    if name == SILENT and at > 0.995:
        return None
    load = 1 + 0.08 * np.sin(number / 9)
    wear = max(0.0, (at - 0.7) / 0.3) if name == WEARING else 0.0
    warm = 1.5 * (at > 0.93) if name == WATCHED else 0.0
    return {
        "speed": 1480 + random.normal(0, 2),
        "flow": 118 * load + random.normal(0, 1),
        "current": 61 * load + 3 * wear + random.normal(0, 0.4),
        "vibration": 2.0 + 7.2 * wear**1.6 + random.normal(0, 0.12),
        "bearing_temp": 54 + 4 * load + 16 * wear + 6 * warm + random.normal(0, 0.4),
    }


class Stand:
    """A feed that can be stopped and started again on the same files and port."""

    def __init__(self, folder: Path, given: Plant, token: str | None = None) -> None:
        self.plant = given
        self._folder = folder
        self.settings = FeedSettings.model_validate({"port": _free_port(), "token": token})
        self.url = f"http://127.0.0.1:{self.settings.port}"
        self.stop_all = threading.Event()
        self._threads: list[threading.Thread] = []
        self.open()

    def open(self) -> None:
        """Open the files, as a stop left them."""
        self.journal = SqliteJournal(self._folder / "journal.db", JournalSettings())
        self.casefile = SqliteCaseFile(self._folder / "cases.db")
        self.history = SqliteHistory(self._folder / "history.db")
        self.drills = DrillFolder(self._folder / "drills")

    def tell(self, readings: list[Reading], arrived: Instant) -> None:
        """Let pumps say something."""
        block = Readings.of(PUMP.name, PUMP.channel_names, readings, arrived)
        position = self.journal.append([draft(arrived, block)])
        self.history.write([block], position)

    def tick(self, at: Instant) -> None:
        """Let time pass."""
        self.journal.append([draft(at, Tick(connected=True))])

    def live(self, *names: str, **changes: float) -> None:
        """Let assets say a reading now."""
        now, random = system_clock(), np.random.default_rng()
        told = []
        for asset_id, asset in self.plant.assets.items():
            if asset.name in names:
                said = dict(values(asset.name, 0, 0.5, random) or {}) | changes
                told.append(Reading(asset_id, now, said))
        self.tell(told, now)

    def start(self) -> None:
        """Score, and serve on the port."""
        from service.app import create_app
        from service.server import serve

        self.stop_all = threading.Event()
        scoring = Scoring(self.plant, self.journal, self.casefile)
        app = create_app(
            self.plant,
            self.casefile,
            self.journal,
            self.history,
            self.settings,
            system_clock,
            None,
            scoring,
            drills=self.drills,
        )
        self._run(lambda: scoring.run(self.stop_all))
        self._run(lambda: serve(app, self.settings, self.stop_all))
        wait(self._answers, "the server to answer")

    def stop(self) -> None:
        """End the server and scoring, and close the files."""
        self.stop_all.set()
        for thread in self._threads:
            thread.join(20)
            assert not thread.is_alive()
        self._threads = []
        for store in (self.journal, self.casefile, self.history):
            store.close()

    def _run(self, target: Callable[[], object]) -> None:
        thread = threading.Thread(target=target, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/livez", timeout=2):
                return True
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False


def tell_story(stand: Stand) -> None:
    """Tell three days that end now: one pump wears, one falls silent, one runs warm."""
    random, now = np.random.default_rng(7), system_clock()
    count = SPAN // STEP
    for number in range(count + 1):
        at = now - SPAN + number * STEP
        told = []
        for asset_id, asset in stand.plant.assets.items():
            said = values(asset.name, number, number / count, random)
            if said is not None:
                told.append(Reading(asset_id, at - 2 * SECOND, said))
        stand.tell(told, at)
        if number > count - 6:
            for tick in range(1, STEP // (30 * SECOND)):
                if at + tick * 30 * SECOND < now:
                    stand.tick(at + tick * 30 * SECOND)
    scoring = Scoring(stand.plant, stand.journal, stand.casefile)
    while scoring.step():
        pass


def wait(true: Callable[[], bool], what: str, seconds: float = 10) -> None:
    """Wait until something holds; fails where it does not in time."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            msg = f"waited {seconds} s for {what}"
            raise AssertionError(msg)
        time.sleep(0.03)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
