from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

from cli.configuration import load
from cli.resolving import unfit
from core.clock import HOUR, MINUTE, iso
from core.cost import CostClass
from core.document import parse
from core.plant import AssetClass, ClockPolicy, ModeRule, Reporting, Role, Severity
from models.limits import LimitsSettings
from models.threshold import ThresholdSettings
from tests.configurations import PLANT, PUMP, but, faults, folder


def pump(where: Path, text: str = PUMP) -> AssetClass:
    return load(folder(where / "c", pump=text)).plant.classes["pump"]


def test_units_are_resolved_once_when_the_folder_is_loaded(tmp_path: Path) -> None:
    made = pump(tmp_path)

    temp = made.channel("temp")
    assert temp.unit == "degC"
    assert round(212 * temp.factor + temp.offset, 6) == 100.0
    with patch("core.units._registry", side_effect=AssertionError("Pint is asked again")):
        assert (made.channel("speed").factor, made.channel("speed").offset) == (1.0, 0.0)


def test_open_ends_of_a_range_are_infinite(tmp_path: Path) -> None:
    made = pump(tmp_path, but(PUMP, "range: [0, 50]", "range: [null, 50]"))

    assert (made.channel("vibration").low, made.channel("vibration").high) == (float("-inf"), 50.0)
    assert (made.channel("speed").low, made.channel("speed").role) == (0.0, Role.OPERATING)


def test_a_channel_says_how_it_is_reported_and_what_its_words_stand_for(tmp_path: Path) -> None:
    said = "[0, 50], reporting: on_change, max_age: 2h, states: {true: 1, Läuft: 2, 0: 3}"
    made = pump(tmp_path, but(PUMP, "[0, 50]", said))

    told = made.channel("vibration")
    assert (told.reporting, told.max_age) == (Reporting.ON_CHANGE, 2 * HOUR)
    assert told.states == {"true": 1.0, "Läuft": 2.0, "0": 3.0}
    left = made.channel("speed")
    assert (left.reporting, left.max_age, left.states) == (Reporting.PERIODIC, HOUR, {})


def test_an_asset_keeps_what_is_said_of_it(tmp_path: Path) -> None:
    said = "class: pump, title: پمپ 1, clock: arrival, attributes: {power_kw: 55, maker: KSB}"
    plant = load(folder(tmp_path / "c", plant=but(PLANT, "class: pump", said))).plant
    asset = plant.assets["lahore/water/p1"]

    assert (asset.label, asset.clock) == ("پمپ 1", ClockPolicy.ARRIVAL)
    assert asset.attributes == {"power_kw": 55.0, "maker": "KSB"}


def test_the_day_on_which_a_machine_was_new_begins_by_the_clock_of_its_site(tmp_path: Path) -> None:
    said = but(PLANT, "class: pump", "class: pump, installed: 2024-03-01")
    plant = load(folder(tmp_path / "c", plant=said)).plant
    installed = plant.assets["lahore/water/p1"].installed
    assert installed is not None
    assert iso(installed) == "2024-02-29T19:00:00Z"


def test_a_machine_counts_as_running_from_where_it_is_not_off(tmp_path: Path) -> None:
    assert pump(tmp_path / "a").modes == ModeRule("speed", 10, 10, 0)

    idle = but(PUMP, "off_below: 10", "off_below: 10, running_above: 99, starting_for: 5min")
    assert pump(tmp_path / "b", idle).modes == ModeRule("speed", 10, 99, 5 * MINUTE)

    never = but(PUMP, "modes: {channel: speed, off_below: 10}\n", "")
    assert pump(tmp_path / "c", never).modes == ModeRule()


def test_rules_detectors_and_failure_modes_keep_their_names_and_order(tmp_path: Path) -> None:
    rule = "detector: zones, severity: critical, at_score: 2, on_delay: 2h, deadband: 10%"
    made = pump(tmp_path, but(PUMP, "detector: zones", rule))

    assert [named.name for named in made.detectors] == ["zones", "pattern"]
    assert isinstance(made.detectors[0].settings, LimitsSettings)
    (high,) = made.rules
    assert (high.name, high.detector, high.severity) == ("high", "zones", Severity.CRITICAL)
    assert (high.at_score, high.on_delay, high.deadband) == (2.0, 2 * HOUR, 0.1)
    (bearing,) = made.failure_modes
    assert (bearing.name, bearing.channels, bearing.actions) == (
        "bearing",
        ("vibration",),
        ("Look.",),
    )
    assert made.health is not None


def test_what_a_health_model_has_against_its_class_is_a_fault_of_its_block(tmp_path: Path) -> None:
    made = replace(pump(tmp_path), health=ThresholdSettings(detector="gone"))
    document, _ = parse(PUMP, "pump.yaml")
    assert document is not None

    (fault,) = unfit(made, document)

    assert str(fault).startswith("pump.yaml:13: health: unknown detector")


def test_costs_are_resolved_to_days_and_hours_and_unknown_names_refused(tmp_path: Path) -> None:
    said = "costs: {mill: {planned: 10, failure: 90, stand_now: 12h, lasts: 2d}}\n"
    named = but(PLANT, "class: pump", "class: pump, costs: mill") + said
    made = load(folder(tmp_path / "a", plant=named)).plant
    assert made.costs_of("lahore/water/p1") == CostClass(10, 90, 0, 0.5, 2, 48)

    wrong = but(PLANT, "class: pump", "class: pump, costs: mil") + said
    [fault] = faults(folder(tmp_path / "b", plant=wrong))
    assert (
        'plant.yaml:7: sites.lahore.areas.water.assets.p1.costs: unknown costs "mil"; did' in fault
    )
    [fault] = faults(folder(tmp_path / "c", plant=PLANT, pump="costs: dear\n" + PUMP))
    assert 'classes/pump.yaml:1: costs: unknown costs "dear"; known: none' in fault
