from __future__ import annotations

from dataclasses import replace

import pytest

from core.alert import Alert, AlertState, Evidence
from core.casefile import Status
from core.clock import SECOND
from core.life import CannotSay, LifeEstimate, Remaining
from core.plant import Severity
from service.finding import DATA, SENSOR
from service.outlook import renewed

AT = 1_700_000_000 * SECOND
PUMP = "site/hall/p1"


def life(hours: float) -> LifeEstimate:
    return LifeEstimate(PUMP, AT, "wear", 0.4, Remaining(hours / 2, hours, hours * 2), "drift")


def status(asset: str = PUMP, hours: float | None = 17.0) -> Status:
    left = None if hours is None else life(hours)
    return Status(asset, AT, AT, "running", True, "", 1.2, 0.4, left)


def case(**changes: object) -> Alert:
    evidence = Evidence(AT, "zones", 1.3, (), life=life(72.0))
    alert = Alert(
        "c", PUMP, "machine", Severity.WARNING, AlertState.UNACKNOWLEDGED, "t", "s", AT, AT,
        ("r",), ("r",), evidence,
    )  # fmt: skip
    return replace(alert, **changes)  # type: ignore[arg-type]


def said(alert: Alert, *statuses: Status) -> LifeEstimate | CannotSay | None:
    return renewed([alert], statuses)[0].evidence.life


def test_an_active_case_says_how_long_it_can_wait_as_of_now() -> None:
    assert said(case(), status("other", 1.0), status()) == life(17.0)


@pytest.mark.parametrize(
    "alert",
    [
        case(state=AlertState.RETURNED),
        case(state=AlertState.NORMAL),
        case(group=DATA),
        case(group=f"{SENSOR}vibration"),
    ],
)
def test_what_is_over_or_not_about_the_machine_stays_as_it_was(alert: Alert) -> None:
    assert said(alert, status()) == life(72.0)


def test_where_nothing_newer_is_known_the_case_keeps_what_it_had() -> None:
    assert said(case()) == life(72.0)
    assert said(case(), status(hours=None)) == life(72.0)
