"""What sources answer at moments of lives, how good that was, and their blend."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.rig.life_record import Record, Seen
from benchmarks.rig.life_sources import Answer
from core.life import LEVELS, CannotSay, Outlook, Remaining
from core.readings import Bools, Floats
from models.life_blend import LifeBlend, course_of, learn_blend

Learn = Callable[[Record], Answer]

MOMENTS = (0.15, 0.35, 0.55, 0.7, 0.8, 0.9, 0.97)
"""At which shares of its rows a life is asked about."""

FOLDS = 5
WITHIN = 0.2
"""An answer is near the truth when it is off by no more than this share of the whole life."""


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """Moments of lives: the life, the row, what was left in truth, and whether it failed then."""

    lives: tuple[Seen, ...]
    place: NDArray[np.int64]
    left: Floats
    ended: Bools
    unit: NDArray[np.int64]


def asked(record: Record, lives: Sequence[Seen], moments: Sequence[float] = MOMENTS) -> Asked:
    """List the moments of some lives."""
    rows = []
    for unit, life in enumerate(lives):
        hours = record.hours(life)
        for place in sorted({int(share * (len(hours) - 1)) for share in moments}):
            rows.append((life, place, hours[-1] - hours[place], life.failed, unit))
    told = list(zip(*rows, strict=True)) or [(), (), (), (), ()]
    return Asked(
        told[0],
        np.array(told[1], np.int64),
        np.array(told[2], np.float64),
        np.array(told[3], np.bool_),
        np.array(told[4], np.int64),
    )


def answers(answer: Answer, record: Record, moments: Asked) -> list[Outlook]:
    """Ask one source about all moments."""
    return [
        answer(record, life, int(place))
        for life, place in zip(moments.lives, moments.place, strict=True)
    ]


def courses(said: Sequence[Outlook]) -> Floats:
    """Lay out answers as rows of their points, NaN where there is none."""
    found = np.full((len(said), len(LEVELS)), np.nan)
    for i, one in enumerate(said):
        if isinstance(one, Remaining):
            found[i] = course_of(one)
    return found


def blended(known: Record, sources: Mapping[str, Learn]) -> LifeBlend | CannotSay:
    """Weigh sources by lives that they did not learn from; ones that failed come first in turn."""
    order = sorted(known.lives, key=lambda life: (not life.failed, life.key))
    held: dict[str, list[Floats]] = {name: [] for name in sources}
    moments: list[Asked] = []
    for fold in range(FOLDS):
        out = order[fold::FOLDS]
        if not out:
            continue
        rest = known.without({life.key for life in out})
        about = asked(known, out)
        moments.append(about)
        for name, learn in sources.items():
            held[name].append(courses(answers(learn(rest), known, about)))
    if not moments:
        return CannotSay("too_few_failures", "nothing is on record")
    steps = np.cumsum([0] + [int(one.unit[-1]) + 1 for one in moments[:-1]])
    return learn_blend(
        {name: np.concatenate(parts) for name, parts in held.items()},
        np.concatenate([one.left for one in moments]),
        np.concatenate([one.ended for one in moments]),
        np.concatenate([one.unit + step for one, step in zip(moments, steps, strict=True)]),
    )


@dataclass(frozen=True, slots=True)
class Score:
    """How good answers were: shares in %, times in hours of running.

    Each life has one vote. `lead` is the median time before the failure from which on the middle
    was near the truth (prognostic horizon: A. Saxena et al., IJPHM 1, 2010).
    """

    asked: int
    said: float
    covered: float
    error: float
    width: float
    lead: float


def pooled(parts: Sequence[tuple[Sequence[Outlook], Asked]]) -> Score:
    """Score the answers about several fleets together."""
    steps = np.cumsum([0] + [len(np.unique(about.unit)) for _, about in parts[:-1]])
    whole = Asked(
        tuple(life for _, about in parts for life in about.lives),
        np.concatenate([about.place for _, about in parts]),
        np.concatenate([about.left for _, about in parts]),
        np.concatenate([about.ended for _, about in parts]),
        np.concatenate([about.unit + step for (_, about), step in zip(parts, steps, strict=True)]),
    )
    return score([one for said, _ in parts for one in said], whole)


def score(said: Sequence[Outlook], about: Asked) -> Score:
    """Score answers about moments of lives that failed."""
    points = courses(said)
    low, middle, high = (points[:, LEVELS.index(level)] for level in (0.05, 0.5, 0.95))
    known = np.isfinite(middle)
    if not known.any():
        nan = float("nan")
        return Score(len(said), 0.0, nan, nan, nan, 0.0)
    _, of, count = np.unique(about.unit[known], return_inverse=True, return_counts=True)
    votes = 1.0 / count[of]
    left = about.left[known]

    def mean(rows: Floats) -> float:
        return float(np.average(rows, weights=votes))

    held = (low[known] <= left) & (left <= high[known])
    return Score(
        len(said),
        100 * float(known.mean()),
        100 * mean(held.astype(np.float64)),
        mean(np.abs(middle[known] - left)),
        mean(high[known] - low[known]),
        _lead(middle, about),
    )


def _lead(middle: Floats, about: Asked) -> float:
    """Find since when before a failure all answers were near; 0 where the last was not."""
    leads = []
    for unit in np.unique(about.unit):
        rows = np.flatnonzero(about.unit == unit)
        life = about.lives[int(rows[0])]
        off = np.abs(middle[rows] - about.left[rows])
        near = np.nan_to_num(off, nan=np.inf) <= WITHIN * life.stop
        late = np.flatnonzero(~near)
        since = int(late[-1]) + 1 if len(late) else 0
        leads.append(float(about.left[rows[since]]) if since < len(rows) else 0.0)
    return float(np.median(leads)) if leads else 0.0
