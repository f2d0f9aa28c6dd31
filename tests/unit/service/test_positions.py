"""Positions: a small file that is only ever replaced as a whole."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.errors import Refused, Unavailable
from service.positions import PositionFile


def test_positions_outlast_a_restart_under_one_name(tmp_path: Path) -> None:
    first = PositionFile(tmp_path / "forward.json")
    first.now.entry, first.now.sent, first.now.until_event = 7, 5, 3
    first.save()
    assert PositionFile(tmp_path / "forward.json").now == first.now
    assert len(first.now.journal) == 12
    assert PositionFile(tmp_path / "other.json").now.journal != first.now.journal


def test_what_has_not_changed_is_not_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    PositionFile(tmp_path / "forward.json").save()
    again = PositionFile(tmp_path / "forward.json")
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    again.save()
    assert synced == []
    again.now.entry = 1
    again.save()
    assert len(synced) == 2  # the file and its folder


def test_a_file_that_cannot_be_read_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "forward.json").write_text("{")
    with pytest.raises(Refused, match="move it aside to forward all anew"):
        PositionFile(tmp_path / "forward.json")


def test_a_disk_that_does_not_take_it_is_waited_for(tmp_path: Path) -> None:
    file = PositionFile(tmp_path / "missing" / "forward.json")
    with pytest.raises(Unavailable, match=r"forward\.json"):
        file.save()
    (tmp_path / "missing").mkdir()
    file.save()
    assert PositionFile(tmp_path / "missing" / "forward.json").now == file.now


def test_a_file_of_an_earlier_form_is_taken_over(tmp_path: Path) -> None:
    (tmp_path / "forward.json").write_text('{"journal": "abc", "entry": 9, "until": 9}')
    found = PositionFile(tmp_path / "forward.json").now
    assert (found.journal, found.entry, found.sent) == ("abc", 9, 0)
