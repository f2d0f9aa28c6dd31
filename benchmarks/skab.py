"""Anomalies of a pump rig with eight sensors: `python -m benchmarks.skab --data FOLDER`.

Needs SKAB v0.9, which is not part of this project: the `data` folder of github.com/waico/SKAB as
`skab/` in FOLDER. Each of the 34 labelled files is learned from its first 400 rows, without labels,
and the rest is judged by what `millwright score --train-rows 400` does; all judged rows are pooled.
Nothing is adjusted to the labels, and a row without a verdict is no alarm. other/2.csv has 296
anomalous rows among its first 400.

The shipped defaults were chosen on simulated channels and on the files of valve1
(docs/decisions/0023-ensemble.md). To show what that is worth, a few of them are chosen once more
here, on the files of valve1 alone, and both are held against each other on each part.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.rig.report import Figure, arguments, finish, table
from core.clock import SECOND
from core.readings import Bools, Floats
from core.settings import Settings
from models.ensemble import EnsembleSettings
from models.mewma import MewmaSettings
from models.recording import score

LEARNED = 400
GOALS = {"F1": ">= 0.82", "FAR": "<= 15", "MAR": "<= 20"}
PARTS = ("valve1", "valve2", "other")
CHOSEN_ON = "valve1"
COUNTS = {"valve1": 16, "valve2": 4, "other": 14}
PUBLISHED = {
    "Conv-AE": (0.78, 13.55, 28.02),
    "MSET": (0.78, 39.73, 14.13),
    "T2+Q (PCA)": (0.76, 26.62, 24.92),
    "LSTM-AE": (0.74, 29.96, 25.92),
    "T2": (0.66, 19.21, 42.60),
    "isolation forest": (0.29, 2.56, 82.89),
}
GRID = tuple(
    EnsembleSettings(smoothing=smoothing, alone=alone)
    for smoothing in (0.1, 0.15, 0.2)
    for alone in (3.5, 4.0, 4.5)
)


@dataclass(frozen=True, slots=True, eq=False)
class File:
    """One file: its part, the names of its channels, values, and labels of its rows."""

    part: str
    names: tuple[str, ...]
    values: Floats
    faulty: Bools


@dataclass(frozen=True, slots=True)
class Figures:
    """F1, false alarms in % of normal rows, missed in % of anomalous rows."""

    f1: float
    far: float
    mar: float

    def __str__(self) -> str:
        return f"{self.f1:.3f} / {self.far:.1f} / {self.mar:.1f}"


Method = Callable[[File], Bools]


def files(folder: Path) -> Iterator[File]:
    """Read the labelled files of all parts."""
    for part in PARTS:
        for path in sorted((folder / part).glob("*.csv"), key=lambda one: int(one.stem)):
            with path.open(encoding="utf-8") as file:
                head = file.readline().strip().split(";")
            columns = range(1, len(head) - 1)
            rows = np.genfromtxt(path, delimiter=";", skip_header=1, usecols=columns)
            yield File(part, tuple(head[1:-2]), rows[:, :-1], rows[:, -1] > 0.5)


def alarms(settings: Settings | None) -> Method:
    """Make the method that judges a file as `millwright score` does."""

    def judged(file: File) -> Bools:
        values = file.values
        at = np.arange(len(values)) * SECOND
        said = score(values[:LEARNED], values[LEARNED:], file.names, settings, at=at)
        return said.alarm

    return judged


def always(file: File) -> Bools:
    """Alarm on every row."""
    return np.ones(len(file.values) - LEARNED, np.bool_)


def hotelling(file: File) -> Bools:
    """Alarm where T2 of a row is above the 99 % quantile of the learned rows (Hotelling 1947)."""
    early, late = file.values[:LEARNED], file.values[LEARNED:]
    centre, inverse = early.mean(axis=0), np.linalg.pinv(np.cov(early.T))
    far = [np.einsum("ni,ij,nj->n", x - centre, inverse, x - centre) for x in (early, late)]
    found: Bools = far[1] > np.quantile(far[0], 0.99)
    return found


def figures(known: Sequence[File], said: Sequence[Bools]) -> Figures:
    """Pool the judged rows of files."""
    if not known:
        return Figures(float("nan"), float("nan"), float("nan"))
    faulty = np.concatenate([file.faulty[LEARNED:] for file in known])
    alarm = np.concatenate(list(said))
    hit, false = int((alarm & faulty).sum()), int((alarm & ~faulty).sum())
    missed, normal = int((~alarm & faulty).sum()), int((~faulty).sum())
    return Figures(
        2 * hit / max(2 * hit + false + missed, 1),
        100 * false / max(normal, 1),
        100 * missed / max(hit + missed, 1),
    )


def main(given: Sequence[str] | None = None) -> int:
    """Run from the command line."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--data", type=Path, required=True, help="folder that holds skab/")
    args = parser.parse_args(given)
    known = list(files(args.data / "skab"))
    found = {part: sum(file.part == part for file in known) for part in PARTS}
    if found != COUNTS:
        parser.error(
            f"{args.data}/skab: found {found} files; expected {COUNTS} of SKAB v0.9: "
            "put the folder `data` of https://github.com/waico/SKAB there as `skab`"
        )
    return _report(known, args)


