"""What ingest remembers in its small file."""

from __future__ import annotations

from pathlib import Path

from ingest.memory import MemoryFile


def test_it_is_there_after_a_restart(tmp_path: Path) -> None:
    first = MemoryFile(tmp_path / "memory")
    first.now.session = "millwright at broker:1883"
    first.now.offsets = {"a": 7}
    first.save()
    second = MemoryFile(tmp_path / "memory")
    assert second.now == first.now


def test_nothing_is_written_where_nothing_changed(tmp_path: Path) -> None:
    path = tmp_path / "memory"
    memory = MemoryFile(path)
    memory.now.session = "a"
    memory.save()
    path.unlink()
    memory.save()
    assert not path.exists()
    memory.now.session = "b"
    memory.save()
    assert MemoryFile(path).now.session == "b"


def test_a_broken_file_is_forgotten_and_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "memory"
    path.write_bytes(b"\xff{")
    memory = MemoryFile(path)
    assert memory.now.session == ""
    memory.now.session = "b"
    memory.save()
    assert MemoryFile(path).now.session == "b"


def test_a_disk_that_takes_nothing_is_passed_over(tmp_path: Path) -> None:
    memory = MemoryFile(tmp_path / "no" / "such" / "folder" / "memory")
    memory.now.session = "a"
    memory.save()
    assert memory.now.session == "a"


def test_without_a_path_it_lasts_as_long_as_the_process() -> None:
    memory = MemoryFile()
    memory.now.session = "a"
    memory.save()
    assert memory.now.session == "a"
    assert MemoryFile().now.session == ""
