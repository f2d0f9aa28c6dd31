"""Recordings that nobody has seen: `python -m benchmarks.recordings`.

Made from seeds (`benchmarks/rig/synthetic.py`): eight characters of machines, 2 to 30 channels, 300
to 20,000 rows, healthy or with one kind of fault; and lone series of the same characters. Judged as
`millwright score` does by default, beside an alarm on every row and Hotelling's T2 at the 99 %
quantile of the learned rows. Settings were chosen on the even seeds; the odd ones are reported.
Nothing is adjusted to the labels.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.rig.report import Figure, arguments, finish, table
from benchmarks.rig.synthetic import CHARACTERS, FAULTS, Made, recordings
from core.clock import MINUTE
from core.readings import Bools
from core.settings import Settings
from models.recording import score, warmup

Method = Callable[[Made, int], Bools]


@dataclass(slots=True)
class Count:
    """What alarms were right: rows, and faults of which any row is an alarm."""

    hit: int = 0
    false: int = 0
    missed: int = 0
    normal: int = 0
    found: int = 0
    faults: int = 0

    def add(self, one: Made, alarm: Bools, learned: int) -> None:
        """Count one recording's judged rows."""
        faulty = one.faulty[learned:]
        self.hit += int((alarm & faulty).sum())
        self.false += int((alarm & ~faulty).sum())
        self.missed += int((~alarm & faulty).sum())
        self.normal += int((~faulty).sum())
        self.faults += len(one.events)
        self.found += sum(
            bool(alarm[first - learned : last + 1 - learned].any()) for first, last in one.events
        )

    @property
    def f1(self) -> float:
        """F1 over rows."""
        return 2 * self.hit / max(2 * self.hit + self.false + self.missed, 1)

    @property
    def far(self) -> float:
        """False alarms, in % of normal rows."""
        return 100 * self.false / max(self.normal, 1)

    @property
    def mar(self) -> float:
        """Missed, in % of faulty rows."""
        return 100 * self.missed / max(self.hit + self.missed, 1)

    @property
    def caught(self) -> float:
        """Faults of which any row is an alarm, in %."""
        return 100 * self.found / max(self.faults, 1)


def shipped(settings: Settings | None = None) -> Method:
    """Judge as `millwright score` does."""

    def judged(one: Made, learned: int) -> Bools:
        at = np.arange(len(one.values), dtype=np.int64) * MINUTE
        early, late = one.values[:learned], one.values[learned:]
        return score(early, late, one.names, settings, at=at).alarm

    return judged


def hotelling(one: Made, learned: int) -> Bools:
    """Alarm where T2 of a row is above the 99 % quantile of the learned rows (Hotelling 1947)."""
    early = one.values[:learned]
    spread = np.where(early.std(axis=0) > 0, early.std(axis=0), 1.0)
    standard = (one.values - early.mean(axis=0)) / spread
    inverse = np.linalg.pinv(np.atleast_2d(np.cov(standard[:learned].T)))
    far = np.einsum("ni,ij,nj->n", standard, inverse, standard)
    found: Bools = far[learned:] > np.quantile(far[:learned], 0.99)
    return found


def always(one: Made, learned: int) -> Bools:
    """Alarm on every row."""
    return np.ones(len(one.values) - learned, np.bool_)


Counts = dict[tuple[str, str], Count]


def counted(given: Iterable[Made], methods: dict[str, Method]) -> dict[str, Counts]:
    """Judge recordings by each method; counts by character and fault."""
    counts: dict[str, Counts] = {name: {} for name in methods}
    for one in given:
        learned = warmup(len(one.values), channels=one.values.shape[1])
        for name, method in methods.items():
            of = counts[name].setdefault((one.character, one.fault), Count())
            of.add(one, method(one, learned), learned)
    return counts


def pooled(counts: Counts, character: str | None = None, fault: str | None = None) -> Count:
    """Add up counts of one character or fault, or all but the healthy ones."""
    whole = Count()
    for (of, kind), each in counts.items():
        right = kind == fault if fault is not None else kind != ""
        if right and character in {None, of}:
            for name in Count.__slots__:
                setattr(whole, name, getattr(whole, name) + getattr(each, name))
    return whole


def _table(counts: Counts) -> str:
    rows = []
    for title, one in (
        *((character, pooled(counts, character)) for character in CHARACTERS),
        *((fault, pooled(counts, None, fault)) for fault in FAULTS),
        ("all with faults", pooled(counts)),
    ):
        healthy = pooled(counts, title if title in CHARACTERS else None, "")
        quiet = "" if title in FAULTS else f"{healthy.far:.2f}"
        cells = (f"{one.f1:.3f}", f"{one.far:.2f}", f"{one.mar:.1f}", f"{one.caught:.0f}", quiet)
        rows.append((title, *cells, ""))
    head = ("", "F1", "FAR %", "MAR %", "faults found %", "alarms while healthy %", "")
    return table(head, rows)


def main(given: Sequence[str] | None = None) -> int:
    """Run from the command line."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--seeds", type=int, default=4, help="how many seeds are reported")
    parser.add_argument("--rows", type=int, default=20_000, help="how many rows at most")
    parser.add_argument("--even", action="store_true", help="the seeds that settings may see")
    args = parser.parse_args(given)
    seeds = range(0 if args.even else 1, 2 * args.seeds + (0 if args.even else 1), 2)
    return _report(seeds, args)


def _report(seeds: range, args: argparse.Namespace) -> int:
    methods = {"ours": shipped(), "T2": hotelling, "alarm always": always}
    figures = []
    for lone, title in ((False, "several channels"), (True, "lone")):
        counts = counted(recordings(seeds, lone=lone, most=args.rows), methods)
        print(f"{title}, ours\n{_table(counts['ours'])}\n")
        for name, of in counts.items():
            one, healthy = pooled(of), pooled(of, None, "")
            note = "the baseline" if name == "alarm always" else ""
            figures += [
                Figure(f"{title}, {name}: F1", one.f1, "", None, note),
                Figure(f"{title}, {name}: FAR", one.far, "%", None, note),
                Figure(f"{title}, {name}: MAR", one.mar, "%", None, note),
                Figure(f"{title}, {name}: faults found", one.caught, "%", None, note),
                Figure(f"{title}, {name}: alarms while healthy", healthy.far, "%", None, note),
            ]
    headline = f"recordings: F1 {figures[0].value:.3f}, {figures[4].value:.2f} % alarms in health"
    return finish("recordings", figures, headline, args)


if __name__ == "__main__":
    sys.exit(main())
