"""A name that is not in the plant is guessed at, but inventing names costs nothing."""

from __future__ import annotations

import pytest

from core import suggestion
from ingest.directory import Directory
from ingest.payload import Bad
from tests.messages import plant


def test_an_unknown_asset_is_told_with_what_was_probably_meant() -> None:
    found = Directory(plant()).find("karachi/hall/p11")
    assert isinstance(found, Bad)
    assert 'unknown asset "karachi/hall/p11"; did you mean "karachi/hall/p1"?' in str(found.detail)


def test_whoever_invents_names_is_not_guessed_at_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    compared = 0
    guess = suggestion.closest

    def counted(*of: object) -> list[str]:
        nonlocal compared
        compared += len(plant().assets)
        return guess(*of)  # type: ignore[arg-type]

    monkeypatch.setattr(suggestion, "closest", counted)
    directory = Directory(plant())
    for number in range(20_000):
        assert isinstance(directory.find(f"karachi/hall/x{number}"), Bad)
    assert 0 < compared <= 5000
