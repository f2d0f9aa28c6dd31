"""Remaining life of simulated fleets: `python -m benchmarks.life_fleet`.

Plants of some machines with years of wear, failures, planned work that comes before them
(censoring), repairs that do not always succeed, and new machines; their records are cut so that 0,
1, 2, 5 or 20 failures are known. Another fleet, which nobody mends before it fails, is asked about
at moments of each life, so that the truth is known of all. Sources that were learned from the
record answer alone and blended; beside them the trivial baselines. Then: repairs judged by twelve
hours of running before and after, and cases in which waiting is weighed against acting at once.

All times are hours of running. Seeds are fixed; those of `--choosing` are others, on which the
settings were chosen (docs/decisions/0037-fleets-of-lives.md).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from benchmarks.rig.life_answers import Asked, Learn, answers, asked, blended, pooled
from benchmarks.rig.life_condition import age_and_condition
from benchmarks.rig.life_record import Record, Seen, cut, record
from benchmarks.rig.life_repairs import Judged, judged
from benchmarks.rig.life_sources import Answer, mean_life, path_to_end, virtual_age, weibull_on_age
from benchmarks.rig.life_waiting import (
    COSTS,
    Policy,
    Weighing,
    at_once,
    cases,
    never,
    next_stop,
    order_held,
    played,
)
from benchmarks.rig.report import Figure, arguments, finish, table
from core.life import CannotSay, Outlook
from models.life_blend import LifeBlend
from models.wait_or_act import Advice
from simulators.life_class import LIFE_CLASSES
from simulators.life_fleet import LifeFleet, life_fleet
from simulators.life_upkeep import Upkeep

KNOWN = (0, 1, 2, 5, 20)
SEEDS, CHOOSING = (11, 12), (1, 2)
TEST = 500
"""Added to a seed for the fleet that is asked about."""

SOURCES: Mapping[str, Learn] = {
    "age": virtual_age,
    "age and condition": age_and_condition,
    "wear": path_to_end,
}
BASELINES: Mapping[str, Learn] = {
    "baseline mean life": mean_life,
    "baseline Weibull on age": weibull_on_age,
}
BLEND, WEIGHED = "blend", "wait or act"
GOALS = {"act at once": "> 0", "run to failure": "> 0"}
_RUN_TO_FAILURE = Upkeep(planned=False)
_ENOUGH = 20
"""Lives asked about have so many rows at least."""


@dataclass(slots=True)
class Told:
    """What was measured: answers by failures known and source, weights, costs of cases, ranks."""

    said: dict[tuple[int, str], list[tuple[list[Outlook], Asked]]] = field(default_factory=dict)
    weights: list[tuple[int, LifeBlend]] = field(default_factory=list)
    waited: dict[str, list[tuple[float, bool]]] = field(default_factory=dict)
    order: list[bool] = field(default_factory=list)
    rests_on: str = ""


def main(given: Sequence[str] | None = None) -> int:
    """Run from the command line."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--choosing", action="store_true", help="the seeds settings are chosen on")
    parser.add_argument("--machines", type=int, default=30, help="of each class and seed")
    parser.add_argument("--years", type=float, default=3.0, help="of record")
    parser.add_argument("--lives", type=int, default=25, help="about so many of each fleet asked")
    parser.add_argument("--seeds", type=int, default=2, help="how many, 1 or 2")
    args = parser.parse_args(given)
    seeds = (CHOOSING if args.choosing else SEEDS)[: args.seeds]
    plants = [(name, seed) for name in LIFE_CLASSES for seed in seeds]
    told = Told()
    for name, seed in plants:
        fleet = life_fleet(name, args.machines, args.years, seed)
        test = life_fleet(name, args.machines, args.years, seed + TEST, _RUN_TO_FAILURE)
        _plant(fleet, test, told, args.lives)
    return _report(told, _repairs(plants, args), args)


