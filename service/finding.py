"""One rule's verdict on one asset, at the moment it changed."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

from core.alert import Evidence
from core.clock import Instant
from core.life import CannotSay, LifeEstimate
from core.plant import Severity
from models.repair_verdict import Repair, RepairVerdict


@dataclass(frozen=True, slots=True)
class Finding:
    """A condition came on or went off.

    `group` is the trouble it belongs to: findings of one asset and group share a case. `at` is
    event time for findings about machines and sensors, and journal time for those about data and
    the service. `title`, `summary` and `evidence` matter only where it came on. `passing` marks an
    event that is over as it happens: each is told, also while the case of the one before stands.
    `renewed` marks one that stood before and only says in newer words how things are.
    """

    asset: str
    group: str
    rule: str
    on: bool
    at: Instant
    severity: Severity = Severity.WARNING
    title: str = ""
    summary: str = ""
    why: str = ""
    evidence: Evidence | None = None
    catching_up: bool = False
    passing: bool = False
    renewed: bool = False


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """An asset's backlog has ended: what was held about it may go out."""

    asset: str


@dataclass(frozen=True, slots=True)
class ClockStepped:
    """The times of an asset's readings stepped back from the future.

    `asset` is the service's own where it was this box's clock that stepped.
    """

    asset: str


@dataclass(frozen=True, slots=True)
class RepairJudged:
    """What work on an asset at `work_at` came to in one failure mode, known at event time `at`.

    `lifted` tells that what was told not to be restored has come to be. `hours` of running were
    looked at since the work; where too few were seen before it, so many are `known`.
    """

    asset: str
    failure_mode: str
    work_at: Instant
    at: Instant
    said: RepairVerdict | CannotSay
    hours: int
    known: float = math.nan
    lifted: bool = False
    life: LifeEstimate | None = None
    catching_up: bool = False

    @property
    def failed(self) -> bool:
        """Whether the work did not restore the machine."""
        return isinstance(self.said, RepairVerdict) and self.said.repair is Repair.NOT_RESTORED


Event: TypeAlias = Finding | CaughtUp | ClockStepped | RepairJudged
"""What a class of assets tells of an entry, in the order in which it happened."""

SILENT = "silent"
BEHIND = "behind"
NEW_REGIME = "new regime"
"""Rules about an asset's data."""

DATA = "data"
LINK = "link"
SESSION = "session"
NOTE = "note:"
HISTORY = f"{NOTE}history unavailable"
DEVICE = "device:"
SENSOR = "sensor:"
REPAIR = "repair"
CENTRE = f"{NOTE}centre"
SITE = "site:"


def mended_by_work(group: str) -> bool:
    """Tell whether work on the machine can mend a trouble of this group."""
    return group not in {DATA, LINK, SESSION} and not group.startswith((NOTE, DEVICE, SITE))


def of_machine(group: str) -> bool:
    """Tell whether a trouble of this group is the machine's own, and no sensor's."""
    return mended_by_work(group) and not group.startswith(SENSOR)
