"""Scoring, rules, the alert book, notifiers, the feed: everything after the journal."""