def _plant(fleet: LifeFleet, test: LifeFleet, told: Told, most: int) -> None:
    """Learn from one fleet at each number of known failures; ask about the other."""
    full, whole = record(test, 0), record(fleet, fleet.since)
    lives = [life for life in full.lives if life.failed and len(life.rows) >= _ENOUGH]
    lives = lives[:: max(len(lives) // most, 1)]
    about = asked(full, lives)
    for failures in KNOWN:
        known = cut(whole, failures)
        learned = {name: learn(known) for name, learn in SOURCES.items()}
        said = {name: answers(one, full, about) for name, one in learned.items()}
        blend = blended(known, SOURCES)
        said[BLEND] = [
            _blended(blend, {name: said[name][i] for name in learned})[0]
            for i in range(len(about.lives))
        ]
        for name, learn in BASELINES.items():
            said[name] = answers(learn(known), full, about)
        for name, one in said.items():
            told.said.setdefault((failures, name), []).append((one, about))
        if isinstance(blend, LifeBlend):
            told.weights.append((failures, blend))
        if failures == max(KNOWN):
            _wait(known, full, learned, blend, told, most)


def _blended(blend: LifeBlend | CannotSay, sources: Mapping[str, Outlook]) -> tuple[Outlook, str]:
    return (blend, "") if isinstance(blend, CannotSay) else blend.say(sources)


def _wait(
    known: Record,
    full: Record,
    learned: Mapping[str, Answer],
    blend: LifeBlend | CannotSay,
    told: Told,
    most: int,
) -> None:
    """Play the policies on cases of the fleet that is asked about."""

    def says(asked_of: Record, life: Seen, place: int) -> tuple[Outlook, str]:
        return _blended(blend, {name: one(asked_of, life, place) for name, one in learned.items()})

    days = sum(int(life.rows[-1] - life.rows[0]) + 1 for life in known.lives)
    renewed = 24.0 * days / len(known.lives)
    found = cases(full, np.random.default_rng(1))[:most]
    weighing = Weighing(full, says, renewed)
    policies: dict[str, Policy] = {
        WEIGHED: weighing,
        "act at once": at_once,
        "run to failure": never,
        "act at the next stop": next_stop,
    }
    for policy, costs in played(found, policies, COSTS.planned / (renewed / 24)).items():
        told.waited.setdefault(policy, []).extend(costs)
    told.order.extend(order_held(weighing, found))
    told.rests_on = told.rests_on or next(
        (one.rests_on for case in found if isinstance(one := weighing.opening(case), Advice)), ""
    )


def _repairs(plants: Sequence[tuple[str, int]], args: argparse.Namespace) -> list[Judged]:
    found = []
    for name, seed in plants:
        fleet = life_fleet(name, args.machines, args.years, seed)
        found += judged(fleet, np.random.default_rng(seed))
    return found


def _report(told: Told, repairs: Sequence[Judged], args: argparse.Namespace) -> int:
    figures = [*_answered(told), *_judged(repairs), *_waited(told)]
    shown = [f"{one.name} {one.written}" for one in figures if one.goal]
    headline = f"life_fleet: {'; '.join(shown[:4])}"
    return finish("life_fleet", figures, headline, args)


def _answered(told: Told) -> list[Figure]:
    """Print how each source did at each number of failures; what was said must hold."""
    rows, figures = [], []
    for (failures, name), parts in told.said.items():
        one = pooled(parts)
        cells = [f"{value:,.0f}" for value in (one.error, one.width, one.lead)]
        shown = f"{one.covered:.1f}" if one.said else ""
        rows.append(
            (
                f"{failures} failures, {name}",
                f"{one.said:.0f}",
                shown,
                *(cells if one.said else ("", "", "")),
                "",
            )
        )
        if name == BLEND and not failures:
            figures.append(
                Figure(
                    "0 failures, blend: answers given",
                    one.said,
                    "%",
                    "== 0",
                    "no threshold is given",
                )
            )
        elif name == BLEND and one.said:
            note = f"{one.said:.0f} % of {one.asked} answered, off by {one.error:,.0f} h"
            figures.append(
                Figure(f"{failures} failures, blend: covered", one.covered, "%", ">= 85", note)
            )
    print(table(("", "answered %", "covered %", "off h", "width h", "lead h", ""), rows))
    for failures, blend in told.weights:
        shares = ", ".join(f"{name} {share:.2f}" for name, share in blend.weights.items())
        edges = ", ".join(f"{place:.1f}" for place in blend.moved)
        print(f"weights on {failures} failures: {shares}; points at {edges}")
    return figures


def _judged(repairs: Sequence[Judged]) -> list[Figure]:
    """Print truth against verdict; of the imperfect ones nine in ten must be judged rightly."""
    truths = list(dict.fromkeys(one.done.outcome for one in repairs))
    verdicts = [*truths, "cannot say"]

    def told(one: Judged) -> str:
        return "cannot say" if isinstance(one.said, CannotSay) else str(one.said.repair)

    counts = {(t, v): 0 for t in truths for v in verdicts}
    for one in repairs:
        counts[one.done.outcome, told(one)] += 1
    rows = [(t, *(str(counts[t, v]) for v in verdicts), "") for t in truths]
    print(table(("in truth, judged", *verdicts, ""), rows))
    said = [one for one in repairs if not isinstance(one.said, CannotSay)]
    worse = [one for one in said if one.done.outcome != "restored"]
    return [
        Figure(
            "imperfect repairs judged rightly",
            _share(o.right for o in worse),
            "%",
            ">= 90",
            f"of {len(worse)}",
        ),
        Figure(
            "all repairs judged rightly",
            _share(o.right for o in said),
            "%",
            ">= 90",
            f"of {len(said)}",
        ),
        Figure(
            "repairs judged",
            100 * len(said) / max(len(repairs), 1),
            "%",
            None,
            "the rest: cannot say",
        ),
        Figure(
            "judged restored always",
            _share(o.done.outcome == "restored" for o in said),
            "%",
            None,
            "the baseline",
        ),
    ]


def _waited(told: Told) -> list[Figure]:
    """Print what each policy cost, and what one advice rested on."""
    print(f"an advice rests on: {told.rests_on}")
    mean = {name: float(np.mean([paid for paid, _ in one])) for name, one in told.waited.items()}
    figures = [
        Figure(
            f"cost of a case: {name}",
            mean[name],
            "",
            None,
            f"{_share(f for _, f in one):.0f} % failed, of {len(one)}",
        )
        for name, one in told.waited.items()
    ]
    figures += [
        Figure(f"saved against {name}", cost - mean[WEIGHED], "a case", GOALS.get(name))
        for name, cost in mean.items()
        if name != WEIGHED
    ]
    held = _share(told.order)
    return [
        *figures,
        Figure("ranked first, failed first", held, "%", None, "of pairs of cases; 50 is chance"),
    ]


def _share(of: Iterable[bool]) -> float:
    known = list(of)
    return 100 * sum(known) / len(known) if known else float("nan")


if __name__ == "__main__":
    sys.exit(main())
