from __future__ import annotations

import pytest

from core.deviation import Kind, Movement
from core.plant import FailureMode, Sign
from models.signature import PARTLY, WELL, Seen, matches, met

RISES, FALLS, MOVES, STEADY = Movement.RISES, Movement.FALLS, Movement.MOVES, Movement.STEADY

BEARING = FailureMode(
    "bearing", "Bearing", ("vibration", "heat"), (), (Sign("vibration", RISES), Sign("heat", RISES))
)
CAVITATION = FailureMode(
    "cavitation",
    "Cavitation",
    ("suction", "vibration"),
    (),
    (Sign("suction", FALLS), Sign("vibration", RISES, (Kind.NOISE, Kind.STEP))),
)
HOT = FailureMode("hot", "Hot", ("heat",), (), (Sign("heat", RISES), Sign("vibration", STEADY)))
MODES = (BEARING, CAVITATION, HOT)


def fits(**seen: Seen) -> dict[str, float]:
    usual = dict.fromkeys(("vibration", "heat", "suction"), Seen(0.0))
    return {one.mode.name: one.fit for one in matches(MODES, usual | seen)}


def test_what_moves_as_a_mode_says_fits_it_well_and_others_hardly() -> None:
    found = fits(vibration=Seen(2.0, Kind.DRIFT, 0.6), heat=Seen(1.0, Kind.DRIFT, 0.4))
    assert found["bearing"] == pytest.approx(1.0)
    assert next(iter(found)) == "bearing"
    assert found.get("cavitation", 0) < PARTLY
    assert found.get("hot", 0) < PARTLY


def test_the_way_it_goes_tells_modes_of_the_same_channels_apart() -> None:
    falls = fits(suction=Seen(-2.0, Kind.STEP, 0.7), vibration=Seen(0.0, Kind.NOISE, 0.3))
    assert falls["cavitation"] >= WELL
    rises = fits(suction=Seen(2.0, Kind.STEP, 0.7), vibration=Seen(0.0, Kind.NOISE, 0.3))
    assert rises.get("cavitation", 0) < PARTLY


def test_a_channel_that_should_stay_steady_and_moves_speaks_against_a_mode() -> None:
    steady = fits(heat=Seen(1.5, Kind.DRIFT, 1.0))
    moves = fits(heat=Seen(1.5, Kind.DRIFT, 1.0), vibration=Seen(1.5, Kind.DRIFT))
    assert steady["hot"] >= WELL
    assert moves.get("hot", 0) < PARTLY


def test_a_sign_that_does_not_show_makes_the_fit_worse() -> None:
    only = fits(vibration=Seen(2.0, Kind.DRIFT, 1.0))
    assert PARTLY <= only["bearing"] < WELL
    [found] = [
        one
        for one in matches(MODES, {"vibration": Seen(2.0, share=1.0), "heat": Seen(0.0)})
        if one.mode is BEARING
    ]
    assert (found.shown, found.missing) == (("vibration",), ("heat",))


def test_what_fits_none_known_has_no_match() -> None:
    assert fits(flow=Seen(-3.0, Kind.STEP, 1.0)) == {}


def test_a_sign_of_which_nothing_is_known_counts_neither_way() -> None:
    found = matches(MODES, {"vibration": Seen(2.0, share=1.0)})
    assert found[0].mode is BEARING
    assert found[0].fit == pytest.approx(1.0)


def test_without_ways_it_is_only_known_that_channels_move() -> None:
    plain = FailureMode("plain", "Plain", ("a", "b"))
    seen = {"a": Seen(-1.0, share=0.5), "b": Seen(1.0, share=0.5)}
    assert matches((plain,), seen)[0].fit == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("sign", "seen", "agrees"),
    [
        (Sign("a", RISES), Seen(1.0), 1.0),
        (Sign("a", RISES), Seen(-1.0), -1.0),
        (Sign("a", RISES), Seen(0.5), 0.5),
        (Sign("a", RISES), Seen(0.1), 0.0),
        (Sign("a", FALLS), Seen(-1.0), 1.0),
        (Sign("a", MOVES), Seen(-1.0), 1.0),
        (Sign("a", MOVES), Seen(0.0, Kind.OSCILLATION), 1.0),
        (Sign("a", RISES), Seen(0.0, Kind.OSCILLATION), 0.0),
        (Sign("a", STEADY), Seen(1.0), -1.0),
        (Sign("a", STEADY), Seen(0.0, Kind.NOISE), -1.0),
        (Sign("a", RISES, (Kind.DRIFT,)), Seen(1.0, Kind.DRIFT), 1.0),
        (Sign("a", RISES, (Kind.DRIFT,)), Seen(1.0, Kind.STEP), 0.5),
        (Sign("a", RISES, (Kind.NOISE,)), Seen(0.0, Kind.NOISE), 1.0),
        (Sign("a", RISES), Seen(), None),
        (Sign("a", RISES), Seen(share=1.0), 1.0),
    ],
)
def test_a_sign_is_met_as_far_as_its_channel_goes_its_way(
    sign: Sign, seen: Seen, agrees: float | None
) -> None:
    assert met(sign, seen) == (None if agrees is None else pytest.approx(agrees))
