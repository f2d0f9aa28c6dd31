"""Strangers: what is not in the plant is looked at, a little of it, and proposed."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.clock import SECOND
from core.errors import Unavailable
from core.proposal import Observed, Proposals
from core.rejection import Reason, Rejection
from ingest.directory import Directory
from ingest.router import Router
from ingest.settings import IngestSettings
from ingest.strangers import A_SECOND, Strangers
from storage.proposals_memory import MemoryProposals
from storage.proposals_sqlite import SqliteProposals
from tests.messages import NOW, body, plant

SOURCES = [
    {
        "name": "lines",
        "topic": "influx/{site}/{area}",
        "decoder": {"kind": "line_protocol", "asset_tag": "machine"},
    }
]


class Works:
    """Strangers over a list in memory."""

    def __init__(self, **settings: object) -> None:
        self.proposals: Proposals = MemoryProposals()
        given = IngestSettings.model_validate(settings)
        self.router = Router(given, Directory(plant()))
        self.strangers = Strangers(self.router, self.proposals)

    def says(self, *assets: str, payload: bytes | None = None, at: int = NOW) -> None:
        said = body(vibration=2.5, state="on") if payload is None else payload
        bad = [refused(f"plant/{asset}/telemetry", said, at) for asset in assets]
        self.strangers.see(bad, at)


def refused(topic: str, payload: bytes, at: int = NOW) -> Rejection:
    return Rejection(topic, Reason.UNKNOWN_ASSET, payload, at, source="telemetry", messages=1)


def test_what_an_unknown_asset_says_is_proposed_with_its_channels() -> None:
    works = Works()
    works.says("karachi/hall/p9")
    assert works.proposals.listed() == []
    works.strangers.flush()
    (one,) = works.proposals.listed()
    assert (one.asset, one.source, one.first, one.messages) == (
        "karachi/hall/p9",
        "telemetry",
        NOW,
        1,
    )
    assert one.channels == {
        "vibration": Observed("", 1, 2.5, 2.5, 2.5),
        "state": Observed(words=("on",), count=1),
    }
    assert [(kept.topic, kept.at) for kept in one.kept] == [
        ("plant/karachi/hall/p9/telemetry", NOW)
    ]


def test_other_rejections_propose_nothing() -> None:
    works = Works()
    works.strangers.see([Rejection("t", Reason.MALFORMED, b"?", NOW)], NOW)
    works.strangers.flush()
    assert works.proposals.listed() == []


@pytest.mark.parametrize(
    "payload", [b"", b"[]", b"\xff", b'{"values": 3}', b'{"values": {"v": NaN}}']
)
def test_what_cannot_be_read_is_proposed_by_its_name_alone(payload: bytes) -> None:
    works = Works()
    works.says("karachi/hall/p9", payload=payload)
    works.strangers.flush()
    (one,) = works.proposals.listed()
    assert one.channels == {}


def test_of_a_flood_only_so_many_are_looked_at_in_a_second() -> None:
    works = Works()
    for tick in range(10):
        assets = [f"karachi/hall/{tick}-{n}" for n in range(1000)]
        works.says(*assets, at=NOW + tick * SECOND // 10)
        works.strangers.flush()
    assert A_SECOND <= len(works.proposals.listed()) <= 2 * A_SECOND


def test_a_message_of_a_source_is_read_as_that_source_reads_it() -> None:
    works = Works(sources=SOURCES)
    line = f"pump,machine=p9 vibration=2.5 {NOW}\npump,machine=p1 vibration=1 {NOW}".encode()
    works.strangers.see([refused("influx/karachi/hall", line)], NOW)
    works.strangers.flush()
    (one,) = works.proposals.listed()
    assert (one.asset, one.source) == ("karachi/hall/p9", "lines")
    assert one.channels["vibration"].last == 2.5


@pytest.mark.parametrize(
    "payload", [rb'{"values": {"\ud800": 1}}', rb'{"values": {"v": "\ud800"}}']
)
def test_halves_of_characters_are_written_as_they_were_sent(payload: bytes, tmp_path: Path) -> None:
    works = Works()
    works.proposals = SqliteProposals(tmp_path / "p.db")
    works.strangers = Strangers(works.router, works.proposals)
    works.says("karachi/hall/p9", payload=payload)
    works.strangers.flush()
    (one,) = works.proposals.listed()
    ((name, seen),) = one.channels.items()
    assert "\\ud800" in (name, *seen.words)
    works.proposals.close()


@pytest.mark.parametrize("failure", [Unavailable("the disk is full"), ValueError("a bug")])
def test_whatever_a_list_raises_nobody_is_stopped_by_it(failure: Exception) -> None:
    works = Works()
    works.says("karachi/hall/p9")

    def fail(_: object) -> None:
        raise failure

    works.proposals.note = fail  # type: ignore[method-assign]
    works.strangers.flush()


def test_a_decoder_that_fails_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    works = Works()

    def fail(_: bytes) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("ingest.strangers.parse", fail)
    works.says("karachi/hall/p9")
