"""Wear: from a unit's past on the way to its end, how much is left and how sure that is.

`time` runs from when the unit was new, or first seen, in any unit; `way` is how far it has gone
from healthy (0) to its end (1). No failure need ever have been seen. Every path of a grid is fitted
under every structure of noise; each counts by its likelihood; what is left is the first passage of
the end by all of them together. A path's Wiener process runs on the clock of its growth, so that
the passage is inverse Gaussian on that clock (G. A. Whitmore, F. Schenkelberg, Lifetime Data
Analysis 3, 1997).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.life import LEVELS, Remaining
from core.readings import Floats
from models.draws import evenly, normals, uniforms
from models.path_filter import Filtered, filtered
from models.path_prior import PSEUDO, PathPrior, Seen, learned, weak, wide
from models.regeneration import recoveries
from models.square import determinant, inverse

TRUST = 0.3
"""How far likelihoods count: below 1, since no path and no structure is the true one."""

DRAWS = 1000
"""How many passages are drawn."""

FINEST = 0.002
"""Noise is taken as no less than about this share of the way, unless much data says so."""

PACE = 0.4
"""How far the pace to come may be from that so far, as a standard deviation of its logarithm."""

_PRIOR_DOF = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """One unit's past: `time[n]` rising from 0 or later, `way[n]` from healthy 0 to the end 1."""

    time: Floats
    way: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Worn:
    """A fitted past; first axes are path and structure, growth until now is 1.

    `weight` sums to 1, `start_pace[s, g, 2]` and `doubt[s, g, 2, 2]` are after the prior, `told`
    and `room` before it; `noise[s, g]` is the variance of single readings on `freedom` degrees.
    `evidence` is the logarithm of how likely the past is, with `TRUST`.
    """

    prior: PathPrior
    now: float
    scale: float
    growth: Floats
    weight: Floats
    start_pace: Floats
    doubt: Floats
    told: Floats
    room: Floats
    noise: Floats
    freedom: float
    end: Filtered
    evidence: float

    def rising(self) -> float:
        """Tell by how many standard errors it wears, all paths together."""
        pace, unsure = self.start_pace[..., 1], np.sqrt(self.doubt[..., 1, 1])
        return float(np.sum(self.weight * pace / unsure))

    def health(self) -> float:
        """Return the health now: 1 as new, 0 at the end; recoveries and noise left out."""
        start, pace = self.start_pace[..., 0], self.start_pace[..., 1]
        state = self.end.state
        wander = state[..., 2] - start * state[..., 0] - pace * state[..., 1]
        return float(np.clip(1 - np.sum(self.weight * (start + pace + wander)), 0.0, 1.0))

    def passages(self, draws: int) -> Floats:
        """Draw the time left, rising; infinite where it never ends."""
        which = np.searchsorted(np.cumsum(self.weight.ravel()), evenly(draws) * self.weight.sum())
        which = np.minimum(which, self.weight.size - 1)
        path, structure = np.divmod(which, self.weight.shape[1])
        e = normals(draws, 7)
        dof = 2 / (9 * self.freedom)
        loud = (1 - dof + e[0] * np.sqrt(dof)) ** -3  # Wilson and Hilferty's chi-square
        noise = self.noise[path, structure] * loud
        doubt = self.doubt[path, structure] * np.minimum(loud, 4.0)[:, None, None]
        centre = self.start_pace[path, structure]
        pace = centre[:, 1] + np.sqrt(doubt[:, 1, 1]) * e[1]
        lean = doubt[:, 0, 1] / doubt[:, 1, 1]
        apart = np.sqrt(np.maximum(doubt[:, 0, 0] - lean * doubt[:, 0, 1], 0.0))
        start = centre[:, 0] + lean * (pace - centre[:, 1]) + apart * e[2]
        wander, flutter = self._state(path, structure, start, pace, noise, e[3], e[4])
        away = 1 - start - pace - wander
        pace = pace * np.exp(PACE * e[6])
        until = np.maximum(away, 0.0) / np.maximum(pace, 1e-12)  # about so many pasts
        kept = np.exp(-until / self.prior.structures.fade[structure])
        left = self._left(path, structure, away - kept * flutter, pace, noise, e[5])
        return np.sort(left)

    def _state(
        self,
        path: np.ndarray,
        structure: np.ndarray,
        start: Floats,
        pace: Floats,
        noise: Floats,
        first: Floats,
        second: Floats,
    ) -> tuple[Floats, Floats]:
        """Draw the wander and the flutter as they are now."""
        state, doubt = self.end.state[path, structure], self.end.doubt[path, structure]
        wander = state[:, 2] - start * state[:, 0] - pace * state[:, 1]
        flutter = state[:, 5] - start * state[:, 3] - pace * state[:, 4]
        unsure = np.sqrt(np.maximum(doubt[:, 0], 1e-300))
        lean = doubt[:, 1] / unsure
        apart = np.sqrt(np.maximum(doubt[:, 2] - lean**2, 0.0))
        spread = np.sqrt(noise)
        return (
            wander + spread * unsure * first,
            flutter + spread * (lean * first + apart * second),
        )

    def _left(
        self,
        path: np.ndarray,
        structure: np.ndarray,
        away: Floats,
        pace: Floats,
        noise: Floats,
        normal: Floats,
    ) -> Floats:
        """Draw the passage on the clock of growth and tell what time that is from now.

        J. R. Michael, W. R. Schucany, R. W. Haas: Generating random variates using transformations
        with multiple roots, The American Statistician 30, 1976.
        """
        rising = pace > 0
        pace = np.where(rising, np.maximum(pace, 1e-12), 1.0)
        far = np.maximum(away, 1e-9)
        diffusion = self.prior.structures.wander[structure] * noise
        half = np.minimum(normal**2 * diffusion / (2 * pace * far), 1e12)
        short = 1 / (1 + half + np.sqrt(2 * half + half**2))
        other = uniforms(len(away)) * (1 + short) > 1
        growth = far / pace * np.where(other, 1 / short, short)
        grown = self.growth[path] * (1 + growth)
        share = self.now / self.scale
        with np.errstate(over="ignore"):
            left = self.scale * (self.prior.grid.reached(path, grown, share) - share)
        left = np.where(away <= 0, 0.0, np.maximum(left, 0.0))
        found: Floats = np.where(rising, left, np.where(away <= 0, 0.0, np.inf))
        return found

    def remaining(self, horizon: float, draws: int = DRAWS) -> Remaining | None:
        """Tell what is left as a distribution; None where 5 % or more lie beyond `horizon`."""
        return _said(self.passages(draws), horizon)

    def seen(self) -> Seen:
        """Tell what this unit says to others, in growth until the common scale."""
        path, noise = self.weight.sum(axis=1), self.weight.sum(axis=0)
        share = self.weight / np.maximum(path, 1e-300)[:, None]
        share = np.where(path[:, None] > 1e-300, share, 1 / share.shape[1])
        centre = np.einsum("sg,sga->sa", share, self.told)
        off = self.told - centre[:, None]
        spread = np.einsum("sg,sgab->sab", share, self.room)
        spread += np.einsum("sg,sga,sgb->sab", share, off, off)
        longer = np.maximum(self._until_scale(), 1e-6)
        each = np.stack([np.ones(len(longer)), longer], axis=1)
        return Seen(path, noise, centre * each, spread * each[:, :, None] * each[:, None, :])

    def _until_scale(self) -> Floats:
        """Tell how much more each path grows until the scale than until now."""
        share = self.now / self.scale
        found: Floats = self.prior.grid.grown(np.ones(1), share)[:, 0] / self.growth
        return found


