"""The outlook of open cases: how long they can wait, as of now and not as of when they moved."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from core.alert import Alert
from core.casefile import Status
from core.life import LifeEstimate
from service.finding import SENSOR, mended_by_work


def renewed(alerts: Iterable[Alert], statuses: Iterable[Status]) -> list[Alert]:
    """Give active cases of machines the remaining life that their machine has now."""
    lives = {status.asset: status.life for status in statuses}
    return [_renewed(alert, lives) for alert in alerts]


def _renewed(alert: Alert, lives: dict[str, LifeEstimate | None]) -> Alert:
    life = lives.get(alert.asset)
    of_machine = mended_by_work(alert.group) and not alert.group.startswith(SENSOR)
    if life is None or not of_machine or not alert.state.is_active:
        return alert
    return replace(alert, evidence=replace(alert.evidence, life=life))
