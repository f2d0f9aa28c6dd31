"""First machine alert of recorded faults: `python -m benchmarks.first_alert --data FOLDER`.

Needs two public sets, which are not part of this project: SKAB v0.9 (github.com/waico/SKAB, its
`data` folder) as `skab/`, and `train_FD001.txt` of NASA's C-MAPSS (NASA prognostics repository,
"turbofan engine degradation") in `cmapss/`.

Settings were chosen on all files of SKAB but three, and on units 6 to 100 of FD001; the three files
and units 1 to 5 are held out, and only they have goals. Each recording goes through what
`millwright replay FILE --class auto` uses, with the shipped defaults, without a broker. An alert
before the labelled interval is early, one after it late; other/2.csv is already faulty among the
rows that are learned from. Two baselines see the same learning rows: a limit of three standard
deviations around the mean of each channel, which one reading passes, or five in a row.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.rig.recorded import Heard, hear, recording
from benchmarks.rig.report import Figure, arguments, finish, table
from core.clock import HOUR
from core.readings import Floats
from models.alarmline import held
from models.mewma import LearnSettings
from simulators.layout import Layout
from simulators.recording import Recording, Track

HELD_OUT = ("valve1/0", "valve2/0", "other/9")
HELD_OUT_UNITS = tuple(str(unit) for unit in range(1, 6))
LEAD = (10, 120)
"""How many cycles before its last an engine's first alert is in time."""

GOALS = {"SKAB held out": ">= 3", "FD001 held out": ">= 5", "alerts that say how long": ">= 8"}
METHODS = ("ours", "3 sigma, five in a row", "3 sigma, one reading")
LASTING = 5
FD001 = Layout(
    names=("unit", "cycle", "op1", "op2", "op3", *(f"s{n}" for n in range(1, 22))),
    asset_column="unit",
    time="cycle",
    step=HOUR,
)


@dataclass(frozen=True, slots=True)
class Case:
    """One recording of one machine: the rows in which its first alert should lie, and where it lay.

    `first` has a row, or None, for each of `METHODS`. `wait` is what our alert says of the time
    left.
    """

    name: str
    held_out: bool
    begin: int
    end: int
    rows: int
    first: tuple[int | None, ...]
    wait: str

    def verdict(self, method: int) -> str:
        """Tell whether the first alert of a method was in time."""
        row = self.first[method]
        if row is None:
            return "missed"
        return "early" if row < self.begin else "late" if row > self.end else "in time"


def shewhart(track: Track, lasting: int) -> int | None:
    """Find the first reading outside three sigma of the learning rows, after `lasting` of them."""
    learn = LearnSettings()
    spans = track.at - track.at[0] >= learn.span
    enough = int(np.argmax(spans)) if spans.any() else learn.rows
    count = min(max(enough + 1, learn.min_rows), learn.rows)
    known = track.values[:count]
    away: Floats = np.abs(track.values - np.nanmean(known, axis=0)) / 3
    sigma = np.nanstd(known, axis=0)
    score = np.nanmax(np.where(sigma > 0, away / np.where(sigma > 0, sigma, 1.0), 0.0), axis=1)
    over = np.flatnonzero(held(score[count:], lasting) > 1)
    return count + int(over[0]) + lasting - 1 if len(over) else None


def skab(folder: Path) -> Iterator[Case]:
    """Hear every labelled file of SKAB."""
    for path in sorted(folder.glob("*/*.csv")):
        labels = _labels(path)
        if labels is None:
            continue
        name = f"{path.parent.name}/{path.stem}"
        found = recording(path)
        yield _case(name, name in HELD_OUT, *labels, found.tracks[0], hear(found)[0])


def engines(folder: Path) -> Iterator[Case]:
    """Hear every engine of FD001's training set."""
    found: Recording = recording(folder / "train_FD001.txt", FD001)
    for track, heard in zip(found.tracks, hear(found), strict=True):
        last = heard.count - 1
        inside = last - LEAD[1], last - LEAD[0]
        yield _case(f"unit {track.name}", track.name in HELD_OUT_UNITS, *inside, track, heard)


def _labels(path: Path) -> tuple[int, int] | None:
    """Read the first and the last row that are labelled as anomalous."""
    import pandas as pd

    frame = pd.read_csv(path, sep=";")
    if "anomaly" not in frame.columns:
        return None
    rows = np.flatnonzero(frame["anomaly"].to_numpy() == 1)
    return int(rows[0]), int(rows[-1])


def _case(name: str, held_out: bool, begin: int, end: int, track: Track, heard: Heard) -> Case:
    first = (heard.first, shewhart(track, LASTING), shewhart(track, 1))
    return Case(name, held_out, begin, end, heard.count, first, heard.wait)


def _counted(cases: Sequence[Case], method: int) -> dict[str, int]:
    said = [case.verdict(method) for case in cases]
    return {word: said.count(word) for word in ("in time", "early", "late", "missed")}


def _figures(name: str, cases: Sequence[Case], goal: str | None) -> list[Figure]:
    figures = []
    for method, title in enumerate(METHODS):
        counts = _counted(cases, method)
        note = ", ".join(f"{count} {word}" for word, count in counts.items())
        in_time = float(counts["in time"])
        wanted = goal if method == 0 else None
        figures.append(Figure(f"{name}, {title}", in_time, f"of {len(cases)}", wanted, note))
    return figures


def _print_each(cases: Sequence[Case]) -> None:
    rows = [
        (
            case.name,
            f"{case.begin}–{case.end}",
            *(_place(case, method) for method in range(len(METHODS))),
            "held out" if case.held_out else "",
        )
        for case in cases
    ]
    print(table(("recording", "rows in time", *METHODS, ""), rows))
    print()


def _place(case: Case, method: int) -> str:
    row = case.first[method]
    return "missed" if row is None else f"{row} {case.verdict(method)}"


def _find(args: argparse.Namespace) -> Path:
    data: Path = args.data
    for needed in ("skab/valve1/0.csv", "cmapss/train_FD001.txt"):
        if not (data / needed).exists():
            print(f"{data / needed} is missing.\n\n{__doc__}", file=sys.stderr)
            raise SystemExit(2)
    return data


def main() -> int:
    """Run the benchmark from the command line."""
    parser = arguments(__doc__ or "")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--each", action="store_true", help="list every recording")
    args = parser.parse_args()
    data = _find(args)
    print("hearing SKAB and FD001, about half a minute", file=sys.stderr)
    groups = {"SKAB": list(skab(data / "skab")), "FD001": list(engines(data / "cmapss"))}
    figures: list[Figure] = []
    for name, cases in groups.items():
        _print_each([case for case in cases if args.each or case.held_out])
        chosen = [case for case in cases if case.held_out]
        figures += _figures(f"{name} held out", chosen, GOALS[f"{name} held out"])
        figures += _figures(f"{name} chosen on", [c for c in cases if not c.held_out], None)
    heard = [case for cases in groups.values() for case in cases if case.held_out]
    told = sum(bool(case.wait) for case in heard)
    name = "alerts that say how long"
    figures.append(Figure(name, told, "held out", GOALS[name], "or why that cannot be said"))
    in_time = _counted(heard, 0)["in time"]
    headline = f"first_alert: {in_time} of {len(heard)} held-out recordings alert in time"
    return finish("first_alert", figures, headline, args)


if __name__ == "__main__":
    sys.exit(main())
