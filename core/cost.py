"""What work and failures cost: by what waiting is weighed against acting."""

from __future__ import annotations

from dataclasses import dataclass

STANDARD = "standard"
"""The cost class of machines for which none is named."""


@dataclass(frozen=True, slots=True)
class CostClass:
    """What work costs, in any currency.

    `planned` is work in a planned stop, `failure` what a failure costs beside its standstill,
    `per_day` a day of standstill. Acting now stands `stand_now` days, a failure `stand_failure`;
    within a planned stop nothing stands that would not stand anyway. `lasts` is how many hours
    work usually lasts, where that is known.
    """

    planned: float
    failure: float
    per_day: float = 0.0
    stand_now: float = 0.5
    stand_failure: float = 2.0
    lasts: float | None = None

    @property
    def at_once(self) -> float:
        """What acting now costs."""
        return self.planned + self.per_day * self.stand_now

    @property
    def of_failure(self) -> float:
        """What a failure costs, with its standstill."""
        return self.failure + self.per_day * self.stand_failure


def amount(cost: float) -> str:
    """Write a sum as people do: 2,500; small ones to three digits."""
    return f"{cost:,.0f}" if abs(cost) >= 100 or cost == round(cost) else f"{cost:.3g}"
