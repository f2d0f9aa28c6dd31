"""What is told of a judged recording: what was recognised, the grades, the episodes, the speed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from core.plant import AssetClass, Channel, Treatment
from core.suggestion import listed, quoted
from models.alarmline import KEPT_BACK
from models.budget import KNOWN, MONTH
from models.grade import Grade
from service.episode import Episode, sentence
from service.lengths import length
from service.recorded import Outcome
from service.regime_words import newness, regime_lines
from storage.table import Survey, Table
from storage.table_column import Kind

MOST_ASSETS, MOST_EPISODES = 3, 20
"""So many assets' grades, and so many episodes, are told; the rest is counted."""

_TREATED = {
    Treatment.USE: "judged",
    Treatment.CONTEXT: "explains others",
    Treatment.LEAVE_OUT: "left out",
}


def notes(table: Table, outcome: Outcome) -> Iterator[str]:
    """Say what was recognised, left out or mended."""
    survey = outcome.survey
    for file in table.files[:3]:
        yield from file.notes
    yield table.time.said
    if table.apart:
        yield f"each of the {len(table.files)} files is taken as an asset of its own"
    elif len(table.files) > 1:
        yield f"{len(table.files)} files are taken as one table, in the order of their names"
    for kind, words in (
        (Kind.TEXT, "left out as text"),
        (Kind.LABEL, "left out as labels"),
        (Kind.EMPTY, "empty at the beginning"),
        (Kind.BOOLEAN, "true and false are taken as 1 and 0"),
    ):
        found = [column.name for column in table.columns if column.kind is kind]
        if found:
            yield f"{words}: {listed(found)}"
    yield from unread(table)
    yield from order(table, outcome)
    if survey.untimed:
        yield f"rows without a time that can be read, cannot_judge: {survey.untimed:,}"


def unread(table: Table) -> Iterator[str]:
    """Say which cells and rows could not be read, and where the first of them stands."""
    for name, count in table.unread.cells.most_common(5):
        file, row, text = table.unread.first[name]
        place = file.line(row)
        where = f"{file.path}:{place}" if place else f"{file.path}, row {row + 1}"
        yield (
            f"column {quoted(name)}: not a number, and so missing, in {count:,} cells;"
            f" the first is {quoted(text)} at {where}"
        )
    if table.unread.ragged:
        yield f"rows with more cells than the header, cannot_judge: {table.unread.ragged:,}"


def order(table: Table, outcome: Outcome) -> Iterator[str]:
    """Say where times do not run on, and what was made of it."""
    survey = outcome.survey
    hint = _hint(table, survey)
    if survey.backward:
        where = ""
        if survey.first_backward is not None:
            file, row = survey.first_backward
            line = file.line(row)
            where = f", first at {file.path}:{line}" if line else f", first in row {row + 1}"
        made = (
            "rows are judged in the order of their times, and written in that of the file"
            if outcome.ordered
            else f"{outcome.late:,} rows are older than what came before: cannot_judge"
        )
        yield f"times step back {survey.backward:,} times{where}: {made}{hint}"
    if survey.repeated:
        yield f"{survey.repeated:,} rows repeat the time of the row before{hint}"


def graded_lines(grades: Sequence[Grade]) -> Iterator[str]:
    """Tell each channel's grade and reason in a line."""
    width = max((len(one.name) for one in grades), default=0)
    for one in grades:
        yield f"  {one.name:<{width}}  {_TREATED[one.verdict]:<15}  {one.reason}"


def grading(names: Mapping[str, Sequence[Grade]]) -> Iterator[str]:
    """Tell the grades of each asset's channels."""
    for asset, grades in list(names.items())[:MOST_ASSETS]:
        yield f"channels of {asset}, as learned from:"
        yield from graded_lines(grades)
    if len(names) > MOST_ASSETS:
        yield f"and {len(names) - MOST_ASSETS:,} more assets"


