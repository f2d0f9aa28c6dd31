"""What every list of proposed assets does, whatever it is kept in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.clock import DAY, HOUR
from core.proposal import (
    KEPT_BYTES,
    MOST_ASSETS,
    MOST_CHANNELS,
    MOST_KEPT,
    MOST_WORDS,
    KeptMessage,
    Observed,
    Proposal,
    Proposals,
)
from storage.proposals_memory import MemoryProposals
from storage.proposals_sqlite import SqliteProposals

T = 1_795_420_800_000_000_000


@pytest.fixture(params=["sqlite", "memory"])
def proposals(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Proposals]:
    made: Proposals
    made = SqliteProposals(tmp_path / "p.db") if request.param == "sqlite" else MemoryProposals()
    yield made
    made.close()


def heard(asset: str = "s/a/p9", at: int = T, payload: bytes = b"{}", **values: float) -> Proposal:
    channels = {name: Observed.of(value) for name, value in values.items()}
    return Proposal(asset, "telemetry", at, at, 1, channels, (KeptMessage("t", payload, at),))


def test_an_empty_list_says_so(proposals: Proposals) -> None:
    assert (proposals.listed(), proposals.find("s/a/p9"), proposals.forgotten()) == ([], None, 0)
    proposals.note([])
    assert proposals.discard(["s/a/p9"]) == 0


def test_what_was_noted_is_found_as_it_was(proposals: Proposals) -> None:
    odd = Proposal(
        "s/a/ünï",
        "lines",
        T,
        T + 5,
        7,
        {"v": Observed("mm/s", 3, -1.5, 2.5, 0.5), "state": Observed(words=("on", "off"))},
        (KeptMessage("t/ü", b"\xff\x00", T),),
        on_change=True,
    )
    proposals.note([odd])
    assert proposals.find("s/a/ünï") == odd
    assert proposals.listed() == [odd]


def test_what_is_seen_again_is_added_to_what_is_known(proposals: Proposals) -> None:
    proposals.note([heard(at=T, v=2.0, w=1.0), heard(at=T + 2, v=5.0)])
    proposals.note([heard(at=T + 1, v=-1.0)])
    found = proposals.find("s/a/p9")
    assert found is not None
    assert (found.first, found.last, found.messages) == (T, T + 2, 3)
    assert found.channels["v"] == Observed("", 3, -1.0, 5.0, -1.0)
    assert found.channels["w"].count == 1
    assert [message.at for message in found.kept] == [T, T + 2, T + 1]


def test_words_and_truths_are_kept_as_states(proposals: Proposals) -> None:
    for value in ("running", True, "running", "stopped"):
        one = replace(heard(), channels={"state": Observed.of(value)})
        proposals.note([one])
    found = proposals.find("s/a/p9")
    assert found is not None
    assert found.channels["state"] == Observed("", 4, words=("running", "true", "stopped"))


def test_the_most_often_heard_come_first(proposals: Proposals) -> None:
    proposals.note([heard("s/a/rare"), heard("s/a/often"), heard("s/a/often"), heard("s/a/b")])
    assert [one.asset for one in proposals.listed()] == ["s/a/often", "s/a/b", "s/a/rare"]
    assert [one.asset for one in proposals.listed(limit=1)] == ["s/a/often"]


def test_what_was_accepted_is_forgotten(proposals: Proposals) -> None:
    proposals.note([heard("s/a/p8"), heard("s/a/p9")])
    assert proposals.discard(["s/a/p9", "s/a/p9", "none"]) == 1
    assert [one.asset for one in proposals.listed()] == ["s/a/p8"]
    assert proposals.forgotten() == 0


def test_however_many_assets_are_invented_only_so_many_are_kept(proposals: Proposals) -> None:
    proposals.note([heard("s/a/real", at=T), heard("s/a/real", at=T + 1)])
    for start in range(0, 3 * MOST_ASSETS, 500):
        proposals.note([heard(f"s/a/{n}", at=T + n) for n in range(start, start + 500)])
    listed = proposals.listed(10 * MOST_ASSETS)
    assert len(listed) == MOST_ASSETS
    assert listed[0].asset == "s/a/real"
    assert proposals.find(f"s/a/{3 * MOST_ASSETS - 1}") is not None
    assert proposals.forgotten() == 2 * MOST_ASSETS + 1


def test_what_has_been_quiet_for_a_day_makes_room_first(proposals: Proposals) -> None:
    proposals.note([heard("s/a/old", at=T)] * 100)
    proposals.note([heard(f"s/a/{n}", at=T + DAY + HOUR) for n in range(MOST_ASSETS)])
    assert proposals.find("s/a/old") is None
    assert len(proposals.listed()) == MOST_ASSETS


def test_of_one_asset_only_so_much_is_kept(proposals: Proposals) -> None:
    for n in range(10):
        proposals.note([heard(payload=bytes([n]) * 100, **{f"c{n}_{k}": 1.0 for k in range(50)})])
    proposals.note([replace(heard(), channels={"s": Observed.of(str(n))}) for n in range(50)])
    found = proposals.find("s/a/p9")
    assert found is not None
    assert len(found.channels) == MOST_CHANNELS
    assert len(found.kept) == MOST_KEPT
    proposals.note(
        [replace(heard("s/a/w"), channels={"s": Observed.of(str(n))}) for n in range(50)]
    )
    words = proposals.find("s/a/w")
    assert words is not None and len(words.channels["s"].words) == MOST_WORDS


def test_a_message_too_large_to_be_kept_whole_is_not_kept(proposals: Proposals) -> None:
    proposals.note([heard(payload=b"x" * KEPT_BYTES)])
    found = proposals.find("s/a/p9")
    assert found is not None and found.kept == ()


def test_a_list_lasts(tmp_path: Path) -> None:
    proposals = SqliteProposals(tmp_path / "p.db")
    proposals.note([heard(v=1.0)])
    proposals.close()
    proposals = SqliteProposals(tmp_path / "p.db")
    assert proposals.find("s/a/p9") == heard(v=1.0)
    proposals.close()
