"""The model that `life predict` asks: opened from its folder, and held against a table."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import Refused

if TYPE_CHECKING:
    from core.life import Outlook
    from core.readings import Floats
    from models.run_life import RunLife
    from models.run_table import Numbers, RunTable
    from storage.run_columns import RunColumns

FAR = 10.0
"""So many usual lives are an age that no unit comes to; most likely it is counted otherwise."""

MOST = 5
"""So many notes say of which units nothing is said, and what is wanting."""

PROMISED = 0.9
"""How often intervals are to hold; taken of models that do not say how often theirs did."""


def opened(folder: Path) -> tuple[RunLife, dict[str, Any]]:
    """Open a model and what the columns of its runs were called; Refused names the folder."""
    from models.run_life_kept import restored
    from storage import life_folder

    facts, arrays = life_folder.kept(folder)
    try:
        return restored(facts, arrays), _meant(facts, folder)
    except Refused as error:
        words = str(error)
        msg = words if words.startswith(str(folder)) else f"{folder}: {words}"
        raise Refused(msg) from error


def _meant(facts: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return what the columns of the model's runs were called, and how often intervals held."""
    meant = facts.get("columns")
    kinds = {"unit": str, "time": str, "counts": bool, "since_first": bool}
    if isinstance(meant, dict) and all(
        isinstance(meant.get(name), kind) for name, kind in kinds.items()
    ):
        checked = facts.get("checked")
        share = checked.get("coverage") if isinstance(checked, dict) else None
        return meant | {"coverage": share if isinstance(share, float) else PROMISED}
    msg = f"{folder}: damaged: it does not say what its columns are"
    raise Refused(msg)


def doubts(columns: RunColumns, made: RunLife, meant: dict[str, Any], data: Path) -> list[str]:
    """Refuse a table that has nothing of the model's; note what of it is missing."""
    from cli.life_report import SELDOM
    from core.suggestion import listed

    lost = [name for name in made.regimes.names if name not in columns.names]
    if len(lost) == len(made.regimes.names):
        msg = f"{data}: it has none of the channels that the model knows: {listed(lost)}"
        raise Refused(msg)
    if columns.counts != meant["counts"]:
        was = {True: "a counter", False: "dates"}
        msg = f"{data}: time is {was[columns.counts]}, in the model's runs it was "
        msg += f"{was[bool(meant['counts'])]}; --time names another column"
        raise Refused(msg)
    words = [name for name in lost if name in columns.words]
    gone = [name for name in lost if name not in words]
    notes = [f"channels that are missing: {listed(gone)}"] if gone else []
    if meant["coverage"] < SELDOM:
        notes.append(
            f"beware: on units left out, {100 * meant['coverage']:.0f} % of the intervals of this "
            "model held, where nine of ten are promised: take them for too narrow"
        )
    if columns.time.max() > FAR * made.spread.usual:
        notes.append(
            f"ages of up to {columns.time.max():.4g} stand in {columns.time_column}, and the usual "
            f"life of the model's units was {made.spread.usual:.4g}: --time names another column"
        )
    return notes + ([f"channels that hold no numbers here: {listed(words)}"] if words else [])


def leaps(columns: RunColumns, runs: RunTable, made: RunLife) -> list[str]:
    """Say which values leap off, and so count as missing."""
    from core.suggestion import quoted

    odd, values = made.regimes.wild(runs), runs.columns(made.regimes.names)
    notes = []
    for k, name in enumerate(made.regimes.names):
        if not odd[:, k].any():
            continue
        row = int(odd[:, k].argmax())
        at, unit = columns.told[runs.row[row]], quoted(runs.called[runs.unit[row]])
        notes.append(
            f"{quoted(name)}: values that leap off count as missing, until three more rows show "
            f"them: {int(odd[:, k].sum())}, such as {values[row, k]:g} at {at} of {unit}"
        )
    return notes


def wanting(last: Iterable[Outlook], runs: RunTable) -> list[str]:
    """Say in words of which units nothing is said at their last rows, and why."""
    from core.life import CannotSay
    from core.suggestion import listed, quoted

    found: dict[str, list[str]] = {}
    for said, unit in zip(last, runs.called, strict=True):
        if isinstance(said, CannotSay):
            found.setdefault(said.words, []).append(quoted(unit))
    every = [f"nothing is said of {listed(units)}: {words}" for words, units in found.items()]
    rest = sum(len(units) for units in list(found.values())[MOST:])
    return every[:MOST] + ([f"nor, for like reasons, of {rest} more"] if rest else [])


def staleness(late: Floats, runs: RunTable, unit: Numbers) -> list[str]:
    """Say of how many units the least that is left was lowered, since rows are missing.

    `late[i]` is by how much, in row i of `unit[i]`, of which something is said.
    """
    from core.suggestion import quoted

    count = len(set(unit[late > 0].tolist()))
    if not count:
        return []
    most = int(late.argmax())
    return [
        f"rows are missing, so that the least that may be left of {count} units is told lower: by "
        f"up to {late[most]:.3g}, of {quoted(runs.called[unit[most]])}"
    ]
