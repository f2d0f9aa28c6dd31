"""Whether our own clock can be believed."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from core.clock import DAY, HOUR, SECOND, ManualClock
from ingest import trust as trust_module
from ingest.trust import PLAUSIBLE, Trust, clock_is_synchronised
from tests.messages import NOW


def trust(clock: ManualClock, last_entry: int = 0, *, synchronised: bool = False) -> Trust:
    return Trust(clock, last_entry, lambda: synchronised, lambda: 0.0)


class Box:
    """A machine whose clock can be set, and whose time since it started cannot."""

    def __init__(self) -> None:
        self.clock, self.elapsed, self.synchronised = ManualClock(NOW), 0.0, False
        self.trust = Trust(self.clock, NOW, lambda: self.synchronised, lambda: self.elapsed)

    def runs(self, seconds: int) -> None:
        self.clock.advance(seconds * SECOND)
        self.elapsed += seconds


def test_a_clock_that_leaps_ahead_loses_trust_until_it_is_synchronised() -> None:
    box = Box()
    box.runs(40 * 86_400)
    assert box.trust.look()
    box.clock.advance(HOUR + SECOND)
    assert not box.trust.look()
    box.runs(86_400)
    assert not box.trust.look() and not box.trust.trusted
    box.synchronised = True
    assert box.trust.look()
    box.synchronised = False
    box.runs(86_400)
    assert box.trust.look()


def test_a_clock_that_leapt_ahead_and_is_set_right_again_is_believed_again() -> None:
    box = Box()
    box.clock.advance(3 * 365 * DAY)
    assert not box.trust.look()
    box.runs(60)
    box.clock.advance(-3 * 365 * DAY)
    assert box.trust.look()


def test_a_clock_that_is_put_right_by_less_than_an_hour_keeps_its_trust() -> None:
    box = Box()
    box.runs(60)
    box.clock.advance(HOUR)
    assert box.trust.look()


def test_only_a_time_server_makes_the_clock_certain() -> None:
    box = Box()
    assert box.trust.trusted and not box.trust.certain()
    box.synchronised = True
    assert box.trust.certain()


def test_the_time_since_boot_goes_on() -> None:
    assert 0 < trust_module.since_boot() <= trust_module.since_boot()


def test_a_clock_after_the_journals_last_entry_is_believed() -> None:
    assert trust(ManualClock(NOW), NOW - HOUR).trusted


def test_a_clock_before_the_journals_last_entry_is_not() -> None:
    assert not trust(ManualClock(NOW), NOW + SECOND).trusted


def test_a_clock_that_was_never_set_is_not_believed() -> None:
    assert not trust(ManualClock(12 * SECOND)).trusted
    assert not trust(ManualClock(PLAUSIBLE - 1)).trusted


def test_a_synchronised_clock_is_believed_whatever_the_journal_says() -> None:
    assert trust(ManualClock(NOW), NOW + HOUR, synchronised=True).trusted


def test_a_clock_that_is_set_becomes_trusted() -> None:
    clock = ManualClock(12 * SECOND)
    found = trust(clock, NOW)
    clock.now = NOW + HOUR
    assert found.look() and found.trusted


def test_a_clock_that_steps_back_loses_trust_until_it_has_caught_up() -> None:
    clock = ManualClock(NOW)
    found = trust(clock)
    clock.now = NOW - HOUR
    assert not found.look()
    clock.advance(SECOND)
    assert not found.look()
    clock.now = NOW + 1
    assert found.look()


def test_a_time_service_that_says_so_is_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = tmp_path / "synchronized"
    said.touch()
    monkeypatch.setattr(trust_module, "_TIMESYNC", said)
    monkeypatch.setattr(ctypes, "CDLL", lambda _: SimpleNamespace(adjtimex=lambda _: 5))
    assert clock_is_synchronised()
    two_hours_ago = said.stat().st_mtime - 7200
    os.utime(said, (two_hours_ago, two_hours_ago))  # or the clock was set two hours ahead
    assert not clock_is_synchronised()


@pytest.mark.parametrize(("state", "synchronised"), [(0, True), (4, True), (5, False), (-1, False)])
def test_else_the_kernel_is_asked(
    state: int, synchronised: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trust_module, "_TIMESYNC", tmp_path / "none")
    kernel = SimpleNamespace(adjtimex=lambda _: state)
    monkeypatch.setattr(ctypes, "CDLL", lambda _: kernel)
    assert clock_is_synchronised() is synchronised


def test_a_system_that_cannot_be_asked_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trust_module, "_TIMESYNC", tmp_path / "none")
    monkeypatch.setattr(ctypes, "CDLL", lambda _: SimpleNamespace())
    assert not clock_is_synchronised()


def test_this_very_kernel_answers() -> None:
    assert ctypes.CDLL(None).adjtimex(ctypes.byref(trust_module._Timex())) in range(6)