def _report(known: list[File], args: argparse.Namespace) -> int:
    methods: dict[str, Method] = {
        "ensemble, shipped defaults": alarms(None),
        "mewma": alarms(MewmaSettings()),
        "T2, 99 % of learned rows": hotelling,
        "alarm always": always,
    }
    said = {name: [method(file) for file in known] for name, method in methods.items()}
    ours = figures(known, said["ensemble, shipped defaults"])
    rows = [(name, *_cells(figures(known, one))) for name, one in said.items()]
    rows += [(f"{name}, published", *_cells(Figures(*one))) for name, one in PUBLISHED.items()]
    print(table(("method", "F1", "FAR %", "MAR %", ""), [(*row, "") for row in rows]))
    settings, chosen = _chosen(known)
    print(
        f"\nchosen on {CHOSEN_ON} only: {settings.model_dump_json(include={'smoothing', 'alone'})}"
    )
    worst, text = _compared(known, said["ensemble, shipped defaults"], chosen)
    print(text)
    baseline = figures(known, said["alarm always"])
    results = [
        Figure("F1", ours.f1, "", GOALS["F1"], "pooled over 34 files, no adjustment"),
        Figure("FAR", ours.far, "%", GOALS["FAR"], "of normal rows, those after a fault included"),
        Figure("MAR", ours.mar, "%", GOALS["MAR"], "of anomalous rows"),
        Figure("F1, alarm always", baseline.f1, "", None, "the baseline"),
        *(
            Figure(f"{name}, off by choosing on {CHOSEN_ON}", off, "%", "<= 5", "of it, all files")
            for name, off in zip(GOALS, worst, strict=True)
        ),
    ]
    headline = f"skab: F1 {ours.f1:.3f}, FAR {ours.far:.1f} %, MAR {ours.mar:.1f} %"
    return finish("skab", results, headline, args)


def _cells(one: Figures) -> tuple[str, str, str]:
    return f"{one.f1:.3f}", f"{one.far:.1f}", f"{one.mar:.1f}"


def _chosen(known: list[File]) -> tuple[EnsembleSettings, list[Bools]]:
    """Choose the settings with the best F1 on the files of one part; judge all files by them."""
    own = [file for file in known if file.part == CHOSEN_ON]

    def worth(settings: EnsembleSettings) -> float:
        method = alarms(settings)
        return figures(own, [method(file) for file in own]).f1

    best = max(GRID, key=worth)
    method = alarms(best)
    return best, [method(file) for file in known]


def _compared(
    known: list[File], shipped: Sequence[Bools], chosen: Sequence[Bools]
) -> tuple[list[float], str]:
    """Hold both against each other on each part; returns by how much each figure of all is off."""
    rows, off = [], [0.0] * len(GOALS)
    for part in (*PARTS, "all"):
        index = [i for i, file in enumerate(known) if part in {file.part, "all"}]
        of = [known[i] for i in index]
        ours = figures(of, [shipped[i] for i in index])
        theirs = figures(of, [chosen[i] for i in index])
        pairs = ((theirs.f1, ours.f1), (theirs.far, ours.far), (theirs.mar, ours.mar))
        off = [100 * (one / other - 1) if other else 0.0 for one, other in pairs]
        rows.append((part, str(ours), str(theirs), *(f"{each:+.1f} %" for each in off), ""))
    head = ("", "shipped defaults", f"chosen on {CHOSEN_ON} only", *GOALS, "off, of each")
    return [abs(each) for each in off], table(head, rows)


if __name__ == "__main__":
    sys.exit(main())
