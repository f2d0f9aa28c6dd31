"""A class made from a recording's columns, so that any file can be tried without configuring."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from core.clock import DAY, HOUR, MINUTE, SECOND, Span
from core.errors import Refused
from core.plant import Asset
from simulators.naming import asset_name
from simulators.recording import Recording, Track

NAME = "auto"
"""What the class is called."""

_DELAY_STEPS = 5
_SILENT_STEPS = 100


def varying(recording: Recording) -> tuple[Recording, tuple[str, ...]]:
    """Leave out the columns that never change; returns the rest and the titles left out."""
    every = np.concatenate([track.values for track in recording.tracks])
    with np.errstate(invalid="ignore"):
        low = np.fmin.reduce(every, axis=0)
        high = np.fmax.reduce(every, axis=0)
    moves = high > low
    if not moves.any():
        msg = f"{recording.path}: no column ever changes, so there is nothing to judge"
        raise Refused(msg)
    left = tuple(t for t, m in zip(recording.titles, moves, strict=True) if not m)
    tracks = tuple(replace(t, values=t.values[:, moves]) for t in recording.tracks)
    notes = recording.notes
    if left:
        notes = (*notes, f"left out, never changing: {', '.join(left)}")
    kept = replace(
        recording,
        columns=tuple(c for c, m in zip(recording.columns, moves, strict=True) if m),
        titles=tuple(t for t, m in zip(recording.titles, moves, strict=True) if m),
        tracks=tracks,
        notes=notes,
    )
    return kept, left


def class_document(recording: Recording) -> dict[str, Any]:
    """Write the class as classes/auto.yaml would: every column a condition, always running.

    It knows no limits, so one detector learns what is usual. A finding must last five steps.
    """
    step = recording.step
    return {
        "title": f"made from {recording.path.name}",
        "channels": {
            name: {"unit": "", **({"title": title} if title != name else {})}
            for name, title in zip(recording.columns, recording.titles, strict=True)
        },
        "detectors": {"pattern": {"kind": "mewma"}},
        "rules": {
            "pattern": {
                "detector": "pattern",
                "group": "machine",
                "severity": "warning",
                "on_delay": written(_DELAY_STEPS * step),
                "off_delay": written(_DELAY_STEPS * step),
                "title": "unusual pattern",
                "action": "Compare the named channels with what they usually show.",
            }
        },
        "silent_after": written(max(_SILENT_STEPS * step, DAY)),
        "stuck_after": written(max(_SILENT_STEPS * step, DAY)),
        # A recording is always older than now; that makes it no backlog.
        "catching_up_after": "36500d",
    }


def assets(recording: Recording, site: str, area: str, class_name: str = NAME) -> tuple[Asset, ...]:
    """Make an asset for each track, named by the asset column or by the file."""
    stem = asset_name(recording.path.stem)
    return tuple(
        Asset(site, area, track.name or stem, class_name, title=_title(track, recording))
        for track in recording.tracks
    )


def _title(track: Track, recording: Recording) -> str:
    return f"{recording.path.stem} {track.name}".strip()


def written(span: Span) -> str:
    """Write a length of time as configuration has it, in the largest unit that is whole."""
    for unit, length in (("d", DAY), ("h", HOUR), ("min", MINUTE), ("s", SECOND)):
        if span % length == 0 and span:
            return f"{span // length}{unit}"
    return f"{span / (SECOND // 1000):g}ms"
