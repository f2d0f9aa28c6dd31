"""Versions as files: whole or not at all, and what is damaged is named and never executed."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.errors import Refused
from storage.model_folder import ModelFolder
from tests.contract.test_model_store_contract import P1, made


@pytest.fixture
def store(tmp_path: Path) -> ModelFolder:
    return ModelFolder(tmp_path / "models")


def files(store: ModelFolder) -> list[str]:
    return sorted(path.name for path in Path(store.place(P1, 1)).parent.iterdir())


def test_another_process_finds_what_was_kept(store: ModelFolder, tmp_path: Path) -> None:
    kept = store.add(made(), b"state")
    again = ModelFolder(tmp_path / "models")
    assert again.version(P1, 1) == kept
    assert again.body(P1, 1) == b"state"


def test_nothing_is_left_lying_beside(store: ModelFolder) -> None:
    store.add(made(), b"state")
    assert files(store) == ["0001.json", "0001.npz", "last"]


@pytest.mark.parametrize("killed_at", ["last", "0001.npz", "0001.json"])
def test_a_crash_while_it_was_written_leaves_no_version_and_wastes_a_number_at_most(
    store: ModelFolder, monkeypatch: pytest.MonkeyPatch, killed_at: str
) -> None:
    replaced = Path.replace

    def dies(path: Path, target: Path) -> Path:
        if target.name == killed_at:
            raise KeyboardInterrupt
        return replaced(path, target)

    monkeypatch.setattr(Path, "replace", dies)
    with pytest.raises(KeyboardInterrupt):
        store.add(made(), b"half")
    monkeypatch.undo()
    assert store.versions() == []
    kept = store.add(made(), b"whole")
    assert kept.number == (1 if killed_at == "last" else 2)
    assert store.body(P1, kept.number) == b"whole"
    assert [one.number for one in store.versions(P1)] == [kept.number]


@pytest.mark.parametrize("body", [b"", b"stat", b"stage", b"state and more"])
def test_a_state_that_is_not_what_was_written_is_refused_by_its_name(
    store: ModelFolder, body: bytes
) -> None:
    store.add(made(), b"state")
    path = Path(store.place(P1, 1))
    path.write_bytes(body)
    with pytest.raises(Refused, match="0001.npz: damaged"):
        store.body(P1, 1)
    path.unlink()
    with pytest.raises(Refused, match="0001.npz: cannot be read"):
        store.body(P1, 1)


def test_a_record_that_cannot_be_read_hides_no_other(store: ModelFolder) -> None:
    for _ in range(2):
        store.add(made(), b"state")
    Path(store.place(P1, 1)).with_suffix(".json").write_text("{")
    assert [one.number for one in store.versions()] == [2]
    with pytest.raises(Refused, match="0001.json: damaged"):
        store.version(P1, 1)


def test_notes_outlast_the_process_and_damaged_ones_are_none(
    store: ModelFolder, tmp_path: Path
) -> None:
    store.note(P1, 7)
    assert ModelFolder(tmp_path / "models").noted() == {P1: 7}
    (notes,) = [path for path in (tmp_path / "models").iterdir() if path.is_file()]
    for damaged in (b"{", b'{"\xff": 1}', b"[]"):
        notes.write_bytes(damaged)
        assert store.noted() == {}
    store.note(P1, 8)
    assert store.noted() == {P1: 8}


def test_a_record_that_was_exchanged_with_anothers_is_refused(store: ModelFolder) -> None:
    for _ in range(2):
        store.add(made(), b"state")
    one, two = (Path(store.place(P1, number)).with_suffix(".json") for number in (1, 2))
    one.write_bytes(two.read_bytes())
    with pytest.raises(Refused, match="it says it is version 2 of 'site/hall/p1'"):
        store.version(P1, 1)


@pytest.mark.parametrize("asset", ["../../etc/passwd", "a//b", "./a/b", ""])
def test_no_name_leads_out_of_the_folder(store: ModelFolder, asset: str) -> None:
    with pytest.raises(Refused, match="no asset"):
        store.body(asset, 1)
