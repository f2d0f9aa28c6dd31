"""Batch: rows that were admitted, as they go into the appraisal."""

from __future__ import annotations

from dataclasses import dataclass

from core.readings import Bools, Floats, Instants
from service.watermark import Rows


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Admitted rows in order of time: `values` without what is called bad, which `bad` marks.

    `passed` is the event time since each asset's row before, `behind` marks rows of a backlog.
    """

    asset: Rows
    at: Instants
    passed: Instants
    values: Floats
    bad: Bools | None
    uncertain: Bools | None
    behind: Bools

    def take(self, rows: Rows) -> Batch:
        """Select rows by index, keeping their order."""
        return Batch(
            self.asset[rows],
            self.at[rows],
            self.passed[rows],
            self.values[rows],
            None if self.bad is None else self.bad[rows],
            None if self.uncertain is None else self.uncertain[rows],
            self.behind[rows],
        )
