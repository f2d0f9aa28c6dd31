"""The figures of a backtest: false alerts with their interval, failures found, lead times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from core.clock import DAY, Span
from models.poisson import interval
from service.backtest import Told
from service.backtest_truth import Episode, Failure, Verdict, false_alerts, verdicts
from service.finding import of_machine

MONTH: Span = 30 * DAY + 10 * 3_600_000_000_000 + 30 * 60_000_000_000
"""A twelfth of a year of 365.25 days."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What a backtest came to.

    `alerts` are about machines, `aside` about sensors, data and the service. `months` are those in
    which no failure was near; `low` and `high` bound the rate of false alerts in each, by 95 %.
    `judged` is the share of readings of running machines that was judged by what was learned of
    them, None where none ran.
    """

    alerts: tuple[Episode, ...]
    aside: tuple[Episode, ...]
    false: tuple[Episode, ...]
    verdicts: tuple[Verdict, ...]
    months: float
    low: float
    high: float
    judged: float | None = None

    @property
    def rate(self) -> float | None:
        """False alerts per asset and month; None where there was no healthy time."""
        return len(self.false) / self.months if self.months > 0 else None

    @property
    def missed(self) -> tuple[Verdict, ...]:
        """Failures that could have been seen and were not."""
        return tuple(one for one in self.verdicts if one.judged and one.first is None)

    @property
    def found(self) -> tuple[Verdict, ...]:
        """Failures of which an alert told."""
        return tuple(one for one in self.verdicts if one.first is not None)

    @property
    def lead(self) -> Span | None:
        """The median of the lead times."""
        known = [one.lead for one in self.found if one.lead is not None]
        return int(median(known)) if known else None


def figures(told: Told, failures: Sequence[Failure]) -> Figures:
    """Hold what was told against what is known."""
    alerts = tuple(one for one in told.episodes if of_machine(one.group))
    aside = tuple(one for one in told.episodes if not of_machine(one.group))
    wrong = tuple(false_alerts(alerts, failures))
    months = sum(seen.healthy for seen in told.seen.values()) / MONTH
    low, high = interval(len(wrong), months)
    found = tuple(verdicts(failures, alerts, told.observed))
    ran = sum(seen.ran for seen in told.seen.values())
    judged = sum(seen.judged for seen in told.seen.values()) / ran if ran else None
    return Figures(alerts, aside, wrong, found, months, low, high, judged)
