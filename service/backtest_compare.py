"""Two configurations over the same past: the alerts that one adds, and those that it loses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.clock import Instant
from service.backtest_truth import Episode, Verdict

_LATEST: Instant = 2**62


@dataclass(frozen=True, slots=True)
class Difference:
    """What another configuration would have changed.

    `lost` are the failures that only ours tells of, `gained` those that only the other does.
    """

    added: tuple[Episode, ...]
    removed: tuple[Episode, ...]
    lost: tuple[Verdict, ...]
    gained: tuple[Verdict, ...]


def compare(
    ours: Sequence[Episode],
    theirs: Sequence[Episode],
    of_ours: Sequence[Verdict],
    of_theirs: Sequence[Verdict],
) -> Difference:
    """Set two runs over the same failures side by side.

    An alert is the same where both tell of one asset and group at one time.
    """
    pairs = list(zip(of_ours, of_theirs, strict=True))
    return Difference(
        added=_only(theirs, ours),
        removed=_only(ours, theirs),
        lost=tuple(a for a, b in pairs if a.first is not None and b.first is None),
        gained=tuple(b for a, b in pairs if a.first is None and b.first is not None),
    )


def _only(some: Sequence[Episode], others: Sequence[Episode]) -> tuple[Episode, ...]:
    known: dict[tuple[str, str], list[Episode]] = {}
    for one in others:
        known.setdefault((one.asset, one.group), []).append(one)
    return tuple(
        one
        for one in some
        if not any(
            other.overlaps(one.began, _LATEST if one.ended is None else one.ended)
            for other in known.get((one.asset, one.group), ())
        )
    )
