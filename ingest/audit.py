"""The audit: looks at the ledger again and again, and says so where it does not add up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from core.errors import Refused, Unavailable
from core.ledger import AccountingHistory, AccountingJournal, look

Note: TypeAlias = tuple[str, str]
CODE = "messages missing"
_NAMED = 5


class Audit:
    """Balances the ledger at each look; what is missing in two looks on end is told.

    Once is not enough: the two sides are read one after the other, and may have moved.
    """

    def __init__(self, history: AccountingHistory, journal: AccountingJournal) -> None:
        self._history = history
        self._journal = journal
        self._before: dict[str, int] = {}
        self.missing: dict[str, int] = {}

    def look(self) -> None:
        """Balance both sides; where one cannot be read now, what was found stands."""
        try:
            lines = look(self._history, self._journal)
        except (Unavailable, Refused):
            return
        found = {line.source: line.missing for line in lines if line.missing}
        both = found.keys() & self._before.keys()
        self.missing = {source: found[source] for source in sorted(both)}
        self._before = found

    def notes(self) -> Iterator[Note]:
        """Say what is missing, in one note."""
        if self.missing:
            named = [_words(source, count) for source, count in self.missing.items()]
            more = len(named) - _NAMED
            said = "; ".join(named[:_NAMED]) + (f"; and {more} sources more" if more > 0 else "")
            yield CODE, f"{said}. `millwright messages ledger` shows all that is known of them"


def _words(source: str, count: int) -> str:
    if count > 0:
        return f"of source {source}, {_messages(count)} came in and cannot be found again"
    return f"of source {source}, {_messages(-count)} more can be found than came in"


def _messages(count: int) -> str:
    return "1 message" if count == 1 else f"{count:,} messages"
