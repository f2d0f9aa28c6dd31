"""What the service counts, for Prometheus; the state of cases is looked up when it is asked for."""

from __future__ import annotations

import contextlib
from collections import Counter as Tally
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from core.alert import Alert, AlertQuery, AlertState
from core.casefile import CaseFile
from core.clock import SECOND
from core.errors import Unavailable
from core.ledger import look
from service import ledger_view

if TYPE_CHECKING:
    from service.feed import Feed

COMMANDS = Counter(
    "millwright_commands", "What people asked for, by what came of it.", ["verb", "outcome"]
)
NOTICES = Counter(
    "millwright_notices", "Notices, by notifier and by what came of them.", ["notifier", "outcome"]
)
STORED = Gauge(
    "millwright_conditions_stored", "1 while scores, health, life and alerts go to their bucket."
)
OPEN = frozenset(state for state in AlertState if state.is_open)
PAGE = 500


def open_alerts(casefile: CaseFile) -> Iterator[Alert]:
    """Walk all open cases, however many pages they fill."""
    query = AlertQuery(states=OPEN, limit=PAGE)
    while True:
        page = casefile.alerts(query)
        yield from page.alerts
        if page.cursor is None:
            return
        query = AlertQuery(states=OPEN, limit=PAGE, cursor=page.cursor)


class FeedCollector(Collector):
    """Looks at the ports of a feed whenever it is scraped."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Give what stands now."""
        yield self._alerts()
        yield self._assets()
        usage = self._feed.journal.usage()
        yield _gauge("millwright_journal_used_ratio", "Used part of the journal.", usage.share)
        behind = self._feed.behind()
        yield _gauge("millwright_scoring_lag_entries", "Journal entries not yet scored.", behind)
        streams = self._feed.hub.clients
        yield _gauge("millwright_event_streams", "Clients that follow the event stream.", streams)
        with contextlib.suppress(Unavailable):
            yield from ledger_view.metrics(look(self._feed.history, self._feed.journal))

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Name nothing in advance, so that registering reads no store."""
        return []

    def _alerts(self) -> GaugeMetricFamily:
        found = GaugeMetricFamily(
            "millwright_alerts", "Open cases by state and severity.", labels=["state", "severity"]
        )
        counted = Tally(
            (alert.state.value, alert.severity.value) for alert in open_alerts(self._feed.casefile)
        )
        for labels, count in sorted(counted.items()):
            found.add_metric(list(labels), count)
        return found

    def _assets(self) -> GaugeMetricFamily:
        found = GaugeMetricFamily(
            "millwright_data_age_seconds", "Age of each asset's newest reading.", labels=["asset"]
        )
        now = self._feed.clock()
        for status in self._feed.casefile.statuses():
            if status.at is not None:
                found.add_metric([status.asset], (now - status.at) / SECOND)
        return found


def _gauge(name: str, words: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, words, value=value)


def exposition(own: CollectorRegistry) -> bytes:
    """Write this process's counters and then the feed's own, in the text format."""
    return generate_latest(REGISTRY) + generate_latest(own)
