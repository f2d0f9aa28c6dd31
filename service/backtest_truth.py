"""The truth that a backtest is held against: failures that are known, and what each alert was."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.clock import DAY, Instant, Span
from core.work import Work, WorkEvent

SAME = DAY
"""Work on one machine within so long is about one failure."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A confirmed failure. Alerts that stand within `begin` to `end` are about it.

    `at` is when it was there: lead times are counted to it. `source` is `work` or `label`.
    """

    asset: str
    begin: Instant
    end: Instant
    at: Instant
    what: str
    source: str


@dataclass(frozen=True, slots=True)
class Episode:
    """One alert as a person would have got it, from when a case opened or came back.

    `ended` is when its condition returned, None where it stood to the end. `channels` are the most
    blamed, most blamed first.
    """

    alert: str
    asset: str
    group: str
    rules: tuple[str, ...]
    severity: str
    title: str
    summary: str
    channels: tuple[str, ...]
    began: Instant
    ended: Instant | None = None

    def overlaps(self, begin: Instant, end: Instant) -> bool:
        """Tell whether it stood at any time from `begin` to `end`."""
        return self.began <= end and (self.ended is None or self.ended >= begin)


def confirmed(work: Iterable[WorkEvent], horizon: Span) -> list[Failure]:
    """Take failures from work that was no routine; alerts within `horizon` before are about it."""
    found: list[Failure] = []
    for one in sorted(work, key=lambda event: (event.asset, event.at)):
        if one.routine or (one.work is Work.INSPECTED and not one.failure_mode):
            continue
        last = found[-1] if found else None
        if last is not None and last.asset == one.asset and one.at - last.at < SAME:
            continue
        what = one.failure_mode or str(one.work)
        found.append(Failure(one.asset, one.at - horizon, one.at, one.at, what, "work"))
    return found


def labelled(
    asset: str, stretches: Sequence[tuple[Instant, Instant]], horizon: Span = 0
) -> list[Failure]:
    """Take failures from labelled stretches of time; lead times are counted to their end."""
    return [
        Failure(asset, begin - horizon, end, end, "labelled", "label") for begin, end in stretches
    ]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one failure: the alert that told of it first, and how long before.

    `judged` is false where nothing was measured of its machine while it could have been seen.
    """

    failure: Failure
    judged: bool
    first: Episode | None

    @property
    def lead(self) -> Span | None:
        """How long before it the first alert was."""
        return None if self.first is None else self.failure.at - self.first.began


def verdicts(
    failures: Sequence[Failure], alerts: Sequence[Episode], observed: Iterable[Failure]
) -> list[Verdict]:
    """Find for each failure the first alert that stood within its time."""
    seen = set(observed)
    found = []
    for failure in failures:
        about = [one for one in alerts if concerns(one, failure)]
        first = min(about, key=lambda one: one.began, default=None)
        found.append(Verdict(failure, failure in seen, first))
    return found


def concerns(alert: Episode, failure: Failure) -> bool:
    """Tell whether an alert is about a failure."""
    return alert.asset == failure.asset and alert.overlaps(failure.begin, failure.end)


def false_alerts(alerts: Iterable[Episode], failures: Sequence[Failure]) -> list[Episode]:
    """Leave the alerts that are about no failure."""
    return [one for one in alerts if not any(concerns(one, known) for known in failures)]
