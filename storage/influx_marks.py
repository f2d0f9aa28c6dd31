"""Which marks of quality InfluxDB holds, so that a later good value takes its mark away.

A good value is stored without a mark, so nothing would overwrite an older one. Only where a marked
moment of the same asset may be meant, between its first and its last, is a 0 written with the
value: live telemetry never goes back there, so it costs nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from storage.flux_csv import FluxTable
from storage.history_block import Block
from storage.line_block import asset_of
from storage.line_protocol import MARK

_NEVER = (2**63 - 1, -(2**63))

QUERY = """
from(bucket: bucket)
  |> range(start: time(v: start), stop: time(v: stop))
  |> filter(fn: (r) => r._field =~ /_quality$/)
  |> {pick}()
  |> keep(columns: ["_time", "_value", "_measurement", "_field", "site", "area", "asset"])
"""


class MarkSpans:
    """For each asset of a class the first and last time of its marks, and the marked channels."""

    def __init__(self) -> None:
        self._spans: dict[tuple[str, str], tuple[int, int]] = {}
        self._channels: dict[str, set[str]] = {}

    def learn(self, found: list[FluxTable]) -> None:
        """Take in what the database holds: the first and last mark of each series."""
        for table in found:
            name = table.labels["_field"]
            if table.whole and len(table.at):
                at = (int(table.at.min()), int(table.at.max()))
                self._widen(table.labels["_measurement"], asset_of(table.labels), at)
                self._channels[table.labels["_measurement"]].add(name.removesuffix(MARK))

    def marks(self, block: Block) -> NDArray[np.int8] | None:
        """Return what to write as quality of each value, -1 for nothing; None for none at all."""
        present = ~np.isnan(block.values)
        marks = np.full(present.shape, -1, np.int8)
        if (known := self._channels.get(block.asset_class)) is not None:
            spans = [self._spans.get((block.asset_class, a), _NEVER) for a in block.assets]
            low, high = np.array(spans, np.int64).T
            within = (block.at >= low[block.asset]) & (block.at <= high[block.asset])
            columns = [k for k, channel in enumerate(block.channels) if channel in known]
            cells = np.zeros(present.shape, bool)
            cells[:, columns] = within[:, None]
            marks[cells & present] = 0
        if block.quality is not None:
            marked = (block.quality > 0) & present
            marks[marked] = block.quality[marked]
            self._note(block, marked)
        return marks if (marks >= 0).any() else None

    def _note(self, block: Block, marked: NDArray[np.bool_]) -> None:
        rows = np.flatnonzero(marked.any(axis=1))
        for number in np.unique(block.asset[rows]).tolist():
            at = block.at[rows[block.asset[rows] == number]]
            self._widen(block.asset_class, block.assets[number], (int(at.min()), int(at.max())))
        if len(rows):
            columns = np.flatnonzero(marked.any(axis=0)).tolist()
            self._channels[block.asset_class] |= {block.channels[k] for k in columns}

    def _widen(self, asset_class: str, asset: str, at: tuple[int, int]) -> None:
        low, high = self._spans.get((asset_class, asset), _NEVER)
        self._spans[asset_class, asset] = (min(low, at[0]), max(high, at[1]))
        self._channels.setdefault(asset_class, set())
