from __future__ import annotations

import numpy as np
import pytest

from models.detector import State
from service.checkpoint import Ledger, Part, pack, read_array, unpack, write_array


class Counter:
    """A section with a row for each asset."""

    def __init__(self, rows: int, width: int = 2) -> None:
        self.array = np.zeros((rows, width))

    def state(self) -> State:
        return {"array": self.array}

    def restore(self, state: State) -> None:
        self.array = state["array"]


def part(counter: Counter, *assets: str, signature: str = "s") -> Part:
    return Part("pump", assets, {"counter": counter}, {"counter": signature})


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6.0).reshape(2, 3),
        np.array([True, False]),
        np.array([], np.int64),
        np.array(["a", "bc"]),
        np.float64(2.5) * np.ones(()),
    ],
)
def test_an_array_comes_back_as_it_was(array: np.ndarray) -> None:
    found = unpack(pack(array))
    assert found.dtype == array.dtype
    assert found.shape == array.shape
    assert np.array_equal(found, array)
    assert found.flags.writeable


def test_objects_are_never_kept() -> None:
    with pytest.raises(TypeError, match="numbers, flags and text"):
        pack(np.array([object()]))
    with pytest.raises(ValueError, match="never kept"):
        unpack(b"\x93\xa2|O\x91\x01\xc4\x08\x00\x00\x00\x00\x00\x00\x00\x00")


def test_state_follows_its_asset_when_assets_come_and_go() -> None:
    old = Counter(3)
    old.array[:] = [[1, 1], [2, 2], [3, 3]]
    new = Counter(3)
    assert part(new, "c", "new", "a").read(part(old, "a", "b", "c").write()) == []
    assert new.array.tolist() == [[3, 3], [0, 0], [1, 1]]


def test_state_of_another_configuration_is_dropped_and_named() -> None:
    old, new = Counter(1), Counter(1)
    old.array[:] = 7
    dropped = part(new, "a", signature="other").read(part(old, "a").write())
    assert dropped == ["counter"]
    assert new.array.tolist() == [[0, 0]]


def test_a_buffer_that_had_grown_comes_back_grown() -> None:
    old, new = Counter(1, width=3), Counter(2, width=0)
    old.array[:] = 7
    part(new, "new", "a").read(part(old, "a").write())
    assert new.array.tolist() == [[0, 0, 0], [7, 7, 7]]


def test_nothing_saved_is_nothing_read() -> None:
    assert part(Counter(1), "a").read({}) == []


def test_only_what_changed_is_written_again() -> None:
    ledger = Ledger({"a": b"1", "b": b"2"})
    changed = ledger.changed({"a": b"1", "b": b"3", "c": b"4"})
    assert changed == {"b": b"3", "c": b"4"}
    ledger.note(changed)
    assert ledger.changed({"a": b"1", "b": b"3", "c": b"4"}) == {}


@pytest.mark.parametrize("width", [0, 1, 64, 65, 128, 300])
def test_a_wide_array_comes_back_as_it_was(width: int) -> None:
    array = np.arange(3.0 * width * 2).reshape(3, width, 2)
    assert np.array_equal(read_array("a", write_array("a", array)), array)


def test_of_an_array_that_grew_at_its_end_only_the_end_is_written_again() -> None:
    array = np.arange(2.0 * 200).reshape(2, 200)
    ledger = Ledger(write_array("a", array[:, :195]))
    assert list(ledger.changed(write_array("a", array))) == ["a#3"]


def test_slices_of_an_array_that_shrank_are_removed() -> None:
    array = np.arange(2.0 * 200).reshape(2, 200)
    ledger = Ledger(write_array("a", array))
    changed = ledger.changed(write_array("a", array[:, :10]))
    assert {name for name, body in changed.items() if not body} == {"a#0", "a#1", "a#2", "a#3"}
    ledger.note(changed)
    assert ledger.changed(write_array("a", array[:, :10])) == {}
