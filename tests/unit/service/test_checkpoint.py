from __future__ import annotations

import numpy as np
import pytest

from models.detector import State
from service.checkpoint import Ledger, Part, pack, unpack


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
