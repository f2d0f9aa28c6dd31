"""Wait or act: what waiting until each planned stop is expected to cost, against acting now.

A failure before the stop costs the failure; else the stop costs planned work. The use that is had
until then is worth its share of the work that it puts off: the cost of a renewal over its length,
as in renewal-reward theory (S. M. Ross: Applied Probability Models with Optimization Applications,
1970; R. Barlow, L. Hunter: Optimum preventive maintenance policies, Operations Research 8, 1960).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.cost import CostClass, amount
from core.life import CannotSay, Outlook, Remaining, chance

NOW = 0.0
_STEPS = 24


@dataclass(frozen=True, slots=True)
class Choice:
    """Acting at one moment, in hours from now (0 is now): the chance of failing before, the cost.

    The cost is an expectation, less what the use until then is worth.
    """

    at: float
    chance: float
    cost: float


@dataclass(frozen=True, slots=True)
class Advice:
    """All choices of one case, acting now first, then each stop; and what they rest on."""

    choices: tuple[Choice, ...]
    rests_on: str

    @property
    def best(self) -> Choice:
        """The choice of least expected cost; of equals the earlier."""
        return min(self.choices, key=lambda choice: (choice.cost, choice.at))

    @property
    def waiting(self) -> float:
        """What waiting until the first stop costs more than acting now; below 0, waiting saves."""
        return self.choices[1].cost - self.choices[0].cost if len(self.choices) > 1 else 0.0


def weigh(
    life: Outlook,
    stops: Sequence[float],
    costs: CostClass,
    renewed: float | None = None,
    basis: str = "",
) -> Advice | CannotSay:
    """Weigh acting now against waiting until each of the `stops`, in hours from now.

    `renewed` is how many hours work usually lasts; without it, use is worth nothing. `basis` says
    what the life rests on. Where no life can be given, neither can an advice: its reason stands.
    """
    if isinstance(life, CannotSay):
        return life
    worth = costs.planned / renewed if renewed else 0.0
    ahead = sorted(stop for stop in stops if stop > NOW)
    choices = [Choice(NOW, 0.0, costs.at_once)]
    choices += [_waiting(life, stop, costs, worth) for stop in ahead]
    use = f"work lasts {renewed:,.0f} h" if renewed else "use until then is worth nothing"
    said = (
        f"planned work {amount(costs.planned)}, now {amount(costs.at_once)}, "
        f"a failure {amount(costs.of_failure)}; {use}"
    )
    return Advice(tuple(choices), f"{said}; life: {basis}" if basis else said)


def _waiting(life: Remaining, stop: float, costs: CostClass, worth: float) -> Choice:
    times = np.linspace(0.0, stop, _STEPS + 1)
    fails = np.array([chance(life, float(at)) for at in times])
    use = float(((2.0 - fails[1:] - fails[:-1]) / 2 * np.diff(times)).sum())
    last = float(fails[-1])
    cost = last * costs.of_failure + (1 - last) * costs.planned - worth * use
    return Choice(stop, last, cost)


def ranked(
    cases: Mapping[str, Advice | CannotSay],
) -> tuple[tuple[str, Advice | CannotSay], ...]:
    """Rank open cases: those where waiting costs most first, those without an advice last.

    These stand in the order in which they were given.
    """

    def place(case: tuple[str, Advice | CannotSay]) -> tuple[bool, float]:
        said = case[1]
        return (True, 0.0) if isinstance(said, CannotSay) else (False, -said.waiting)

    return tuple(sorted(cases.items(), key=place))
