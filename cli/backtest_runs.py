"""What `backtest` works on, the runs over it, and what is written of them."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.progress import Progress
from core.errors import Refused

if TYPE_CHECKING:
    from cli.backtest_sources import Source
    from core.clock import Instant, Span
    from core.plant import Plant
    from core.work import WorkEvent
    from service.backtest import Told
    from service.backtest_figures import Figures
    from service.backtest_past import Past
    from service.backtest_truth import Failure


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for; None means from the first or to the last reading."""

    since: Instant | None
    until: Instant | None
    horizon: Span
    assets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The part of a past that is looked at, its failures, and about how many readings it has."""

    past: Past
    work: tuple[WorkEvent, ...]
    failures: tuple[Failure, ...]
    count: int

    @classmethod
    def of(cls, source: Source, wanted: Wanted) -> Chosen:
        """Choose from a source what was asked for; Refused where there is nothing."""
        from service.backtest_past import Past
        from service.backtest_truth import confirmed, labelled

        assets = wanted.assets or source.reader_assets
        if not assets:
            msg = "there are no readings of any asset of this configuration"
            raise Refused(msg)
        first = min(source.spans[one][0] for one in assets)
        start = first if wanted.since is None else max(first, wanted.since)
        last = max(source.spans[one][1] for one in assets) + 1
        stop = last if wanted.until is None else min(last, wanted.until)
        if start >= stop:
            msg = "no reading lies between --since and --until"
            raise Refused(msg)
        work = tuple(one for one in source.work if one.asset in assets)
        failures = confirmed([one for one in work if start <= one.at < stop], wanted.horizon)
        for asset in assets:
            inside = [s for s in source.stretches.get(asset, ()) if s[0] < stop and s[1] >= start]
            failures += labelled(asset, inside, 0)
        past = Past(source.reader, _only(source.plant, assets), assets, start, stop)
        count = sum(source.counts[one] for one in assets)
        return cls(past, work, tuple(failures), count)

    def under(self, other: Plant, asset_class: str | None) -> Chosen:
        """Choose the same past under another configuration; what that lacks cannot be compared."""
        ours = self.past.plant
        if asset_class is None:
            gone = [one for one in self.past.assets if one not in other.assets]
            if gone:
                msg = f"--compare: the other configuration has no asset {gone[0]}"
                raise Refused(msg)
            return replace(self, past=replace(self.past, plant=_only(other, self.past.assets)))
        if asset_class not in other.classes:
            msg = f"--compare: the other configuration has no class {asset_class}"
            raise Refused(msg)
        plant = replace(other, assets=ours.assets, sites=ours.sites)
        return replace(self, past=replace(self.past, plant=plant))


def _only(plant: Plant, assets: tuple[str, ...]) -> Plant:
    """Leave out of a plant what there is no past of: it would only be told to be silent."""
    return replace(plant, assets={one: plant.assets[one] for one in assets})


def figures_of(chosen: Chosen, jobs: int = 1) -> tuple[Told, Figures]:
    """Run a past through the live code and hold what it told against what is known."""
    from cli.backtest_jobs import run
    from service.backtest_figures import figures

    with Progress("readings") as line:
        told = run(chosen, jobs, lambda count, share: line.tell(count, f"{share:.0%}"))
    return told, figures(told, chosen.failures)


def write(
    chosen: Chosen,
    ours: tuple[Told, Figures],
    theirs: tuple[Told, Figures] | None,
    out: Path,
) -> dict[str, Any]:
    """Write the report and the JSON beside it; returns the latter, with what to print."""
    from service.backtest_body import body
    from service.backtest_compare import compare
    from service.backtest_report import html, words

    told, found = ours
    difference = None
    if theirs is not None:
        other = theirs[1]
        difference = compare(found.alerts, other.alerts, found.verdicts, other.verdicts)
    result = body(chosen.past, told, found, difference, chosen.past.plant.revision)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(html(chosen.past, told, found, difference), encoding="utf-8")
    text = json.dumps(result, indent=1, ensure_ascii=False)
    out.with_suffix(".json").write_text(text + "\n", encoding="utf-8")
    return result | {"words": words(found, difference)}
