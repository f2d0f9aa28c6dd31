"""What `life fit` says of a model: how it did on units left out, and what took no part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from models.run_life import RunLife
    from models.run_life_fit import Checked
    from models.run_table import RunTable
    from storage.run_columns import RunColumns

SELDOM = 0.8
"""Where 90 % intervals hold more seldom than this, they are not to be relied on."""

PARTS = {
    1: ("all lives",),
    2: ("the shorter half", "the longer half"),
    3: ("the shortest third", "the middle third", "the longest third"),
}
"""What parts of the lives that were said are called, by how many there are."""


def report(table: RunTable, made: RunLife, checked: Checked, columns: RunColumns) -> list[str]:
    """Return lines that tell the error and the coverage of a model, and what it goes without."""
    from cli.options import plain
    from core.suggestion import listed

    said = columns.time_column if columns.counts else "days"
    still = [name for name in table.conditions if name not in made.regimes.names]
    thirds = ", ".join(f"{100 * share:.0f} %" for share in checked.coverage_by_third())
    lines = [
        f"{made.failures} units failed, {int((~table.failed).sum())} had not; "
        f"{len(made.regimes.names)} channels, {len(made.regimes.centre)} operating regimes",
        f"on units left out: error {checked.error():.3g} (root mean square, {said}), "
        f"{checked.error(made.spread.cap):.3g} below {made.spread.cap:.4g}, above which the "
        "channels do not tell",
        f"90 % intervals held {100 * checked.coverage():.1f} % of the time; by thirds of the life "
        f"that was said, the shortest first: {thirds}",
        f"mean width {checked.width:.3g}; an equally wide interval that holds as often: "
        f"{checked.constant_width:.3g}",
    ]
    lines += _seldom(checked.coverage_by_third())
    if still:
        lines.append(f"without a part, since they never move: {listed(still)}")
    if columns.words:
        lines.append(f"without a part, since they hold no numbers: {listed(columns.words)}")
    return [plain(line) for line in lines]


def _seldom(shares: Sequence[float]) -> list[str]:
    """Say where intervals held clearly too seldom."""
    names = PARTS.get(len(shares), PARTS[3])
    parts = [
        f"{name} of the life that was said ({100 * share:.0f} %)"
        for name, share in zip(names, shares, strict=False)
        if share < SELDOM
    ]
    if not parts:
        return []
    return [
        f"beware: intervals held clearly too seldom in {' and '.join(parts)}, where nine of ten "
        "are promised: units differ more than the channels tell, or there are too few"
    ]
