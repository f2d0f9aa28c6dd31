"""What a tried-out recording raised, in the recording's own terms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from cli.options import print_rows
from core.clock import iso

if TYPE_CHECKING:
    from cli.runtime import Runtime
    from core.plant import Asset
    from simulators.recording import Recording


def print_found(
    runtime: Runtime,
    recording: Recording,
    shifted: Recording,
    assets: Sequence[Asset],
    *,
    as_json: bool,
) -> None:
    """Print each machine alert by the row and time of the recording it fell on."""
    from cli.wording import words_of
    from core.alert import AlertQuery, AlertState

    page = runtime.casefile.alerts(AlertQuery(states=frozenset(AlertState), limit=10_000))
    rows: list[dict[str, Any]] = []
    for asset, own, moved in zip(assets, recording.tracks, shifted.tracks, strict=True):
        mine = [a for a in page.alerts if a.asset == asset.id and a.group == "machine"]
        for number, alert in enumerate(sorted(mine, key=lambda alert: alert.opened_at)):
            row = int(np.searchsorted(moved.at, alert.opened_at))
            at = iso(int(own.at[min(row, len(own.at) - 1)]))
            said = words_of(alert, runtime.config.plant)
            rows.append(
                {
                    "asset": asset.name,
                    "alert": "first" if number == 0 else str(number + 1),
                    "row": row,
                    "of": len(own.at),
                    "before_end": len(own.at) - 1 - row,
                    "at": at,
                    "summary": alert.summary,
                    "wait": _after("how long it can wait: ", said),
                }
            )
        if not mine:
            rows.append({"asset": asset.name, "alert": "none", "of": len(own.at)})
    shown = ("asset", "alert", "row", "of", "before_end", "at", "summary", "wait")
    print_rows(rows, shown, as_json=as_json)


def _after(prefix: str, lines: Sequence[str]) -> str:
    said = (line.strip() for line in lines)
    return next((line.removeprefix(prefix) for line in said if line.startswith(prefix)), "")
