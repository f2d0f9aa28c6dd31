"""Path prior: what is believed of a unit's path before anything of it was seen.

With no other unit known, next to nothing: each kind of path, any start, any pace. With others,
failed or not, their starts and paces are taken as drawn from one normal distribution for each path,
whose mean and spread are learned from them (empirical Bayes by expectation-maximisation:
N. M. Laird, J. H. Ware, Biometrics 38, 1982), and so is which paths and noises there are. A few
pseudo-units keep the spread from vanishing where few are known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.readings import Floats
from models.path_filter import Structures
from models.path_grid import PathGrid, grid
from models.square import inverse

START, RISE = 0.5, 2.0
"""How far a start may be from healthy, and how much may have grown so far, as standard deviations
in shares of the way to the end, where no other unit is known."""

PSEUDO = 2.0
"""As many units as this count beside those known, for the spread among units and the beliefs."""

APART = 0.05, 0.4
"""Spread among units that the pseudo-units have: of starts, as a share of the way; of paces, as a
share of the mean pace."""

_TURNS = 10

_WIDE = np.array([[[START**2, 0.0], [0.0, RISE**2]]])


@dataclass(frozen=True, slots=True, eq=False)
class PathPrior:
    """Beliefs: of paths `belief[s]`, of structures of noise `noise[g]`, of start and pace.

    Where `known` other units are, `scale` is the time at which growth counts as 1 for all, and
    `centre[s, 2]`, `spread[s, 2, 2]` are of start and of growth until then. Paths that set in late
    keep the wide belief, in which growth until now is 1.
    """

    grid: PathGrid
    structures: Structures
    belief: Floats
    noise: Floats
    known: int = 0
    scale: float | None = None
    centre: Floats | None = None
    spread: Floats | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What one unit's past says by itself, with growth until `scale` as 1.

    `path[s]` and `noise[g]` are the weights; `centre[s, 2]` and `spread[s, 2, 2]` are of start and
    growth under each path.
    """

    path: Floats
    noise: Floats
    centre: Floats
    spread: Floats


def weak(paths: PathGrid | None = None, structures: Structures | None = None) -> PathPrior:
    """Believe nothing in particular."""
    paths = grid() if paths is None else paths
    structures = usual() if structures is None else structures
    count = len(structures.wander)
    return PathPrior(paths, structures, paths.belief, np.full(count, 1 / count))


def usual() -> Structures:
    """Return the structures of noise that are tried: all together of a few values each."""
    rows = [
        (wander, flutter, fade)
        for wander in (0.1, 10.0, 100.0)
        for flutter, fade in ((0.0, 0.08), (5.0, 0.08))
    ]
    return Structures(*(np.array(column) for column in zip(*rows, strict=True)))


def wide(now: Floats) -> tuple[Floats, Floats]:
    """Return the belief in start and growth where nothing is known: centre and spread."""
    count = len(now)
    return np.zeros((count, 2)), np.repeat(_WIDE, count, axis=0)


def learned(prior: PathPrior, scale: float, seen: Sequence[Seen]) -> PathPrior:
    """Learn from other units what to believe of the next."""
    if not seen:
        return prior
    count = len(seen)
    path = PSEUDO * prior.belief + np.sum([unit.path for unit in seen], axis=0)
    noise = PSEUDO * prior.noise + np.sum([unit.noise for unit in seen], axis=0)
    centre, spread = _spread(seen)
    return replace(
        prior,
        belief=path / (PSEUDO + count),
        noise=noise / (PSEUDO + count),
        known=count,
        scale=scale,
        centre=centre,
        spread=spread,
    )


def _spread(seen: Sequence[Seen]) -> tuple[Floats, Floats]:
    """Learn mean and spread of start and pace among units, for each path."""
    said = np.stack([unit.centre for unit in seen])
    sure = np.stack([inverse(unit.spread) for unit in seen])
    told = np.einsum("jsab,jsb->jsa", sure, said)
    mean = np.einsum("sab,sb->sa", inverse(sure.sum(axis=0)), told.sum(axis=0))
    among = _pseudo(mean)
    for _ in range(_TURNS):
        back = inverse(among)
        doubt = inverse(sure + back)
        each = np.einsum("jsab,jsb->jsa", doubt, told + np.einsum("sab,sb->sa", back, mean))
        mean = each.mean(axis=0)
        off = each - mean
        found = (np.einsum("jsa,jsb->jsab", off, off) + doubt).sum(axis=0)
        among = (found + PSEUDO * _pseudo(mean)) / (len(seen) + PSEUDO)
    return mean, among * (1 + 1 / len(seen))


def _pseudo(mean: Floats) -> Floats:
    """Return the spread that pseudo-units have."""
    found = np.zeros((len(mean), 2, 2))
    found[:, 0, 0] = APART[0] ** 2
    found[:, 1, 1] = np.maximum(APART[1] * np.abs(mean[:, 1]), 1e-3) ** 2
    return found
