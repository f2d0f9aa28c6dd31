from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from core.clock import HOUR, MINUTE, SECOND, iso
from core.errors import Refused
from core.plant import Asset, AssetClass, Channel
from simulators.layout import Layout
from simulators.recording import Recording, read

PUMP = AssetClass("pump", (Channel("motor_current"), Channel("flow"), Channel("bearing_temp")))


def opened(folder: Path, text: str, layout: Layout | None = None, **more: object) -> Recording:
    path = folder / "rig.csv"
    path.write_text(text)
    return read(path, layout, **more)  # type: ignore[arg-type]


def refused(folder: Path, text: str, layout: Layout | None = None, **more: object) -> str:
    with pytest.raises(Refused) as caught:
        opened(folder, text, layout, **more)
    return str(caught.value)


def test_a_rig_file_with_labels_is_read_without_being_told_anything(tmp_path: Path) -> None:
    recording = opened(
        tmp_path,
        "datetime;Accelerometer1RMS;Volume Flow RateRMS;anomaly;changepoint\n"
        "2020-03-09 10:14:33;0.02;32.0;0.0;0.0\n"
        "2020-03-09 10:14:34;0.03;;0.0;0.0\n"
        "2020-03-09 10:14:36;0.04;31.0;1.0;1.0\n",
    )
    assert recording.columns == ("Accelerometer1RMS", "Volume_Flow_RateRMS")
    assert recording.titles[1] == "Volume Flow RateRMS"
    (track,) = recording.tracks
    assert iso(int(track.at[0])) == "2020-03-09T10:14:33Z"
    assert np.diff(track.at).tolist() == [SECOND, 2 * SECOND]
    assert np.isnan(track.values[1, 1])
    assert "left out as labels: anomaly, changepoint" in recording.notes
    assert not recording.counted


def test_many_assets_without_a_header_counted_in_cycles(tmp_path: Path) -> None:
    text = "".join(
        f"{unit} {cycle} {cycle / 10:.1f} 518.67  \n" for unit in (2, 1) for cycle in (1, 2, 3)
    )
    layout = Layout(names=("unit", "cycle", "s1", "s2"), asset_column="unit", step=HOUR)
    recording = opened(tmp_path, text, layout)
    assert [track.name for track in recording.tracks] == ["1", "2"]
    assert recording.tracks[0].at.tolist() == [HOUR, 2 * HOUR, 3 * HOUR]
    assert recording.columns == ("s1", "s2")
    assert recording.counted
    assert recording.step == HOUR
    assert recording.count == 6


def test_a_counted_recording_moved_to_now_ends_there_for_every_asset(tmp_path: Path) -> None:
    text = "unit,cycle,s\n1,1,1\n1,2,2\n2,1,1\n2,2,2\n2,3,3\n"
    moved = opened(tmp_path, text, Layout(asset_column="unit", step=HOUR)).ending(100 * HOUR)
    assert [int(track.at[-1]) for track in moved.tracks] == [100 * HOUR, 100 * HOUR]
    assert int(moved.tracks[1].at[0]) == 98 * HOUR


def test_a_dated_recording_moved_to_now_keeps_the_distances(tmp_path: Path) -> None:
    text = (
        "asset,time,s\na,2020-01-01T00:00:00Z,1\na,2020-01-01T01:00:00Z,1\nb,2020-01-01T00:30Z,2\n"
    )
    moved = opened(tmp_path, text, Layout(asset_column="asset")).ending(100 * HOUR)
    assert [track.at.tolist() for track in moved.tracks] == [
        [99 * HOUR, 100 * HOUR],
        [99 * HOUR + 30 * MINUTE],
    ]
    assert (moved.start, moved.stop) == (99 * HOUR, 100 * HOUR)


def test_columns_find_their_channels_whatever_their_case_blanks_and_units(tmp_path: Path) -> None:
    text = "Time,Motor Current (A),FLOW [m3/h],Brg,odd\n2020-01-01,1,2,3,4\n2020-01-02,2,3,4,5\n"
    layout = Layout(rename=(("brg", "bearing_temp"),))
    recording = opened(tmp_path, text, layout, known=PUMP)
    assert recording.columns == ("motor_current", "flow", "bearing_temp")
    assert recording.tracks[0].values[0].tolist() == [1, 2, 3]
    assert "left out, not a channel of pump: odd" in recording.notes


@pytest.mark.parametrize(
    ("rename", "words"),
    [
        ((("brg", "bearing_tmp"),), "no channel 'bearing_tmp'; did you mean bearing_temp?"),
        ((("brg", "xyzzy"),), "pump has no channel 'xyzzy'; known: motor_current"),
        ((("nope", "flow"),), "--map nope=flow: no column 'nope'; columns: Flow, Brg"),
        ((("brg", "flow"),), "two columns for one channel: flow"),
    ],
)
def test_a_mapping_that_cannot_be_is_refused(
    tmp_path: Path, rename: tuple[tuple[str, str], ...], words: str
) -> None:
    text = "time,Flow,Brg\n2020-01-01,1,2\n"
    assert words in refused(tmp_path, text, Layout(rename=rename), known=PUMP)


def test_a_file_of_another_machine_is_refused_with_the_way_out(tmp_path: Path) -> None:
    words = refused(tmp_path, "time,a\n2020-01-01,1\n", known=PUMP)
    assert "no column is a channel of pump" in words
    assert "--class auto" in words


def test_titles_become_names_that_any_system_takes_and_stay_apart(tmp_path: Path) -> None:
    long = "x" * 80
    text = f"time,Flow (1),Flow {{1}},温度,{long},{long}y\n2020-01-01,1,2,3,4,5\n"
    columns = opened(tmp_path, text).columns
    assert columns[:3] == ("Flow_1", "Flow_1_2", "column_3")
    assert columns[3] == "x" * 64
    assert columns[4] == "x" * 60 + "_2"
    assert len(set(columns)) == 5


