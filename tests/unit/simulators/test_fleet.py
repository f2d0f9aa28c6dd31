from __future__ import annotations

import json
from dataclasses import replace
from itertools import islice, pairwise
from pathlib import Path

import pytest

from core.clock import DAY, HOUR, MINUTE, SECOND
from core.errors import ConfigError
from core.plant import Channel, Plant
from simulators.fleet import Fleet, find
from simulators.scenario import Scenario, load, parse

NOW = 20_000 * DAY + 9 * HOUR
DEMO = Path(__file__).parents[3] / "configs" / "scenarios" / "demo.yaml"


def fleet(plant: Plant, text: str = "", now: int = NOW) -> Fleet:
    return Fleet(parse(f"span: 2d\n{text}", "test.yaml"), plant, now)


def test_history_comes_in_time_order_every_interval_of_every_machine(plant: Plant) -> None:
    messages = list(fleet(plant).history())
    assert len(messages) == 6 * 2 * 288 == fleet(plant).count
    times = [message.at for message in messages]
    assert times == sorted(times)
    assert times[0] > NOW - 2 * DAY
    assert NOW - 10 * SECOND < times[-1] <= NOW
    for asset in plant.assets:
        own = [message.at for message in messages if message.asset == asset]
        assert {later - at for at, later in pairwise(own)} == {5 * MINUTE}


def test_the_same_scenario_and_now_give_the_same_bytes(plant: Plant) -> None:
    assert list(fleet(plant).history()) == list(fleet(plant).history())
    assert list(fleet(plant).history()) != list(fleet(plant, "seed: 2").history())


def test_live_continues_where_history_ended_as_if_it_never_had(plant: Plant) -> None:
    earlier, later = fleet(plant), fleet(plant, "", NOW + 6 * HOUR)
    live = list(islice(earlier.live(), 6 * 72))
    assert live == list(later.history())[-6 * 72 :]


def test_live_may_be_faster_than_history(plant: Plant) -> None:
    live = list(islice(fleet(plant, "live_interval: 10s").live(), 12))
    assert live[6].at - live[0].at == 10 * SECOND
    assert live[0].at > list(fleet(plant, "live_interval: 10s").history())[-1].at


def test_a_message_has_the_default_topic_and_payload(plant: Plant) -> None:
    message = next(m for m in fleet(plant).history() if m.asset == "lahore/hall/compressor-0")
    assert message.topic == "plant/lahore/hall/compressor-0/telemetry"
    said = json.loads(message.payload)
    assert list(said) == ["ts", "values"]
    assert said["ts"].endswith("Z")
    assert len(said["ts"]) == len("2026-11-23T08:00:00Z")
    assert set(said["values"]) == set(plant.class_of(message.asset).channel_names)


def test_only_channels_of_the_class_are_sent_in_its_own_unit_and_range(plant: Plant) -> None:
    channels = (
        Channel("ambient_temp", factor=5 / 9, offset=-160 / 9),
        Channel("flow", low=0, high=90.0),
        Channel("extra"),
    )
    name = "centrifugal_pump"
    odd = replace(plant.classes[name], channels=channels)
    changed = replace(plant, classes={**plant.classes, name: odd})
    scenario = parse("assets: [first centrifugal_pump]\nspan: 2d", "s.yaml")
    one = Fleet(scenario, changed, NOW)
    rows = one.rows(one.machines[0])
    plain = fleet(plant, "assets: [first centrifugal_pump]")
    usual = plain.rows(plain.machines[0])
    assert rows.channels == ("flow", "ambient_temp")
    celsius = usual.values[:, usual.channels.index("ambient_temp")]
    assert abs(rows.values[:, 1] - (celsius * 9 / 5 + 32)).max() < 1e-5
    assert rows.values[:, 0].max() == 90.0


def test_a_dropout_of_everything_is_silence(plant: Plant) -> None:
    quiet = fleet(plant, "faults: [{asset: compressor-0, fault: dropout, onset: -1d}]")
    own = [m for m in quiet.history() if m.asset == "lahore/hall/compressor-0"]
    assert len(own) == 288
    assert max(m.at for m in own) < NOW - DAY


def test_a_dropout_of_a_channel_leaves_it_out_of_the_payload(plant: Plant) -> None:
    text = "faults: [{asset: compressor-0, fault: dropout, channel: flow, onset: -1d, share: 50%}]"
    own = [m for m in fleet(plant, text).history() if m.asset == "lahore/hall/compressor-0"]
    lacking = sum("flow" not in json.loads(m.payload)["values"] for m in own[288:])
    assert 100 < lacking < 188
    assert all("flow" in json.loads(m.payload)["values"] for m in own[:287])


@pytest.mark.parametrize(
    ("selector", "found"),
    [
        ("bremen/hall/compressor-1", "bremen/hall/compressor-1"),
        ("compressor-1", "bremen/hall/compressor-1"),
        ("first electric_motor", "bremen/hall/electric_motor-1"),
        ("second electric_motor", "lahore/hall/electric_motor-0"),
        ("last electric_motor", "lahore/hall/electric_motor-0"),
    ],
)
def test_assets_are_named_by_id_name_or_place(plant: Plant, selector: str, found: str) -> None:
    assert find(plant, selector) == found


@pytest.mark.parametrize("selector", ["third compressor", "first conveyor", "pump", "first", ""])
def test_an_unknown_asset_is_said_with_how_to_name_one(plant: Plant, selector: str) -> None:
    with pytest.raises(ConfigError, match="write an id such as lahore/hall/centrifugal_pump-0"):
        find(plant, selector)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("asset: compressor-0, fault: cavitation", "compressor cannot have cavitation"),
        ("asset: compressor-0, fault: stuck_sensor, channel: speed", "has no 'speed'; it has"),
        ("asset: compressor-1, fault: dropout", "is not among the simulated assets"),
        (
            "asset: compressor-0, fault: dropout, until: 2001-01-01T00:00:00Z",
            "until must come after onset",
        ),
        (
            "asset: compressor-0, fault: overheating, failure: 2001-01-01T00:00:00Z",
            "failure must come after onset",
        ),
    ],
)
def test_a_fault_that_cannot_be_is_refused(plant: Plant, fault: str, words: str) -> None:
    text = f"assets: [compressor-0]\nfaults: [{{{fault}, onset: -1d}}]"
    with pytest.raises(ConfigError, match=words):
        fleet(plant, text)


def test_a_plant_without_simulated_classes_is_refused(plant: Plant) -> None:
    with pytest.raises(ConfigError, match="no asset that can be simulated"):
        Fleet(Scenario(), replace(plant, assets={}), NOW)


def test_the_demonstration_wears_one_machine_and_makes_one_sensor_lie(plant: Plant) -> None:
    demo = Fleet(load(DEMO), plant, NOW)
    kinds = sorted(spec.fault for faults in demo.faults.values() for spec, _ in faults)
    assert kinds == ["bearing_wear", "stuck_sensor"]
    assert demo.scenario.span == 30 * DAY
