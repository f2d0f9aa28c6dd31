"""Path filter: what a signal says about its path, beside wander, flutter and noise (Kalman 1960).

The signal is a start, plus growth times a pace, plus a Wiener process whose clock runs as the path
grows, plus a fluttering part that fades (Ornstein-Uhlenbeck; a recovery throws it anywhere), plus
noise. Start and pace enter linearly: a filter runs over the columns one, growth and signal alike
(diffuse regression: P. de Jong, Annals of Statistics 19, 1991), for each path under each structure.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from core.readings import Bools, Floats
from models.kernel import kernel

THROWN = 100.0
"""How uncertain the fluttering part is after a recovery, in variances of flutter and noise."""


class Structures(NamedTuple):
    """Structures of what is not path, side by side; variances are in those of the noise.

    `wander` is the variance that the Wiener process gathers over the past, `flutter` that of the
    fluttering part, which falls to 1/e within `fade`, a share of the past.
    """

    wander: Floats
    flutter: Floats
    fade: Floats


class Filtered(NamedTuple):
    """What came of it, `[path, structure, ...]`, under noise of variance 1.

    `gram[..., 6]` holds the products of the whitened columns one, growth, signal: 11, 1g, gg, 1s,
    gs, ss. `size` is the logarithm of the determinant. `state[..., 6]` is the wander and the
    flutter at the end, of each column; `doubt[..., 3]` their variance: of wander, both, of flutter.
    """

    gram: Floats
    size: Floats
    state: Floats
    doubt: Floats


def filtered(
    grown: Floats, way: Floats, time: Floats, thrown: Bools, structures: Structures
) -> Filtered:
    """Run over `way[n]` at `time[n]`, which ends at 1; `grown[path, n]` ends at 1 as well."""
    shape = len(grown), len(structures.wander)
    keep = np.ones((shape[1], len(time)))
    keep[:, 1:] = np.exp((time[:-1] - time[1:]) / structures.fade[:, None])
    found = Filtered(
        np.zeros((*shape, 6)), np.zeros(shape), np.zeros((*shape, 6)), np.zeros((*shape, 3))
    )
    _run(grown, way, keep, thrown, structures.wander, structures.flutter, *found)
    return found


@kernel
def _run(
    grown: Floats,
    way: Floats,
    keep: Floats,
    thrown: Bools,
    wander: Floats,
    flutter: Floats,
    gram: Floats,
    size: Floats,
    state: Floats,
    doubt: Floats,
) -> None:
    for s in range(grown.shape[0]):
        for g in range(len(wander)):
            both, alone, apart, product = 0.0, 0.0, flutter[g], 1.0
            total, left = gram[s, g], state[s, g]
            for k in range(len(way)):
                if k > 0:
                    kept = keep[g, k]
                    alone += wander[g] * (grown[s, k] - grown[s, k - 1])
                    both *= kept
                    apart = kept * kept * apart + flutter[g] * (1.0 - kept * kept)
                    left[3] *= kept
                    left[4] *= kept
                    left[5] *= kept
                if thrown[k]:
                    apart += THROWN * (1.0 + flutter[g])
                room = alone + 2.0 * both + apart + 1.0
                to_wander, to_flutter = (alone + both) / room, (both + apart) / room
                one = 1.0 - left[0] - left[3]
                growth = grown[s, k] - left[1] - left[4]
                said = way[k] - left[2] - left[5]
                left[0] += to_wander * one
                left[1] += to_wander * growth
                left[2] += to_wander * said
                left[3] += to_flutter * one
                left[4] += to_flutter * growth
                left[5] += to_flutter * said
                alone -= to_wander * to_wander * room
                both -= to_wander * to_flutter * room
                apart -= to_flutter * to_flutter * room
                total[0] += one * one / room
                total[1] += one * growth / room
                total[2] += growth * growth / room
                total[3] += one * said / room
                total[4] += growth * said / room
                total[5] += said * said / room
                product *= room
                if product > 1e200:
                    size[s, g] += math.log(product)
                    product = 1.0
            size[s, g] += math.log(product)
            doubt[s, g, 0], doubt[s, g, 1], doubt[s, g, 2] = alone, both, apart
