"""`simulate --fleet`: years of many machines' lives into a folder, to learn remaining life from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from core.errors import Refused

MOST = 5000
LONGEST = 30.0

Machines = Annotated[
    int | None, typer.Option("--fleet", help="So many machines' lives, not a scenario.")
]
Years = Annotated[float, typer.Option(help="With --fleet: how long the record is.")]
Classes = Annotated[
    list[str] | None,
    typer.Option("--class", help="With --fleet: only this class; may be repeated."),
]
Seed = Annotated[int, typer.Option(help="With --fleet: another seed, another fleet.")]
AsParquet = Annotated[
    bool, typer.Option("--parquet", help="With --fleet: the runs as Parquet, not CSV.")
]


@dataclass(frozen=True, slots=True)
class Lives:
    """What fleet is wanted."""

    machines: int
    years: float
    classes: tuple[str, ...]
    seed: int
    parquet: bool


def write_lives(wanted: Lives, out: Path, now: int) -> None:
    """Write a fleet whose record ends today, and say what there is and how it is learned from."""
    from core.clock import DAY
    from simulators.life_class import life_class
    from simulators.life_files import write_fleets
    from simulators.life_fleet import YEAR, life_fleets

    if not 1 <= wanted.machines <= MOST:
        msg = f"--fleet: {wanted.machines} machines; allowed: 1 to {MOST}"
        raise Refused(msg)
    if not 0.1 <= wanted.years <= LONGEST:
        msg = f"--years: {wanted.years:g}; allowed: 0.1 to {LONGEST:g}"
        raise Refused(msg)
    for name in wanted.classes:
        life_class(name)
    if (blocked := next((part for part in (out, *out.parents) if part.exists()), out)).is_file():
        msg = f"--out: {blocked} is a file; allowed: a folder, which is made where it is missing"
        raise Refused(msg)
    begin = now // DAY * DAY - round(wanted.years * YEAR) * DAY
    fleets = life_fleets(wanted.classes, wanted.machines, wanted.years, wanted.seed)
    done = write_fleets(fleets, out, begin, parquet=wanted.parquet)
    print(
        f"{done.machines} machines, {done.lives} lives, {done.failures} failures, "
        f"{done.rows:,} rows in {out}/"
    )
    columns = "--unit unit --time hours --event failed --operating load,ambient_temp"
    columns += " --ignore day,starts"
    for path in done.runs:
        print(f"  {path}  ({columns})")
