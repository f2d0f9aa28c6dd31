"""What every store of model versions does, whatever it keeps them in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import Refused
from core.model_version import Cause, Learned, ModelStore, ModelVersion, Results
from storage.model_folder import ModelFolder
from storage.model_memory import MemoryModels

P1, P2 = "site/hall/p1", "site/hall/p2"


@pytest.fixture(params=["folder", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ModelStore:
    return ModelFolder(tmp_path / "models") if request.param == "folder" else MemoryModels()


def made(asset: str = P1, *, fit: bool = True, reason: str = "as good") -> ModelVersion:
    return ModelVersion(
        asset,
        "pump",
        1_700_000_000_000_000_000,
        Cause.ASKED,
        Learned("history", 1, 9, 500, 400, {"the machine did not run": 100}, {"temp": "use"}),
        {"pattern": "speed,temp {}"},
        fit,
        (reason,),
        Results(1.0, 2, 0.5, ("a",), ("b",), {"step of temp": 3}, {"step of temp": 4}),
        release="1.2",
    )


def test_an_empty_store_says_so(store: ModelStore) -> None:
    assert store.versions() == []
    assert store.version(P1, 1) is None
    assert store.prune(P1, 0) == 0
    with pytest.raises(Refused, match="no such version"):
        store.body(P1, 1)


def test_a_version_comes_back_as_it_was_with_number_digest_and_size(store: ModelStore) -> None:
    kept = store.add(made(), b"state")
    assert (kept.number, kept.size) == (1, 5)
    assert store.version(P1, 1) == kept
    assert store.body(P1, 1) == b"state"
    assert kept.learned == made().learned
    assert kept.results == made().results


def test_each_asset_counts_its_own_versions(store: ModelStore) -> None:
    numbers = [store.add(made(asset), b"s").number for asset in (P1, P2, P1)]
    assert numbers == [1, 1, 2]
    assert [(one.asset, one.number) for one in store.versions()] == [(P1, 1), (P1, 2), (P2, 1)]
    assert [one.number for one in store.versions(P1)] == [1, 2]


def test_equal_states_have_equal_digests_and_others_do_not(store: ModelStore) -> None:
    one, same, other = (store.add(made(), body).digest for body in (b"a", b"a", b"b"))
    assert one == same != other


def test_the_newest_and_those_named_stay_when_old_ones_go(store: ModelStore) -> None:
    for number in range(5):
        store.add(made(reason=f"{number}"), b"s")
    store.add(made(P2), b"s")
    assert store.prune(P1, 2, {1}) == 2
    assert [one.number for one in store.versions(P1)] == [1, 4, 5]
    assert [one.number for one in store.versions(P2)] == [1]


def test_a_number_is_never_given_twice(store: ModelStore) -> None:
    for _ in range(3):
        store.add(made(), b"s")
    store.prune(P1, 0)
    assert store.add(made(), b"s").number == 4


def test_when_an_asset_was_last_tried_is_noted_and_is_no_version(store: ModelStore) -> None:
    assert store.noted() == {}
    for asset, at in ((P1, 5), (P2, 6), (P1, 9)):
        store.note(asset, at)
    assert store.noted() == {P1: 9, P2: 6}
    assert store.versions() == []


def test_any_flipped_bit_of_a_record_is_refused_or_changes_no_more_than_a_value(
    tmp_path: Path,
) -> None:
    store = ModelFolder(tmp_path)
    path = Path(store.place(P1, store.add(made(), b"s").number)).with_suffix(".json")
    whole = path.read_bytes()
    for flipped in flips(whole):
        path.write_bytes(flipped)
        try:
            found = store.version(P1, 1)
        except Refused as error:
            assert "0001.json: damaged" in str(error)
            assert store.versions() == []
        else:
            assert found is not None and (found.asset, found.number) == (P1, 1)
            assert store.versions(P1) == [found]


def flips(whole: bytes) -> Iterator[bytes]:
    """Flip one bit in every place, and the highest, which ends UTF-8, in each as well."""
    for place, byte in enumerate(whole):
        for bit in {place % 8, 7}:
            yield whole[:place] + bytes([byte ^ (1 << bit)]) + whole[place + 1 :]


def test_people_are_told_where_the_state_is(store: ModelStore) -> None:
    store.add(made(), b"s")
    assert store.place(P1, 1).endswith("site/hall/p1/0001.npz")
