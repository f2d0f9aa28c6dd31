from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from core.clock import DAY, HOUR, MINUTE, SECOND
from core.errors import Refused
from simulators.autoclass import assets, class_document, varying, written
from simulators.layout import Layout
from simulators.recording import Recording, read


def recording(folder: Path, step: str = "1min") -> Recording:
    minutes = 1 if step == "1min" else 60
    rows = "".join(
        f"{unit},{n * minutes * 60 + 1_600_000_000},{n},7,{unit}\n"
        for unit in (1, 2)
        for n in range(4)
    )
    path = folder / "Rig 5.csv"
    path.write_text("unit,time,Volume Flow,const,size\n" + rows)
    return read(path, Layout(asset_column="unit"))


def test_columns_that_never_change_are_left_out_and_told(tmp_path: Path) -> None:
    kept, left = varying(recording(tmp_path))
    assert kept.columns == ("Volume_Flow", "size")
    assert kept.tracks[0].values.shape == (4, 2)
    assert left == ("const",)
    assert kept.notes[-1] == "left out, never changing: const"


def test_a_file_where_nothing_changes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "still.csv"
    path.write_text("time,a\n2020-01-01,1\n2020-01-02,1\n")
    with pytest.raises(Refused, match="no column ever changes"):
        varying(read(path))


def test_the_class_takes_every_column_and_its_delays_from_the_step(tmp_path: Path) -> None:
    document = yaml.safe_load(yaml.safe_dump(class_document(recording(tmp_path))))
    assert list(document["channels"]) == ["Volume_Flow", "const", "size"]
    assert document["channels"]["Volume_Flow"] == {"unit": "", "title": "Volume Flow"}
    assert document["detectors"] == {"pattern": {"kind": "mewma"}}
    assert document["rules"]["pattern"]["group"] == "machine"
    assert document["rules"]["pattern"]["on_delay"] == "5min"
    assert document["silent_after"] == "1d"
    slow = class_document(recording(tmp_path, "1h"))
    assert slow["rules"]["pattern"]["on_delay"] == "5h"
    assert slow["silent_after"] == "100h"


def test_each_track_becomes_an_asset_named_by_its_column_or_its_file(tmp_path: Path) -> None:
    made = assets(recording(tmp_path), "site", "area")
    assert [asset.id for asset in made] == ["site/area/1", "site/area/2"]
    assert made[0].asset_class == "auto"
    path = tmp_path / "Rig 5.csv"
    alone = assets(read(path), "site", "area", "pump")
    assert [(asset.id, asset.asset_class) for asset in alone] == [("site/area/Rig_5", "pump")]


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (2 * DAY, "2d"),
        (36 * HOUR, "36h"),
        (90 * MINUTE, "90min"),
        (SECOND, "1s"),
        (SECOND // 4, "250ms"),
    ],
)
def test_spans_are_written_as_configuration_reads_them(span: int, text: str) -> None:
    assert written(span) == text
