"""How every benchmark reports: a table with its goals, a JSON file, an exit code, a headline.

A benchmark builds its parser with `arguments`, measures, and ends with `finish`.
"""

from __future__ import annotations

import argparse
import json
import operator
import os
import platform
import subprocess
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

RESULTS = Path(__file__).parents[1] / "results"

_TESTS: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
}


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number. `goal`, where it has one, is written like `>= 2`."""

    name: str
    value: float
    unit: str
    goal: str | None = None
    note: str = ""

    @property
    def falls_short(self) -> bool:
        """Whether there is a goal and the value misses it; a NaN misses every goal."""
        if self.goal is None:
            return False
        sign, number = self.goal.split()
        return not _TESTS[sign](self.value, float(number))

    @property
    def written(self) -> str:
        """The value as a person reads it."""
        return f"{shown(self.value)} {self.unit}".strip()


def shown(value: float) -> str:
    """Write a number with the digits that matter."""
    if value != value or value in {float("inf"), float("-inf")}:  # noqa: PLR0124
        return str(value)
    if value == int(value) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"


def arguments(description: str) -> argparse.ArgumentParser:
    """Make a parser with what every benchmark takes: `--json FILE` and `--check`."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--json",
        type=Path,
        metavar="FILE",
        help="write the result here, not under benchmarks/results/",
    )
    parser.add_argument(
        "--check", action="store_true", help="exit 1 and name the figure that misses its goal"
    )
    return parser


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Lay out rows in columns; all but the first and the last are set to the right."""
    lines = [tuple(head), *(tuple(row) for row in rows)]
    widths = [max(len(line[k]) for line in lines) for k in range(len(head))]

    def lay(line: tuple[str, ...]) -> str:
        cells = [
            text.ljust(width) if k in {0, len(head) - 1} else text.rjust(width)
            for k, (text, width) in enumerate(zip(line, widths, strict=True))
        ]
        return "  ".join(cells).rstrip()

    return "\n".join(
        [lay(lines[0]), "  ".join("-" * width for width in widths), *map(lay, lines[1:])]
    )


def machine() -> dict[str, str | int]:
    """Tell on what machine and from which commit the figures come."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count() or 0,
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "commit": _commit(),
    }


def finish(name: str, figures: Sequence[Figure], headline: str, args: argparse.Namespace) -> int:
    """Print the table and the headline, keep the result, and return the exit code."""
    about = machine()
    report = {
        "benchmark": name,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": about,
        "arguments": {key: str(value) for key, value in vars(args).items()},
        "figures": [asdict(figure) | {"ok": not figure.falls_short} for figure in figures],
        "headline": headline,
    }
    text = json.dumps(report, indent=2, ensure_ascii=False) + "\n"
    path: Path = args.json or RESULTS / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    _print(figures, about)
    short = [figure for figure in figures if figure.falls_short]
    if args.check:
        for figure in short:
            print(f"falls short: {figure.name} is {figure.written}, goal {figure.goal}")
    print(headline)
    return 1 if args.check and short else 0


def _print(figures: Sequence[Figure], about: dict[str, str | int]) -> None:
    rows = [
        (
            figure.name,
            figure.written,
            figure.goal or "",
            "" if figure.goal is None else ("short" if figure.falls_short else "ok"),
            figure.note,
        )
        for figure in figures
    ]
    print(table(("figure", "value", "goal", "", "note"), rows))
    print("on " + ", ".join(f"{key} {value}" for key, value in about.items()))


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _commit() -> str:
    root = Path(__file__).parents[2]
    try:
        said = subprocess.run(
            ["git", "describe", "--always", "--dirty"],
            cwd=root,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return said.stdout.strip()
