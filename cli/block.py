"""`messages block`: the raw blocks of vibration that are kept, and one of them as a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.options import SHIPPED, AsJson, ConfigFolder, print_rows
from core.clock import DAY
from core.errors import Refused
from core.suggestion import quoted, unknown

if TYPE_CHECKING:
    from core.blocks import Block, BlockLabel, BlockStore
    from core.clock import Instant

_EVER = (-(2**62), 2**62)
_FORMS = (".csv", ".npy", ".svg", ".png")


def block(
    asset: Annotated[str, typer.Argument(help="site/area/name.")],
    at: Annotated[str | None, typer.Option(help="The block nearest to this time.")] = None,
    sensor: Annotated[str | None, typer.Option(help="Only of this sensor.")] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Write it there: .csv, .npy, or a plot as .svg or .png.", metavar="FILE"),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    config: ConfigFolder = SHIPPED,
    as_json: AsJson = False,
) -> None:
    """List the raw blocks that are kept of an asset, or write one to a file.

    Without --at it is the newest. Samples are in m/s2; a plot shows them, their spectrum and that
    of their envelope.

    Examples:
      millwright messages block lahore/water/pump-01
      millwright messages block lahore/water/pump-01 --at 2026-11-23T08:00:00Z --out block.csv

    """
    from cli.adapters import existing, open_blocks
    from cli.configuration import load

    loaded = existing(load(config), "blocks.db")
    if asset not in loaded.plant.assets:
        raise Refused(unknown("asset", asset, loaded.plant.assets))
    if out is not None and out.suffix not in _FORMS:
        msg = f"--out: {quoted(out.name)} has no known form; known: {', '.join(_FORMS)}"
        raise Refused(msg)
    store = open_blocks(loaded)
    try:
        found = _found(store, asset, at, sensor, limit)
        if out is not None:
            _write(_loaded(store, asset, found, at), out)
    finally:
        store.close()
    columns = ("at", "sensor", "samples", "rate_hz", "speed_rpm", "bytes")
    print_rows(map(_row, found), columns, as_json=as_json)
    if out is not None and not as_json:
        print(f"\nthe last of them is written to {out}")


def _found(
    store: BlockStore, asset: str, at: str | None, sensor: str | None, limit: int
) -> list[BlockLabel]:
    """List what was asked for: the newest, or those nearest to a time, the nearest last."""
    moment = None if at is None else _instant(at)
    span = _EVER if moment is None else (moment - DAY, moment + DAY)
    labels = [
        label
        for label in store.listed(asset, *span, limit=1_000_000)
        if sensor is None or label.name == sensor
    ]
    if moment is None:
        return labels[-limit:]
    labels.sort(key=lambda label: -abs(label.at - moment))
    return labels[-1:]


def _loaded(store: BlockStore, asset: str, found: list[BlockLabel], at: str | None) -> Block:
    if found:
        kept = store.load(asset, found[-1].name, found[-1].at)
        if kept is not None:
            return kept
    near = "" if at is None else f" within a day of {at}"
    msg = f"no block of {asset} is kept{near}"
    raise Refused(msg)


def _write(kept: Block, out: Path) -> None:
    import numpy as np

    samples = kept.waveform.samples
    if out.suffix == ".npy":
        np.save(out, samples)
    elif out.suffix == ".csv":
        table = np.column_stack((np.arange(len(samples)) / kept.waveform.rate, samples))
        head = "seconds,acceleration_m_s2"
        np.savetxt(out, table, fmt=("%.9g", "%.7g"), delimiter=",", header=head, comments="")
    else:
        from cli.block_plot import draw

        draw(kept, out)


def _instant(text: str) -> Instant:
    from ingest.instants import WallTime, text_instant

    try:
        at = text_instant(text)
    except ValueError as error:
        msg = f"--at: {quoted(text)}: {error}"
        raise Refused(msg) from error
    if isinstance(at, WallTime):
        msg = f"--at: {quoted(text)} has no offset; write it like 2026-11-23T08:00:00Z"
        raise Refused(msg)
    return at


def _row(label: BlockLabel) -> dict[str, Any]:
    from core.clock import iso

    return {
        "at": iso(label.at),
        "sensor": label.name,
        "samples": label.count,
        "rate_hz": label.rate,
        "speed_rpm": label.speed,
        "bytes": label.size,
    }
