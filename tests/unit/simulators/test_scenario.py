from __future__ import annotations

from pathlib import Path

import pytest

from core.clock import DAY, HOUR, MINUTE
from core.errors import ConfigError
from simulators.faults import Drifting, Dropout, Stuck, Trouble
from simulators.moment import instant
from simulators.scenario import load, parse

SHIPPED = Path(__file__).parents[3] / "configs" / "scenarios"
NOW = 20_000 * DAY


def wrong(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse(text, "odd.yaml")
    return str(caught.value)


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_scenario_reads(path: Path) -> None:
    scenario = load(path)
    assert scenario.title
    assert scenario.interval == 5 * MINUTE


def test_an_empty_scenario_is_thirty_healthy_days() -> None:
    scenario = parse("", "empty.yaml")
    assert scenario.span == 30 * DAY
    assert scenario.faults == ()


def test_faults_become_what_they_say_at_their_times() -> None:
    scenario = parse(
        """
faults:
  - {asset: a, fault: bearing_wear, onset: -16d, failure: +2d}
  - {asset: a, fault: stuck_sensor, channel: flow, onset: -1d, until: now}
  - {asset: a, fault: drifting_sensor, channel: flow, onset: "2024-01-02T03:00:00+03:00",
     per_day: 0.5}
  - {asset: a, fault: dropout, onset: -1h, share: 20%}
""",
        "s.yaml",
    )
    wear, stuck, drifting, dropout = (spec.build(NOW) for spec in scenario.faults)
    assert isinstance(wear, Trouble)
    assert (wear.onset, wear.failure) == (NOW - 16 * DAY, NOW + 2 * DAY)
    assert stuck == Stuck("flow", NOW - DAY, NOW)
    assert drifting == Drifting("flow", 19_724 * DAY, 0.5)
    assert dropout == Dropout(None, NOW - HOUR, None, 0.2)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "sed: 1",
            'odd.yaml:1: unknown key "sed"; did you mean "seed"? known: title, seed, interval',
        ),
        ("title: x\nseed: -1", "odd.yaml:2: seed: "),
        ("interval: 300", "odd.yaml:1: interval: 300 has no unit; write it like 30s"),
        ("interval: soon", "is not a quantity; write it like 30s"),
        (
            "faults:\n  - {asset: a, fault: rust, onset: now}",
            'odd.yaml:2: faults.0.fault: unknown fault "rust"; known: bearing_wear',
        ),
        (
            "faults:\n  - {asset: a, fault: bearing_wear, onset: -1d}",
            "bearing_wear needs `failure`",
        ),
        (
            "faults:\n  - asset: a\n    fault: dropout\n    onset: -1d\n    until: -2d",
            "until (-2d) must come after onset (-1d)",
        ),
        (
            "faults:\n  - asset: a\n    fault: cavitation\n    onset: yesterday",
            'odd.yaml:4: faults.0.onset: "yesterday" is not a time',
        ),
        (
            "faults:\n  - {asset: a, fault: dropout, onset: now, sher: 3}",
            'faults.0: unknown key "sher"; did you mean "share"? known: asset, onset, until, fault',
        ),
        ("- a\n- b", "odd.yaml:1: must be a block of keys, not a list"),
        ("a: [", "odd.yaml:1: not YAML"),
    ],
)
def test_a_mistake_is_named_with_its_line(text: str, words: str) -> None:
    assert words in wrong(text)


def test_all_mistakes_are_told_at_once() -> None:
    assert len(wrong("seed: -1\nspan: 0d\ninterval: x").splitlines()) == 3


def test_a_scenario_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.yaml"):
        load(tmp_path / "none.yaml")


def test_times_are_relative_absolute_or_refused() -> None:
    assert instant("now", NOW) == NOW
    assert instant(" +36h ", NOW) == NOW + 36 * HOUR
    assert instant("1970-01-02T00:00:00Z", NOW) == DAY
    for odd in ("1970-01-02", "-", "+x", "16d", ""):
        with pytest.raises(ValueError, match="not a"):
            instant(odd, NOW)
