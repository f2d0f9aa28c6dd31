"""Devices that go and come back: one case for each, told once at its start and once at its end."""

from __future__ import annotations

import pytest

from core.alert import AlertState, Change
from core.clock import HOUR, MINUTE, SECOND
from core.journal import DeviceChanged
from core.plant import SERVICE_ASSET, Plant
from service.devices import Devices
from service.presence import Presence
from tests.bench import P1, P2, Bench
from tests.plants import plant

P3 = "site/hall/p3"
MANY = "device:gateway"


@pytest.fixture
def bench() -> Bench:
    return Bench(plant()).ticks(1)


def all_cases(bench: Bench) -> list[tuple[str, str, str]]:
    events = bench.scored().casefile.events(0)
    return [(alert.asset, alert.group, step.change.value) for step, alert in events]


def test_a_device_of_one_machine_is_told_in_the_case_of_its_data(bench: Bench) -> None:
    bench.says().device(False, P1, device="tasmota-7", detail="its will").ticks(7)
    case = bench.case("data")
    assert (case.asset, case.rules) == (P1, ("offline: tasmota-7",))
    assert case.title == ("Pump 1: cannot judge, its device is offline since 2023-11-15 03:13 PKT")
    assert case.summary == (
        "The device tasmota-7 is offline. its will What it last said no longer counts."
    )
    bench.ticks(20).device(True, P1, device="tasmota-7").ticks(20)
    assert bench.changes("data") == [Change.OPENED, Change.RETURNED]
    assert bench.steps("data")[-1][0].why == "tasmota-7 is there again"


def test_a_device_of_several_machines_is_one_case_that_names_them(bench: Bench) -> None:
    bench.all_say().device(False, P1, P2, P3).ticks(400)
    case = bench.case(MANY)
    assert case.asset == SERVICE_ASSET
    assert case.title.startswith("Device gateway is offline since")
    assert case.title.endswith("3 machines not judged")
    assert "Pump 1, Pump 2 and Pump 3" in case.summary
    assert len(all_cases(bench)) == 1, "their silence is explained"
    bench.device(True, P1, P2, P3).ticks(1)
    assert bench.changes(MANY) == [Change.OPENED, Change.RETURNED]


def test_a_device_of_many_machines_names_the_first_and_counts_the_rest() -> None:
    bench = Bench(plant(9)).ticks(1)
    bench.device(False, *bench.plant.assets).ticks(7)
    assert "Pump 1, Pump 2, Pump 3, Pump 4, Pump 5 and 4 more." in bench.case(MANY).summary


def test_its_machines_cannot_be_judged_until_it_is_back(bench: Bench) -> None:
    bench.all_say().device(False, P1, P2).ticks(7)
    assert [(bench.status(p).judged, bench.status(p).why) for p in (P1, P3)] == [
        (False, "device offline"),
        (True, ""),
    ]
    assert bench.restart().status(P2).why == "device offline"
    bench.device(True, P1, P2).all_say()
    assert (bench.status(P1).judged, bench.status(P1).why) == (True, "")


def test_a_short_absence_is_told_to_nobody(bench: Bench) -> None:
    for _ in range(20):
        bench.all_say().device(False, P1, P2).ticks(5).device(True, P1, P2).ticks(5)
    assert all_cases(bench) == []
    assert bench.status().judged


def test_how_long_a_device_may_be_gone_is_set_by_the_plant() -> None:
    given = plant()
    slow = Plant(given.sites, given.assets, given.classes, gone_after=10 * MINUTE)
    bench = Bench(slow).ticks(1).device(False, P1, P2).ticks(59)
    assert all_cases(bench) == []
    assert len(all_cases(bench.ticks(2))) == 1


def test_a_device_is_not_missed_while_our_own_link_is_down(bench: Bench) -> None:
    bench.device(False, P1, P2).ticks(60, connected=False)
    assert bench.changes(MANY) == []
    assert bench.ticks(7).changes(MANY) == [Change.OPENED]


