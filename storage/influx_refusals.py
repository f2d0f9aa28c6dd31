"""Rows that InfluxDB will never take: what is told of them, and which messages they came in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from core.clock import Instant
from core.errors import PartlyRefused, RefusedRow
from core.readings import Readings
from storage.history_block import Block
from storage.line_block import LineWriter

_REASONS = 3
_BEGIN = re.compile(rb"(.*?[^\\]) ")  # a space behind a backslash belongs to a name


class Refusals:
    """Gathers the refused rows of one write."""

    def __init__(self) -> None:
        self.rows: list[RefusedRow] = []
        self._keys: set[tuple[str, str, Instant]] = set()

    def before(self, block: Block, kept: Block, told: Iterable[RefusedRow]) -> None:
        """Note what could not become lines: `kept` is what is left of `block`."""
        self.rows += told
        if kept is not block:
            self._keys |= _keys(block) - _keys(kept)

    def after(self, lines: Sequence[RefusedRow], blocks: Sequence[Block]) -> None:
        """Note the lines of these blocks that InfluxDB refused."""
        self.rows += lines
        begins = {
            begin: (block.asset_class, asset)
            for block in blocks
            for asset in block.assets
            if (begin := LineWriter().begin(block.asset_class, asset))
        }
        for row in lines:
            if (found := _BEGIN.match(row.text)) and found[1] in begins:
                self._keys.add((*begins[found[1]], int(row.text.rpartition(b" ")[2])))

    def of(self, batches: Sequence[Readings]) -> list[int]:
        """Count for each batch how many of its rows can never be stored."""
        if not self._keys:
            return []
        return [sum(key in self._keys for key in _row_keys(batch)) for batch in batches]

    def raise_any(self, stored: int) -> None:
        """Raise `PartlyRefused` where there is any."""
        if self.rows:
            reasons = list(dict.fromkeys(row.why for row in self.rows))
            why = "; ".join(reasons[:_REASONS])
            raise PartlyRefused(stored, len(self.rows), why, tuple(self.rows))


def _row_keys(columns: Block | Readings) -> Iterable[tuple[str, str, Instant]]:
    names = [columns.assets[number] for number in columns.asset.tolist()]
    return ((columns.asset_class, *key) for key in zip(names, columns.at.tolist(), strict=True))


def _keys(block: Block) -> set[tuple[str, str, Instant]]:
    return set(_row_keys(block))