def fit(trace: Trace, prior: PathPrior, scale: float | None = None) -> Worn:
    """Fit a past of at least four points; `scale` is the time at which growth counts for others."""
    now = float(trace.time[-1])
    scale = scale or prior.scale or now
    raw = prior.grid.grown(trace.time / scale, now / scale)
    growth = np.maximum(raw[:, -1], 1e-300)
    grown = raw / growth[:, None]
    end = filtered(grown, trace.way, trace.time / now, recoveries(trace.way), prior.structures)
    freedom = len(trace.way) - 2 + _PRIOR_DOF
    gram = end.gram
    square = np.stack([gram[..., [0, 1]], gram[..., [1, 2]]], axis=-2)
    square = square + np.array([[1e-9, 0], [0, 1e-9]]) * gram[..., :1, None]
    back = inverse(square)
    told = np.einsum("sgab,sgb->sga", back, gram[..., 3:5])
    misfit = np.maximum(gram[..., 5] - np.einsum("sga,sga->sg", told, gram[..., 3:5]), 0.0)
    noise = (misfit + _PRIOR_DOF * FINEST**2) / freedom
    room = back * noise[..., None, None]
    centre, spread = _before(prior, growth, now / scale)
    wide_room = inverse(spread[:, None] + room)
    off = told - centre[:, None]
    likely = -0.5 * end.size - 0.5 * np.log(determinant(square)) - 0.5 * freedom * np.log(noise)
    likely += 0.5 * np.log(determinant(wide_room))
    likely -= 0.5 * np.einsum("sga,sgab,sgb->sg", off, wide_room, off)
    most = float(likely.max())
    weight = np.exp(TRUST * (likely - most)) * prior.belief[:, None] * prior.noise
    evidence = TRUST * most + float(np.log(weight.sum()))
    pull = np.einsum("sab,sgbc->sgac", spread, wide_room)
    start_pace = centre[:, None] + np.einsum("sgab,sgb->sga", pull, off)
    doubt = np.einsum("sgab,sgbc->sgac", pull, room)
    doubt[..., [0, 1], [0, 1]] = np.maximum(doubt[..., [0, 1], [0, 1]], 1e-300)
    return Worn(
        prior, now, scale, growth, weight / weight.sum(), start_pace, doubt, told, room, noise,
        freedom, end, evidence,
    )  # fmt: skip


