from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from cli.adapters import open_blocks
from cli.configuration import load
from cli.main import app
from core.blocks import Block, Waveform
from core.clock import HOUR, SECOND
from core.errors import Refused, Unavailable
from tests import folders

T = 1_700_000_000 * SECOND
P1 = "site/hall/p1"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A plant whose pump p1 has three blocks of two sensors."""
    folder = folders.write(tmp_path / "plant")
    store = open_blocks(load(folder))
    for hour, name in ((0, "de"), (1, "nde"), (2, "de")):
        samples = np.random.default_rng(hour).normal(0, 1, 2048).astype(np.float32)
        store.add([Block(P1, name, T + hour * HOUR, Waveform(samples, 10_000.0, 1480.0))])
    store.close()
    return folder


def millwright(folder: Path, *words: str | Path) -> Result:
    command = ["messages", "block", *map(str, words), "-c", str(folder)]
    return CliRunner().invoke(app, command)


def test_blocks_are_listed_oldest_first(folder: Path) -> None:
    rows = [json.loads(line) for line in millwright(folder, P1, "--json").stdout.splitlines()]
    assert [row["sensor"] for row in rows] == ["de", "nde", "de"]
    assert rows[0] == {
        "at": "2023-11-14T22:13:20Z",
        "sensor": "de",
        "samples": 2048,
        "rate_hz": 10_000,
        "speed_rpm": 1480,
        "bytes": rows[0]["bytes"],
    }


def test_the_list_can_be_of_one_sensor_and_of_the_newest(folder: Path) -> None:
    rows = millwright(folder, P1, "--json", "--sensor", "de", "--limit", "1").stdout.splitlines()
    assert [json.loads(row)["at"] for row in rows] == ["2023-11-15T00:13:20Z"]


def test_a_block_is_written_as_numbers(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "b.npy"
    done = millwright(folder, P1, "--at", "2023-11-14T23:00:00Z", "--out", out)
    assert "nde" in done.stdout
    right = np.random.default_rng(1).normal(0, 1, 2048).astype(np.float32)
    assert np.load(out).tobytes() == right.tobytes()


def test_a_block_is_written_as_a_table(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "b.csv"
    millwright(folder, P1, "--out", out)
    lines = out.read_text().splitlines()
    assert lines[0] == "seconds,acceleration_m_s2"
    seconds, value = (float(cell) for cell in lines[2].split(","))
    assert seconds == 0.0001
    assert value == pytest.approx(np.random.default_rng(2).normal(0, 1, 2)[1], rel=1e-6)


@pytest.mark.parametrize(("form", "start"), [("svg", b"<?xml"), ("png", b"\x89PNG")])
def test_a_block_is_drawn(folder: Path, tmp_path: Path, form: str, start: bytes) -> None:
    out = tmp_path / f"b.{form}"
    assert millwright(folder, P1, "--out", out).exit_code == 0
    assert out.read_bytes().startswith(start)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("site/hall/p9",), "unknown asset"),
        ((P1, "--out", "b.xls"), ".csv, .npy"),
        ((P1, "--at", "yesterday"), "ISO 8601"),
        ((P1, "--at", "2023-11-14T23:00:00"), "no offset"),
        ((P1, "--at", "2020-01-01T00:00:00Z", "--out", "b.csv"), "within a day"),
        (("site/hall/p2", "--out", "b.csv"), "no block of site/hall/p2"),
    ],
)
def test_what_cannot_be_shown_is_said(folder: Path, words: tuple[str, ...], said: str) -> None:
    error = millwright(folder, *words).exception
    assert isinstance(error, Refused)
    assert said in str(error)


def test_where_nothing_has_run_nothing_is_made(tmp_path: Path) -> None:
    empty = folders.write(tmp_path / "plant")
    assert isinstance(millwright(empty, P1).exception, Unavailable)
    assert not (load(empty).data / "blocks.db").exists()