def learned(outcome: Outcome) -> Iterator[str]:
    """Say of each asset by what it is judged, or why it cannot be."""
    kinds: dict[str, list[str]] = {}
    for asset, recording in outcome.recordings.items():
        kinds.setdefault(recording.trouble or f"judged by {recording.kind}", []).append(asset)
    for words, assets in kinds.items():
        yield f"{listed(assets)}: {words}"
    for asset, recording in list(outcome.recordings.items())[:MOST_ASSETS]:
        rests = recording.rests
        if rests is not None:
            names = listed(recording.grades[int(k)].name for k in rests.tells)
            yield f"{asset} stands still where {names} say so; a start takes {rests.settle} rows"
        ways = recording.regimes
        if ways.found is not None:
            telling = [Channel(recording.grades[int(k)].name) for k in ways.columns]
            yield from regime_lines(asset, telling, ways.found)


def budget(table: Table, outcome: Outcome) -> Iterator[str]:
    """Say how far the healthy time carries a promise of false alerts, where times have dates."""
    spans = [one.span for one in outcome.recordings.values() if not one.trouble]
    if table.time.counts or not spans:
        return
    promised = AssetClass("", ()).false_alerts
    held, needed = KEPT_BACK * min(spans), KNOWN * MONTH / promised
    if held < needed:
        yield (
            f"alarm line: as {length(int(held))} of healthy running, kept back, support;"
            f" budget not yet supported: {promised:g} false alerts a month need"
            f" {length(round(needed - held))} more"
        )


def episodes(found: Sequence[Episode], count: int, *, several: bool) -> Iterator[str]:
    """Tell the episodes, the worst where there are many."""
    if not count:
        yield "no episode beyond the alarm line"
        return
    shown = sorted(found, key=lambda one: -one.peak)[:MOST_EPISODES]
    chosen = [one for one in found if one in shown]
    yield f"{count:,} episode{'' if count == 1 else 's'} beyond the alarm line" + (
        f", the worst {len(chosen)}:" if len(chosen) < count else ":"
    )
    for one in chosen:
        asset = f"{one.asset}: " if several else ""
        span = one.began if one.first == one.last else f"{one.began} to {one.ended}"
        rows = one.last - one.first + 1
        yield f"  {asset}{span}, {rows:,} row{'' if rows == 1 else 's'}"
        yield f"    {sentence(one)}"


def unjudged(outcome: Outcome) -> Iterator[str]:
    """Say of assets since when they ran as they never did while learned, and how."""
    for asset, new in list(outcome.new.items())[:MOST_ASSETS]:
        recording, ways = outcome.recordings[asset], outcome.recordings[asset].regimes
        if ways.found is None:
            continue
        telling = [Channel(recording.grades[int(k)].name) for k in ways.columns]
        named = f"{asset}: " if len(outcome.recordings) > 1 else ""
        rows = f"{new.rows:,} row{'' if new.rows == 1 else 's'}"
        how = newness(telling, ways.found, new.said[ways.columns])
        yield f"{named}cannot judge from {new.began} on: {how} ({rows} in a new regime)"
    if len(outcome.new) > MOST_ASSETS:
        yield f"and {len(outcome.new) - MOST_ASSETS:,} more assets in a new regime"


def counts(outcome: Outcome) -> str:
    """Count the rows by what could be said of them."""
    states = ", ".join(
        f"{outcome.states[name]:,} {name}"
        for name in ("ok", "learning", "cannot_judge")
        if outcome.states[name]
    )
    alarms = sum(outcome.alarms.values())
    return f"{outcome.survey.count:,} rows: {states}; {alarms:,} beyond the alarm line"


def _hint(table: Table, survey: Survey) -> str:
    """Guess the column that tells assets apart, where several speak in turn."""
    if any(column.kind is Kind.ASSET for column in table.columns):
        return ""
    names = [
        column.name
        for column in table.columns
        if column.kind is Kind.TEXT or column.name.casefold() in _ASSETS
    ]
    if not names or survey.count == 0:
        return ""
    return f"; if it holds many assets, name their column: --asset {names[0]}"


_ASSETS = frozenset(
    {"asset", "machine", "machineid", "machine_id", "unit", "unit_id", "id", "device", "device_id",
     "equipment", "engine", "cell", "tag"}
)  # fmt: skip
