"""What a version of a model learned from and how it did, in words."""

from __future__ import annotations

from core.clock import iso
from core.model_version import ModelVersion, Results


def told(one: ModelVersion) -> list[str]:
    """Say line by line what a person who chooses between versions wants to know."""
    learned, lines = one.learned, []
    if learned.rows:
        lines.append(
            f"learned from {learned.used} of {learned.rows} readings of {learned.source},"
            f" {iso(learned.start)} to {iso(learned.stop)}"
        )
        lines += [f"  left out: {count}, {why}" for why, count in learned.left_out.items()]
    lines += [f"  {name}: {grade}" for name, grade in learned.grades.items()]
    lines += _results("this version", one.results) + _results("in service then", one.against)
    lines.append(("fit for service: " if one.fit else "not fit: ") + "; ".join(one.reasons))
    return [*lines, f"release {one.release}"] if one.release else lines


def _results(who: str, found: Results | None) -> list[str]:
    if found is None:
        return []
    caught, laid = sum(found.caught.values()), sum(found.laid.values())
    lost = f", {len(found.missed)} missed" if found.missed else ""
    judged = "" if found.judged is None else f", {found.judged:.0%} of readings while it ran judged"
    return [
        f"{who}: {found.false} false alerts in {found.months:.2f} months{judged},"
        f" {len(found.found)} failures found{lost}, {caught} of {laid} laid faults caught"
    ]
