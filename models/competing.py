"""Competing failure modes: which comes first, and when, where each has a hazard of its own.

Each mode is fitted with ends in the others censored; what each of them then takes is its share in
the hazard of those still whole (R. L. Prentice et al., Biometrics 34, 1978).
"""

from __future__ import annotations

import numpy as np

from core.readings import Floats


def first(alone: Floats) -> Floats:
    """Return the chance `[k, n, h]` of each of k modes to be the first and to come by each time.

    `alone[k, n, h]` is the chance of each mode by rising times, were there no other; the finer the
    times, the surer the shares.
    """
    gathered = -np.log1p(-np.minimum(alone, 1 - 1e-12))
    added = np.diff(gathered, axis=2, prepend=0.0)
    all_ = added.sum(axis=0)
    whole = np.exp(-gathered.sum(axis=0))
    before = np.concatenate([np.ones_like(whole[:, :1]), whole[:, :-1]], axis=1)
    share = added / np.where(all_ > 0, all_, 1.0)
    found: Floats = np.cumsum(share * (before - whole), axis=2)
    return found
