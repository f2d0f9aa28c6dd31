"""Tries models over history that was held out of learning, and says whether one is not worse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from core.clock import DAY, Instant, Span, iso
from core.drilled import Trial
from core.model_version import Results
from models.poisson import interval
from service.adoption import adopt, readiness, taken
from service.backtest import Rehearsal
from service.backtest_figures import figures
from service.backtest_past import Past
from service.backtest_truth import Failure
from service.candidate import fleet_of
from service.casework import Casework
from service.drill import drill

DRILLED: Span = 3 * DAY
"""The drill is laid over so much of the held-out time, its newest."""

SETTLED = 1 / 3
"""The share of that in which nothing is laid yet."""

FEWER = 0.05
"""So much less of what the drill lays may be caught: one of a size that is just caught or not."""


ENOUGH = 0.8
"""The share of readings while it ran that is to be judged, where there is nothing to compare."""

LESS = 0.05
"""So much less of them than by the model in service may be judged."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What a model came to, the state that it then had, and when it told of the machine.

    Of what stands to the end, that end is None.
    """

    results: Results
    body: bytes
    told: tuple[tuple[Instant, Instant | None], ...] = ()

    @property
    def stands(self) -> bool:
        """Whether what it told of stands to the end."""
        return any(end is None for _, end in self.told)


def tried(
    past: Past,
    failures: Sequence[Failure],
    made_for: Mapping[str, str],
    body: bytes,
    *,
    drilled: bool = True,
) -> Tried:
    """Let a model of the only asset of a past judge it all, and lay the drill over its end."""
    asset = past.assets[0]
    rehearsal = Rehearsal(past.plant, past.assets, failures, DAY)
    fleet = fleet_of(rehearsal, asset)
    adopt(fleet, [0], made_for, body)
    for window in past.windows():
        rehearsal.take(window)
    found = figures(rehearsal.told, failures)
    trials = _drilled(past, made_for, body) if drilled else []
    results = Results(
        ready=readiness(fleet, 0),
        false=len(found.false),
        months=found.months * (1.0 if found.judged is None else found.judged),
        found=tuple(_named(one.failure) for one in found.found),
        missed=tuple(_named(one.failure) for one in found.missed),
        caught=dict(Counter(_cell(one) for one in trials if one.after is not None)),
        laid=dict(Counter(_cell(one) for one in trials)),
        judged=found.judged,
    )
    told = tuple((one.began, one.ended) for one in found.alerts)
    return Tried(results, taken(fleet, 0), told)


def not_worse(new: Tried, old: Tried | None, promised: float) -> tuple[bool, tuple[str, ...]]:
    """Tell whether a model may take the place of another, or of none, and why (not).

    `promised` is the false alerts of a month that are put up with, where there is none to compare.
    """
    ours = new.results
    if ours.ready < 1:
        return False, (f"it has learned only {ours.ready:.0%}: more history is needed",)
    bad = _alone(ours, promised) if old is None else _beside(ours, old, new)
    if _laid(ours) and not _caught(ours):
        bad.append(f"none of {_laid(ours)} laid faults is caught")
    if bad:
        return False, tuple(bad)
    months = f"{ours.months:.1f} months of history held out"
    return True, (
        f"{ours.false} false alerts in {months}{_was(old, 'false')}",
        *([] if ours.judged is None else [f"it {_could(ours.judged)}"]),
        f"{_caught(ours)} of {_laid(ours)} laid faults caught{_was(old, 'caught')}",
        *([f"{len(ours.found)} failures found{_was(old, 'found')}"] if ours.found else []),
    )


def _alone(ours: Results, promised: float) -> list[str]:
    bad = []
    if ours.judged is not None and ours.judged < ENOUGH:
        bad.append(f"it {_could(ours.judged)}: in the rest it ran as never while this was learned")
    low, _ = interval(ours.false, ours.months)
    if low > promised:
        bad.append(
            f"{ours.false} false alerts in {ours.months:.1f} months held out; {promised:g} a month"
            " are promised"
        )
    return bad


def _beside(ours: Results, old: Tried, new: Tried) -> list[str]:
    theirs, bad = old.results, []
    if old.stands and not new.stands:
        bad.append("the model in service tells of a trouble that stands; this one does not")
    if None not in {ours.judged, theirs.judged}:
        bad += _blinder(ours.judged or 0.0, theirs.judged or 0.0)
    if ours.false > theirs.false:
        bad.append(
            f"{ours.false} false alerts in {ours.months:.1f} months held out, where the model in"
            f" service raises {theirs.false}"
        )
    lost = [one for one in theirs.found if one not in ours.found]
    bad += [
        f"the failure of {one} is found by the model in service and not by this" for one in lost
    ]
    if _caught(ours) < _caught(theirs) - FEWER * _laid(theirs):
        bad.append(
            f"{_caught(ours)} of {_laid(ours)} laid faults caught, where the model in service"
            f" catches {_caught(theirs)}"
        )
    deaf = [one for one, count in theirs.caught.items() if count and not ours.caught.get(one)]
    if deaf:
        bad.append(f"it no longer catches any {', '.join(sorted(deaf))}")
    return bad


def _drilled(past: Past, made_for: Mapping[str, str], body: bytes) -> list[Trial]:
    def known(casework: Casework) -> None:
        for fleet in (one for one in casework.fleets.values() if one.assets):
            adopt(fleet, range(len(fleet.assets)), made_for, body)

    recent = replace(past, start=max(past.start, past.stop - DRILLED))
    return drill(recent, past.assets[0], known=known, learned=SETTLED)[0]


def _cell(one: Trial) -> str:
    return f"{one.fault} of {one.channel}"


def _named(failure: Failure) -> str:
    return f"{iso(failure.at)} {failure.what}"


def _blinder(ours: float, theirs: float) -> list[str]:
    if ours >= theirs - LESS:
        return []
    return [f"it {_could(ours)}, where the model in service judges {theirs:.0%}"]


def _could(judged: float) -> str:
    return f"could judge {judged:.0%} of the readings held out while it ran"


def _caught(one: Results) -> int:
    return sum(one.caught.values())


def _laid(one: Results) -> int:
    return sum(one.laid.values())


def _was(old: Tried | None, what: str) -> str:
    if old is None:
        return ""
    before = old.results
    count = {"false": before.false, "caught": _caught(before), "found": len(before.found)}[what]
    return f", before {count}"