def test_rows_out_of_order_are_sorted_and_repeats_are_told(tmp_path: Path) -> None:
    text = "time,s\n2020-01-01,1\n2020-01-03,3\n2020-01-02,2\n2020-01-02,9\n,5\n"
    recording = opened(tmp_path, text)
    assert recording.tracks[0].values[:, 0].tolist() == [1, 2, 9, 3]
    told = " | ".join(recording.notes)
    assert "times step back 1 times: rows are sorted" in told
    assert "1 rows repeat the time of another; if the file holds many assets" in told
    assert "1 rows without a time are left out" in told


def test_cells_that_are_no_numbers_are_absent_and_text_columns_left_out(tmp_path: Path) -> None:
    text = (
        "time,s,state,pump_on,name\n"
        "2020-01-01,1,3,ON,a\n2020-01-02,bad,inf,off,b\n2020-01-03,3,,On,c\n"
    )
    recording = opened(tmp_path, text)
    assert recording.columns == ("s", "state", "pump_on")
    values = recording.tracks[0].values
    assert values[:, 2].tolist() == [1, 0, 1]
    assert np.isnan(values[1, :2]).all()
    assert "left out as text: name" in recording.notes
    assert "2 cells hold no number and are left empty" in recording.notes


def test_decimal_commas_and_a_separator_at_the_end_of_the_line(tmp_path: Path) -> None:
    recording = opened(
        tmp_path, "Zeit;Strom;\n2020-01-01;1,5;\n2020-01-02;2;\n", Layout(time="Zeit")
    )
    assert recording.columns == ("Strom",)
    assert recording.tracks[0].values[:, 0].tolist() == [1.5, 2.0]


def test_rows_are_counted_where_there_is_no_time(tmp_path: Path) -> None:
    recording = opened(tmp_path, "a,b\n1,2\n3,4\n", Layout(step=MINUTE))
    assert recording.tracks[0].at.tolist() == [0, MINUTE]
    assert recording.counted
    assert "no time column: rows are counted" in recording.notes


def test_asked_columns_are_dropped_labels_among_them_without_a_word(tmp_path: Path) -> None:
    text = "time,a,b,anomaly\n2020-01-01,1,2,0\n"
    recording = opened(tmp_path, text, Layout(drop=("B", "anomaly")))
    assert recording.columns == ("a",)
    assert not any("labels" in note for note in recording.notes)


@pytest.mark.parametrize(
    ("text", "layout", "words"),
    [
        ("a,b\n1,2\n", Layout(), "no time column found; name it with --time COLUMN"),
        ("time,a\n", Layout(), "holds no rows"),
        ("time,a\n2020-01-01,x\n2020-01-02,y\n", Layout(), "no column holds numbers"),
        ("1,2,3\n4,5,6\n", Layout(), "give the 3 columns their names with --names"),
        ("1,2,3\n", Layout(names=("a", "b")), "has 3 columns, but 2 names are given"),
        ("time,a\n2020-01-01,1\nsoon,2\n", Layout(), "row 2: 'soon' in the column 'time' is not"),
        ("time,a\n1,1\n2,2\n", Layout(), "say how long one count is: --step 1s"),
        ("time,a\n,1\n,2\n", Layout(), "the time column 'time' is empty"),
        ("x,a\n2020-01-01,1\n", Layout(time="y"), "no column 'y'; columns: x, a"),
        ("time,a\n2020-01-01,1\n", Layout(asset_column="u"), "--asset-column: no column 'u'"),
        ("time,a\n2020-01-01,1\n", Layout(drop=("u",)), "--drop: no column 'u'"),
        ("time,a\n2020-01-01,1\n", Layout(zone="Mars/Base"), "'Mars/Base' is not a time zone"),
        ('time,a\n2020-01-01,"1\n', Layout(), "cannot be read as a table"),
        ("time,a,u\n2020-01-01,1,\n", Layout(asset_column="u"), "no row has a time"),
    ],
)
def test_an_ugly_file_is_refused_with_what_it_lacks(
    tmp_path: Path, text: str, layout: Layout, words: str
) -> None:
    assert words in refused(tmp_path, text, layout)


def test_a_recording_becomes_messages_in_time_order(tmp_path: Path) -> None:
    text = (
        "m,time,s\nb,2020-01-01T00:00:00.5Z,1\na,2020-01-01T00:00:01Z,\na,2020-01-01T00:00:00Z,3\n"
    )
    recording = opened(tmp_path, text, Layout(asset_column="m"))
    assets = [Asset("site", "area", track.name, "auto") for track in recording.tracks]
    first, second = recording.messages(assets)
    assert recording.count == 2
    assert first.topic == "plant/site/area/a/telemetry"
    assert json.loads(first.payload) == {"ts": "2020-01-01T00:00:00Z", "values": {"s": 3.0}}
    assert json.loads(second.payload)["ts"] == "2020-01-01T00:00:00.500Z"


def test_asset_names_fit_into_a_topic(tmp_path: Path) -> None:
    text = "m,time,s\nPump 1/A,2020-01-01,1\n#+,2020-01-01,1\n7.0,2020-01-01,1\n"
    names = [track.name for track in opened(tmp_path, text, Layout(asset_column="m")).tracks]
    assert names == ["asset", "7.0", "Pump_1_A"]
    numbers = "m,time,s\n7.0,2020-01-01,1\n8,2020-01-01,1\n"
    names = [track.name for track in opened(tmp_path, numbers, Layout(asset_column="m")).tracks]
    assert names == ["7", "8"]
