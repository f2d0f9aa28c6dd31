"""Cases, events, notices and checkpoints in memory, for tests, trials and replays."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace

from core.alert import Alert, AlertPage, AlertQuery, Notice, Transition
from core.casefile import Advance, Condition, Outcome, Saved, Status
from core.clock import Instant
from core.history import Columns
from core.work import WorkEvent
from storage import cursor
from storage.casefile_columns import columns_of
from storage.casefile_commit import behind

_EVER = -(2**63)


class MemoryCaseFile:
    """Implements `core.casefile.CaseFile` for one process; nothing lasts."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._position: int | None = None
        self._alerts: dict[str, Alert] = {}
        self._transitions: list[Transition] = []
        self._notices: list[Notice] = []
        self._known: set[tuple[str, str]] = set()
        self._sent: set[int] = set()
        self._outcomes: dict[str, Outcome] = {}
        self._work: list[WorkEvent] = []
        self._statuses: dict[str, Status] = {}
        self._conditions: dict[tuple[str, str], dict[Instant, Condition]] = {}
        self._checkpoint: dict[str, bytes] = {}

    def commit(self, advance: Advance) -> None:
        """Store an advance; see `SqliteCaseFile.commit` for one that comes again."""
        with self._lock:
            stored, self._position = self._position, advance.position
            if stored is not None and advance.position < stored:
                self._position = stored
                raise behind(advance.position, stored)
            if stored is None or advance.position > stored:
                self._put_cases(advance)
                self._put_work(advance.work)
                for one in advance.conditions:
                    self._conditions.setdefault((one.asset, one.name), {})[one.at] = one
            self._outcomes |= {one.command: one for one in advance.outcomes}
            self._statuses |= {one.asset: one for one in advance.statuses}
            kept = self._checkpoint | advance.checkpoint
            self._checkpoint = {name: body for name, body in kept.items() if body}

    def load(self) -> Saved:
        """Return position, open cases and checkpoint."""
        with self._lock:
            alerts = [alert for alert in self._alerts.values() if alert.state.is_open]
            ordered = tuple(sorted(alerts, key=cursor.place))
            return Saved(self._position or 0, ordered, dict(self._checkpoint))

    def alerts(self, query: AlertQuery) -> AlertPage:
        """List cases in the order of the feed; `Refused` where the cursor is none of ours."""
        after = cursor.read(query)
        limit = max(1, query.limit)
        with self._lock:
            found = [
                alert
                for alert in self._alerts.values()
                if _fits(alert, query) and (after is None or cursor.place(alert) > after)
            ]
        page = sorted(found, key=cursor.place)[:limit]
        more = len(found) > limit
        return AlertPage(tuple(page), cursor.write(cursor.place(page[-1])) if more else None)

    def alert(self, alert_id: str) -> Alert | None:
        """Find one case."""
        with self._lock:
            return self._alerts.get(alert_id)

    def transitions(self, alert_id: str) -> tuple[Transition, ...]:
        """Return the history of a case, oldest first."""
        with self._lock:
            return tuple(step for step in self._transitions if step.alert == alert_id)

    def events(self, after: int, limit: int = 500) -> tuple[tuple[Transition, Alert], ...]:
        """Return transitions above an id, each with its case as it now stands."""
        with self._lock:
            chosen = self._transitions[max(0, after) : max(0, after) + limit]
            return tuple((step, self._alerts[step.alert]) for step in chosen)

    def last_event(self) -> int:
        """Return the id of the newest transition."""
        with self._lock:
            return len(self._transitions)

    def outcome(self, command_id: str) -> Outcome | None:
        """Tell what became of a command."""
        with self._lock:
            return self._outcomes.get(command_id)

    def work(self, asset: str | None = None, limit: int = 100) -> tuple[WorkEvent, ...]:
        """List recorded work, newest first."""
        with self._lock:
            found = [event for event in self._work if asset in {None, event.asset}]
        found.reverse()
        return tuple(sorted(found, key=lambda event: -event.at)[:limit])

    def statuses(self) -> tuple[Status, ...]:
        """Return how every asset stands, by id."""
        with self._lock:
            return tuple(self._statuses[asset] for asset in sorted(self._statuses))

    def conditions(
        self, asset: str, names: Sequence[str], start: Instant, stop: Instant
    ) -> Columns:
        """Read thinned scores as columns."""
        with self._lock:
            found = [
                one
                for name in names
                for one in self._conditions.get((asset, name), {}).values()
                if start <= one.at < stop
            ]
        return columns_of(names, found)

    def conditions_beyond(
        self, marks: Mapping[str, Mapping[str, Instant]], limit: int
    ) -> tuple[Condition, ...]:
        """Return thinned scores newer than the marks, oldest first of each kind."""
        with self._lock:
            found = [
                kept[at]
                for (asset, name), kept in sorted(self._conditions.items())
                for at in sorted(kept)
                if at > marks.get(asset, {}).get(name, _EVER)
            ]
        return tuple(found[:limit])

    def pending(self, notifier: str, limit: int = 100) -> tuple[Notice, ...]:
        """Return notices not yet sent, oldest first."""
        with self._lock:
            waiting = (
                notice
                for notice in self._notices
                if notice.notifier == notifier and notice.id not in self._sent
            )
            return tuple(notice for notice, _ in zip(waiting, range(limit), strict=False))

    def sent(self, notice_ids: Sequence[int]) -> None:
        """Note that notices have gone out."""
        with self._lock:
            self._sent.update(notice_ids)

    def close(self) -> None:
        """Do nothing: there is no file."""

    def _put_cases(self, advance: Advance) -> None:
        self._alerts |= {alert.id: alert for alert in advance.alerts}
        for step in advance.transitions:
            self._transitions.append(replace(step, id=len(self._transitions) + 1))
        for notice in advance.notices:
            key = (notice.notifier, notice.dedup_key)
            if key not in self._known:
                self._known.add(key)
                step = self._step(notice.transition)
                number = len(self._notices) + 1
                self._notices.append(replace(notice, transition=step, id=number))

    def _step(self, step: Transition) -> Transition:
        for kept in reversed(self._transitions):
            if (kept.alert, kept.version) == (step.alert, step.version):
                return replace(step, id=kept.id)
        return step

    def _put_work(self, events: Sequence[WorkEvent]) -> None:
        known = {event.id for event in self._work}
        for event in events:
            if not event.id or event.id not in known:
                self._work.append(event)
                known.add(event.id)


def _fits(alert: Alert, query: AlertQuery) -> bool:
    wanted = (
        (query.asset, alert.asset),
        (query.site, cursor.site_of(alert.asset)),
        (query.group, alert.group),
        (query.severity, alert.severity),
    )
    if any(want is not None and want != got for want, got in wanted):
        return False
    return not query.states or alert.state in query.states
