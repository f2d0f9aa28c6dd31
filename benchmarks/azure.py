"""Lives of components, mostly censored: `python -m benchmarks.azure --data FOLDER`.

Needs the logs of 100 machines as `azure_pdm/` in FOLDER (PdM_machines, PdM_failures, PdM_maint and
PdM_errors.csv of Microsoft's predictive-maintenance sample). A component's life begins with its
replacement and ends by failure or, censored, with a preventive replacement. Each week from March to
October, at midnight, each component of each machine is asked how likely it fails within 0 to 60
days. The weeks are taken from the calendar, covariates from what was on record before the moment.

Machines are dealt into five heaps; each is asked of models fitted to the other four. By folds over
those four alone settings are chosen, Cox and Weibull regression mixed, and chances recalibrated.
Errors are weighted by the chance that an outcome was not censored, given the component's age and
record; given its age; and regardless of both, as Graf et al. (1999) have it. Intervals are by
bootstrap over machines.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.rig import azure
from benchmarks.rig.azure import Life, Moments
from benchmarks.rig.azure_fit import (
    GRID,
    KAPLAN_MEIER,
    STEP,
    TIMES,
    WEIBULL_ON_AGE,
    Choice,
    Method,
    chances,
    choose,
    fitted,
    folds,
    mean_chances,
    outcomes_by_age,
    outcomes_by_record,
    outcomes_of_all,
    standing,
)
from benchmarks.rig.report import Figure, arguments, finish, table
from core.life import CannotSay
from core.readings import Floats
from models.brier import Outcomes, brier, concordance, integrated, observed
from models.competing import first

OUTER = 5
SEED = 1
DRAWS = 2000
GROUPS = 5
ASKED = (30, 60)
FARTHEST = 730.0
OURS = ("ours", "Cox alone", "Weibull alone")
MEAN = "one chance for all"
BOUND = "least of 95 %, bootstrap over machines"


WEIGHTS = ("by record", "by age", "plain")

Judges = dict[str, Outcomes]


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """What one method said of all moments, and its error integrated over time by each weight."""

    chances: Floats
    error: dict[str, Floats]


def main(given: Sequence[str] | None = None) -> int:
    """Run from the command line."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--data", type=Path, required=True, help="folder that holds azure_pdm/")
    args = parser.parse_args(given)
    try:
        log = azure.read(args.data / "azure_pdm")
    except FileNotFoundError as missing:
        parser.error(
            f"{missing.filename} is missing: put PdM_machines.csv, PdM_failures.csv, PdM_maint.csv "
            "and PdM_errors.csv of Microsoft's sample there (on kaggle.com: arnabbiswas1, "
            "microsoft-azure-predictive-maintenance)"
        )
    known = azure.lives(log)
    seen = azure.moments(log, known, np.arange(STEP, log.last, STEP))
    failed = sum(life.failed for life in known)
    taken = sum(life.taken for life in known)
    print(
        f"{len(log.machines)} machines, {len(known)} lives of components: {failed} ended by "
        f"failure, {taken} by preventive replacement, {len(known) - failed - taken} run on; "
        f"asked {int(seen.judged.sum()):,} times, of {len(np.unique(seen.at[seen.judged]))} weeks\n"
    )
    return _report(known, seen, args)


def _report(known: list[Life], seen: Moments, args: argparse.Namespace) -> int:
    asked = seen.rows(seen.judged)
    judges = {
        "by record": outcomes_by_record(asked, seen),
        "by age": outcomes_by_age(asked, known),
        "plain": outcomes_of_all(asked),
    }
    heaps = folds(seen.machine, OUTER, SEED)
    rests = [seen.rows(~np.isin(seen.machine, heap)) for heap in heaps]
    chosen = [choose(GRID, rest, SEED) for rest in rests]
    print(_choices(chosen) + "\n")
    told: dict[str, Floats] = {
        "Weibull on age": np.zeros((len(asked.age), len(TIMES))),
    }
    told |= {name: told["Weibull on age"].copy() for name in ("Kaplan-Meier on age", MEAN, *OURS)}
    for heap, rest, choice in zip(heaps, rests, chosen, strict=True):
        own = np.isin(asked.machine, heap)
        there = asked.rows(own)
        for name, method in (
            ("Weibull on age", WEIBULL_ON_AGE),
            ("Kaplan-Meier on age", KAPLAN_MEIER),
            *zip(OURS[1:], choice.methods, strict=False),
        ):
            told[name][own] = chances(method, fitted(method, rest), there)
        told[OURS[0]][own] = choice.chances(rest, there)
        told[MEAN][own] = mean_chances(rest)
    said = {name: _told(one, judges) for name, one in told.items()}
    figures = _compared(said, asked, judges)
    figures += _calibrated(said[OURS[0]], judges)
    _shown(rests[-1], asked.rows(np.isin(asked.machine, heaps[-1])), chosen[-1].methods[0])
    headline = (
        f"azure: concordance {figures[0].value:.3f}, integrated Brier score "
        f"{figures[1].value:.4f}, Weibull on age {figures[2].value:.3f} and {figures[3].value:.4f}"
    )
    return finish("azure", figures, headline, args)


def _choices(chosen: Sequence[Choice]) -> str:
    """Lay out by what settings were chosen: integrated Brier scores by folds, without each heap."""
    rows = [(str(method), *(f"{one.scores[method]:.4f}" for one in chosen), "") for method in GRID]
    marks = [
        " + ".join(f"{w:g} {m.part}" for m, w in zip(one.methods, one.weights, strict=True))
        for one in chosen
    ]
    ridges = [", ".join(f"{m}" for m in one.methods) for one in chosen]
    head = ("IBS by folds, without heap", *(f"{k + 1}" for k in range(len(chosen))), "")
    lines = [f"without {k + 1}: {marks[k]}; {ridges[k]}" for k in range(len(chosen))]
    return "\n".join([table(head, rows), *lines])


