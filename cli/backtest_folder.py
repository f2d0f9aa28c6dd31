"""A folder of CSV files as a past: a file for each machine, with labels in it or work beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from cli.publishing import AREA, SITE
from core.errors import Refused
from core.history import Columns
from core.suggestion import unknown

if TYPE_CHECKING:
    from core.clock import Instant
    from core.plant import Asset, AssetClass, Plant
    from core.work import WorkEvent
    from simulators.recording import Recording, Track

WORK = "work.csv"


@dataclass(slots=True)
class Folder:
    """What was read: rows of each asset, its labelled stretches, the work done. Reads as a history.

    `plant` is the configured one, or one made of the files' machines.
    """

    plant: Plant
    rows: dict[str, Columns] = field(default_factory=dict)
    wrong: dict[str, list[tuple[Instant, Instant]]] = field(default_factory=dict)
    work: list[WorkEvent] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def read(self, asset: str, channels: Sequence[str], start: Instant, stop: Instant) -> Columns:
        """Read `start <= at < stop`, oldest first."""
        known = self.rows[asset]
        first, last = np.searchsorted(known.at, [start, stop])
        values = np.full((last - first, len(channels)), np.nan)
        for k, name in enumerate(channels):
            if name in known.channels:
                values[:, k] = known.values[first:last, known.channels.index(name)]
        return Columns(tuple(channels), known.at[first:last], values)


def read_folder(folder: Path, plant: Plant, class_name: str | None, column: str | None) -> Folder:
    """Read a folder; with a class every file's machine is one of it, else one of the plant's."""
    from simulators.autoclass import varying
    from simulators.layout import Layout
    from simulators.recording import labels, read

    files = sorted(path for path in folder.glob("*.csv") if path.name != WORK)
    if not files:
        msg = f"no CSV file in {folder}"
        raise Refused(msg)
    layout, found = Layout(asset_column=column), Folder(plant)
    auto: AssetClass | None = None
    for path in files:
        known = None if class_name in {None, "auto"} else _class(plant, class_name)
        recording = read(path, layout, known)
        if class_name == "auto":
            recording = recording if auto else varying(recording)[0]
            auto = auto or _auto(recording)
            found.plant = replace(found.plant, classes={**found.plant.classes, "auto": auto})
        found.notes += [f"{path.name}: {note}" for note in recording.notes]
        marks = {track.name: track for track in labels(path, layout)}
        for track in recording.tracks:
            asset = _asset(found, path, track, recording, class_name)
            found.rows[asset] = Columns(recording.columns, track.at, track.values)
            if track.name in marks:
                found.wrong[asset] = _stretches(marks[track.name])
    if (folder / WORK).exists():
        found.work = _work(folder / WORK, found)
    return found


def _class(plant: Plant, name: str | None) -> AssetClass:
    if name not in plant.classes:
        raise Refused(unknown("class", str(name), [*plant.classes, "auto"]))
    return plant.classes[name]


def _auto(recording: Recording) -> AssetClass:
    from cli.class_text import ClassText
    from cli.resolving import asset_class_of
    from simulators.autoclass import class_document

    return asset_class_of("auto", ClassText.model_validate(class_document(recording)))


def _asset(
    found: Folder, path: Path, track: Track, recording: Recording, class_name: str | None
) -> str:
    """Find whose rows they are; with a class, put their machine into the plant."""
    from core.plant import Site
    from simulators.autoclass import assets

    name = track.name or path.stem
    if class_name is None:
        known = found.plant.assets
        forms = {
            one: {one, known[one].name, one.replace("/", "--"), one.replace("/", "_")}
            for one in known
        }
        ids = [one for one, written in forms.items() if name in written]
        if len(ids) != 1:
            hint = "call the file after an asset, as lahore--water--pump-01.csv, or give --class"
            msg = f"{path.name}: {unknown('asset', name, known)}; {hint}"
            raise Refused(msg)
        return ids[0]
    alone = replace(recording, tracks=(track,))
    made: Asset = assets(alone, SITE, AREA, class_name)[0]
    if made.id in found.rows:
        msg = f"{path.name}: there are two files of {made.name}"
        raise Refused(msg)
    found.plant = replace(
        found.plant,
        assets={**found.plant.assets, made.id: made},
        sites={**found.plant.sites, SITE: Site(SITE, "UTC")},
    )
    return made.id


def _stretches(track: Track) -> list[tuple[Instant, Instant]]:
    """Find when the labels say that something was wrong."""
    on = np.concatenate(([0.0], track.values[:, 0], [0.0])) > 0
    edges = np.flatnonzero(np.diff(on.astype(np.int8)))
    return [(int(track.at[a]), int(track.at[b - 1])) for a, b in edges.reshape(-1, 2)]


def _work(path: Path, found: Folder) -> list[WorkEvent]:
    from cli.backtest_work import read_work

    return read_work(path, found.rows)
