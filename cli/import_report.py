"""What an import found: series, fields, and what was refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from cli.options import print_rows

if TYPE_CHECKING:
    from ingest.past_import import Found, Progress


def report(come: Progress, before: int, *, dry_run: bool, as_json: bool) -> None:
    """Print the series, their fields, and what was refused; `before` were there already."""
    fields = [row for name, found in sorted(come.series.items()) for row in _fields(name, found)]
    columns = ("series", "field", "channel", "low", "high", "guessed_unit")
    series = [_series(name, found) for name, found in sorted(come.series.items())]
    if as_json:
        print_rows([*series, *fields], (), as_json=True)
    else:
        print_rows(
            series, ("series", "asset", "rows", "kept", "first", "last", "why"), as_json=False
        )
        print()
        print_rows(fields, columns, as_json=False)
        refused = ", ".join(f"{count:,} {why}" for why, count in sorted(come.refused.items()))
        would = "would be imported" if dry_run else f"imported, {come.kept - before:,} of them now"
        print(f"\n{come.kept:,} readings {would}; refused: {refused or 'none'}")


def _series(name: str, found: Found) -> dict[str, Any]:
    from core.clock import iso

    return {
        "series": name,
        "asset": found.asset,
        "rows": found.rows,
        "kept": found.kept,
        "first": None if found.first is None else iso(found.first),
        "last": None if found.last is None else iso(found.last),
        "why": found.why,
    }


def _fields(name: str, found: Found) -> Iterator[dict[str, Any]]:
    from core.unit_guess import guessed_unit

    for field in sorted({*found.low, *found.taken, *found.unmapped}):
        yield {
            "series": name,
            "field": field,
            "channel": found.taken.get(field, "(not taken)"),
            "low": _short(found.low.get(field)),
            "high": _short(found.high.get(field)),
            "guessed_unit": guessed_unit(field),
        }


def _short(value: float | None) -> str | None:
    return None if value is None else f"{value:.6g}"