def test_a_will_that_is_repeated_is_told_once(bench: Bench) -> None:
    for _ in range(30):
        bench.device(False, P1, P2).ticks(10)
    assert bench.changes(MANY) == [Change.OPENED]


def test_one_that_flaps_comes_back_in_the_same_case(bench: Bench) -> None:
    for _ in range(3):
        bench.device(False, P1, P2).ticks(12).device(True, P1, P2).ticks(12)
    assert bench.changes(MANY) == [
        Change.OPENED,
        Change.RETURNED,
        *[Change.CAME_BACK, Change.RETURNED] * 2,
    ]


def test_two_devices_of_one_machine_are_told_apart(bench: Bench) -> None:
    bench.device(False, P1, device="a").device(False, P1, device="b").ticks(7)
    bench.device(True, P1, device="a").ticks(1)
    assert bench.case("data").active == ("offline: b",)
    assert bench.status().why == "device offline"
    bench.device(True, P1, device="b").ticks(1)
    assert bench.case("data").state is AlertState.RETURNED


def test_silence_is_counted_anew_once_a_device_is_back(bench: Bench) -> None:
    bench.says().device(False, P1, device="d").ticks(400).device(True, P1, device="d")
    assert bench.ticks(80).case("data").active == ()
    assert bench.ticks(20).case("data").active == ("silent",)


def test_a_silent_machine_stays_silent_when_its_device_goes_and_comes(bench: Bench) -> None:
    bench.says().ticks(100).device(False, P1, device="d").ticks(10)
    assert bench.case("data").active == ("silent", "offline: d")
    bench.device(True, P1, device="d").ticks(1)
    assert bench.case("data").active == ("silent",)
    assert bench.says().case("data").state is AlertState.RETURNED


def test_a_device_of_nothing_that_we_know_is_nothing_to_us(bench: Bench) -> None:
    bench.device(False, "site/hall/p9").device(False).ticks(20)
    assert all_cases(bench) == []
    assert bench.scoring._casework._devices.known() == []


def test_a_death_that_names_no_machine_means_those_of_the_birth(bench: Bench) -> None:
    bench.device(True, P1, P2).ticks(1).device(False).ticks(7)
    assert "Pump 1 and Pump 2" in bench.case(MANY).summary


def test_restarts_tell_nothing_twice(bench: Bench) -> None:
    bench.device(False, P1, P2).ticks(3).scored()
    bench.restart().ticks(4).scored()
    bench.restart().ticks(30).scored()
    bench.restart().device(True, P1, P2).scored()
    assert bench.changes(MANY) == [Change.OPENED, Change.RETURNED]


def test_the_case_of_a_device_whose_machines_are_no_longer_there_ends() -> None:
    bench = Bench(plant(3)).ticks(1).device(False, P2, P3).device(False, P3, device="d").ticks(9)
    assert len(all_cases(bench)) == 2
    bench.restart(plant(1)).revises()
    assert bench.changes(MANY) == [Change.OPENED, Change.RETURNED]
    assert bench.changes("data") == [Change.OPENED, Change.RETURNED]


def test_devices_go_on_where_they_were_saved() -> None:
    first, second = Devices(plant()), Devices(plant())
    first.changed(0, DeviceChanged("a", False, 0, (P1, P2), ("speed", "nothing")))
    first.tick(30 * SECOND, 30 * SECOND, connected=True)
    second.restore(first.save())
    assert second.save() == first.save()
    assert second.on_change(P2) == ("speed",)
    assert second.presence(P1) is Presence.GONE
    told = second.tick(MINUTE, 30 * SECOND, connected=True)
    assert told == first.tick(MINUTE, 30 * SECOND, connected=True)
    assert second.presence(P1) is Presence.OFFLINE
    assert second.tick(HOUR, MINUTE, connected=True) == ([], [])
