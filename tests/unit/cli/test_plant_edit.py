"""An asset is put into the text of a plant, and every other character stays as it is."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.plant_edit import with_asset
from core.document import parse
from core.errors import Refused

ENTRY = {"class": "pump", "title": "Pump 9"}
PLANT = """\
# the plant
sites:
  lahore:                # where it all began
    title: Lahore mill
    timezone: Asia/Karachi
    areas:
      water:
        assets:
          pump-01: {class: pump, title: Pump 1}   # the old one

          # to be taken out in spring
          pump-02:
            class: pump
            title: >-
              Pump
              2

      air:
        assets:
          compressor-01: {class: compressor}

tick_every: 10s
"""


def added(before: str, after: str) -> list[str]:
    """Return the lines that came in; nothing else may have changed."""
    rest = after.splitlines()
    for line in before.splitlines():
        assert line in rest, f"{line!r} was changed"
        rest.remove(line)
    return rest


def test_an_asset_comes_after_the_last_of_its_area() -> None:
    made = with_asset(PLANT, "lahore/water/pump-09", ENTRY, None)
    assert added(PLANT, made) == ['          pump-09: {class: pump, title: "Pump 9"}']
    assert made.index("pump-09") < made.index("air:")


def test_an_area_that_is_new_is_made_in_its_site() -> None:
    made = with_asset(PLANT, "lahore/roof/fan-01", {"class": "fan"}, None)
    assert added(PLANT, made) == [
        "      roof:",
        "        assets:",
        "          fan-01: {class: fan}",
    ]


def test_a_site_that_is_new_gets_its_time_zone() -> None:
    made = with_asset(PLANT, "suzhou/hall/p1", {"class": "pump"}, "Asia/Shanghai")
    assert added(PLANT, made)[:3] == ["  suzhou:", '    timezone: "Asia/Shanghai"', "    areas:"]


@pytest.mark.parametrize(
    "text",
    [
        "sites: {lahore: {timezone: UTC, areas: {water: {assets: {p1: {class: pump}}}}}}\n",
        "sites: {lahore: {timezone: UTC, areas: {water: {assets: {}}}}}\n",
        "sites: {lahore: {timezone: UTC, areas: {}}}",
        "sites:\n  lahore: {timezone: UTC}\n",
        "sites:\n  lahore:\n    timezone: UTC\n    areas:\n",
        "sites:\n  lahore:\n    timezone: UTC\n    areas:\n      water:   # empty yet\n",
        "sites:\n  lahore:\n    timezone: UTC\n    areas:\n      water:\n        assets:\n",
        "sites:\n  lahore:\n    areas:\n      water:\n        assets:\n          a: {class: c}\n"
        "    timezone: UTC",
        "sites:\r\n  lahore:\r\n    timezone: UTC\r\n    areas:\r\n      water: {assets: {}}\r\n",
        'sites:\n    "lahore":\n        timezone: UTC\n        areas:\n            water:\n'
        "                assets:\n                    a:\n                        class: c\n",
    ],
)
def test_a_plant_may_be_written_in_many_ways(text: str) -> None:
    made = with_asset(text, "lahore/water/pump-09", ENTRY, None)
    before, _ = parse(text, "a")
    after, faults = parse(made, "b")
    assert after is not None and before is not None and not faults
    asset = after.get("sites", "lahore", "areas", "water", "assets", "pump-09")
    assert asset == ENTRY
    assert after.get("sites", "lahore", "timezone") == "UTC"


def test_names_that_yaml_could_take_for_something_else_stay_names() -> None:
    for name in ("1", "on", "null", "a:b", "-x", "1e5", "true"):
        made = with_asset(PLANT, f"lahore/water/{name}", {"class": name, "title": name}, None)
        after, _ = parse(made, "x")
        assert after is not None
        said = after.get("sites", "lahore", "areas", "water", "assets", name)
        assert said == {"class": name, "title": name}


@pytest.mark.parametrize(
    "text",
    [
        "sites: &all\n  lahore: {timezone: UTC, areas: {water: {assets: {a: {class: c},}}}}\n",
        "sites:\n  lahore: &l\n    timezone: UTC\n    areas:\n      water:\n        assets:\n"
        "          a: {class: c}\n  other: *l\n",
    ],
)
def test_where_it_cannot_be_added_safely_the_line_to_add_is_said(text: str) -> None:
    with pytest.raises(
        Refused, match=r'add under water: pump-09: \{class: pump, title: "Pump 9"\}'
    ):
        with_asset(text, "lahore/water/pump-09", ENTRY, None)


@settings(max_examples=60)
@given(title=st.text(max_size=30), name=st.from_regex(r"\A[A-Za-z0-9_.:-]{1,20}\Z"))
def test_whatever_it_is_called_only_its_line_is_new(title: str, name: str) -> None:
    entry = {"class": "pump", "title": title}
    try:
        made = with_asset(PLANT, f"lahore/water/{name}", entry, None)
    except Refused:
        return  # characters that YAML has no place for
    (line,) = added(PLANT, made)
    after, _ = parse(made, "x")
    assert after is not None
    assert after.get("sites", "lahore", "areas", "water", "assets", name) == entry
    assert line.startswith("          ")
