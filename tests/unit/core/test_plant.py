import pytest

from core.alert import AlertState
from core.errors import ConfigError, Fault, PartlyRefused, Unavailable
from core.plant import Asset, AssetClass, Channel, Plant, Severity, Site
from core.rejection import DeadLetter, Reason

PUMP = AssetClass("pump", (Channel("speed", "rpm"), Channel("oil_temp", title="Oil")))
PLANT = Plant(
    {"lahore": Site("lahore", "Asia/Karachi")},
    {
        asset.id: asset
        for asset in (
            Asset("lahore", "east", "p2", "pump", "Pump two"),
            Asset("lahore", "east", "p1", "pump"),
        )
    },
    {"pump": PUMP},
)


def test_an_asset_is_known_by_its_path() -> None:
    assert [asset.id for asset in PLANT.assets_of("pump")] == ["lahore/east/p1", "lahore/east/p2"]
    assert PLANT.class_of("lahore/east/p1") is PUMP
    assert PLANT.assets["lahore/east/p1"].label == "p1"
    assert PLANT.assets["lahore/east/p2"].label == "Pump two"


def test_channels_are_found_by_name_and_shown_by_title() -> None:
    assert PUMP.channel_names == ("speed", "oil_temp")
    assert PUMP.channel("oil_temp").label == "Oil"
    assert PUMP.channel("speed").label == "speed"
    with pytest.raises(KeyError):
        PUMP.channel("flow")


def test_severities_are_ordered() -> None:
    assert sorted(Severity, key=lambda severity: severity.rank)[-1] is Severity.CRITICAL


def test_only_normal_is_closed_and_only_active_states_hold() -> None:
    assert [state for state in AlertState if not state.is_open] == [AlertState.NORMAL]
    assert {state for state in AlertState if state.is_active} == {
        AlertState.UNACKNOWLEDGED,
        AlertState.ACKNOWLEDGED,
    }


def test_errors_say_all_their_faults_with_their_places() -> None:
    error = ConfigError(Fault("plant.yaml", 3, "no such class"), Fault("x.yaml", None, "empty"))

    assert str(error) == "plant.yaml:3: no such class\nx.yaml: empty"
    assert str(PartlyRefused(3, 1, "no such field")) == "1 of 4 refused: no such field"
    assert Unavailable("down", retry_after=2.0).retry_after == 2.0


def test_a_dead_letter_knows_whether_it_was_kept_whole() -> None:
    letter = DeadLetter(1, "t", Reason.MALFORMED, b"abc", 3, 0)

    assert letter.whole
    assert not DeadLetter(1, "t", Reason.MALFORMED, b"abc", 4, 0).whole
