"""Partial likelihood: statsmodels' Cox regression, its weights drawn to none by a ridge.

`PHReg` knows ties by Efron's rule and lives that enter late. Its own penalised fit goes coordinate
by coordinate and takes ten times as long as this, to the same end. Loads statsmodels and pandas:
import it in a fit only.
"""

from __future__ import annotations

import numpy as np
from statsmodels.duration.hazard_regression import PHReg

from core.readings import Bools, Floats

_ROUNDS, _LEVEL = 200, 1e-6


class _Ridged(PHReg):  # type: ignore[misc]  # statsmodels has no types
    """The log partial likelihood, less half of `ridge` times the squared weights."""

    ridge = 0.0

    def loglike(self, params: Floats) -> float:
        height = float(super().loglike(params)) - 0.5 * self.ridge * float(params @ params)
        return height if np.isfinite(height) else -np.inf  # so far off that nothing is left of it

    def score(self, params: Floats) -> Floats:
        found: Floats = super().score(params) - self.ridge * params
        return found

    def hessian(self, params: Floats) -> Floats:
        found: Floats = super().hessian(params) - self.ridge * np.eye(len(params))
        return found


def weights(start: Floats, stop: Floats, failed: Bools, rows: Floats, ridge: float) -> Floats:
    """Return the weights `[p]` of covariates `rows[n, p]` at which the likelihood is highest.

    A row was under watch where `start` < age <= `stop`. PHReg takes one that enters at an age of
    failure to be there for it, so it is told of entries a hair later. Newton's whole steps, its own
    choice, can lead astray where failures are few: steps are kept to a region of trust.
    """
    entry = np.nextafter(start, np.inf)
    model = _Ridged(stop, rows, status=failed.astype(np.float64), entry=entry, ties="efron")
    model.ridge = ridge
    with np.errstate(all="ignore"):
        fit = model.fit(
            method="minimize",
            min_method="trust-exact",
            maxiter=_ROUNDS,
            gtol=_LEVEL,
            warn_convergence=False,
        )
    return np.asarray(fit.params, np.float64)
