"""Fits `models.run_life` to runs, and tells how it did on units that it had not seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from core.errors import Refused
from core.life import LEVELS
from core.readings import Floats
from core.suggestion import quoted
from models import run_bounds, run_doubt, run_gaps, run_regimes
from models.conformal import Stretch, covered, half_width, stretch, thirds, votes
from models.network import LESSON, Lesson, Network, taught
from models.run_features import features, smoothed, steady
from models.run_life import HIGH, LOW, MIDDLE, Member, RunLife, rows, told_by, worn
from models.run_spread import Lift, Spread, spread
from models.run_table import Numbers, RunTable
from models.side_by_side import Beat, side_by_side
from models.similar_runs import SimilarRuns
from models.trees import Trees, grown

FEWEST = 10
"""So many units must have failed; with fewer no 90 % interval can be held to units unseen."""

ALPHA = 0.1
REMEMBERED = 4000
"""So many rows of the past are kept to show the spread."""

JUDGED = 12_000
"""On so many rows intervals are calibrated and judged."""

LIFT = Lift(surely=0.175, further=0.275)
"""What is said at least (docs/decisions/0034)."""

IN_STEP = 3
"""So many networks are taught in step: fewer make threads wait for each other, more fill caches."""

WEAR_SPAN = 15
WEAR_RIDGE = 0.01


@dataclass(frozen=True, slots=True, eq=False)
class Checked:
    """Rows of units that had been left out, and what was said of them.

    `rul` is as `RunForecast` says it, `mean` counts all of life. `vote` weighs rows so that a unit
    counts once; `half` is the half width of the interval that is equally wide everywhere and holds
    as often on the same folds.
    """

    unit: Numbers
    age: Floats
    truth: Floats
    rul: Floats
    mean: Floats
    low: Floats
    middle: Floats
    high: Floats
    vote: Floats
    half: float

    def coverage(self, chosen: Any = slice(None)) -> float:
        """Share of the 90 % intervals that held the truth."""
        held = covered(self.low, self.high, self.truth)[chosen]
        return float(np.average(held, weights=self.vote[chosen]))

    def coverage_by_third(self) -> list[float]:
        """Tell the same of each third of predicted life, the least first."""
        third = thirds(self.rul, self.vote)
        return [self.coverage(third == k) for k in np.unique(third).tolist()]

    def error(self, most: float = np.inf, within: float = np.inf) -> float:
        """Root mean squared error; `most` clips both what was said and the truth.

        As if each unit had been cut at a random age, with no more than `within` left.
        """
        off = np.minimum(self.rul, most) - np.minimum(self.truth, most)
        weight = np.where(self.truth <= within, self.vote, 0.0)
        return float(np.sqrt(np.average(off**2, weights=weight)))

    @property
    def error_of_mean(self) -> float:
        """Root mean squared error of the mean of the whole distribution."""
        return float(np.sqrt(np.average((self.mean - self.truth) ** 2, weights=self.vote)))

    @property
    def width(self) -> float:
        """Mean width of the intervals."""
        return float(np.average(self.high - self.low, weights=self.vote))

    @property
    def constant_width(self) -> float:
        """Mean width of the interval that is equally wide everywhere but never below 0."""
        low = np.maximum(self.mean - self.half, 0.0)
        return float(np.average(self.mean + self.half - low, weights=self.vote))


@dataclass(frozen=True, slots=True)
class Course:
    """What boosting and networks are given; chosen by cross-validation (docs/decisions/0034).

    Labels are capped at `reach` times the life that all but a share `short` of the failed units
    reached; a short life is steadier from fleet to fleet than the usual one. There are as many
    members as `folds`, each fitted to the units of all folds but one, and to no more of their rows
    than `rows`, evenly spread. `nets` is how many networks a member has, `lift` as in `RunLife`.
    """

    iterations: int = 300
    rate: float = 0.04
    leaves: int = 15
    least: int = 40
    ridge: float = 5.0
    share: float = 0.3
    reach: float = 0.8
    short: float = 0.1
    folds: int = 10
    rows: int = 30_000
    nets: int = 6
    lesson: Lesson = LESSON
    lift: Lift = LIFT


SHIPPED = Course()


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """What is computed once for all members."""

    runs: RunTable
    channels: Floats
    plain: Floats
    cap: float
    usable: Numbers
    label: Floats


def fit(
    runs: RunTable,
    seed: int = 0,
    course: Course | None = None,
    beat: Beat | None = None,
) -> tuple[RunLife, Checked]:
    """Fit to runs; Refused where too few units have failed, one is there twice, or nothing moves.

    Returns the model, and how it did on units that had been left out. `beat` is told which share
    of the members is fitted.
    """
    course = course or SHIPPED
    failed = np.flatnonzero(runs.failed)
    _check(runs, failed)
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):  # how sums are rounded must not depend on how many cores there are
        return _fit(runs, failed, seed, course, beat)


def _check(runs: RunTable, failed: Numbers) -> None:
    """Refuse runs of which too few units have failed, or that hold a unit twice."""
    if len(failed) < FEWEST:
        msg = f"{len(failed)} of {len(runs.called)} units have failed; at least {FEWEST} must"
        raise Refused(msg)
    long = int((np.diff(runs.edges)[failed] >= run_bounds.SHORTEST).sum())
    if long < FEWEST:
        msg = f"{long} of {len(failed)} failed units have {run_bounds.SHORTEST} rows or more; "
        msg += f"at least {FEWEST} must"
        raise Refused(msg)
    if alike := _copies(runs):
        first, copy = (quoted(runs.called[unit]) for unit in alike[0])
        msg = f"{copy} has the same rows as {first}"
        msg += f", and so it is with {len(alike)} units in all" if len(alike) > 1 else ""
        msg += "; leave out copies, since intervals are held to units that were not learned from"
        raise Refused(msg)


def _fit(
    runs: RunTable, failed: Numbers, seed: int, course: Course, beat: Beat | None
) -> tuple[RunLife, Checked]:
    regimes, runs = run_regimes.learn(runs)
    if not regimes.names:
        msg = f"none of the columns ever moves: {', '.join(runs.conditions) or 'there is none'}"
        raise Refused(msg)
    channels, _ = regimes.standardised(runs)
    plain = features(runs, channels)
    ended = runs.failed[runs.unit]
    cap = course.reach * float(np.quantile(runs.length[failed], course.short))
    if not cap > 0:
        none = int((runs.length[failed] <= 0).sum())
        msg = (
            f"{none} of {len(failed)} failed units have no age at their last row; leave out those "
        )
        msg += "of a single row, where age counts from the first"
        raise Refused(msg)
    usable = np.flatnonzero(ended | (runs.left >= cap))
    seen = _Seen(runs, channels, plain, cap, usable, np.minimum(runs.left, cap))
    fold = _folds(runs, min(course.folds, len(failed)), seed)
    members = _members(seen, fold, seed, course, beat)
    said, share = _left_out(seen, fold, members)
    spreading, stretching, checked = _calibrated(seen, said, fold, course.lift, seed)
    bounds = run_bounds.learn(runs, runs.columns(regimes.names), channels, spreading)
    doubt = run_doubt.learn(runs, channels, said / cap, bounds)
    index = worn(runs, channels, members)[ended]
    past = SimilarRuns(runs.called, runs.unit[ended], index, runs.left[ended])
    parts = regimes, tuple(members), spreading, stretching, doubt, past
    gaps = run_gaps.learn(runs, channels, told_by(members))
    return RunLife(*parts, len(failed), share, course.lift, checked.coverage(), gaps), checked


def _copies(runs: RunTable) -> list[tuple[int, int]]:
    """Find units of `run_bounds.SHORTEST` rows or more whose rows are all those of one before."""
    before: dict[bytes, int] = {}
    found = []
    for unit, rows_of in enumerate(runs.parts()):
        values, time = runs.values[rows_of], runs.time[rows_of]
        moves = (values != values[0])[np.isfinite(values)].any()
        if len(values) >= run_bounds.SHORTEST and moves:
            first = before.setdefault(time.tobytes() + values.tobytes(), unit)
            found += [(first, unit)] if first != unit else []
    return found


def _folds(runs: RunTable, count: int, seed: int) -> Numbers:
    """Deal units out to folds, so that each has as many failed and as long lives as the others."""
    rng = np.random.default_rng(seed)
    order = np.lexsort((runs.length, runs.failed))
    fold = np.empty(len(order), np.int64)
    for begin in range(0, len(order), count):
        some = order[begin : begin + count]
        fold[some] = rng.permutation(count)[: len(some)]
    return fold


def _members(
    seen: _Seen,
    fold: Numbers,
    seed: int,
    course: Course,
    beat: Beat | None,
) -> list[Member]:
    """Fit a member to the units of all folds but one, for each; trees take longest and go first."""
    import sklearn.ensemble  # noqa: F401 - threads it brings are held to one only once it is there

    wears, trees, nets = [], [], []
    for k in range(fold.max() + 1):
        mine = seen.usable[fold[seen.runs.unit[seen.usable]] != k]
        wears.append(_wear(seen.runs, seen.channels, seen.label, mine))
        step = max(1, -(-len(mine) // course.rows))
        mine = mine[k % step :: step]
        trees.append(partial(_trees, seen, wears[k], mine, course, 1000 * seed + k))
        first = 1000 * seed + 100 * k
        seeds = range(first, first + course.nets)
        few = [seeds[begin : begin + IN_STEP] for begin in range(0, course.nets, IN_STEP)]
        nets += [partial(_nets, seen, mine, course, some) for some in few]
    tasks: list[Callable[[], Trees | tuple[Network, ...]]] = [*trees, *nets]
    done = side_by_side(tasks, beat=beat)
    wood = [one for one in done if isinstance(one, Trees)]
    webs = [net for some in done if not isinstance(some, Trees) for net in some]
    each = course.nets
    return [
        Member(wear, wood[k], tuple(webs[k * each : (k + 1) * each]))
        for k, wear in enumerate(wears)
    ]


def _nets(seen: _Seen, mine: Numbers, course: Course, seeds: Sequence[int]) -> tuple[Network, ...]:
    return taught(steady(seen.plain)[mine], seen.label[mine], course.lesson, seeds)


def _trees(seen: _Seen, wear: Floats, mine: Numbers, course: Course, seed: int) -> Trees:
    from sklearn.ensemble import HistGradientBoostingRegressor

    booster = HistGradientBoostingRegressor(
        max_iter=course.iterations,
        learning_rate=course.rate,
        max_leaf_nodes=course.leaves,
        min_samples_leaf=min(course.least, max(5, len(mine) // 50)),
        l2_regularization=course.ridge,
        max_features=course.share,
        early_stopping=False,
        random_state=seed,
    )
    given = rows(seen.runs, seen.channels, seen.plain, wear, mine)
    return grown(booster.fit(given, seen.label[mine]))


def _left_out(seen: _Seen, fold: Numbers, members: list[Member]) -> tuple[Floats, float]:
    """Say the life left of units by the member that had not seen them.

    Also returns what networks count for beside trees: the share of least squared error, each unit
    with one vote.
    """
    runs = seen.runs
    trees, nets = np.empty(len(runs.time)), np.empty(len(runs.time))

    def say(k: int) -> None:
        mine = np.flatnonzero(fold[runs.unit] == k)
        trees[mine] = members[k].by_trees(runs, seen.channels, seen.plain, mine)
        nets[mine] = members[k].by_nets(seen.plain[mine]) if members[k].nets else trees[mine]

    side_by_side([partial(say, k) for k in range(len(members))])
    apart, off = (nets - trees)[seen.usable], (seen.label - trees)[seen.usable]
    vote = votes(runs.unit[seen.usable])
    weight = float(vote @ apart**2)
    share = float(np.clip(vote @ (apart * off) / weight, 0.0, 1.0)) if weight > 0 else 0.0
    return trees + share * (nets - trees), share


def _wear(runs: RunTable, channels: Floats, label: Floats, mine: Numbers) -> Floats:
    """Weigh channels so that their sum follows the life left (ridge regression)."""
    smooth = np.nan_to_num(smoothed(runs, channels, WEAR_SPAN))[mine]
    x, y = smooth - smooth.mean(axis=0), label[mine] - label[mine].mean()
    ridge = WEAR_RIDGE * len(x) * np.eye(x.shape[1])
    weight = np.linalg.solve(x.T @ x + ridge, x.T @ y)
    spread = float((x @ weight).std())
    found: Floats = weight / max(spread, 1e-12)
    return found


def _calibrated(
    seen: _Seen, said: Floats, fold: Numbers, lift: Lift, seed: int
) -> tuple[Spread, Stretch, Checked]:
    """Learn the spread, hold intervals to units left out, and judge them on yet others."""
    runs, rng = seen.runs, np.random.default_rng(seed)
    weight = _weights(runs)
    past = _some(runs, REMEMBERED, rng)
    asked = _some(runs, JUDGED, rng)
    unit, age, truth = runs.unit[asked], runs.time[asked], runs.left[asked]
    vote = votes(unit) * weight[unit]
    share = votes(runs.unit[past]) * weight[runs.unit[past]]
    part, from_part = fold[unit], fold[runs.unit[past]]
    mean, outlived = np.empty(len(asked)), np.empty(len(asked))
    course = np.empty((len(asked), len(LEVELS)))
    for k in np.unique(part).tolist():
        mine, some = part == k, from_part != k
        known = _spread(seen, said, past[some], share[some])
        told = known.of(said[asked][mine], age[mine], lift, few=False)
        mean[mine], course[mine], outlived[mine] = told
    raw = course[:, [LOW, MIDDLE, HIGH]]
    held, half = np.empty_like(raw), np.empty(len(asked))
    for k in np.unique(part).tolist():
        rest, mine = part != k, part == k
        learned = stretch(raw[rest], truth[rest], unit[rest], vote[rest], ALPHA)
        held[mine] = learned.course(raw[mine], 1)
        half[mine] = half_width(mean[rest], truth[rest], unit[rest], vote[rest], ALPHA)
    low, middle, high = held.T
    wide = float(half.mean())
    rul = np.maximum(said[asked], outlived)
    checked = Checked(unit, age, truth, rul, mean, low, middle, high, vote, wide)
    whole = _spread(seen, said, past, share)
    return whole, stretch(raw, truth, unit, vote, ALPHA), checked


def _spread(seen: _Seen, said: Floats, chosen: Numbers, weight: Floats) -> Spread:
    runs = seen.runs
    return spread(said[chosen], runs.time[chosen], runs.left[chosen], weight, seen.cap)


def _some(runs: RunTable, count: int, rng: np.random.Generator) -> Numbers:
    """Draw rows of failed units, evenly over the life of each."""
    units = np.flatnonzero(runs.failed)
    each = max(4, count // len(units))
    edges, found = runs.edges, []
    for u in units.tolist():
        place = (np.arange(each) + rng.random(each)) / each
        rows_of = edges[u] + (place * (edges[u + 1] - edges[u])).astype(np.int64)
        found.append(np.unique(rows_of))
    return np.concatenate(found)


def _weights(runs: RunTable) -> Floats:
    """Weigh failed units for those of their length that were lost to sight before they failed.

    Inverse probability of not being censored before, by the Kaplan-Meier estimate of censoring.
    """
    length, seen = runs.length, np.ones(len(runs.called))
    still = 1.0
    for at in np.unique(length[~runs.failed]).tolist():
        risk = (length >= at).sum()
        still *= 1.0 - (length[~runs.failed] == at).sum() / risk
        seen[length > at] = max(still, 0.05)
    found: Floats = 1.0 / seen
    return found