def _told(said: Floats, judges: Judges) -> Told:
    return Told(
        said, {name: integrated(brier(one, said, TIMES), TIMES) for name, one in judges.items()}
    )


def _compared(said: dict[str, Told], asked: Moments, judges: Judges) -> list[Figure]:
    """Print all methods beside each other; return the figures of ours."""
    base, rows = said["Weibull on age"], []
    agreed = {
        name: concordance(judges["by record"], told.chances[:, -1], TIMES[-1])
        for name, told in said.items()
    }
    for name, told in said.items():
        cells = [f"{agreed[name]:.3f}"]
        for by in WEIGHTS:
            low, high = _bootstrap(base.error[by] - told.error[by], asked.machine)
            cells += [f"{told.error[by].mean():.4f}", f"{low:+.4f} to {high:+.4f}"]
        rows.append((name, *cells, ""))
    heads = [head for by in WEIGHTS for head in (f"IBS {by}", "better by")]
    print(table(("method", "concordance", *heads, ""), rows) + "\n")
    ours = said[OURS[0]]
    score, theirs = (float(one.error["by record"].mean()) for one in (ours, base))
    least = {by: _bootstrap(base.error[by] - ours.error[by], asked.machine)[0] for by in WEIGHTS}
    odd = asked.machine % 2 == 1
    unseen = (base.error["by record"] - ours.error["by record"])[odd]
    least["by record, odd machines"] = _bootstrap(unseen, asked.machine[odd])[0]
    goal = agreed["Weibull on age"]
    return [
        Figure("concordance at 60 days", agreed[OURS[0]], "", f"> {goal:.3f}", "the baseline's"),
        Figure("integrated Brier score", score, "", f"< {theirs:.4f}", "the baseline's"),
        Figure("concordance, Weibull on age", goal, "", None, "the baseline"),
        Figure("integrated Brier score, Weibull on age", theirs, "", None, "the baseline"),
        *(
            Figure(f"1,000 IBS less than Weibull on age, {by}", 1000 * low, "", "> 0", BOUND)
            for by, low in least.items()
        ),
    ]


def _bootstrap(values: Floats, machine: np.ndarray) -> tuple[float, float]:
    """Return the 95 % interval of the mean of values, machines drawn with replacement."""
    names, place = np.unique(machine, return_inverse=True)
    total, count = np.bincount(place, weights=values), np.bincount(place)
    drawn = np.random.default_rng(SEED).integers(0, len(names), (DRAWS, len(names)))
    means = total[drawn].sum(axis=1) / count[drawn].sum(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def _calibrated(told: Told, judges: Judges) -> list[Figure]:
    """Print what was foretold beside what came, by groups of what was foretold."""
    rows, figures = [], []
    for day in ASKED:
        said = told.chances[:, day]
        seen = {by: observed(judges[by], float(day)) for by in WEIGHTS[:2]}
        edges = np.quantile(said, np.linspace(0, 1, GROUPS + 1)[1:-1])
        group = np.searchsorted(edges, said, side="right")
        parts = [("all", np.ones(len(said), np.bool_))]
        parts += [(f"{k + 1} of {GROUPS}", group == k) for k in range(GROUPS) if (group == k).any()]
        off = []
        for name, own in parts:
            foretold = 100 * said[own].mean()
            came = [
                100 * failed[own].sum() / max(counted[own].sum(), 1e-9)
                for failed, counted in seen.values()
            ]
            off.append(foretold - came[0])
            cells = (f"{foretold:.1f} %", f"{came[0]:.1f} %", f"{off[-1]:+.1f}", f"{came[1]:.1f} %")
            rows.append((f"{day} days, {name}", f"{int(own.sum()):,}", *cells, ""))
        worst = max(off[1:], key=abs)
        figures += [
            Figure(f"foretold within {day} days, off by", abs(off[0]), "points", "<= 5", "of all"),
            Figure(f"worst fifth, {day} days, off by", abs(worst), "points", "<= 5", "by risk"),
        ]
    head = ("fails within", "asked", "foretold", "came", "off by", "came, weighed by age", "")
    print(table(head, rows) + "\n")
    return figures


def _shown(seen: Moments, asked: Moments, method: Method) -> None:
    """Print what is said of one machine on the last day asked, by models that never saw it."""
    machine, last = int(asked.machine.max()), float(asked.at.max())
    now = asked.rows((asked.machine == machine) & (asked.at == last))
    models = fitted(method, seen)
    alone = chances(method, models, now)
    ahead = first(alone[:, None, :])[:, 0, :]
    rows = []
    for k, component in enumerate(now.component):
        shown = standing(now.rows(np.arange(len(now.age)) == k), method.names)
        (left,) = models[component].left(shown, FARTHEST)
        words = left.words if isinstance(left, CannotSay) else ""
        points = (
            ("", "", "", "")
            if isinstance(left, CannotSay)
            else tuple(f"{one:.0f}" for one in (left.p05, left.p50, left.p95, left.mean or 0))
        )
        risks = (f"{100 * alone[k, 30]:.1f} %", f"{100 * ahead[k, 30]:.1f} %")
        age = f"{now.age[k]:.0f}"
        rows.append((azure.COMPONENTS[component], age, *points, *risks, words))
    head = ("component", "age", "p05", "p50", "p95", "mean", "fails within 30 d", "fails first", "")
    print(f"machine {machine} at day {last:.0f}, by {method}, as it is before mixing; days left:")
    print(table(head, rows) + "\n")


if __name__ == "__main__":
    sys.exit(main())
