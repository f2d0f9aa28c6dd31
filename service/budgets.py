"""What was promised of false alerts and what came, from what scoring has committed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from core.casefile import CaseFile
from core.clock import DAY
from core.plant import Plant
from models.budget import Account
from models.budgeted import Budgeted
from service.scoring import casework_of


@dataclass(frozen=True, slots=True)
class Promise:
    """How one detector keeps its budget on one asset. `ready` is how much of it has learned."""

    asset: str
    detector: str
    ready: float
    account: Account

    @property
    def words(self) -> str:
        """Say how it stands, in a few words."""
        if self.ready < 1:
            return f"still learning: {self.ready:.0%}"
        if not self.account.supported:
            return f"budget not yet supported: {self.account.needed / DAY:.1f} days more are needed"
        return "kept" if self.account.delivered <= 1.3 * self.account.promised else "not kept yet"


def promises(plant: Plant, casefile: CaseFile) -> Iterator[Promise]:
    """Tell how each learned detector stands, asset by asset; from the last commit of scoring."""
    casework = casework_of(plant, (), casefile)
    casework.restore(casefile.load())
    for fleet in casework.fleets.values():
        for name, detector in fleet.detectors.items():
            if not isinstance(detector, Budgeted):
                continue
            ready = detector.readiness()
            for number, asset in enumerate(fleet.assets):
                yield Promise(asset.id, name, float(ready[number]), detector.account(number))
