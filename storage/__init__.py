"""Adapters for what must last: the journal, telemetry history, cases."""
