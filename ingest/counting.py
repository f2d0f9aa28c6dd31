"""Counts each message of a batch once, however many readings and classes it has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from ingest.columns import Columns
from ingest.form import Form
from ingest.held import Held
from ingest.packets import Packet


class Counting:
    """Which messages of a batch are counted; `again` counts by source those that came again."""

    def __init__(self, packets: Sequence[Packet], held: Held | None) -> None:
        self._counted = np.zeros(len(packets), np.bool_)
        self._held = held
        self._marked = set() if held is None else held.again(packets)
        self.again: Counter[str] = Counter()

    def take(self, columns: Columns, form: Form, source: str) -> int:
        """Count the messages of columns that nothing has counted yet, without those known already.

        A message that was sent again is known where the newest of the journal have its first
        reading.
        """
        fresh, first = np.unique(columns.number, return_index=True)
        new = ~self._counted[fresh]
        self._counted[fresh] = True
        count = int(np.count_nonzero(new))
        if not self._marked or self._held is None:
            return count
        for number, row in zip(fresh[new].tolist(), first[new].tolist(), strict=True):
            asset = form.assets[columns.row[row]]
            if number in self._marked and self._held.has(asset, int(columns.at[row])):
                self.again[source] += 1
                count -= 1
        return count

    def alone(self, number: int) -> int:
        """Count a message that is not in any columns; 0 where it is counted already."""
        if self._counted[number]:
            return 0
        self._counted[number] = True
        return 1
