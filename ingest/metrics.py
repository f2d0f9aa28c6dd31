"""What the ingest counts, for Prometheus."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

RECEIVED = Counter("millwright_ingest_messages_received", "Messages that came in.")
ACCEPTED = Counter("millwright_ingest_readings_accepted", "Readings put into the journal.")
REJECTED = Counter("millwright_ingest_messages_rejected", "Messages refused.", ["reason"])
ACKNOWLEDGED = Counter("millwright_ingest_messages_acknowledged", "Messages acknowledged.")
CONNECTED = Gauge("millwright_ingest_connected", "1 while the broker delivers to us.")
JOURNAL_BYTES = Gauge("millwright_journal_bytes", "Bytes held by the journal.")
JOURNAL_LIMIT = Gauge("millwright_journal_limit_bytes", "Bytes the journal may hold.")
HISTORY_WAITING = Gauge("millwright_history_lag_messages", "Messages not yet in the history.")
HISTORY_AGE = Gauge(
    "millwright_history_lag_seconds", "Age of the oldest entry not yet in the history."
)
HISTORY_LAG = Gauge("millwright_history_lag_entries", "Journal entries not yet in the history.")
BROKER = Gauge("millwright_broker_figure", "What the broker says of itself.", ["name"])
