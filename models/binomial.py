"""Binomial counts: between which shares of so many trials a given chance is expected to come."""

from __future__ import annotations

import math


def band(chance: float, trials: int, sure: float = 0.9) -> tuple[float, float]:
    """Return the shares of `trials`, at least 1, between which it comes as surely as wanted.

    Half of what is left out lies on each side; the sums are exact, so they suit some thousands.
    """
    if chance <= 0 or chance >= 1:
        return min(max(chance, 0.0), 1.0), min(max(chance, 0.0), 1.0)
    odds, log_none = math.log(chance / (1 - chance)), trials * math.log1p(-chance)
    all_ways, least, most = math.lgamma(trials + 1), None, trials
    below = 0.0
    for came in range(trials + 1):
        ways = all_ways - math.lgamma(came + 1) - math.lgamma(trials - came + 1)
        below += math.exp(log_none + ways + came * odds)
        least = came if least is None and below >= (1 - sure) / 2 else least
        if below >= (1 + sure) / 2:
            most = came
            break
    return (least or 0) / trials, most / trials
