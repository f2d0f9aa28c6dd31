"""Cases as a site keeps them, and their steps as it sends them."""

from __future__ import annotations

from dataclasses import replace

from core import site
from core.alert import Alert, AlertState, Change, Evidence, Transition
from core.casefile import Advance, Status
from core.plant import Severity
from core.site import Cases
from storage import casefile_body
from storage.casefile_memory import MemoryCaseFile
from tests.forwarding import JOURNAL, NOW

P1 = "site/hall/p1"


def case(name: str = "c1", asset: str = P1) -> Alert:
    """An open case that nobody has acknowledged."""
    return Alert(
        name,
        asset,
        "machine",
        Severity.WARNING,
        AlertState.UNACKNOWLEDGED,
        "Pump 1: vibration above its line",
        "It is above its line.",
        NOW,
        NOW,
        ("vibration high",),
        ("vibration high",),
        Evidence(NOW, "zones", 1.2),
    )


def status(asset: str = P1) -> Status:
    """The status of a pump that is judged."""
    return Status(asset, NOW, NOW, "running", True, "", 0.4, 0.9)


def opened(alert: Alert) -> Transition:
    """The step by which a case is opened."""
    before = None
    return Transition(
        alert.id, 1, NOW, Change.OPENED, before, alert.state, "", "it rose", alert.severity
    )


def moved(alert: Alert, state: AlertState, change: Change) -> tuple[Transition, Alert]:
    """Move a case on by one step."""
    after = replace(alert, state=state, version=alert.version + 1)
    step = Transition(
        alert.id, after.version, NOW, change, alert.state, state, "amina", "seen", alert.severity
    )
    return step, after


def commit(casefile: MemoryCaseFile, position: int, step: Transition, alert: Alert) -> None:
    """Let a site's case file hold a step."""
    casefile.commit(Advance(position, alerts=(alert,), transitions=(step,)))


def cases(first: int, *steps: tuple[Transition, Alert], journal: str = JOURNAL) -> bytes:
    """Write steps of cases as a site sends them."""
    items = tuple((casefile_body.encode(step), casefile_body.encode(one)) for step, one in steps)
    return site.pack(Cases(journal, first, first + len(steps) - 1, items))
