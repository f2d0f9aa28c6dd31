"""Factors: the known facts by which the lives of one class's machines differ, as columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.age_settings import AgeSettings
from core.plant import Asset
from core.readings import Bools, Floats, Instants
from service.explanation import listed

PER_COLUMN = 5
"""So many failures are needed for each column, beside as many for age itself; and of a kind, for it
to be told apart from others."""

REPAIRS = "repairs before"


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """What is known of each asset, `of_assets[asset, column]`; `repairs` before are one more.

    `used` are the factors that they stand for, `left_out` those for which failures are too few, and
    `unknown` those that some asset lacks.
    """

    of_assets: Floats
    repairs: bool
    used: tuple[str, ...]
    left_out: tuple[str, ...]
    unknown: tuple[str, ...] = ()

    def rows(self, asset: Instants, repairs: Instants) -> Floats:
        """Return what is known `[n, p]` of parts of these assets, repaired so often before."""
        rows = self.of_assets[asset]
        return np.column_stack([rows, repairs]) if self.repairs else rows

    @property
    def missed(self) -> str:
        """Say what lives are not told apart by, and why; empty where there is none."""
        missed = []
        if self.left_out:
            missed.append(f"too few failures to tell lives apart by {listed(self.left_out)}")
        if self.unknown:
            missed.append(f"not every machine says its {listed(self.unknown)}")
        return "; ".join(missed)


class Factors:
    """Knows the facts that lives are to be told apart by, and for which of them failures suffice.

    Words are kinds: one with five failures of its own gets a column, all others are one kind
    together; where none is left over, that with most failures is what the others are held against.
    What all have alike tells nothing; what some asset lacks, as those of a backtest of files do, is
    left out.
    """

    def __init__(self, assets: Sequence[Asset], settings: AgeSettings) -> None:
        self.settings = settings
        whole = [name for name in settings.by if all(name in one.attributes for one in assets)]
        self._known = {name: [one.attributes[name] for one in assets] for name in whole}
        self._unknown = tuple(name for name in settings.by if name not in whole)
        self._assets = len(assets)

    def columns(self, asset: Instants, repairs: Instants, failed: Bools) -> Columns:
        """Choose columns for lives of these assets, so many repairs before, ended in failure."""
        room = int(np.count_nonzero(failed)) // PER_COLUMN - 1
        made, used, missed = [np.zeros((self._assets, 0))], [], []
        for name, known in self._known.items():
            if len({known[one] for one in asset.tolist()}) < 2:
                continue
            found = _columns(known, asset, failed)
            wanted = found.shape[1]
            if 0 < wanted <= room:
                made.append(found)
                used.append(name)
                room -= wanted
            else:
                missed.append(name)
        counts = self.settings.repairs and len(np.unique(repairs)) > 1
        if counts:
            (used if room > 0 else missed).append(REPAIRS)
        return Columns(
            np.concatenate(made, axis=1),
            counts and room > 0,
            tuple(used),
            tuple(missed),
            self._unknown,
        )


def _columns(known: Sequence[float | str], asset: Instants, failed: Bools) -> Floats:
    """Return an attribute as columns `[asset, k]`: itself, or one for each kind but one."""
    if not any(isinstance(one, str) for one in known):
        return np.array(known, np.float64)[:, None]
    words = [str(one) for one in known]
    failures = dict.fromkeys(sorted(set(words)), 0)
    for one in asset[failed].tolist():
        failures[words[one]] += 1
    kinds = [kind for kind, count in failures.items() if count >= PER_COLUMN]
    if len(kinds) == len(failures):
        kinds.remove(max(kinds, key=lambda kind: failures[kind]))
    return np.array([[float(word == kind) for kind in kinds] for word in words]).reshape(
        len(words), len(kinds)
    )
