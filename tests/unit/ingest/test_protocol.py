"""Which MQTT to speak."""

from __future__ import annotations

from ingest.protocol import ProtocolChoice


def test_a_broker_that_refuses_version_5_is_spoken_to_in_the_older() -> None:
    choice = ProtocolChoice("auto")
    assert choice.version_5
    choice.failed(refused=True, silent=False)
    assert not choice.version_5


def test_a_connection_that_ends_without_a_word_counts_only_the_second_time() -> None:
    choice = ProtocolChoice("auto")
    choice.failed(refused=False, silent=True)
    assert choice.version_5
    choice.failed(refused=False, silent=True)
    assert not choice.version_5
    choice.failed(refused=False, silent=True)
    choice.failed(refused=False, silent=True)
    assert choice.version_5


def test_what_worked_between_makes_the_count_begin_again() -> None:
    choice = ProtocolChoice("auto")
    choice.failed(refused=False, silent=True)
    choice.settle()
    choice.failed(refused=False, silent=True)
    assert choice.version_5


def test_an_absent_broker_says_nothing_about_versions() -> None:
    choice = ProtocolChoice("auto")
    for _ in range(9):
        choice.failed(refused=False, silent=False)
    assert choice.version_5


def test_a_version_that_is_set_stays() -> None:
    for wanted, five in (("5", True), ("3.1.1", False)):
        choice = ProtocolChoice(wanted)  # type: ignore[arg-type]
        choice.failed(refused=True, silent=False)
        assert choice.version_5 is five