def _before(prior: PathPrior, growth: Floats, share: float) -> tuple[Floats, Floats]:
    """Return the belief in start and in growth until now, for each path."""
    centre, spread = wide(growth)
    if prior.centre is None or prior.spread is None:
        return centre, spread
    known = prior.grid.onset == 0
    shorter = growth[known] / prior.grid.grown(np.ones(1), share)[known, 0]
    each = np.stack([np.ones(len(shorter)), shorter], axis=1)
    centre[known] = prior.centre[known] * each
    spread[known] = prior.spread[known] * each[:, :, None] * each[:, None, :]
    return centre, spread


def others(traces: Sequence[Trace], prior: PathPrior) -> PathPrior:
    """Learn from the pasts of other units, failed or not, what to believe of the next."""
    if not traces:
        return prior
    scale = max(float(trace.time[-1]) for trace in traces)
    return learned(prior, scale, [fit(trace, prior, scale).seen() for trace in traces])


def remaining(trace: Trace, prior: PathPrior, horizon: float) -> Remaining | None:
    """Tell what is left of a unit where others may be known; None where too much lies beyond."""
    return left(fit(trace, prior), trace, horizon)


def left(like: Worn, trace: Trace, horizon: float) -> Remaining | None:
    """Tell the same of a unit whose past has been fitted.

    It may be unlike all others: what it says by itself counts beside, by the evidence, as much
    beforehand as the pseudo-units do.
    """
    prior = like.prior
    if not prior.known:
        return like.remaining(horizon)
    unlike = fit(trace, weak(prior.grid, prior.structures))
    odds = prior.known / PSEUDO * np.exp(np.clip(like.evidence - unlike.evidence, -50, 50))
    draws = 10 * round(DRAWS / 10 * float(odds / (1 + odds)))  # few sizes, as each is kept
    parts = [(like, draws), (unlike, DRAWS - draws)]
    drawn = [worn.passages(count) for worn, count in parts if count]
    return _said(np.sort(np.concatenate(drawn)), horizon)


def _said(left: Floats, horizon: float) -> Remaining | None:
    """Say drawn times left, rising, as a distribution."""
    left = np.minimum(left, horizon)
    places = np.array(LEVELS) * (len(left) - 1)
    points = np.interp(places, np.arange(len(left)), left)
    if points[-2] >= horizon:
        return None
    course = tuple(points.tolist())
    return Remaining(course[1], course[4], course[-2], float(left.mean()), course)
